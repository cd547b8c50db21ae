/**
 * Message authentication: HMAC-SHA256 (RFC 2104) and comparison in constant time.
 * @module
 */
import { createHmac } from 'node:crypto';
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';

/** 32 bytes over the concatenation of `parts`. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

const BLOCK_BYTES = 64;
const TAG_BYTES = 32;

/**
 * HMAC-SHA256 under one key, for messages that come by the ten thousand: both padded keys are made
 * once, and nothing is left to collect but the tag.
 */
export class HmacKey {
  /** Padded key, then room for the message; grows as messages do. */
  #inner: Uint8Array;
  /** Padded key, then the inner digest. */
  readonly #outer = new Uint8Array(BLOCK_BYTES + TAG_BYTES).fill(0x5c, 0, BLOCK_BYTES);
  readonly #digest = this.#outer.subarray(BLOCK_BYTES);

  /** @param key at most 64 bytes; RFC 2104 hashes longer ones, and we have none. */
  constructor(key: Uint8Array) {
    assert(key.length <= BLOCK_BYTES, 'a MAC key is at most a block');
    this.#inner = new Uint8Array(2048).fill(0x36, 0, BLOCK_BYTES);
    for (let i = 0; i < key.length; i++) {
      this.#inner[i]! ^= key[i]!;
      this.#outer[i]! ^= key[i]!;
    }
  }

  /** 32 bytes over the concatenation of `parts`. */
  mac(...parts: readonly Uint8Array[]): Uint8Array {
    let length = BLOCK_BYTES;
    for (const part of parts) length += part.length;
    if (length > this.#inner.length) {
      const longer = new Uint8Array(2 * length);
      longer.set(this.#inner.subarray(0, BLOCK_BYTES));
      this.#inner = longer;
    }
    let at = BLOCK_BYTES;
    for (const part of parts) {
      this.#inner.set(part, at);
      at += part.length;
    }
    // sodium writes where we say; Node's own hash makes an object for each digest.
    sodium.crypto_hash_sha256(this.#digest, this.#inner.subarray(0, length));
    const tag = new Uint8Array(TAG_BYTES);
    sodium.crypto_hash_sha256(tag, this.#outer);
    return tag;
  }
}

/** Same bytes, in time that depends on the length alone. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sodium.sodium_memcmp(a, b);
}
