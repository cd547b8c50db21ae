/**
 * ML-KEM-768 (FIPS 203): a key agreement that a quantum computer does not break.
 *
 *   encapsulation key  1,184 bytes, public      ciphertext     1,088 bytes, public
 *   decapsulation key  2,400 bytes, secret      shared secret     32 bytes
 *
 * `random` gives the 64 bytes of a key pair (d | z) and the 32 of an encapsulation (m), so that a
 * seed replays everything. The input checks of FIPS 203 7.2 and 7.3 are made here; a ciphertext
 * made for another key opens to other bytes, without a sign that it did (implicit rejection).
 *
 * The library is exact but not constant-time. Use a key for one decapsulation only: known attacks
 * by timing need many under one key.
 * @module
 */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Random } from '../base/time.ts';
import { Secret } from './keys.ts';

export const ENCAPSULATION_KEY_BYTES = 1184;
export const CIPHERTEXT_BYTES = 1088;
const SEED_BYTES = 64;
const COINS_BYTES = 32;
/** An encapsulation key is 768 numbers of 12 bits below q, and 32 bytes of a seed. */
const NUMBERS_BYTES = 1152;
const Q = 3329;

export interface MlkemKeyPair {
  readonly encapsulationKey: Uint8Array;
  readonly decapsulationKey: Secret<'decapsulation key'>;
}

export type MlkemShared = Secret<'ml-kem shared'>;

/** A fresh key pair. */
export function mlkemKeyPair(random: Random): MlkemKeyPair {
  const seed = random(SEED_BYTES);
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  seed.fill(0);
  return {
    encapsulationKey: publicKey,
    decapsulationKey: new Secret('decapsulation key', secretKey),
  };
}

/**
 * A shared secret, and the ciphertext that tells it to who made the key.
 * @returns undefined where the key has another length or a number beyond the modulus (7.2).
 */
export function mlkemEncapsulate(
  random: Random,
  encapsulationKey: Uint8Array,
): { ciphertext: Uint8Array; shared: MlkemShared } | undefined {
  if (!isEncapsulationKey(encapsulationKey)) return undefined;
  const coins = random(COINS_BYTES);
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey, coins);
  coins.fill(0);
  return { ciphertext: cipherText, shared: new Secret('ml-kem shared', sharedSecret) };
}

/** The shared secret; undefined where the ciphertext has another length (7.3). */
export function mlkemDecapsulate(
  decapsulationKey: Secret<'decapsulation key'>,
  ciphertext: Uint8Array,
): MlkemShared | undefined {
  if (ciphertext.length !== CIPHERTEXT_BYTES) return undefined;
  const shared = ml_kem768.decapsulate(ciphertext, decapsulationKey.reveal());
  return new Secret('ml-kem shared', shared);
}

/** The input check of FIPS 203 7.2: the length, and every number reduced modulo q. */
function isEncapsulationKey(bytes: Uint8Array): boolean {
  if (bytes.length !== ENCAPSULATION_KEY_BYTES) return false;
  for (let at = 0; at < NUMBERS_BYTES; at += 3) {
    const [one, two, three] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
    if ((one | ((two & 15) << 8)) >= Q || ((two >> 4) | (three << 4)) >= Q) return false;
  }
  return true;
}
