/**
 * Peers others announced (BEP 5), served to who asks: 500 hashes, 100 peers each, 45 minutes.
 * A peer that announces again from the same address replaces its entry, so that a changed port
 * leaves nothing stale behind. Spec: DHT-37.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';
import { endpointKey, familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import { randomInt, type Random } from '../base/time.ts';

export const PEER_HASHES_MAX = 500;
export const PEERS_PER_HASH_MAX = 100;
/** Three missed announces of fifteen minutes. */
export const PEER_LIFETIME_MS = 45 * 60_000;
/** Peers in one reply, so that it stays below 1,024 bytes together with eight nodes. */
export const PEERS_PER_REPLY_MAX: Readonly<Record<Family, number>> = { v4: 50, v6: 20 };

interface Peer {
  readonly endpoint: Endpoint;
  readonly expiresAtMs: number;
}

export class PeerStore {
  readonly #hashes = new BoundedMap<string, BoundedMap<string, Peer>>(PEER_HASHES_MAX);

  get hashes(): number {
    return this.#hashes.size;
  }

  get peers(): number {
    let count = 0;
    for (const peers of this.#hashes.values()) count += peers.size;
    return count;
  }

  announce(infoHash: Uint8Array, endpoint: Endpoint, nowMs: number): void {
    const key = keyOf(infoHash, familyOf(endpoint));
    const peers = this.#hashes.get(key) ?? new BoundedMap<string, Peer>(PEERS_PER_HASH_MAX);
    this.#hashes.set(key, peers);
    const who = scopeOf(endpoint.host) === 'public' ? endpoint.host : endpointKey(endpoint);
    peers.set(who, { endpoint, expiresAtMs: nowMs + PEER_LIFETIME_MS });
  }

  /** A random sample of one family's peers, small enough for one reply. */
  sample(infoHash: Uint8Array, family: Family, random: Random, nowMs: number): Endpoint[] {
    const peers = this.#hashes.get(keyOf(infoHash, family));
    const live = [...(peers?.values() ?? [])]
      .filter((peer) => peer.expiresAtMs > nowMs)
      .map((peer) => peer.endpoint);
    const wanted = Math.min(live.length, PEERS_PER_REPLY_MAX[family]);
    for (let i = 0; i < wanted; i++) {
      const j = i + randomInt(random, live.length - i);
      [live[i], live[j]] = [live[j]!, live[i]!];
    }
    return live.slice(0, wanted);
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

/** BEP 32: the two families share nothing, so neither crowds out the other. */
function keyOf(infoHash: Uint8Array, family: Family): string {
  return family + hex(infoHash);
}
