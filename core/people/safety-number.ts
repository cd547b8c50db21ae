/**
 * Safety number: 60 digits that two people compare to know that they mean each other (IDN-18).
 * Signal's numeric fingerprint, unmodified (libsignal, fingerprint.rs, 5,200 iterations):
 *
 *   h(0)    SHA-512(00 00 || key || identifier || key)
 *   h(n)    SHA-512(h(n-1) || key), n up to 5,199
 *   half    the first 30 bytes, 5 at a time, each modulo 100,000, as 5 digits
 *   number  both halves, the smaller first
 *
 * `key` is 05, libsignal's mark of a key, and the identity key; `identifier` is the ID text. The
 * number of a contact never changes, because the ID is the key; the iterations make a near match
 * cost 2^12 times more to look for.
 * @module
 */
import { concat, utf8 } from '../base/bytes.ts';
import { sha512 } from '../crypto/hash.ts';
import { formatId } from './id-text.ts';

const ITERATIONS = 5_200;
const VERSION = Uint8Array.of(0, 0);
const KEY_MARK = Uint8Array.of(5);
const CHUNKS = 6;
const CHUNK_BYTES = 5;
const CHUNK_DIGITS = 5;

export const SAFETY_DIGITS = 60;

/** 60 digits over two identity keys, the same in either order. */
export function safetyNumber(one: Uint8Array, other: Uint8Array): string {
  const half = (key: Uint8Array): string =>
    fingerprintHalf(concat(KEY_MARK, key), utf8(formatId(key)));
  return [half(one), half(other)].sort().join('');
}

/**
 * The digits of a number as a person typed or pasted it: spaces, dashes and invisible characters
 * are forgiven. Undefined where anything else is in it.
 */
export function readSafetyNumber(text: string): string | undefined {
  const digits = text.normalize('NFKC').replace(/[\s\p{Cf}\p{Pd}\u2212]/gu, '');
  return /^\d+$/.test(digits) ? digits : undefined;
}

/** The 30 digits of one key and its stable identifier. */
export function fingerprintHalf(key: Uint8Array, identifier: Uint8Array): string {
  let hash = sha512(VERSION, key, identifier, key);
  for (let i = 1; i < ITERATIONS; i++) hash = sha512(hash, key);
  let digits = '';
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    let value = 0;
    for (let i = 0; i < CHUNK_BYTES; i++) value = value * 256 + hash[chunk * CHUNK_BYTES + i]!;
    digits += String(value % 10 ** CHUNK_DIGITS).padStart(CHUNK_DIGITS, '0');
  }
  return digits;
}
