import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

test('[LNK-39] patience is four times the slowest answer of late, from 1 to 10 s', () => {
  const patience = new Patience(1_000, 10_000);
  expect(patience.ms).toBe(1_000);
  patience.answered(20);
  expect(patience.ms).toBe(1_000);
  patience.answered(700);
  expect(patience.ms).toBe(2_800);
  patience.answered(60_000);
  expect(patience.ms).toBe(10_000);
});

test('[LNK-39] it doubles with each doubt and comes back with answers', () => {
  const patience = new Patience(1_000, 10_000);
  const seen = Array.from({ length: 5 }, () => {
    patience.ranOut();
    return patience.ms;
  });
  expect(seen).toEqual([2_000, 4_000, 8_000, 10_000, 10_000]);
  for (let i = 0; i < 30; i++) patience.answered(20);
  expect(patience.ms).toBe(1_000);
});

test('[LNK-39] a doubt that was right is forgotten with the path, one that was wrong is not', () => {
  const patience = new Patience(1_000, 10_000);
  patience.ranOut();
  patience.ranOut();
  patience.measured(300);
  patience.replaced();
  expect(patience.ms).toBe(1_200);
  patience.ranOut();
  patience.answered(2_000); // slow, not dead
  patience.replaced();
  expect(patience.ms).toBe(8_000);
});
