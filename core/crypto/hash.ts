/**
 * Hashes (FIPS 180-4, FIPS 202) over the concatenation of their parts.
 * @module
 */
import { createHash, hash } from 'node:crypto';
import { concat, writeLatin1 } from '../base/bytes.ts';

/** So much is hashed in one call, which costs half; more is not worth a copy. */
const AT_ONCE_BYTES_MAX = 4096;

type Parts = readonly Uint8Array[];

function digest(algorithm: string, parts: Parts): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const part of parts) size += part.length;
  if (size <= AT_ONCE_BYTES_MAX) {
    const whole = parts.length === 1 ? parts[0]! : concat(...parts);
    const value = new Uint8Array(hash(algorithm, whole, 'buffer'));
    if (parts.length > 1) whole.fill(0); // what was joined may be secret
    return value;
  }
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
  // Nothing that goes in is secret. A text of bytes comes back in half the time of a buffer.
  const text = hash('sha1', parts.length === 1 ? parts[0]! : concat(...parts), 'binary');
  const value = new Uint8Array(text.length);
  writeLatin1(value, 0, text);
  return value;
}

/** 64 bytes. */
export function sha512(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha512', parts);
}

/** 32 bytes; only for key blinding as Tor defines it. */
export function sha3(...parts: Parts): Uint8Array<ArrayBuffer> {
  return digest('sha3-256', parts);
}
