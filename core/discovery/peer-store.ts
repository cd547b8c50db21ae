/**
 * Peers others announced (BEP 5), served to who asks: 500 hashes, 100 peers each, 45 minutes.
 * A peer that announces again from the same address replaces its entry, so that a changed port
 * leaves nothing stale behind. Who asks may also learn how many there are, as filters (BEP 33), and
 * which hashes we keep (BEP 51). Spec: DHT-37, DHT-56 to DHT-58.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { fromHex, hex } from '../base/bytes.ts';
import { endpointKey, familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import { randomInt, type Random } from '../base/time.ts';
import { addressFilter } from './address-filter.ts';

export const PEER_HASHES_MAX = 500;
export const PEERS_PER_HASH_MAX = 100;
/** Three missed announces of fifteen minutes. */
export const PEER_LIFETIME_MS = 45 * 60_000;
/** Peers in one reply, so that it stays below 1,024 bytes together with eight nodes. */
export const PEERS_PER_REPLY_MAX: Readonly<Record<Family, number>> = { v4: 50, v6: 20 };

/** DHT-56: hashes in one sample, and how long the same sample is given. */
export const SAMPLES_MAX = 20;
export const SAMPLE_INTERVAL_S = 3600;

interface Peer {
  readonly endpoint: Endpoint;
  readonly seed: boolean;
  readonly expiresAtMs: number;
}

export class PeerStore {
  readonly #hashes = new BoundedMap<string, BoundedMap<string, Peer>>(PEER_HASHES_MAX);

  #sample: { readonly hashes: readonly Uint8Array[]; readonly untilMs: number } | undefined;

  get hashes(): number {
    return this.#hashes.size;
  }

  get peers(): number {
    let count = 0;
    for (const peers of this.#hashes.values()) count += peers.size;
    return count;
  }

  announce(infoHash: Uint8Array, endpoint: Endpoint, seed: boolean, nowMs: number): void {
    const key = keyOf(infoHash, familyOf(endpoint));
    const peers = this.#hashes.get(key) ?? new BoundedMap<string, Peer>(PEERS_PER_HASH_MAX);
    this.#hashes.set(key, peers);
    const who = scopeOf(endpoint.host) === 'public' ? endpoint.host : endpointKey(endpoint);
    peers.set(who, { endpoint, seed, expiresAtMs: nowMs + PEER_LIFETIME_MS });
  }

  /**
   * A random sample of one family's peers, small enough for one reply.
   * @param options.noseed leaves out those who have everything, as far as there are others.
   */
  sample(
    infoHash: Uint8Array,
    family: Family,
    random: Random,
    nowMs: number,
    options: { readonly noseed?: boolean; readonly most?: number } = {},
  ): Endpoint[] {
    const all = this.#live(infoHash, family, nowMs);
    const others = options.noseed ? all.filter(({ seed }) => !seed) : all;
    const live = (others.length > 0 ? others : all).map(({ endpoint }) => endpoint);
    const most = Math.min(options.most ?? Infinity, PEERS_PER_REPLY_MAX[family]);
    return pickSome(live, most, random);
  }

  /** DHT-57: filters of all we know of, of both families; undefined where that is nobody. */
  scrape(
    infoHash: Uint8Array,
    nowMs: number,
  ): { readonly seeds: Uint8Array; readonly peers: Uint8Array } | undefined {
    const live = [...this.#live(infoHash, 'v4', nowMs), ...this.#live(infoHash, 'v6', nowMs)];
    if (live.length === 0) return undefined;
    const filter = (seeds: boolean): Uint8Array =>
      addressFilter(live.filter(({ seed }) => seed === seeds).map(({ endpoint }) => endpoint.host));
    return { seeds: filter(true), peers: filter(false) };
  }

  /** DHT-56: some of the hashes we keep, the same ones for an hour, and how many there are. */
  samples(
    random: Random,
    nowMs: number,
  ): { readonly num: number; readonly hashes: readonly Uint8Array[] } {
    this.expire(nowMs);
    const hashes = new Set(
      [...this.#hashes.entries()].map(([key]) => key.slice(FAMILY_CHARACTERS)),
    );
    if (!this.#sample || this.#sample.untilMs <= nowMs) {
      const picked = pickSome([...hashes], SAMPLES_MAX, random);
      const untilMs = nowMs + SAMPLE_INTERVAL_S * 1000;
      this.#sample = { hashes: picked.map((hash) => fromHex(hash)!), untilMs };
    }
    return { num: hashes.size, hashes: this.#sample.hashes };
  }

  #live(infoHash: Uint8Array, family: Family, nowMs: number): Peer[] {
    const peers = this.#hashes.get(keyOf(infoHash, family));
    return [...(peers?.values() ?? [])].filter((peer) => peer.expiresAtMs > nowMs);
  }

  /** Forgets what nobody has announced for 45 minutes. */
  expire(nowMs: number): void {
    for (const [key, peers] of [...this.#hashes.entries()]) {
      for (const [who, peer] of [...peers.entries()]) {
        if (peer.expiresAtMs > nowMs) break;
        peers.delete(who);
      }
      if (peers.size === 0) this.#hashes.delete(key);
    }
  }
}

/** At most `most` of `all`, by chance. */
function pickSome<T>(all: readonly T[], most: number, random: Random): T[] {
  const rest = [...all];
  const wanted = Math.min(rest.length, most);
  for (let i = 0; i < wanted; i++) {
    const j = i + randomInt(random, rest.length - i);
    [rest[i], rest[j]] = [rest[j]!, rest[i]!];
  }
  return rest.slice(0, wanted);
}

const FAMILY_CHARACTERS = 2;

/** BEP 32: the two families share nothing, so neither crowds out the other. */
function keyOf(infoHash: Uint8Array, family: Family): string {
  return family + hex(infoHash);
}
