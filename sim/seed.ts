/**
 * One seed, many generators: each purpose has its own, so that a change in one part of the
 * simulator does not change what another part draws.
 * @module
 */
import { readUintBE, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';

/** 32 bits for one purpose of one run. */
export function seedFor(seed: number, purpose: string): number {
  return readUintBE(sha256(utf8(`${seed}/${purpose}`)), 0, 4);
}

export function prngFor(seed: number, purpose: string): Prng {
  return new Prng(seedFor(seed, purpose));
}
