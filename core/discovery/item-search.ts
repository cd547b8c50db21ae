/**
 * One get: a lookup in each family, and the newest item that any node returned.
 *
 * Every answer is taken as hostile and partial: an item counts when key, signature or hash prove
 * it; the highest seq wins, whoever sent it and whenever (DHT-60), and of two values under one seq
 * the greater bytes, so that all readers agree (DHT-61). An immutable item ends the search, for
 * nothing newer can exist. What we keep for others is one voice among them and ends nothing
 * (DHT-63). Spec: DHT-60 to DHT-66.
 * @module
 */
import { compare, equal } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { verifyFound, type FoundItem, type ItemFields, type ItemQuery } from './item.ts';
import type { Reply } from './krpc.ts';
import type { Candidate } from './candidate.ts';
import { Lookup } from './lookup.ts';
import { FIRST_SEEDS, SEEDS_MAX, type Realm } from './realm.ts';
import { Walk } from './walk.ts';

/** DHT-41: how many of the closest must have answered before a get is believed complete. */
export const GET_WIDTH = 8;
/** DHT-67: the same for the get that precedes a put; a put stores on up to `STORE_NODES_MAX`. */
export const PUT_WIDTH = 16;
/** DHT-62: a get that is not complete by then says so and ends. */
export const GET_DEADLINE_MS = 15_000;
/** Nodes listed with a result. */
export const RESULT_NODES_MAX = 40;

/** A node near the target that answered, and what it holds. */
export interface ItemNode {
  readonly id: Uint8Array;
  readonly endpoint: Endpoint;
  /** The seq it named, valid or not. */
  readonly seq?: bigint;
  /** It returned the very item that won. */
  readonly holds: boolean;
}

export interface SearchResult {
  readonly item: FoundItem | undefined;
  /** True where the closest set has answered in each family. */
  readonly authoritative: boolean;
  readonly responders: number;
  readonly nodes: readonly ItemNode[];
}

export interface SearchPlan {
  readonly query: ItemQuery;
  /** Where the item lies. */
  readonly target: Uint8Array;
  readonly width: number;
  /** An immutable item that was found is enough. A put looks on: it needs the tokens. */
  readonly stopEarly: boolean;
  /** What our own store holds under the target. */
  readonly own: ItemFields | undefined;
  progress(item: FoundItem): void;
  done(result: SearchResult, nowMs: number): void;
}

interface Seen {
  readonly seq: bigint | undefined;
  readonly item: FoundItem | undefined;
}

export class ItemSearch {
  readonly #plan: SearchPlan;
  readonly #target: Uint8Array;
  readonly #walks = new Map<Realm, Walk>();
  readonly #seen = new Map<Candidate, Seen>(); // bounded by the queries of two lookups
  #best: FoundItem | undefined;
  #running = 0;
  #settled = true;
  #over = false;
  /** Answers whose item proved nothing. */
  invalid = 0;

  constructor(plan: SearchPlan) {
    this.#plan = plan;
    this.#target = plan.target;
  }

  get size(): number {
    return this.#seen.size;
  }

  start(realms: readonly Realm[], nowMs: number): void {
    if (this.#plan.own) this.#consider(this.#plan.own);
    for (const realm of realms) this.#walks.set(realm, this.#walk(realm));
    this.#running = this.#walks.size;
    if (this.#running === 0) this.#end(nowMs);
    for (const [realm, walk] of this.#walks) {
      if (this.#over) continue;
      walk.lookup.offer(realm.table.closest(this.#target, FIRST_SEEDS));
      walk.offer(() => realm.table.closest(this.#target, SEEDS_MAX), nowMs);
      walk.start(nowMs);
    }
  }

  cancel(): void {
    this.#over = true;
    for (const walk of this.#walks.values()) walk.cancel();
  }

  /** The closest nodes of each family that gave tokens: at most `count` per family. */
  storeTargets(count: number): Candidate[] {
    return [...this.#walks.values()].flatMap((walk) => walk.lookup.storeTargets(count));
  }

  /** Did this node return the item that won, under that very seq? */
  holds(candidate: Candidate): boolean {
    const item = this.#seen.get(candidate)?.item;
    return item !== undefined && item === this.#best;
  }

  #walk(realm: Realm): Walk {
    const { width } = this.#plan;
    const reach = realm.reach(width);
    const options = { width, tokens: true, eager: realm.untried, hide: true, reach };
    const lookup = new Lookup(this.#target, options, realm.id);
    return new Walk(realm.walkDeps(), {
      lookup,
      urgent: true,
      deadlineMs: GET_DEADLINE_MS,
      query: (candidate) => {
        const target = this.#target;
        if (candidate.told) return { method: 'get', target, want: [realm.family] };
        return realm.findNode(realm.mask(target, lookup.maskBits(candidate)));
      },
      answered: (candidate, reply, nowMs) => this.#answered(candidate, reply, nowMs),
      done: (settled, nowMs) => {
        realm.learn(lookup, nowMs);
        this.#settled &&= settled;
        this.#running--;
        if (this.#running === 0) this.#end(nowMs);
      },
    });
  }

  #answered(candidate: Candidate, reply: Reply, nowMs: number): void {
    const item = reply.item && this.#consider(reply.item);
    this.#seen.set(candidate, { seq: reply.seq, item });
    if (item && item.seq === undefined && this.#plan.stopEarly) this.#end(nowMs);
  }

  /** @returns the verified item; one object for all who return the same bytes. */
  #consider(fields: ItemFields): FoundItem | undefined {
    const best = this.#best;
    if (best && sameBytes(best, fields)) return best;
    const found = verifyFound(this.#plan.query, fields);
    if (!found) {
      this.invalid++;
      return undefined;
    }
    if (best && !beats(found, best)) return found;
    // Views into a datagram would keep all of it; and this may be kept for long.
    this.#best = {
      value: found.value,
      raw: found.raw.slice(),
      ...(found.seq !== undefined && { seq: found.seq }),
      ...(found.signature && { signature: found.signature.slice() }),
    };
    this.#plan.progress(this.#best);
    return this.#best;
  }

  #end(nowMs: number): void {
    if (this.#over) return;
    this.cancel();
    const responders = [...this.#walks.values()].flatMap((walk) => walk.lookup.responders());
    const nodes = responders.slice(0, RESULT_NODES_MAX).map((candidate) => {
      const seq = this.#seen.get(candidate)?.seq;
      const holds = this.holds(candidate);
      return {
        id: candidate.id!,
        endpoint: candidate.endpoint,
        holds,
        ...(seq !== undefined && { seq }),
      };
    });
    const authoritative = this.#settled && responders.length > 0;
    const count = responders.length;
    this.#plan.done({ item: this.#best, authoritative, responders: count, nodes }, nowMs);
  }
}

function sameBytes(item: FoundItem, fields: ItemFields): boolean {
  if (item.seq !== fields.seq || !equal(item.raw, fields.raw)) return false;
  return item.signature === undefined || equal(item.signature, fields.sig ?? new Uint8Array(0));
}

function beats(challenger: FoundItem, best: FoundItem): boolean {
  const [a, b] = [challenger.seq ?? 0n, best.seq ?? 0n];
  return a === b ? compare(challenger.raw, best.raw) > 0 : a > b;
}
