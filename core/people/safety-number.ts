/**
 * Safety number: 60 digits that two people compare to know that they mean each other (IDN-18).
 * Signal's numeric fingerprint, unmodified (libsignal, fingerprint.rs, 5,200 iterations):
 *
 *   h(0)    SHA-512(00 00 || key || identifier || key)
 *   h(n)    SHA-512(h(n-1) || key), n up to 5,199
 *   half    the first 30 bytes, 5 at a time, each modulo 100,000, as 5 digits
 *   number  both halves, the smaller first
 *
 * `key` is the identity key, `identifier` its ID text. The number of a contact never changes,
 * because the ID is the key; the iterations make a near match cost 2^12 times more to look for.
 * @module
 */
import { utf8 } from '../base/bytes.ts';
import { sha512 } from '../crypto/hash.ts';
import { formatId } from './id-text.ts';

const ITERATIONS = 5_200;
const VERSION = Uint8Array.of(0, 0);
const CHUNKS = 6;
const CHUNK_BYTES = 5;
const CHUNK_DIGITS = 5;

/** 60 digits over two identity keys, the same in either order. */
export function safetyNumber(one: Uint8Array, other: Uint8Array): string {
  const halves = [one, other].map((key) => fingerprintHalf(key, utf8(formatId(key))));
  return halves.sort().join('');
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
