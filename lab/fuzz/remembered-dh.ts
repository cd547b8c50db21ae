/**
 * core/crypto/dh.ts with a memory, put in its place in fuzz bundles: the peers under fuzz keep
 * their keys, and X25519 is not what is fuzzed.
 * @module
 */
import { hex } from '../../core/base/bytes.ts';
import * as real from '../../core/crypto/dh.ts';

export const { DH_BYTES } = real;
const REMEMBERED_MAX = 256;
const shared = new Map<string, Uint8Array<ArrayBuffer> | undefined>();
const publicKeys = new Map<string, Uint8Array<ArrayBuffer>>();

export function dhPublicKey(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const name = hex(secret);
  let known = publicKeys.get(name);
  if (known === undefined) {
    known = real.dhPublicKey(secret);
    if (publicKeys.size >= REMEMBERED_MAX) publicKeys.clear();
    publicKeys.set(name, known);
  }
  return known.slice();
}

export function dh(secret: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const name = `${hex(secret)} ${hex(publicKey)}`;
  if (!shared.has(name)) {
    if (shared.size >= REMEMBERED_MAX) shared.clear();
    shared.set(name, real.dh(secret, publicKey));
  }
  return shared.get(name)?.slice();
}
