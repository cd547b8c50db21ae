/**
 * What is said to a tracker, and what it answers, whichever way it goes (TRK-3, TRK-4).
 *
 * A tracker sees a BitTorrent client as there are many, that has nothing of a torrent yet: what it
 * says is what Transmission 3.00 says of a magnet link. Each hash has a peer id and a key of its
 * own, so that these tie no two hashes together. Pure.
 * @module
 */
import { concat, utf8 } from '../base/bytes.ts';
import {
  COMPACT_V4_BYTES,
  COMPACT_V6_BYTES,
  familyOf,
  readEndpoint,
  type Endpoint,
  type Family,
} from '../base/endpoint.ts';
import { randomInt, type Random } from '../base/time.ts';

/** Of what a tracker wants to know how much is missing: with nothing missing it names nobody. */
export const LEFT = 2n ** 63n - 1n;
/** Endpoints asked for, and read from one answer. */
export const PEERS_WANTED = 80;
export const PEERS_READ_MAX = 200;
const PEER_ID_PREFIX = '-TR3000-';
const PEER_ID_LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const PEER_ID_LETTERS_COUNT = 12;
const KEY_BYTES = 4;

export const EVENT_NUMBERS = { none: 0, completed: 1, started: 2, stopped: 3 } as const;
/** Coming, going; none in between. */
export type AnnounceEvent = 'started' | 'stopped';

/** Under what we are known to trackers for one hash. */
export interface PeerName {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** 4 bytes, the same over IPv4 and IPv6. */
  readonly key: Uint8Array;
}

export interface Announce extends PeerName {
  /** 20 bytes. */
  readonly hash: Uint8Array;
  readonly event: AnnounceEvent | undefined;
  /** Under which others reach us. */
  readonly port: number;
  /** Endpoints wanted. */
  readonly wanted: number;
}

export interface TrackerAnswer {
  /** It does not serve this hash, or not us. */
  readonly isRefused: boolean;
  /** When to come again; undefined where it does not say. */
  readonly intervalMs: number | undefined;
  /** Not sooner than so. */
  readonly minMs: number | undefined;
  readonly peers: readonly Endpoint[];
}

export function newPeerName(random: Random): PeerName {
  const letters = Array.from({ length: PEER_ID_LETTERS_COUNT }, () => {
    return PEER_ID_LETTERS[randomInt(random, PEER_ID_LETTERS.length)];
  });
  return {
    peerId: concat(utf8(PEER_ID_PREFIX), utf8(letters.join(''))),
    key: random(KEY_BYTES),
  };
}

/** Reads endpoints one behind the other; what is left over or impossible is left out. */
export function compactPeers(bytes: Uint8Array, family: Family): Endpoint[] {
  const stride = family === 'v4' ? COMPACT_V4_BYTES : COMPACT_V6_BYTES;
  const peers: Endpoint[] = [];
  for (let at = 0; at + stride <= bytes.length && peers.length < PEERS_READ_MAX; at += stride) {
    const endpoint = readEndpoint(bytes, at, family);
    if (endpoint && familyOf(endpoint) === family) peers.push(endpoint);
  }
  return peers;
}
