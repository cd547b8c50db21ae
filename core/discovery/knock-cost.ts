/**
 * Knock cost: what a knock costs its sender in sums, so that a flood of them costs much (DOR-9).
 *
 *   proof   8 bytes such that SHA-256("sotto/1 knock cost" 00 || door key || day || H(body) ||
 *           proof) begins with `bits` zero bits
 *
 * The owner checks one hash, from the head alone, before it fetches a piece or opens anything.
 * Minting is done in steps, so that nobody waits for it: about half a second on a phone in all.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import { domain, LABELS } from '../crypto/kdf.ts';
import { epochBytes } from './epoch.ts';

/** What our door asks: 2^17 hashes on average. */
export const COST_BITS = 17;
/** A door that asks for more is not knocked at: it would keep a phone busy for half a minute. */
export const COST_BITS_MAX = 22;
/** Hashes of one step: a few milliseconds. */
export const STEP_TRIES = 2048;
const PROOF_BYTES = 8;
const COUNTER_BYTES = 4;
const COUNTERS = 2 ** (8 * COUNTER_BYTES);

export interface CostOf {
  readonly doorKey: Uint8Array;
  readonly day: number;
  /** SHA-256 of the knock's body. */
  readonly bodyHash: Uint8Array;
}

/** Leading zero bits of what this proof comes to. */
export function proofBits(cost: CostOf, proof: Uint8Array): number {
  return zeroBits(sha256(prefixOf(cost), proof));
}

function prefixOf({ bodyHash, day, doorKey }: CostOf): Uint8Array {
  return concat(domain(LABELS.knockCost), doorKey, epochBytes(day), bodyHash);
}

function zeroBits(hash: Uint8Array): number {
  const zeros = hash.findIndex((byte) => byte !== 0);
  return zeros < 0 ? 8 * hash.length : 8 * zeros + Math.clz32(hash[zeros]!) - 24;
}

/** A proof in the making. */
export class Mint {
  readonly #fixed: Uint8Array;
  readonly #start: Uint8Array;
  #counter = 0;

  constructor(
    cost: CostOf,
    readonly bits: number,
    random: Random,
  ) {
    assert(bits <= COST_BITS_MAX, 'the cost was checked against its limit');
    this.#fixed = prefixOf(cost);
    this.#start = random(PROOF_BYTES - COUNTER_BYTES);
  }

  /** Goes on for a while. @returns the proof once it is there. */
  step(tries: number = STEP_TRIES): Uint8Array | undefined {
    for (let i = 0; i < tries; i++) {
      const proof = concat(this.#start, uintBE(this.#counter, COUNTER_BYTES));
      this.#counter = (this.#counter + 1) % COUNTERS;
      if (zeroBits(sha256(this.#fixed, proof)) >= this.bits) return proof;
    }
    return undefined;
  }
}
