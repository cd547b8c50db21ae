/**
 * What a node may send. Replies: 8 kB/s in all and 5 messages/s per address, so that we are no
 * amplifier. Queries: at most 50 new destinations a second and 500 live ones, because each is an
 * entry in the NAT table of somebody's home router, and those die of 1,024. Spec: DHT-12, DHT-13.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { Bucket } from '../base/bucket.ts';
import { endpointKey, scopeOf, type Endpoint } from '../base/endpoint.ts';

export const REPLY_BYTES_PER_S = 8_000;
/** What may go out at once after silence: five seconds' worth. */
export const REPLY_BURST_BYTES = 40_000;
export const REPLIES_PER_S = 5;
/** The rate per address is averaged over ten seconds, as in libtorrent. */
export const REPLIES_BURST = 50;
/** Addresses whose rate is remembered; the quietest is forgotten first. */
export const REPLY_ADDRESSES_MAX = 1024;
export const NEW_DESTINATIONS_PER_S = 50;
export const LIVE_DESTINATIONS_MAX = 500;
/** Linux forgets an unanswered UDP flow after 30 s; so do most home routers. */
export const DESTINATION_LIVE_MS = 30_000;
/** Upkeep leaves this share of the live destinations to what a person waits for. */
const UPKEEP_SHARE = 0.8;

/** The budget for answers to strangers. */
export class ReplyBudget {
  readonly #all: Bucket;
  readonly #addresses = new BoundedMap<string, Bucket>(REPLY_ADDRESSES_MAX);

  constructor(nowMs: number) {
    this.#all = new Bucket(REPLY_BYTES_PER_S, REPLY_BURST_BYTES, nowMs);
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** Counts one query from there; false where its address has asked too often. */
  admits(from: Endpoint, nowMs: number): boolean {
    // Behind one public address may be many; on a private network each socket speaks for itself.
    const key = scopeOf(from.host) === 'public' ? from.host : endpointKey(from);
    const bucket = this.#addresses.get(key) ?? new Bucket(REPLIES_PER_S, REPLIES_BURST, nowMs);
    this.#addresses.set(key, bucket);
    if (!bucket.has(1, nowMs)) return false;
    bucket.take(1);
    return true;
  }

  /** Spends `bytes` of the common budget; false where it is used up. */
  spend(bytes: number, nowMs: number): boolean {
    if (!this.#all.has(bytes, nowMs)) return false;
    this.#all.take(bytes);
    return true;
  }
}

/** The budget for queries of our own: whom we have spoken to lately. */
export class DestinationBudget {
  readonly #fresh: Bucket;
  /** Until when each destination is live, soonest first. */
  readonly #live = new Map<string, number>();

  constructor(nowMs: number) {
    this.#fresh = new Bucket(NEW_DESTINATIONS_PER_S, NEW_DESTINATIONS_PER_S, nowMs);
  }

  get size(): number {
    return this.#live.size;
  }

  /** True, and counted, where a datagram may go there now. */
  admits(key: string, urgent: boolean, nowMs: number): boolean {
    this.#forget(nowMs);
    const known = this.#live.delete(key);
    if (!known) {
      const share = urgent ? 1 : UPKEEP_SHARE;
      if (this.#live.size >= LIVE_DESTINATIONS_MAX * share || !this.#fresh.has(1, nowMs)) {
        return false;
      }
      this.#fresh.take(1);
    }
    this.#live.set(key, nowMs + DESTINATION_LIVE_MS);
    return true;
  }

  /** When to ask again after a no: never sooner than 20 ms from now, so nobody spins. */
  retryAtMs(nowMs: number): number {
    const floor = nowMs + 1000 / NEW_DESTINATIONS_PER_S;
    if (this.#live.size >= LIVE_DESTINATIONS_MAX * UPKEEP_SHARE) {
      const soonest = this.#live.values().next().value ?? floor;
      return Math.max(floor, Math.min(soonest, nowMs + 1000));
    }
    return Math.max(floor, this.#fresh.readyAtMs(1));
  }

  #forget(nowMs: number): void {
    for (const [key, untilMs] of this.#live) {
      if (untilMs > nowMs) break;
      this.#live.delete(key);
    }
  }
}
