import { expect, test } from 'vitest';
import { friendlyName, securePick } from './friendly-name.ts';

test('a friendly name is an adjective and an animal', () => {
  expect(friendlyName(() => 0)).toBe('Amber Badger');
  for (let n = 0; n < 200; n++) expect(friendlyName()).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
});

test('a new name is never the one that stands there', () => {
  const picks = [0, 0, 0, 1];
  expect(friendlyName(() => picks.shift()!, 'Amber Badger')).toBe('Amber Beaver');
});

test('a pick is fair: numbers past the last whole multiple are drawn anew', () => {
  const drawn = [2 ** 32 - 1, 2 ** 32 - 2, 7];
  const fill = (into: Uint32Array): void => void (into[0] = drawn.shift()!);
  // 2^32 is one more than a multiple of 3: only its last number is past.
  expect(securePick(3, fill)).toBe((2 ** 32 - 2) % 3);
  expect(drawn).toEqual([7]);
});
