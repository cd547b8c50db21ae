/**
 * Presence: keeps us findable by each absent contact, and finds them, by records in the DHT.
 *
 *   what to say    setOurRecord --> generation         presence-publication: check, save, put
 *   whom to meet   setPeer, addInvite, want, links     rendezvous: keys, readers, what is known
 *   when           epochs of network time              timetable, rendezvous-schedule
 *   what first     the query budget                    presence-work: gets and puts
 *
 * Sans-IO: call one method, drain `poll()`, sleep until `wakeAtMs()`, repeat. Every `get` is
 * answered by one `handleGot`, every `put` by one `handlePutDone`, every `save` by one
 * `handleStored`. After a `cancel` no answer is expected, and one that comes is ignored.
 * Tell it all contacts and invites before `setReady`. Spec: docs/spec/discovery.md.
 * @module
 */
import { assert } from '../base/assert.ts';
import { equal, utf8Text } from '../base/bytes.ts';
import { CONTACTS_MAX, INVITES_MAX } from '../base/limits.ts';
import type { Policy } from '../base/policy.ts';
import { earliest, type Now, type Random } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { sha256 } from '../crypto/hash.ts';
import type { InviteSecret, PairSecret } from '../crypto/keys.ts';
import { EPOCH_MS, epochOf, type InviteRole } from './epoch.ts';
import type { FoundItem } from './item.ts';
import type { NetworkTime } from './network-time.ts';
import {
  decodeRendezvous,
  decodeSelf,
  encodeSelf,
  rendezvousName,
  SELF_NAME,
  type RendezvousId,
  type SavedSelf,
} from './presence-saved.ts';
import { Saves, type SaveRequest } from './presence-saves.ts';
import { ODD_SEARCH_AFTER_MS, ODD_SEARCH_AGAIN_MS, SEARCH_AFTER_MS } from './presence-search.ts';
import { Work, type Clock, type WorkOutput } from './presence-work.ts';
import { encodeRecord, type PresenceRecord, type RecordGate } from './record.ts';
import { Rendezvous, type Access } from './rendezvous.ts';
import { relief } from './timetable.ts';

/** Of a contact the secret, one besides it and the invite they gave us; and our own invites. */
const RENDEZVOUS_MAX = 3 * CONTACTS_MAX + INVITES_MAX;
/** A lost link is first dialled anew where it was. */
const AFTER_LINK_MS = 1000;
/** News of a contact mostly come over a link that is told of next. */
const LINKED_SOON_MS = 500;
/** Longest sleep: a clock that was set, or a night's sleep, is noticed by then. */
const CLOCK_CHECK_MS = 300_000;

/**
 * What we tell people in the DHT. Under This network only nothing leaves, since each operation
 * would show our address (DSC-27).
 */
export interface OurRecord extends Omit<
  PresenceRecord,
  'policy' | 'generation' | 'mark' | 'unknown'
> {
  readonly policy: 'auto' | 'direct' | 'hidden';
}

/** How the DHT is asked: from our own address, or by relays that hide it. */
export type AskedBy = 'ourselves' | 'relays';

export interface PeerState {
  readonly secret: PairSecret;
  /** Signing keys of their devices. */
  readonly devices: readonly Uint8Array[];
  /**
   * Our policy towards them: what our record for them says goes by it, and under Hidden IP all
   * that is asked and put goes by relays.
   */
  readonly policy?: Policy;
  /** Blocked, or in this network alone: no operation at all, since each would show our address. */
  readonly silent?: boolean;
}

export interface InviteState {
  readonly invite: string;
  readonly secret: InviteSecret;
  readonly role: InviteRole;
  /** Network time, ms since 1970. */
  readonly expiresMs: number;
  /** Told instead of the gate of `OurRecord`. */
  readonly gate?: RecordGate;
  /** Who holds it may not see our address: all of it goes by relays. */
  readonly hidden?: boolean;
}

/** How far the search for somebody is. */
export interface Lookup {
  readonly looking: boolean;
  /** Did the lookup under way, or the last one, find a record? */
  readonly found: boolean;
  /** When one was last through, monotonic. */
  readonly lookedAtMs: number | undefined;
}

/** How scarce the epochs are in which two ends look for each other (DSC-20 to DSC-22). */
export interface Absence {
  readonly active: boolean;
  /** With the relief that we can afford. */
  readonly level: number;
}

export type PresenceOutput = WorkOutput | SaveRequest;

export class Presence {
  readonly #random: Random;
  readonly #time: NetworkTime;
  readonly #recordsFor: (id: RendezvousId, record: OurRecord) => OurRecord | undefined;
  readonly #docs = new Map<string, Uint8Array>();
  readonly #all = new Map<string, Rendezvous>();
  readonly #work: Work;
  readonly #saves: Saves;
  readonly #out: PresenceOutput[] = [];
  #said: SavedSelf;
  #record: OurRecord | undefined;
  #clock: Clock;
  #relief = 0;
  readonly #ready: Record<AskedBy, boolean> = { ourselves: false, relays: false };
  /** When the search of the hours around begins, unless somebody was found or met before. */
  #searchAtMs: number | undefined;
  #searched = false;
  /** The hour in which a record was found just now. */
  #hour: number | undefined;
  #wakeAtMs: number | undefined;

  constructor(deps: {
    readonly random: Random;
    /** Our device's signing key. */
    readonly self: Uint8Array;
    /** What the vault holds; other spaces than 'record' are left alone. */
    readonly docs: readonly Doc[];
    readonly time: NetworkTime;
    readonly now: Now;
    /** What one of them may know of `record`, if anything; all of it where this is left out. */
    readonly recordFor?: (id: RendezvousId, record: OurRecord) => OurRecord | undefined;
  }) {
    this.#random = deps.random;
    this.#time = deps.time;
    this.#recordsFor = deps.recordFor ?? ((_, record) => record);
    this.#clock = this.#read(deps.now);
    for (const { space, key, value } of deps.docs) {
      const name = space === 'record' ? utf8Text(key) : undefined;
      if (name !== undefined) this.#docs.set(name, value);
    }
    const self = this.#docs.get(SELF_NAME);
    this.#said = self ? decodeSelf(self) : { generation: 0, content: new Uint8Array(32) };
    const say = (output: PresenceOutput): void => void this.#out.push(output);
    this.#saves = new Saves((name) => this.#encode(name), say);
    this.#work = new Work({
      random: deps.random,
      nowMs: deps.now.monoMs,
      self: deps.self,
      all: this.#all,
      said: () => this.#said,
      speaks: () => this.#record !== undefined,
      record: (at) => this.#recordFor(at),
      mayAsk: (at) => this.#isReady(at),
      say,
      hour: (epoch) => void (this.#hour = epoch),
      changed: (at) => this.#saves.mark(at.name, this.#clock.monoMs),
      save: (at) => this.#saves.now(at.name),
    });
  }

  /** The generation of our current record; 0 before the first. */
  get generation(): number {
    return this.#said.generation;
  }

  /** This device was seen to run somewhere else too; see DSC-16. */
  get secondCopy(): boolean {
    return this.#work.secondCopy;
  }

  /** How far the search for somebody is; undefined where nobody is looked for. */
  lookup(id: RendezvousId): Lookup | undefined {
    const at = this.#all.get(rendezvousName(id));
    if (!at || at.readers.length === 0 || at.silent) return undefined;
    return { looking: at.looking, found: at.foundNow, lookedAtMs: at.lookedAtMs };
  }

  /** Somebody whom we would meet; undefined where we do not look for them. */
  absence(id: RendezvousId): Absence | undefined {
    const at = this.#all.get(rendezvousName(id));
    if (!at || at.linked || at.silent) return undefined;
    return { active: at.active, level: Math.max(0, at.level(this.#clock.epoch) - this.#relief) };
  }

  /** The DHT can be asked this way, or cannot. Nothing is asked before. */
  setReady(ready: boolean, now: Now, by: AskedBy = 'ourselves'): void {
    this.#do(now, () => {
      const starts = ready && !this.#ready[by];
      this.#ready[by] = ready;
      if (!starts) return;
      const waitMs = this.#time.isOdd(now) ? ODD_SEARCH_AFTER_MS : SEARCH_AFTER_MS;
      if (!this.#searched) this.#searchAtMs ??= now.monoMs + waitMs;
      this.#timetable();
      for (const at of this.#all.values()) if (at.askedBy === by) this.#start(at);
    });
  }

  /** How many DHT nodes we know: a small network costs less to ask. Unknown: a large one. */
  setNetworkSize(nodes: number): void {
    this.#work.setNetworkSize(nodes);
  }

  /** A contact, or news of one. */
  setPeer(peer: string, state: PeerState, now: Now): void {
    this.#do(now, () => {
      const access = { kind: 'pair', secret: state.secret, devices: state.devices } as const;
      const known = this.#all.get(rendezvousName({ peer }));
      const at = known ?? this.#add({ peer }, access);
      const changed = at.change(access) || at.silent || !known;
      const hushed = state.silent === true && !at.silent;
      at.silent = state.silent === true;
      if (known) this.#follow(at, state.policy);
      at.policy = state.policy;
      const moved = this.#askBy(at, state.policy === 'hidden');
      if (hushed) this.#hush(at);
      else if (!at.silent && (changed || moved) && !at.linked) this.#start(at, LINKED_SOON_MS);
    });
  }

  /** For good: what is known of our own numbers goes too. To block somebody, use `silent`. */
  removePeer(peer: string, now: Now): void {
    this.#do(now, () => this.#remove({ peer }));
  }

  addInvite(state: InviteState, now: Now): void {
    this.#do(now, () => {
      const { invite, secret, role, expiresMs, gate, hidden = false } = state;
      const access = { kind: 'invite', secret, role, expiresMs, gate } as const;
      const known = this.#all.get(rendezvousName({ invite }));
      const at = known ?? this.#add({ invite }, access);
      if (this.#askBy(at, hidden)) {
        at.access = access;
        if (known) at.done = { epoch: -1, generation: 0 };
      } else if (known) return;
      this.#start(at);
    });
  }

  removeInvite(invite: string, now: Now): void {
    this.#do(now, () => this.#remove({ invite }));
  }

  /**
   * What others may know of us now; undefined where nobody could or should reach us.
   * @param besides what some of them are told in its place: another one is another record too.
   */
  setOurRecord(record: OurRecord | undefined, now: Now, besides?: Uint8Array): void {
    this.#do(now, () => {
      this.#record = record;
      if (!record) return;
      const content = sha256(
        encodeRecord({ ...record, generation: 1 }),
        ...(besides ? [besides] : []),
      );
      if (!equal(content, this.#said.content)) {
        this.#said = { content, generation: this.#said.generation + 1 };
        this.#saves.mark(SELF_NAME, now.monoMs);
      }
      for (const at of this.#all.values()) {
        const expected = at.active || at.schedule.isQuick(now.monoMs);
        if (!at.linked && !at.silent && expected) at.schedule.changed(now.monoMs);
      }
    });
  }

  /** A live link: both can say the rest to each other. */
  linkUp(peer: string, now: Now): void {
    this.#at({ peer }, now, (at) => {
      at.linked = true;
      this.#searchAtMs = undefined;
      this.#searched = true;
      this.#rest(at);
      this.#met(at);
    });
  }

  linkDown(peer: string, now: Now): void {
    this.#at({ peer }, now, (at) => {
      if (!at.linked) return;
      at.linked = false;
      at.active = true;
      this.#met(at);
      if (!at.silent) at.schedule.startQuick(now.monoMs, AFTER_LINK_MS);
    });
  }

  /** A person or a queued message wants them now. */
  want(id: RendezvousId, now: Now): void {
    this.#at(id, now, (at) => {
      if (!at.linked && !at.silent) at.schedule.wish(now.monoMs);
    });
  }

  /** One more look between those of the timetable, where the budget allows it. */
  glance(id: RendezvousId, now: Now): void {
    this.#at(id, now, (at) => {
      if (!at.linked && !at.silent) at.schedule.glance(now.monoMs);
    });
  }

  /** @param result.responders how many nodes answered; with none, nothing is known. */
  handleGot(
    op: number,
    result: { readonly item?: FoundItem | undefined; readonly responders: number },
    now: Now,
  ): void {
    this.#do(now, () => this.#work.handleGot(op, result, this.#clock));
    this.#tellHour(now);
  }

  /** A newer item turned up before the get is over. */
  handleProgress(op: number, item: FoundItem, now: Now): void {
    this.#do(now, () => this.#work.handleProgress(op, item));
    this.#tellHour(now);
  }

  /** @param result.seen the newest item that the get before the put saw. */
  handlePutDone(
    op: number,
    result: { readonly stored: number; readonly seen?: FoundItem | undefined },
    now: Now,
  ): void {
    this.#do(now, () => this.#work.handlePutDone(op, result, this.#clock));
  }

  /** The vault has carried out a `save`, or could not. */
  handleStored(token: number, ok: boolean, now: Now): void {
    this.#do(now, () => {
      this.#saves.handleStored(token, ok, now.monoMs);
      this.#work.handleStored(token, ok, this.#clock);
    });
  }

  /** Time passed. Early, late and repeated calls are safe. */
  handleTimeout(now: Now): void {
    this.#do(now, () => this.#work.expire(this.#clock));
  }

  poll(): PresenceOutput | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** Counts of everything that can grow, and of what came and went. */
  stats(): Record<string, number> {
    const all = [...this.#all.values()];
    return {
      ...this.#work.counters,
      rendezvous: all.length,
      linked: all.filter((at) => at.linked).length,
      active: all.filter((at) => at.active && !at.linked).length,
      operations: this.#work.operations,
      budgetLeft: this.#work.budgetLeft,
      searchLeft: this.#work.search.left,
      saves: this.#saves.underWay,
      unsaved: this.#saves.dirty,
      outputs: this.#out.length,
      generation: this.generation,
      relief: this.#relief,
    };
  }

  /** Every input: first the clock, then the change, then whatever has become due. */
  #do(now: Now, change: () => void): void {
    const before = this.#clock;
    this.#clock = this.#read(now);
    if (this.#clock.epoch !== before.epoch) this.#enterEpoch(before.epoch);
    change();
    this.#saves.flush(now.monoMs);
    if (this.#ready.ourselves || this.#ready.relays) {
      this.#searchHours(now);
      this.#work.start(this.#clock);
    }
    this.#plan();
  }

  #at(id: RendezvousId, now: Now, change: (at: Rendezvous) => void): void {
    this.#do(now, () => {
      const at = this.#all.get(rendezvousName(id));
      if (at) change(at);
    });
  }

  #read(now: Now): Clock {
    const networkMs = this.#time.read(now);
    const epoch = epochOf(networkMs);
    const leftMs = Math.min(Math.max((epoch + 1) * EPOCH_MS - networkMs, 1), EPOCH_MS);
    return { epoch, leftMs, monoMs: now.monoMs, networkMs };
  }

  #plan(): void {
    const { monoMs, leftMs } = this.#clock;
    const isReady = this.#ready.ourselves || this.#ready.relays;
    const work = isReady ? this.#work.wakeAtMs(this.#clock) : undefined;
    const searchAtMs = isReady ? this.#searchAtMs : undefined;
    let clockAtMs = this.#all.size > 0 ? monoMs + leftMs : undefined;
    for (const { linked, silent } of this.#all.values()) {
      if (linked || silent) continue;
      clockAtMs = earliest(clockAtMs, monoMs + CLOCK_CHECK_MS);
      break;
    }
    this.#wakeAtMs = earliest(work, searchAtMs, this.#saves.wakeAtMs, clockAtMs);
  }

  #enterEpoch(previous: number): void {
    const { epoch, leftMs, monoMs } = this.#clock;
    const jumped = Math.abs(epoch - previous) > 1;
    this.#work.enterEpoch(this.#clock);
    if (jumped) this.#work.search.end();
    this.#timetable();
    for (const at of this.#all.values()) {
      if (at.linked) this.#met(at);
      if (at.linked || at.silent || !this.#isReady(at)) continue;
      // Hours have passed unseen: the computer slept, and both may be somewhere else now.
      if (jumped && at.isRecent(epoch)) at.schedule.startQuick(monoMs);
      at.schedule.enterEpoch(monoMs, EPOCH_MS - leftMs, at.active);
    }
  }

  /** Who acts in this epoch. */
  #timetable(): void {
    const { epoch } = this.#clock;
    const absent = [...this.#all.values()].filter((at) => !at.linked && !at.silent);
    this.#relief = relief(absent.map((at) => at.level(epoch)));
    for (const at of absent) at.active = at.isActive(epoch, this.#relief);
  }

  #add(id: RendezvousId, access: Access): Rendezvous {
    assert(this.#all.size < RENDEZVOUS_MAX, `at most ${RENDEZVOUS_MAX} rendezvous`);
    const { epoch, monoMs } = this.#clock;
    const bytes = this.#docs.get(rendezvousName(id));
    const saved = bytes && decodeRendezvous(bytes);
    this.#docs.delete(rendezvousName(id));
    const at = new Rendezvous(id, access, { saved, epoch, random: this.#random });
    at.active = at.isActive(epoch, this.#relief);
    this.#all.set(at.name, at);
    if (!saved) this.#saves.mark(at.name, monoMs);
    return at;
  }

  #remove(id: RendezvousId): void {
    const name = rendezvousName(id);
    const at = this.#all.get(name);
    if (!this.#docs.delete(name) && !at) return;
    if (at) this.#work.forget(at);
    this.#all.delete(name);
    this.#saves.now(name);
  }

  #start(at: Rendezvous, delayMs = 0): void {
    if (!this.#isReady(at) || at.linked || at.silent) return;
    const { epoch, monoMs } = this.#clock;
    if (at.isRecent(epoch)) at.schedule.startQuick(monoMs, delayMs);
    else at.schedule.startSlow(monoMs, at.active);
  }

  /** Another policy is another record: it needs a number of its own, which no crash takes back. */
  #follow(at: Rendezvous, policy: Policy | undefined): void {
    if (at.policy === policy) return;
    const { monoMs } = this.#clock;
    this.#said = { ...this.#said, generation: this.#said.generation + 1 };
    this.#saves.now(at.name);
    if (!at.linked && !at.silent) at.schedule.changed(monoMs);
  }

  #isReady(at: Rendezvous): boolean {
    return this.#ready[at.askedBy];
  }

  /** @returns true where it goes another way from now on: what is under way ends first (POL-7). */
  #askBy(at: Rendezvous, hidden: boolean): boolean {
    const askedBy = hidden ? 'relays' : 'ourselves';
    if (askedBy === at.askedBy) return false;
    this.#hush(at);
    at.askedBy = askedBy;
    return true;
  }

  /** From this moment on nothing of it leaves, nor of what is under way (DSC-27). */
  #hush(at: Rendezvous): void {
    this.#rest(at);
    this.#work.forget(at);
    at.asking.clear();
    at.step = 'idle';
  }

  /** Nothing more is due for this one. */
  #rest(at: Rendezvous): void {
    at.schedule.rest();
    at.stopLooking();
    this.#work.search.drop(at);
  }

  #met(at: Rendezvous): void {
    if (at.metEpoch === this.#clock.epoch) return;
    at.metEpoch = this.#clock.epoch;
    this.#saves.mark(at.name, this.#clock.monoMs);
  }

  /** What a record that was found says of the time; a clock that was odd may be set by it. */
  #tellHour(now: Now): void {
    if (this.#hour === undefined) return;
    this.#time.handleHour(this.#hour, now);
    this.#hour = undefined;
    this.#do(now, () => undefined);
  }

  /** Once per start, and only where every lookup has failed; with an odd clock again. */
  #searchHours(now: Now): void {
    const { found, empty } = this.#work.counters;
    if (this.#searchAtMs === undefined || this.#clock.monoMs < this.#searchAtMs) return;
    this.#searchAtMs = undefined;
    this.#searched = true;
    if (found > 0 || empty === 0) return;
    const { agreedMs } = this.#time;
    const agreed = this.#time.isOdd(now) ? epochOf(agreedMs!) : undefined;
    const asked = [...this.#all.values()].filter((at) => this.#isReady(at));
    this.#work.search.begin(asked, this.#clock.epoch, agreed);
    if (agreed !== undefined) this.#searchAtMs = now.monoMs + ODD_SEARCH_AGAIN_MS;
  }

  #recordFor(at: Rendezvous): PresenceRecord | undefined {
    if (!this.#record) return undefined;
    const { generation } = this.#said;
    const { access } = at;
    const record = this.#recordsFor(at.id, this.#record);
    if (!record) return undefined;
    if (access.kind === 'pair') return { ...record, generation, keys: undefined };
    if (access.role === 'invitee') return nameless({ ...record, generation });
    return { ...record, generation, gate: access.gate ?? record.gate };
  }

  #encode(name: string): Uint8Array | undefined {
    if (name === SELF_NAME) return encodeSelf(this.#said);
    return this.#all.get(name)?.encode(this.#clock.epoch);
  }
}

/**
 * What the invitee tells under an invite: where answers may go, and nothing of who it is (DSC-45).
 */
function nameless(record: PresenceRecord): PresenceRecord {
  const { candidates, generation, majors, policy } = record;
  return { majors, policy, generation, candidates, list: { version: 0, hash: new Uint8Array(32) } };
}
