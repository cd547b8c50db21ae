/**
 * X25519 (RFC 7748).
 * @module
 */
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';

export const DH_BYTES = 32;

/** The public key of 32 secret bytes. */
export function dhPublicKey(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  assert(secret.length === DH_BYTES, 'an X25519 scalar is 32 bytes');
  const publicKey = new Uint8Array(DH_BYTES);
  sodium.crypto_scalarmult_base(publicKey, secret);
  return publicKey;
}

/** 32 shared bytes, or undefined where the public key has small order or the wrong size. */
export function dh(secret: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  assert(secret.length === DH_BYTES, 'an X25519 scalar is 32 bytes');
  if (publicKey.length !== DH_BYTES) return undefined;
  const shared = new Uint8Array(DH_BYTES);
  try {
    sodium.crypto_scalarmult(shared, secret, publicKey);
    return shared;
  } catch {
    return undefined;
  }
}
