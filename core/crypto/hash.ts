/**
 * Hashes (FIPS 180-4, FIPS 202) over the concatenation of their parts.
 * @module
 */
import { createHash, hash } from 'node:crypto';

type Parts = readonly Uint8Array[];

function digest(algorithm: string, parts: Parts): Uint8Array<ArrayBuffer> {
  const [first, second] = parts;
  // At once is faster, where nothing has to be joined.
  if (first && !second) return new Uint8Array(hash(algorithm, first, 'buffer'));
  const running = createHash(algorithm);
  for (const part of parts) running.update(part);
  return new Uint8Array(running.digest());
}

/** 32 bytes: the `H` of the spec. */
export function sha256(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha256', parts);
}

/** 20 bytes; only where BitTorrent's DHT demands it. */
export function sha1(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha1', parts);
}

/** 64 bytes. */
export function sha512(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha512', parts);
}

/** 32 bytes; only for key blinding as Tor defines it. */
export function sha3(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha3-256', parts);
}
