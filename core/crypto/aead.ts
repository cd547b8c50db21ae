/**
 * ChaCha20-Poly1305 (RFC 8439): authenticated encryption with a 12-byte nonce and 16-byte tag.
 * @module
 */
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';

export const AEAD_KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const EMPTY = new Uint8Array(0);

/**
 * Seals under a nonce that the caller never uses twice with this key.
 * @returns ciphertext and tag, `plaintext.length + 16` bytes.
 */
export function aeadSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  assert(key.length === AEAD_KEY_BYTES && nonce.length === NONCE_BYTES, 'aead key and nonce sizes');
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, aad, null, nonce, key);
  return sealed;
}

/** Opens what `aeadSeal` made; undefined where the tag does not verify or the bytes are short. */
export function aeadOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  assert(key.length === AEAD_KEY_BYTES && nonce.length === NONCE_BYTES, 'aead key and nonce sizes');
  if (sealed.length < TAG_BYTES) return undefined;
  const plaintext = new Uint8Array(sealed.length - TAG_BYTES);
  try {
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, aad, nonce, key);
    return plaintext;
  } catch {
    return undefined;
  }
}

/** `Seal` of the spec: a random nonce in front, `plaintext.length + 28` bytes in all. */
export function seal(
  key: Uint8Array,
  plaintext: Uint8Array,
  random: Random,
  aad: Uint8Array = EMPTY,
): Uint8Array<ArrayBuffer> {
  const nonce = random(NONCE_BYTES);
  return concat(nonce, aeadSeal(key, nonce, aad, plaintext));
}

/** Opens what `seal` made, or undefined. */
export function open(
  key: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array = EMPTY,
): Uint8Array<ArrayBuffer> | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  return aeadOpen(key, sealed.subarray(0, NONCE_BYTES), aad, sealed.subarray(NONCE_BYTES));
}
