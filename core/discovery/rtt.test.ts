import { expect, test } from 'vitest';
import { HARD_PER_SHORT, RoundTrips, RTT_NODES_MAX, SHORT_MS_MAX, SHORT_MS_MIN } from './rtt.ts';

test('[DHT-40] before anything is measured the patience is longest', () => {
  const trips = new RoundTrips();
  expect(trips.shortMs('a')).toBe(SHORT_MS_MAX);
  expect(trips.hardMs('a')).toBe(HARD_PER_SHORT * SHORT_MS_MAX);
});

test('[DHT-40] a fast network makes it short, a slow one long', () => {
  const fast = new RoundTrips();
  for (let i = 0; i < 50; i++) fast.add(`n${i}`, 20);
  expect(fast.shortMs('stranger')).toBe(SHORT_MS_MIN);
  const slow = new RoundTrips();
  for (let i = 0; i < 50; i++) slow.add(`n${i}`, i % 2 ? 900 : 300);
  expect(slow.shortMs('stranger')).toBe(SHORT_MS_MAX);
});

test('[DHT-40] a node we know is measured by itself', () => {
  const trips = new RoundTrips();
  for (let i = 0; i < 50; i++) trips.add('near', 20);
  for (let i = 0; i < 50; i++) trips.add('far', 600);
  expect(trips.shortMs('near')).toBe(SHORT_MS_MIN);
  expect(trips.shortMs('far')).toBeGreaterThan(550);
  for (let i = 0; i < 2 * RTT_NODES_MAX; i++) trips.add(`n${i}`, 20);
  expect(trips.size).toBe(RTT_NODES_MAX);
});
