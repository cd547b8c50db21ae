/**
 * core/crypto/sign.ts with a memory of what it has verified, put in its place in fuzz bundles:
 * lists whose beginning did not change are not verified again from there. Bounded.
 * @module
 */
import { concat } from '../../core/base/bytes.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { domain, type Label } from '../../core/crypto/kdf.ts';
import * as real from '../../core/crypto/sign.ts';

export const { PUBLIC_KEY_BYTES, SEED_BYTES, SIGNATURE_BYTES, SigningKey } = real;
const REMEMBERED_MAX = 4096;
const verified = new Map<string, boolean>();

export function verify(
  publicKey: Uint8Array,
  label: Label,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyBare(publicKey, concat(domain(label), bytes), signature);
}

export function verifyBare(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const name = String.fromCharCode(...sha256(publicKey, signature, bytes));
  let known = verified.get(name);
  if (known === undefined) {
    known = real.verifyBare(publicKey, bytes, signature);
    if (verified.size >= REMEMBERED_MAX) verified.clear();
    verified.set(name, known);
  }
  return known;
}
