/**
 * The gets and puts under way, and those that wait their turn.
 *
 *   waiting --room and nodes--> searching --get--> got
 *                                   | '--put--> storing --> put-done
 *                                   '--nobody answered--> waiting, once, while others are sought
 *
 * A put before the first node is known waits for it and is never lost without a word (DHT-64).
 * @module
 */
import { BoundedQueue } from '../base/bounded.ts';
import { equal } from '../base/bytes.ts';
import {
  immutableTarget,
  targetOf,
  type FoundItem,
  type ItemFields,
  type ItemQuery,
  type SignedItem,
} from './item.ts';
import {
  GET_WIDTH,
  ItemSearch,
  PUT_WIDTH,
  type ItemNode,
  type SearchResult,
} from './item-search.ts';
import type { Query } from './krpc.ts';
import { PutRound, STORE_NODES_MAX, type PutResult } from './put-round.ts';
import type { Realm } from './realm.ts';
import type { Rpc } from './rpc.ts';
import type { Timers } from './timers.ts';

/** Operations under way; more wait. */
export const OPERATIONS_MAX = 64;
/** Operations that wait; beyond that they fail at once. */
export const OPERATIONS_WAITING_MAX = 1024;

export type PutItem = SignedItem | { readonly immutable: Uint8Array };

export type OperationOutput =
  | {
      readonly type: 'got';
      readonly op: number;
      readonly item?: FoundItem;
      readonly authoritative: boolean;
      readonly responders: number;
      readonly nodes: readonly ItemNode[];
    }
  | { readonly type: 'progress'; readonly op: number; readonly item: FoundItem }
  | {
      readonly type: 'put-done';
      readonly op: number;
      readonly results: readonly PutResult[];
      /** How many nodes hold our bytes now. */
      readonly stored: number;
      /** The newest item the get before the put saw; not always ours. */
      readonly seen?: FoundItem;
    };

export interface OperationsDeps {
  readonly rpc: Rpc;
  readonly timers: Timers;
  readonly realms: () => readonly Realm[];
  /** What we keep for others under a target. */
  ownItem(target: Uint8Array, nowMs: number): ItemFields | undefined;
  output(output: OperationOutput): void;
}

interface Operation {
  readonly op: number;
  readonly query: ItemQuery;
  readonly put: PutItem | undefined;
  running: ItemSearch | PutRound | undefined;
  attempts: number;
}

export class Operations {
  readonly #deps: OperationsDeps;
  readonly #all = new Map<number, Operation>();
  readonly #waiting = new BoundedQueue<Operation>(OPERATIONS_WAITING_MAX);
  #active = 0;
  #running = false;
  #runAgain = false;
  /** Items returned by nodes that proved nothing. */
  invalidItems = 0;

  constructor(deps: OperationsDeps) {
    this.#deps = deps;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#all.size - this.#active;
  }

  get(op: number, query: ItemQuery, nowMs: number): void {
    this.#begin({ op, query, put: undefined, running: undefined, attempts: 0 }, nowMs);
  }

  put(op: number, put: PutItem, nowMs: number): void {
    const query = 'immutable' in put ? { target: immutableTarget(put.immutable) } : keyOf(put);
    this.#begin({ op, query, put, running: undefined, attempts: 0 }, nowMs);
  }

  /** Ends an operation without an output; `run` gives its room to another. */
  cancel(op: number): void {
    const operation = this.#all.get(op);
    if (!operation) return;
    operation.running?.cancel();
    this.#forget(operation);
  }

  /** Starts what waits, as far as there is room and there are nodes to ask. */
  run(nowMs: number): void {
    this.#runAgain = true;
    if (this.#running) return; // the outer call goes round again: no recursion over operations
    this.#running = true;
    while (this.#runAgain) {
      this.#runAgain = false;
      this.#startWaiting(nowMs);
    }
    this.#running = false;
  }

  #startWaiting(nowMs: number): void {
    const realms = this.#deps.realms();
    const searching = realms.some((realm) => realm.searching);
    if (searching && realms.every((realm) => realm.table.size === 0)) return;
    // Each at most once: what goes back to the queue waits for the next run.
    for (let left = this.#waiting.length; left > 0 && this.#active < OPERATIONS_MAX; left--) {
      const operation = this.#waiting.shift();
      if (!operation || this.#all.get(operation.op) !== operation) continue;
      // A second try waits for the end of the search it started.
      if (searching && operation.attempts > 0) this.#waiting.push(operation);
      else this.#search(operation, nowMs);
    }
  }

  #begin(operation: Operation, nowMs: number): void {
    this.cancel(operation.op);
    this.#all.set(operation.op, operation);
    if (this.#waiting.length >= OPERATIONS_WAITING_MAX) this.#dropCancelled();
    if (!this.#waiting.push(operation)) return this.#finish(operation, NOBODY, nowMs);
    this.run(nowMs);
  }

  /** The cancelled keep their place in the queue until it is needed. */
  #dropCancelled(): void {
    for (let left = this.#waiting.length; left > 0; left--) {
      const operation = this.#waiting.shift()!;
      if (this.#all.get(operation.op) === operation) this.#waiting.push(operation);
    }
  }

  #search(operation: Operation, nowMs: number): void {
    const { query, put } = operation;
    const target = targetOf(query);
    const search = new ItemSearch({
      query,
      target,
      width: put ? PUT_WIDTH : GET_WIDTH,
      stopEarly: !put,
      own: this.#deps.ownItem(target, nowMs),
      progress: (item) => {
        if (!put) this.#deps.output({ type: 'progress', op: operation.op, item });
      },
      done: (result, atMs) => {
        this.invalidItems += search.invalid;
        this.#searched(operation, search, result, atMs);
      },
    });
    operation.running = search;
    operation.attempts++;
    this.#active++;
    search.start(this.#deps.realms(), nowMs);
  }

  #searched(operation: Operation, search: ItemSearch, result: SearchResult, nowMs: number): void {
    if (result.responders === 0 && operation.attempts === 1 && this.#seekNodes(nowMs)) {
      operation.running = undefined;
      this.#active--;
      if (this.#waiting.push(operation)) return;
      this.#active++;
    }
    const { put } = operation;
    if (!put || result.responders === 0) return this.#finish(operation, result, nowMs);
    const same = result.item && equal(result.item.raw, rawOf(put));
    const targets = search.storeTargets(STORE_NODES_MAX).map((candidate) => ({
      candidate,
      held: same === true && search.holds(candidate),
    }));
    const { rpc, timers } = this.#deps;
    operation.running = new PutRound({
      rpc,
      timers,
      targets,
      query: (token) => putQuery(put, token),
      done: (results, atMs) => this.#finish(operation, { ...result, results }, atMs),
    });
    operation.running.start(nowMs);
  }

  /** Nobody answered: is anybody else being looked for? */
  #seekNodes(nowMs: number): boolean {
    const realms = this.#deps.realms();
    for (const realm of realms) realm.lost(nowMs);
    return realms.some((realm) => realm.searching);
  }

  #finish(
    operation: Operation,
    result: SearchResult & { readonly results?: readonly PutResult[] },
    nowMs: number,
  ): void {
    const { op, put } = operation;
    this.#forget(operation);
    const { item, authoritative, responders, nodes, results = [] } = result;
    if (put) {
      const kept = ({ outcome }: PutResult): boolean => outcome === 'stored' || outcome === 'held';
      const stored = results.filter(kept).length;
      this.#deps.output({ type: 'put-done', op, results, stored, ...(item && { seen: item }) });
    } else {
      const found = item && { item };
      this.#deps.output({ type: 'got', op, authoritative, responders, nodes, ...found });
    }
    this.run(nowMs);
  }

  #forget(operation: Operation): void {
    if (operation.running) this.#active--;
    operation.running = undefined;
    this.#all.delete(operation.op);
  }
}

const NOBODY: SearchResult = { item: undefined, authoritative: false, responders: 0, nodes: [] };

function keyOf(item: SignedItem): ItemQuery {
  return { publicKey: item.publicKey, ...(item.salt && { salt: item.salt }) };
}

function rawOf(put: PutItem): Uint8Array {
  return 'immutable' in put ? put.immutable : put.raw;
}

function putQuery(put: PutItem, token: Uint8Array): Query {
  if ('immutable' in put) return { method: 'put', token, raw: put.immutable };
  const { publicKey: k, signature: sig, seq, raw, salt = new Uint8Array(0) } = put;
  return { method: 'put', token, raw, mutable: { k, sig, seq, salt } };
}
