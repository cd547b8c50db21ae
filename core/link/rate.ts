/**
 * Rate: handshakes that one network address, and all together, may cost us, as token buckets
 * (LNK-7). Who is within the rate of his address takes from the common one. And what trying stray
 * datagrams at the gates of invites may cost (LNK-57).
 *
 * An address is an IPv4 host or an IPv6 /64, since who has one address of a /64 has all.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { type Endpoint, parseAddress, withoutZone } from '../base/endpoint.ts';
import {
  ADDRESSES_MAX,
  HANDSHAKES_BURST,
  HANDSHAKES_BURST_ALL,
  HANDSHAKES_PER_SECOND,
  HANDSHAKES_PER_SECOND_ALL,
  INVITE_TRIALS_BURST,
  INVITE_TRIALS_PER_SECOND,
} from './limits.ts';

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export class HandshakeRate {
  readonly #buckets = new BoundedMap<string, Bucket>(ADDRESSES_MAX);
  #all: Bucket | undefined;

  /** Addresses remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** True where one more handshake from here is within the rates; it counts. */
  admit(from: Endpoint, nowMs: number): boolean {
    const key = addressKey(from);
    const own = refill(this.#buckets.get(key), HANDSHAKES_BURST, HANDSHAKES_PER_SECOND, nowMs);
    const all = refill(this.#all, HANDSHAKES_BURST_ALL, HANDSHAKES_PER_SECOND_ALL, nowMs);
    const isWithinOwn = own.tokens >= 1;
    const admitted = isWithinOwn && all.tokens >= 1;
    this.#buckets.set(key, isWithinOwn ? { ...own, tokens: own.tokens - 1 } : own);
    this.#all = admitted ? { ...all, tokens: all.tokens - 1 } : all;
    return admitted;
  }
}

export class InviteTrials {
  #bucket: Bucket | undefined;

  /** True where a datagram may be tried at so many gates of invites; it counts. */
  admit(gates: number, nowMs: number): boolean {
    const bucket = refill(this.#bucket, INVITE_TRIALS_BURST, INVITE_TRIALS_PER_SECOND, nowMs);
    const admitted = bucket.tokens >= gates;
    this.#bucket = admitted ? { ...bucket, tokens: bucket.tokens - gates } : bucket;
    return admitted;
  }
}

function refill(
  bucket: Bucket | undefined,
  burst: number,
  perSecond: number,
  nowMs: number,
): Bucket {
  const earned = ((nowMs - (bucket?.atMs ?? nowMs)) * perSecond) / 1000;
  return { tokens: Math.min(burst, (bucket?.tokens ?? burst) + earned), atMs: nowMs };
}

function addressKey(from: Endpoint): string {
  const bytes = parseAddress(withoutZone(from.host));
  return bytes?.length === 16 ? bytes.subarray(0, 8).join('.') + '::' : from.host;
}
