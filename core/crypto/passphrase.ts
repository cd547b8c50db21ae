/**
 * Argon2id (RFC 9106, version 1.3): turns a passphrase into a key, slowly on purpose (VLT-22).
 *
 * Runs on libuv's thread pool, the one asynchronous thing in core: it takes tenths of a second.
 * @module
 */
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';

export const SALT_BYTES = 16;

export interface StretchCost {
  /** Passes over the memory. */
  readonly passes: number;
  readonly memoryBytes: number;
}

/** 32 bytes from a passphrase and a salt of 16 bytes; parallelism 1. */
export async function stretch(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: StretchCost,
): Promise<Uint8Array<ArrayBuffer>> {
  assert(salt.length === SALT_BYTES, 'a salt is 16 bytes');
  const key = new Uint8Array(32);
  await sodium.crypto_pwhash_async(
    key,
    passphrase,
    salt,
    cost.passes,
    cost.memoryBytes,
    sodium.crypto_pwhash_ALG_ARGON2ID13,
  );
  return key;
}
