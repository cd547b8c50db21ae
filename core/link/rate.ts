/**
 * Rate: handshakes that one network address may cost us, as a token bucket (LNK-7).
 *
 * An address is an IPv4 host or an IPv6 /64, since who has one address of a /64 has all.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { type Endpoint, parseAddress } from '../base/endpoint.ts';
import { ADDRESSES_MAX, HANDSHAKES_BURST, HANDSHAKES_PER_SECOND } from './limits.ts';

export class HandshakeRate {
  readonly #buckets = new BoundedMap<string, { tokens: number; atMs: number }>(ADDRESSES_MAX);

  /** Addresses remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** True where one more handshake from here is within the rate; it counts. */
  admit(from: Endpoint, nowMs: number): boolean {
    const key = addressKey(from);
    const bucket = this.#buckets.get(key) ?? { tokens: HANDSHAKES_BURST, atMs: nowMs };
    const earned = ((nowMs - bucket.atMs) * HANDSHAKES_PER_SECOND) / 1000;
    const tokens = Math.min(HANDSHAKES_BURST, bucket.tokens + earned);
    const admitted = tokens >= 1;
    this.#buckets.set(key, { tokens: admitted ? tokens - 1 : tokens, atMs: nowMs });
    return admitted;
  }
}

function addressKey(from: Endpoint): string {
  const bytes = parseAddress(from.host);
  return bytes?.length === 16 ? bytes.subarray(0, 8).join('.') + '::' : from.host;
}
