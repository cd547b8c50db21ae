/**
 * core/crypto/mac.ts with a quicker HMAC (RFC 2104, for keys of 32 bytes), put in its place in
 * fuzz bundles.
 * @module
 */
import { assert } from '../../core/base/assert.ts';
import { sha256 } from './fast-hash.ts';

export { equalSecret, HmacKey } from '../../core/crypto/mac.ts';

const BLOCK_BYTES = 64;

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  assert(key.length <= BLOCK_BYTES, 'a short key');
  const inner = new Uint8Array(BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(BLOCK_BYTES).fill(0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i]! ^= key[i]!;
    outer[i]! ^= key[i]!;
  }
  return sha256(outer, sha256(inner, ...parts));
}
