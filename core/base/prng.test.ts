import { expect, test } from 'vitest';
import { hex } from './bytes.ts';
import { Prng } from './prng.ts';

/** xoshiro128** 1.1 written with BigInt, after the authors' C code: slow and readable. */
function* reference(seed: readonly number[]): Generator<number> {
  const mask = 0xffffffffn;
  const s = seed.map(BigInt);
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  for (;;) {
    yield Number((rotl((s[1]! * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1]! << 9n) & mask;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11n);
  }
}

/** The state that a seed gives: SplitMix32. */
function stateOf(seed: number): number[] {
  let state = BigInt(seed);
  const mask = 0xffffffffn;
  return [0, 1, 2, 3].map(() => {
    state = (state + 0x9e3779b9n) & mask;
    let z = state;
    z = ((z ^ (z >> 16n)) * 0x85ebca6bn) & mask;
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
    return Number((z ^ (z >> 16n)) & mask);
  });
}

test.each([0, 1, 42, 0xffffffff])('agrees with the slow writing for seed %i', (seed) => {
  const prng = new Prng(seed);
  const slow = reference(stateOf(seed));
  for (let i = 0; i < 1000; i++) expect(prng.uint32()).toBe(slow.next().value);
});

test('one seed gives one sequence, two seeds two', () => {
  expect(hex(new Prng(7).bytes(32))).toBe(hex(new Prng(7).bytes(32)));
  expect(hex(new Prng(7).bytes(32))).not.toBe(hex(new Prng(8).bytes(32)));
  expect(new Prng(7).bytes(0)).toHaveLength(0);
  expect(new Prng(7).bytes(5)).toHaveLength(5);
});

test('numbers stay in their range and reach both ends', () => {
  const prng = new Prng(3);
  const counts = new Map<number, number>();
  for (let i = 0; i < 6000; i++) {
    const value = prng.int(-2, 3);
    counts.set(value, (counts.get(value) ?? 0) + 1);
    const unit = prng.unit();
    expect(unit >= 0 && unit < 1).toBe(true);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('a chance comes true about as often as it says', () => {
  const prng = new Prng(4);
  let hits = 0;
  for (let i = 0; i < 10_000; i++) if (prng.chance(0.25)) hits++;
  expect(Math.abs(hits - 2500)).toBeLessThan(200);
  const picked = new Set(Array.from({ length: 100 }, () => prng.pick(['a', 'b', 'c'])));
  expect(picked).toEqual(new Set(['a', 'b', 'c']));
});
