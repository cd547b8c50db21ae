/**
 * core/crypto/mlkem.ts with a memory for key pairs, put in its place in fuzz bundles: the end under
 * fuzz makes the same one each time, which costs as much as what is fuzzed.
 * @module
 */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { hex } from '../../core/base/bytes.ts';
import type { Random } from '../../core/base/time.ts';
import { Secret } from '../../core/crypto/keys.ts';
import type { MlkemKeyPair } from '../../core/crypto/mlkem.ts';

export { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES } from '../../core/crypto/mlkem.ts';
export { mlkemDecapsulate, mlkemEncapsulate } from '../../core/crypto/mlkem.ts';

const SEED_BYTES = 64;
const REMEMBERED_MAX = 64;
const pairs = new Map<string, ReturnType<typeof ml_kem768.keygen>>();

export function mlkemKeyPair(random: Random): MlkemKeyPair {
  const seed = random(SEED_BYTES);
  const name = hex(seed);
  let pair = pairs.get(name);
  if (pair === undefined) {
    pair = ml_kem768.keygen(seed);
    if (pairs.size >= REMEMBERED_MAX) pairs.clear();
    pairs.set(name, pair);
  }
  // Whoever asked overwrites its key after use.
  return {
    encapsulationKey: pair.publicKey.slice(),
    decapsulationKey: new Secret('decapsulation key', pair.secretKey.slice()),
  };
}
