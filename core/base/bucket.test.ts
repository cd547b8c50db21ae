import { expect, test } from 'vitest';
import { Bucket } from './bucket.ts';

test('a bucket gives its burst at once and its rate in the mean, whatever the steps', () => {
  for (const stepMs of [1, 7, 250, 1_000]) {
    const bucket = new Bucket(100, 20, 0);
    let given = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += stepMs) {
      while (bucket.has(10, nowMs)) {
        bucket.take(10);
        given += 10;
      }
    }
    // Long steps lose what does not fit into the bucket.
    const perStep = Math.min(20, (100 * stepMs) / 1000);
    const most = 20 + (perStep * 10_000) / stepMs;
    expect(given).toBeLessThanOrEqual(most);
    expect(given).toBeGreaterThan(most - 20);
  }
});

test('a bucket says when there will be enough, and time that goes back earns nothing', () => {
  const bucket = new Bucket(100, 20, 1_000);
  expect(bucket.has(20, 1_000)).toBe(true);
  bucket.take(20);
  expect(bucket.has(5, 1_000)).toBe(false);
  expect(bucket.readyAtMs(5)).toBe(1_050);
  expect(bucket.has(5, 500)).toBe(false);
  expect(bucket.has(5, 1_049)).toBe(false);
  expect(bucket.has(5, 1_050)).toBe(true);
});
