import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { isActive, LEVEL_MAX, levelAfter, punchWord, relief, timetableWord } from './timetable.ts';

const SECRET = new Secret(
  'pair' as const,
  Uint8Array.from({ length: 32 }, (_, i) => i),
);

test('[DSC-20] the word is that of the spec', () => {
  // Python's hmac and hashlib, as in epoch.test.ts.
  expect(timetableWord(SECRET, 497_222).toString(16)).toBe('d4f26b7c');
  expect(punchWord(SECRET, 497_222).toString(16)).toBe('4bc5297b');
});

test('[DSC-20] active sets nest: what is active at a level is active at every lower one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (word) => {
      for (let level = 1; level <= LEVEL_MAX; level++) {
        if (isActive(word, level)) expect(isActive(word, level - 1)).toBe(true);
      }
      expect(isActive(word, 0)).toBe(true);
    }),
    { seed: 3 },
  );
});

test('[DSC-20] one epoch in 2^L is active, and both ends agree on which', () => {
  const prng = new Prng(5);
  const bytes = prng.bytes(32);
  const [mine, theirs] = [new Secret('pair', bytes.slice()), new Secret('pair', bytes.slice())];
  const epochs = Array.from({ length: 2048 }, (_, i) => 500_000 + i);
  for (let level = 0; level <= LEVEL_MAX; level++) {
    const active = epochs.filter((epoch) => isActive(timetableWord(mine, epoch), level));
    expect(active.every((epoch) => isActive(timetableWord(theirs, epoch), level))).toBe(true);
    const expected = epochs.length / 2 ** level;
    // Four standard deviations of a binomial.
    expect(Math.abs(active.length - expected)).toBeLessThanOrEqual(4 * Math.sqrt(expected));
  }
});

test('[DSC-21] the level rises each time the time apart doubles, to 5', () => {
  const first = (level: number): number => {
    let epochs = 0;
    while (levelAfter(epochs) < level) epochs++;
    return epochs;
  };
  expect([0, 1, 2, 3, 4, 5].map(first)).toEqual([0, 12, 36, 84, 180, 372]);
  expect(levelAfter(1e9)).toBe(5);
  expect(levelAfter(-3)).toBe(0); // a clock that went back
});

test('[DSC-22] few absent contacts are helped by all levels, many by as many as fit', () => {
  const levels = (count: number, level: number): number[] => Array<number>(count).fill(level);
  expect(relief(levels(20, 5), 60)).toBe(5);
  expect(relief(levels(60, 5), 60)).toBe(5);
  expect(relief(levels(61, 5), 60)).toBe(4);
  expect(relief(levels(1000, 5), 60)).toBe(0);
  expect(relief(levels(900, 5), 60)).toBe(1);
  expect(relief([])).toBe(5);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 300 }), (some) => {
      const by = relief(some, 60);
      const expected = some.reduce((sum, level) => sum + 2 ** -Math.max(0, level - by), 0);
      expect(by === 0 || expected <= 60).toBe(true);
    }),
    { seed: 4 },
  );
});
