import { expect, test } from 'vitest';
import { Longing, LOOK_AGAIN_MS_MAX, LOOK_AGAIN_MS_MIN } from './longing.ts';

test('[CON-9] often for who was here a moment ago, rarely for who is long gone', () => {
  const longing = new Longing();
  longing.miss('ana', 0, 0);
  const looks: number[] = [];
  for (let atMs = longing.wakeAtMs()!; atMs < 24 * 3_600_000; atMs = longing.wakeAtMs()!) {
    expect(longing.take(atMs)).toEqual(['ana']);
    looks.push(atMs);
  }
  const pauses = looks.slice(1).map((atMs, i) => atMs - looks[i]!);
  expect(looks[0]).toBe(LOOK_AGAIN_MS_MIN);
  expect(pauses.slice(0, 5)).toEqual(new Array<number>(5).fill(LOOK_AGAIN_MS_MIN));
  expect(Math.max(...pauses)).toBe(LOOK_AGAIN_MS_MAX);
  expect(pauses.every((pause, i) => i === 0 || pause > pauses[i - 1]! - 1)).toBe(true);
});

test('[CON-9] nobody is looked for when they are here', () => {
  const longing = new Longing();
  longing.miss('ana', 0, 0);
  longing.miss('ana', 0, 15_000); // already missed: no new start
  longing.miss('bo', 0, 10_000);
  expect(longing.take(LOOK_AGAIN_MS_MIN)).toEqual(['ana']);
  longing.settle('ana');
  longing.settle('nobody');
  expect(longing.take(30_000)).toEqual(['bo']);
  longing.settle('bo');
  expect(longing.wakeAtMs()).toBeUndefined();
  expect(longing.size).toBe(0);
});
