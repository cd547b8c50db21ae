/**
 * core/crypto/hash.ts with a quicker SHA-256, put in its place in fuzz bundles: what is fuzzed is
 * what lies around the hashes.
 * @module
 */
import sodium from 'sodium-native';
import { concat } from '../../core/base/bytes.ts';

export { sha1, sha3, sha512 } from '../../core/crypto/hash.ts';

export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const digest = new Uint8Array(32);
  sodium.crypto_hash_sha256(digest, parts.length === 1 ? parts[0]! : concat(...parts));
  return digest;
}
