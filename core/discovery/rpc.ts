/**
 * Queries of ours and their answers: transactions, timeouts, and who may answer.
 *
 *   asked --answer or error from that very socket--> closed
 *     '--short timeout--> slow --hard timeout--> silent
 *
 * A transaction is 4 random bytes, and an answer counts only from the address *and* port that was
 * asked: 2^32 guesses for who is not on the path. No retries here; lookups own theirs. Unknown and
 * late answers are counted and dropped. Spec: DHT-6, DHT-7, DHT-13, DHT-40.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';
import { endpointKey, familyOf, type Endpoint, type Family } from '../base/endpoint.ts';
import type { Random } from '../base/time.ts';
import { encodeQuery, type Krpc, type Query, type Reply } from './krpc.ts';
import type { Later } from './later.ts';
import { DestinationBudget } from './rate.ts';
import { RoundTrips } from './rtt.ts';
import type { Timer, Timers } from './timers.ts';

export const TRANSACTION_BYTES = 4;
/** Drawn at once, for each draw is a call into the system. */
const TRANSACTIONS_DRAWN = 64;
/** Queries under way. */
export const QUERIES_MAX = 512;
/** DHT-40: after so many silences in a row, so lately, a node is not waited for any more. */
export const DOUBT_SILENCES = 4;
export const DOUBT_MS = 10 * 60_000;
export const DOUBTED_MAX = 1024;
/** DHT-19: silence counts where somebody else answered since so long before the query. */
export const ALIVE_MS = 2000;
/** DHT-19: who is told of a timeout so late has slept, and may have slept through the answer. */
export const STALL_MS = 1000;

/** One question to one node; exactly one of the last three closes it. */
export interface Ask {
  readonly to: Endpoint;
  readonly query: Query;
  /** A person waits; upkeep is not urgent and stays within its share. */
  readonly urgent: boolean;
  /** The node is slower than expected. It may still answer. */
  slow?(nowMs: number): void;
  answered(reply: Reply, nowMs: number): void;
  refused(code: number, nowMs: number): void;
  silent(nowMs: number): void;
}

interface Pending {
  readonly ask: Ask;
  readonly key: string;
  readonly sentAtMs: number;
  timer: Timer | undefined;
  /** We slept while it was under way. */
  stalled: boolean;
}

type Answer = Extract<Krpc, { kind: 'reply' | 'error' }>;

/** What the node learns from every closed query, whoever asked it. */
export interface Observer {
  answered(from: Endpoint, reply: Reply, external: Endpoint | undefined, nowMs: number): void;
  silent(to: Endpoint, heardSince: boolean, nowMs: number): void;
}

export interface RpcDeps {
  readonly random: Random;
  readonly timers: Timers;
  readonly later: Later;
  readonly observer: Observer;
  idOf(family: Family): Uint8Array | undefined;
  readOnly(): boolean;
  send(to: Endpoint, bytes: Uint8Array): void;
}

export class Rpc {
  readonly #deps: RpcDeps;
  readonly #pending = new Map<string, Pending>();
  readonly #budget: DestinationBudget;
  readonly #trips = new RoundTrips();
  /** Nodes that were silent while others answered: how often in a row, and when last. */
  readonly #doubted = new BoundedMap<string, { silences: number; atMs: number }>(DOUBTED_MAX);
  #lastHeardMs = -Infinity;
  /** Random bytes for the next transactions. */
  #drawn = new Uint8Array(0);
  /** Answers to nothing we asked, or too late. */
  strays = 0;
  sent = 0;
  answers = 0;
  silences = 0;

  constructor(deps: RpcDeps, nowMs: number) {
    this.#deps = deps;
    this.#budget = new DestinationBudget(nowMs);
  }

  get pending(): number {
    return this.#pending.size;
  }

  get destinations(): number {
    return this.#budget.size;
  }

  get doubted(): number {
    return this.#doubted.size;
  }

  get knownTrips(): number {
    return this.#trips.size;
  }

  /** Sends a query. @returns false, and nothing happens, where no budget is left now. */
  ask(ask: Ask, nowMs: number): boolean {
    const id = this.#deps.idOf(familyOf(ask.to));
    if (!id || this.#pending.size >= QUERIES_MAX) return false;
    const key = endpointKey(ask.to);
    if (!this.#budget.admits(key, ask.urgent, nowMs)) return false;
    let bytes = this.#drawTransaction();
    while (this.#pending.has(hex(bytes))) bytes = this.#drawTransaction();
    const transaction = hex(bytes);
    const pending: Pending = { ask, key, sentAtMs: nowMs, timer: undefined, stalled: false };
    this.#await(pending, nowMs + this.#trips.shortMs(key), (atMs) =>
      this.#slow(transaction, pending, atMs),
    );
    this.#pending.set(transaction, pending);
    this.sent++;
    this.#deps.send(ask.to, encodeQuery(bytes, id, this.#deps.readOnly(), ask.query));
    return true;
  }

  /** Is this node better not waited for? */
  doubts(key: string, nowMs: number): boolean {
    const doubt = this.#doubted.get(key);
    if (!doubt || doubt.atMs < nowMs - DOUBT_MS) return false;
    return doubt.silences >= DOUBT_SILENCES;
  }

  /** When a refused `ask` is worth trying again. */
  retryAtMs(nowMs: number): number {
    return this.#budget.retryAtMs(nowMs);
  }

  /** An answer or error came in. */
  handle(from: Endpoint, message: Answer, nowMs: number): void {
    const transaction = hex(message.transaction);
    const pending = this.#pending.get(transaction);
    if (!pending || pending.key !== endpointKey(from)) {
      this.strays++;
      return;
    }
    this.#close(transaction, pending);
    this.#lastHeardMs = nowMs;
    this.answers++;
    this.#deps.later.put(() => this.#learn(from, pending, message, nowMs));
    if (message.kind === 'error') pending.ask.refused(message.code, nowMs);
    else pending.ask.answered(message.reply, nowMs);
  }

  /** What an answer tells besides. */
  #learn(from: Endpoint, pending: Pending, message: Answer, nowMs: number): void {
    this.#doubted.delete(pending.key);
    this.#trips.add(pending.key, nowMs - pending.sentAtMs);
    if (message.kind === 'error') return;
    this.#deps.observer.answered(from, message.reply, message.external, nowMs);
  }

  #drawTransaction(): Uint8Array {
    if (this.#drawn.length === 0) {
      this.#drawn = this.#deps.random(TRANSACTION_BYTES * TRANSACTIONS_DRAWN);
    }
    const transaction = this.#drawn.subarray(0, TRANSACTION_BYTES);
    this.#drawn = this.#drawn.subarray(TRANSACTION_BYTES);
    return transaction;
  }

  #slow(transaction: string, pending: Pending, nowMs: number): void {
    const hardAtMs = pending.sentAtMs + this.#trips.hardMs(pending.key);
    this.#await(pending, Math.max(hardAtMs, nowMs + 1), (atMs) => {
      this.#close(transaction, pending);
      this.silences++;
      const heardSince = !pending.stalled && this.#lastHeardMs >= pending.sentAtMs - ALIVE_MS;
      if (heardSince) {
        const silences = (this.#doubted.get(pending.key)?.silences ?? 0) + 1;
        this.#doubted.set(pending.key, { silences, atMs });
      }
      this.#deps.observer.silent(pending.ask.to, heardSince, atMs);
      pending.ask.silent(atMs);
    });
    pending.ask.slow?.(nowMs);
  }

  #await(pending: Pending, dueMs: number, then: (nowMs: number) => void): void {
    pending.timer = this.#deps.timers.at(dueMs, (nowMs) => {
      pending.stalled ||= nowMs > dueMs + STALL_MS;
      then(nowMs);
    });
  }

  #close(transaction: string, pending: Pending): void {
    this.#deps.timers.cancel(pending.timer);
    this.#pending.delete(transaction);
  }
}
