/**
 * Work: the gets and puts of presence. It picks the most wanted, pays for it, and judges what
 * comes back.
 *
 *   check --nobody answered--> later          put --stored--> done, or once more where few hold it
 *     | '--a copy of us--> stop for good        '--nobody--> later, from the check
 *     '--> save --> put
 *   look --> found | nothing --> the epoch before --> later
 *
 *   rank   0 wished for    1 quick    2 routine    3 hour search
 *
 * @module
 */
import { earliest, type Random } from '../base/time.ts';
import type { FoundItem, SignedItem } from './item.ts';
import type { EpochClock, Reader } from './presence-reader.ts';
import type { RendezvousId, SavedSelf } from './presence-saved.ts';
import { HourSearch } from './presence-search.ts';
import { FairShare, QueryBudget } from './query-budget.ts';
import type { PresenceRecord } from './record.ts';
import type { Rendezvous } from './rendezvous.ts';
import { LOOK_QUERIES, PUBLISH_QUERIES } from './timetable.ts';

/** Gets and puts under way. */
export const OPERATIONS_MAX = 16;
/** An operation that takes longer has failed. */
export const OPERATION_MS = 60_000;
/** No check, and no put, so close to the end of an epoch: it would outlive it (DSC-4). */
export const CHECK_TAIL_MS = 30_000;
export const PUT_TAIL_MS = 20_000;
/** Budget that each rank leaves to the more wanted ones. */
const RESERVES = [0, 200, 600, 900] as const;

export type WorkOutput =
  | {
      readonly type: 'get';
      readonly op: number;
      readonly publicKey: Uint8Array;
      readonly by: Rendezvous['askedBy'];
    }
  | {
      readonly type: 'put';
      readonly op: number;
      readonly item: SignedItem;
      readonly by: Rendezvous['askedBy'];
    }
  /** No answer is expected any more. */
  | { readonly type: 'cancel'; readonly op: number }
  | {
      readonly type: 'found';
      readonly at: RendezvousId;
      /** Whose record; undefined for an invite, where the record names its device itself. */
      readonly device: Uint8Array | undefined;
      readonly record: PresenceRecord;
      /** Newer than anything read before. */
      readonly fresh: boolean;
    }
  /** Another copy of this device is running; two of them harm every conversation. Said once. */
  | { readonly type: 'copy'; readonly at: RendezvousId };

export interface WorkDeps {
  readonly random: Random;
  readonly nowMs: number;
  /** Our device's signing key. */
  readonly self: Uint8Array;
  readonly all: ReadonlyMap<string, Rendezvous>;
  readonly said: () => SavedSelf;
  /** Is there anything to say? */
  readonly speaks: () => boolean;
  /** What we say at this rendezvous, without mark; undefined where we say nothing. */
  readonly record: (at: Rendezvous) => PresenceRecord | undefined;
  /** Can the DHT be asked for it now? */
  readonly mayAsk: (at: Rendezvous) => boolean;
  readonly say: (output: WorkOutput) => void;
  /** A contact has left a record in this hour. */
  readonly hour: (epoch: number) => void;
  /** What is known of a rendezvous has changed. */
  readonly changed: (at: Rendezvous) => void;
  /** Saves a rendezvous before its item is put. @returns the token of the answer. */
  readonly save: (at: Rendezvous) => number;
}

type Rank = 0 | 1 | 2 | 3;
interface Operation {
  readonly kind: 'check' | 'put' | 'look' | 'search';
  readonly at: Rendezvous;
  readonly reader: Reader | undefined;
  readonly epoch: number;
  readonly untilMs: number;
  /** The record was handed on at least once. */
  told: boolean;
}
interface Task {
  readonly at: Rendezvous;
  /** Whom to look for; undefined publishes. */
  readonly reader: Reader | undefined;
  readonly rank: Rank;
  readonly dueMs: number;
}
export type Clock = EpochClock & { readonly networkMs: number };

export class Work {
  readonly #deps: WorkDeps;
  readonly #budget: QueryBudget;
  readonly #ops = new Map<number, Operation>();
  readonly #saving = new Map<number, Rendezvous>();
  readonly #share = new FairShare();
  readonly search = new HourSearch();
  #nextOp = 1;
  #payableAtMs: number | undefined;
  /** A second copy of this device was seen: nothing is published any more. */
  #copy = false;
  readonly counters = {
    gets: 0,
    puts: 0,
    found: 0,
    empty: 0,
    forged: 0,
    rolledBack: 0,
    spoiled: 0,
    timeouts: 0,
  };

  #nodes = Infinity;

  constructor(deps: WorkDeps) {
    this.#deps = deps;
    this.#budget = new QueryBudget(deps.nowMs);
  }

  get operations(): number {
    return this.#ops.size;
  }

  get budgetLeft(): number {
    return this.#budget.left;
  }

  /** How many DHT nodes are known: where they are few, an operation cannot ask many. */
  setNetworkSize(nodes: number): void {
    this.#nodes = nodes;
  }

  /** Queries that one operation may take: in a small network each node is asked once or thrice. */
  #cost(isLook: boolean, { askedBy }: Rendezvous): number {
    const most = isLook ? LOOK_QUERIES : PUBLISH_QUERIES;
    // Whom relays know is unknown.
    if (askedBy === 'relays') return most;
    return Math.min(most, (isLook ? 1 : 3) * this.#nodes + 1);
  }

  get secondCopy(): boolean {
    return this.#copy;
  }

  /** Starts whatever is due, most wanted first, as far as the budget reaches. */
  start(clock: Clock): void {
    this.#payableAtMs = undefined;
    for (const at of this.#deps.all.values()) {
      if (!this.#deps.mayAsk(at)) continue;
      this.#endLook(at, clock);
      this.#startLook(at, clock);
    }
    // What is being saved is put next, and has its place already.
    while (this.#ops.size + this.#saving.size < OPERATIONS_MAX) {
      const task = this.#mostWanted(clock) ?? this.#searchTask(clock);
      if (!task) return;
      const cost = this.#cost(task.reader !== undefined, task.at);
      if (!this.#budget.take(cost, RESERVES[task.rank], clock.monoMs)) {
        this.#payableAtMs = this.#budget.readyAtMs(cost, RESERVES[task.rank]);
        return;
      }
      this.#share.took(task.reader !== undefined, cost);
      if (task.rank === 3) this.#searchNext(clock);
      else if (task.reader) this.#look(task.at, task.reader, clock);
      else this.#check(task.at, clock);
    }
  }

  /** The next time something becomes due, times out or can be paid. */
  wakeAtMs(clock: Clock): number | undefined {
    let soonest = this.#payableAtMs;
    for (const { untilMs } of this.#ops.values()) soonest = earliest(soonest, untilMs);
    for (const at of this.#deps.all.values()) {
      const { putAtMs, lookAtMs } = at.schedule;
      // What is due already waits for budget, room or the next epoch, not for a time.
      if (putAtMs !== undefined && putAtMs > clock.monoMs) soonest = earliest(soonest, putAtMs);
      if (lookAtMs !== undefined && lookAtMs > clock.monoMs) soonest = earliest(soonest, lookAtMs);
    }
    return soonest;
  }

  handleGot(
    op: number,
    result: { readonly item?: FoundItem | undefined; readonly responders: number },
    clock: Clock,
  ): void {
    const operation = this.#ops.get(op);
    if (!operation || operation.kind === 'put') return;
    this.#ops.delete(op);
    if (operation.reader) this.#looked(operation, operation.reader, result, clock);
    else this.#checked(operation, result, clock);
  }

  handleProgress(op: number, item: FoundItem): void {
    const operation = this.#ops.get(op);
    if (operation?.reader) this.#judge(operation, operation.reader, item);
  }

  handlePutDone(
    op: number,
    result: { readonly stored: number; readonly seen?: FoundItem | undefined },
    clock: Clock,
  ): void {
    const operation = this.#ops.get(op);
    if (operation?.kind !== 'put') return;
    this.#ops.delete(op);
    const { at, epoch } = operation;
    at.step = 'idle';
    const own = at.publication.own;
    if (!own || own.epoch !== epoch) return;
    if (result.seen) {
      const keys = at.keys(this.#deps.self, epoch);
      keys.signing.wipe();
      if (at.publication.isCopy(epoch, keys, result.seen)) {
        return this.#sawCopy(at);
      }
    }
    const enough = at.schedule.putDone(clock.monoMs, result.stored);
    if (enough) at.done = { epoch, generation: own.generation };
    if (own.generation !== this.#deps.said().generation) at.schedule.changed(clock.monoMs);
  }

  /** The item that waited for the vault may be put, or may not. */
  handleStored(token: number, ok: boolean, clock: Clock): void {
    const at = this.#saving.get(token);
    this.#saving.delete(token);
    if (at?.step !== 'saving') return;
    at.step = 'idle';
    if (!ok) {
      at.schedule.putDone(clock.monoMs, 0);
      return;
    }
    at.publication.stored = true;
    this.#put(at, clock);
  }

  /** Gives up what takes too long. */
  expire(clock: Clock): void {
    for (const [op, operation] of this.#ops) {
      if (operation.untilMs > clock.monoMs) continue;
      this.counters.timeouts++;
      this.#cancel(op, operation, clock);
    }
  }

  /** A new epoch: ends whatever may not reach into it (DSC-4), and what still waits asks for it. */
  enterEpoch(clock: Clock): void {
    for (const [op, operation] of this.#ops) {
      const { kind, epoch } = operation;
      const strays = kind === 'look' ? Math.abs(epoch - clock.epoch) > 1 : epoch !== clock.epoch;
      if (kind !== 'search' && strays) this.#cancel(op, operation, clock);
    }
    for (const at of this.#deps.all.values()) {
      if (!at.looking) continue;
      for (const reader of at.readers) if (!at.asking.has(reader)) reader.start(clock);
    }
  }

  /** Ends all work for a rendezvous that is no more. */
  forget(at: Rendezvous): void {
    this.search.drop(at);
    for (const [op, operation] of this.#ops) {
      if (operation.at !== at) continue;
      this.#ops.delete(op);
      this.#deps.say({ type: 'cancel', op });
    }
    for (const [token, saving] of this.#saving) if (saving === at) this.#saving.delete(token);
  }

  #cancel(op: number, operation: Operation, clock: Clock): void {
    this.#ops.delete(op);
    this.#deps.say({ type: 'cancel', op });
    const { at, reader } = operation;
    if (reader) this.#looked(operation, reader, { responders: 0 }, clock);
    else {
      at.step = 'idle';
      at.schedule.putDone(clock.monoMs, 0);
    }
  }

  #startLook(at: Rendezvous, clock: Clock): void {
    const { lookAtMs } = at.schedule;
    if (lookAtMs === undefined || lookAtMs > clock.monoMs || at.looking) return;
    at.schedule.lookAtMs = undefined;
    if (!at.needsLook() || at.isExpired(clock.networkMs)) return;
    at.looking = true;
    at.lookSinceMs = lookAtMs;
    at.foundNow = false;
    for (const reader of at.readers) reader.start(clock);
  }

  /**
   * A lookup is over once nobody is left to ask: all have answered, or what waited for the budget
   * may not be asked for any more (DSC-19), or is of a device that was replaced.
   */
  #endLook(at: Rendezvous, clock: Clock): void {
    if (!at.looking || at.asking.size > 0) return;
    if (at.readers.some((reader) => reader.peek(clock) !== undefined)) return;
    at.looking = false;
    at.lookedAtMs = clock.monoMs;
    at.schedule.lookDone(clock.monoMs);
  }

  #mostWanted(clock: Clock): Task | undefined {
    let publish: Task | undefined;
    let look: Task | undefined;
    for (const at of this.#deps.all.values()) {
      if (!this.#deps.mayAsk(at)) continue;
      const toPublish = this.#publishTask(at, clock);
      if (toPublish && (!publish || isMoreWanted(toPublish, publish))) publish = toPublish;
      const toLook = at.looking ? this.#lookTask(at, clock) : undefined;
      if (toLook && (!look || isMoreWanted(toLook, look))) look = toLook;
    }
    return this.#share.choose(look, publish);
  }

  #publishTask(at: Rendezvous, clock: Clock): Task | undefined {
    const { putAtMs } = at.schedule;
    if (putAtMs === undefined || putAtMs > clock.monoMs || at.step !== 'idle') return undefined;
    if (!this.#hasToSay(at, clock)) {
      at.schedule.putAtMs = undefined;
      return undefined;
    }
    if (clock.leftMs <= CHECK_TAIL_MS) return undefined; // the next epoch plans anew
    return { at, reader: undefined, rank: rankOf(at, clock), dueMs: putAtMs };
  }

  #lookTask(at: Rendezvous, clock: Clock): Task | undefined {
    for (const reader of at.readers) {
      if (at.asking.has(reader) || reader.peek(clock) === undefined) continue;
      const rank = rankOf(at, clock);
      // Who is invited may never come, while contacts wait: those go first.
      return { at, reader, rank: at.isInviter && rank === 1 ? 2 : rank, dueMs: at.lookSinceMs };
    }
    return undefined;
  }

  #hasToSay(at: Rendezvous, clock: Clock): boolean {
    if (this.#copy || !this.#deps.speaks() || at.isExpired(clock.networkMs)) return false;
    return at.needsPut(clock.epoch, this.#deps.said().generation);
  }

  #check(at: Rendezvous, clock: Clock): void {
    at.step = 'checking';
    at.schedule.putAtMs = undefined;
    this.#get({ kind: 'check', at, reader: undefined, epoch: clock.epoch }, clock);
  }

  #look(at: Rendezvous, reader: Reader, clock: Clock): void {
    const epoch = reader.peek(clock)!;
    reader.take();
    at.asking.add(reader);
    this.#get({ kind: 'look', at, reader, epoch }, clock);
  }

  #get(what: Omit<Operation, 'untilMs' | 'told'>, clock: Clock): void {
    const { at, reader, epoch } = what;
    const op = this.#nextOp++;
    this.#ops.set(op, { ...what, untilMs: clock.monoMs + OPERATION_MS, told: false });
    this.counters.gets++;
    const keys = at.keys(reader ? reader.device : this.#deps.self, epoch);
    keys.signing.wipe();
    this.#deps.say({ type: 'get', op, publicKey: keys.signing.publicKey, by: at.askedBy });
  }

  #checked(
    { at, epoch }: Operation,
    result: { readonly item?: FoundItem | undefined; readonly responders: number },
    clock: Clock,
  ): void {
    at.step = 'idle';
    const record = this.#deps.record(at);
    if (!record || !at.needsPut(clock.epoch, record.generation)) return;
    if (result.responders === 0) {
      at.schedule.putDone(clock.monoMs, 0);
      return;
    }
    const keys = at.keys(this.#deps.self, epoch);
    const verdict = at.publication.prepare(epoch, keys, result.item, record, this.#deps.random);
    keys.signing.wipe();
    if (verdict.verdict === 'copy') return this.#sawCopy(at);
    if (verdict.verdict === 'spoiled') {
      at.spoiledEpoch = epoch;
      this.counters.spoiled++;
      return;
    }
    if (at.publication.stored) return this.#put(at, clock);
    at.step = 'saving';
    this.#saving.set(this.#deps.save(at), at);
  }

  /** Puts the stored item, unless its hour is over. */
  #put(at: Rendezvous, clock: Clock): void {
    const own = at.publication.own;
    if (!own || own.epoch !== clock.epoch || clock.leftMs <= PUT_TAIL_MS || this.#copy) return;
    at.step = 'putting';
    const op = this.#nextOp++;
    const { epoch } = own;
    const untilMs = clock.monoMs + Math.min(OPERATION_MS, clock.leftMs);
    this.#ops.set(op, { kind: 'put', at, reader: undefined, epoch, untilMs, told: false });
    this.counters.puts++;
    this.#deps.say({ type: 'put', op, item: own.item, by: at.askedBy });
  }

  #sawCopy(at: Rendezvous): void {
    if (!this.#copy) this.#deps.say({ type: 'copy', at: at.id });
    this.#copy = true;
  }

  #looked(
    operation: Operation,
    reader: Reader,
    result: { readonly item?: FoundItem | undefined; readonly responders: number },
    clock: Clock,
  ): void {
    const { at, kind, epoch } = operation;
    const found = result.item !== undefined && this.#judge(operation, reader, result.item);
    if (kind === 'search') return;
    at.asking.delete(reader);
    if (!found && result.responders > 0) {
      this.counters.empty++;
      if (at.looking) reader.handleEmpty(epoch, clock);
    }
    this.#endLook(at, clock);
  }

  /** Hands on what a get has found. @returns true where it is a record to go by. */
  #judge(operation: Operation, reader: Reader, item: FoundItem): boolean {
    const { at, epoch } = operation;
    const keys = at.keys(reader.device, epoch);
    keys.signing.wipe();
    const judged = reader.read(item, keys);
    if (judged.outcome !== 'found') {
      if (judged.outcome === 'forged') this.counters.forged++;
      else this.counters.rolledBack++;
      return false;
    }
    at.foundNow = true;
    if (judged.fresh) this.#deps.changed(at);
    if (operation.told && !judged.fresh) return true;
    operation.told = true;
    this.counters.found++;
    if (at.access.kind === 'pair') this.#deps.hour(epoch);
    this.search.drop(at);
    const { record, fresh } = judged;
    if (at.needsLook()) {
      this.#deps.say({ type: 'found', at: at.id, device: reader.device, record, fresh });
    }
    return true;
  }

  #searchTask(clock: Clock): Task | undefined {
    const task = this.search.peek();
    return task && { at: task.at, reader: task.reader, rank: 3, dueMs: clock.monoMs };
  }

  #searchNext(clock: Clock): void {
    const { at, reader, epoch } = this.search.peek()!;
    this.search.take();
    this.#get({ kind: 'search', at, reader, epoch }, clock);
  }
}

function rankOf({ schedule }: Rendezvous, { monoMs }: Clock): Rank {
  if (schedule.isWanted(monoMs)) return 0;
  return schedule.isQuick(monoMs) ? 1 : 2;
}

/** Rank, then whom we met last, then what is due longest. */
function isMoreWanted(a: Task, b: Task): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (a.at.metEpoch !== b.at.metEpoch) return a.at.metEpoch > b.at.metEpoch;
  return a.dueMs < b.dueMs;
}
