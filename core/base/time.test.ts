import { expect, test } from 'vitest';
import { Prng } from './prng.ts';
import { earliest, randomInt, unit } from './time.ts';

test('earliest is the sooner of those that are set; never, where none is', () => {
  expect(earliest()).toBeUndefined();
  expect(earliest(undefined, undefined)).toBeUndefined();
  expect(earliest(5, undefined, 3, 4)).toBe(3);
  expect(earliest(0, 1)).toBe(0);
});

test('unit spans [0, 1) by 4 bytes of entropy', () => {
  expect(unit(() => Uint8Array.of(0, 0, 0, 0))).toBe(0);
  expect(unit(() => Uint8Array.of(0x80, 0, 0, 0))).toBe(0.5);
  expect(unit(() => Uint8Array.of(255, 255, 255, 255))).toBe(1 - 2 ** -32);
});

test('randomInt reaches every number below its bound and no other', () => {
  const random = new Prng(1).bytes;
  const seen = new Set(Array.from({ length: 500 }, () => randomInt(random, 5)));
  expect(seen).toEqual(new Set([0, 1, 2, 3, 4]));
});
