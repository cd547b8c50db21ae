/**
 * Ed25519 (RFC 8032). Everything of ours is signed over `sotto/1 ` label 00 bytes (CRY-4); only
 * BEP 44 items, whose signed bytes the BEP fixes, use the bare form.
 * @module
 */
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import type { Secret } from './keys.ts';
import { domain, type Label } from './kdf.ts';

export const SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** A signing key pair; the secret half stays inside and wipes on demand. */
export class SigningKey {
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly #expanded = new Uint8Array(64);

  /** @param seed 32 bytes of entropy, or derived by the KDF. */
  constructor(seed: Secret<string>) {
    assert(seed.length === SEED_BYTES, 'an Ed25519 seed is 32 bytes');
    this.publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
    sodium.crypto_sign_seed_keypair(this.publicKey, this.#expanded, seed.reveal());
  }

  /** Signature of ours over `bytes` in the domain of `label`. */
  sign(label: Label, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.signBare(concat(domain(label), bytes));
  }

  /** Signature over exactly `bytes`: for BEP 44 alone. */
  signBare(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    sodium.crypto_sign_detached(signature, bytes, this.#expanded);
    return signature;
  }

  wipe(): void {
    sodium.sodium_memzero(this.#expanded);
  }

  toJSON(): string {
    return '[signing key]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON();
  }
}

/** True for a valid signature of ours. Wrong sizes are a plain false. */
export function verify(
  publicKey: Uint8Array,
  label: Label,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyBare(publicKey, concat(domain(label), bytes), signature);
}

/** True for a valid bare signature. Small-order and non-canonical keys are refused (libsodium). */
export function verifyBare(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return sodium.crypto_sign_verify_detached(signature, bytes, publicKey);
}
