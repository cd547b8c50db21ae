/**
 * core/crypto/mlkem.ts with a memory for key pairs, put in its place in fuzz bundles: the end under
 * fuzz makes the same one each time, which costs as much as what is fuzzed.
 * @module
 */
import { hex } from '../../core/base/bytes.ts';
import { Secret } from '../../core/crypto/keys.ts';
import * as real from '../../core/crypto/mlkem.ts';

export { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES } from '../../core/crypto/mlkem.ts';
export { mlkemDecapsulate, mlkemEncapsulate } from '../../core/crypto/mlkem.ts';

const REMEMBERED_MAX = 64;
const pairs = new Map<string, real.MlkemKeyPair>();

export function mlkemKeyPair(...[random]: Parameters<typeof real.mlkemKeyPair>): real.MlkemKeyPair {
  const seed = random(64);
  let pair = pairs.get(hex(seed));
  if (pair === undefined) {
    pair = real.mlkemKeyPair(() => seed.slice());
    if (pairs.size >= REMEMBERED_MAX) pairs.clear();
    pairs.set(hex(seed), pair);
  }
  const { decapsulationKey, encapsulationKey } = pair;
  // Whoever asked overwrites it after use.
  const copy = new Secret('decapsulation key', decapsulationKey.reveal().slice());
  return { encapsulationKey: encapsulationKey.slice(), decapsulationKey: copy };
}
