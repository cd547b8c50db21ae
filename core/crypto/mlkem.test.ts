import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadVectors, unhex, type Verdict, type Wycheproof } from '../../vectors/load.ts';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Random } from '../base/time.ts';
import { Secret } from './keys.ts';
import {
  CIPHERTEXT_BYTES,
  ENCAPSULATION_KEY_BYTES,
  mlkemDecapsulate,
  mlkemEncapsulate,
  mlkemKeyPair,
} from './mlkem.ts';

type Case = Readonly<Record<'seed' | 'ek' | 'dk' | 'm' | 'c' | 'K', string>> & Verdict;

function casesOf(file: string): Case[] {
  return loadVectors<Wycheproof<Case, object>>(`mlkem/${file}`).testGroups.flatMap(
    (group) => group.tests,
  );
}

/** Chance that says what the vector says, and nothing else. */
const says =
  (text: string): Random =>
  () =>
    unhex(text);

describe('[CRY-12] ML-KEM-768', () => {
  test('makes the key pairs of 10 seeds', () => {
    const cases = casesOf('keygen.json');
    expect(cases.length).toBe(10);
    for (const { dk, ek, seed } of cases) {
      const pair = mlkemKeyPair(says(seed));
      expect(hex(pair.encapsulationKey)).toBe(ek);
      expect(hex(pair.decapsulationKey.reveal())).toBe(dk);
    }
  });

  test('encapsulates as published, and refuses every key beyond the modulus', () => {
    const verdicts = { valid: 0, invalid: 0, acceptable: 0 };
    for (const { K, c, ek, m, result, tcId } of casesOf('encaps.json')) {
      const made = mlkemEncapsulate(says(m), unhex(ek));
      verdicts[result]++;
      if (result === 'invalid') expect(made, `case ${tcId}`).toBeUndefined();
      else expect([hex(made!.ciphertext), hex(made!.shared.reveal())]).toEqual([c, K]);
    }
    expect(verdicts).toEqual({ valid: 6, invalid: 24, acceptable: 0 });
  });

  test('decapsulates as published: unlucky keys, bent and random ciphertexts, wrong lengths', () => {
    const seen = { opened: 0, lengths: 0, keys: 0 };
    for (const { K, c, result, seed, tcId } of casesOf('decaps.json')) {
      if (seed.length !== 128) {
        // A source of entropy that gives too little or too much is our bug.
        expect(() => mlkemKeyPair(says(seed)), `case ${tcId}`).toThrow();
        seen.keys++;
        continue;
      }
      const shared = mlkemDecapsulate(mlkemKeyPair(says(seed)).decapsulationKey, unhex(c));
      if (result === 'invalid') expect(shared, `case ${tcId}`).toBeUndefined();
      else expect(hex(shared!.reveal()), `case ${tcId}`).toBe(K);
      seen[result === 'invalid' ? 'lengths' : 'opened']++;
    }
    expect(seen).toEqual({ opened: 19, lengths: 4, keys: 4 });
  });

  test('decapsulates with keys as stored: those that a careless comparison would open', () => {
    const seen = { opened: 0, lengths: 0, keys: 0 };
    for (const { K, c, comment, dk, result } of casesOf('decaps-expanded.json')) {
      const open = (): string | undefined => {
        const shared = mlkemDecapsulate(new Secret('decapsulation key', unhex(dk)), unhex(c));
        return shared && hex(shared.reveal());
      };
      if (result === 'valid') expect(open(), comment).toBe(K);
      else if (comment.startsWith('Ciphertext')) expect(open(), comment).toBeUndefined();
      else expect(open, comment).toThrow();
      const invalid = comment.startsWith('Ciphertext') ? 'lengths' : 'keys';
      seen[result === 'valid' ? 'opened' : invalid]++;
    }
    expect(seen).toEqual({ opened: 3, lengths: 2, keys: 4 });
  });

  test('gives both sides one secret, and whoever bends a ciphertext another', () => {
    const { bytes } = new Prng(1);
    const { decapsulationKey, encapsulationKey } = mlkemKeyPair(bytes);
    expect(encapsulationKey.length).toBe(ENCAPSULATION_KEY_BYTES);
    const { ciphertext, shared } = mlkemEncapsulate(bytes, encapsulationKey)!;
    expect(ciphertext.length).toBe(CIPHERTEXT_BYTES);
    expect(mlkemDecapsulate(decapsulationKey, ciphertext)!.equals(shared)).toBe(true);
    for (let i = 0; i < CIPHERTEXT_BYTES; i += 17) {
      const bent = ciphertext.slice();
      bent[i]! ^= 1 << (i % 8);
      expect(mlkemDecapsulate(decapsulationKey, bent)!.equals(shared)).toBe(false);
    }
  });

  test('refuses a number of 3,329 to 4,095 at every place of a key, and a key cut anywhere', () => {
    const { bytes } = new Prng(2);
    const { encapsulationKey } = mlkemKeyPair(bytes);
    for (let i = 0; i < 768; i++) {
      const bent = encapsulationKey.slice();
      const at = (i >> 1) * 3;
      const number = 3329 + ((i * 37) % 767);
      if (i % 2 === 0) {
        bent[at] = number & 255;
        bent[at + 1] = (bent[at + 1]! & 0xf0) | (number >> 8);
      } else {
        bent[at + 1] = (bent[at + 1]! & 15) | ((number & 15) << 4);
        bent[at + 2] = number >> 4;
      }
      expect(mlkemEncapsulate(bytes, bent), `number ${i}`).toBeUndefined();
    }
    for (let length = 0; length < ENCAPSULATION_KEY_BYTES; length += 37) {
      expect(mlkemEncapsulate(bytes, encapsulationKey.subarray(0, length))).toBeUndefined();
    }
    expect(mlkemEncapsulate(bytes, new Uint8Array(ENCAPSULATION_KEY_BYTES + 1))).toBeUndefined();
  });

  test('[CRY-2] leaves no copy of the entropy, and its secrets show nothing', () => {
    const given: Uint8Array[] = [];
    const prng = new Prng(3);
    const random: Random = (length) => {
      const bytes = prng.bytes(length);
      given.push(bytes);
      return bytes;
    };
    const pair = mlkemKeyPair(random);
    const made = mlkemEncapsulate(random, pair.encapsulationKey)!;
    expect(given.map((bytes) => [bytes.length, bytes.every((byte) => byte === 0)])).toEqual([
      [64, true],
      [32, true],
    ]);
    expect(inspect([pair.decapsulationKey, made.shared])).toBe(
      '[ [decapsulation key], [ml-kem shared] ]',
    );
  });
});
