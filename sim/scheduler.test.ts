import { expect, test } from 'vitest';
import { Prng } from '@sotto/core/base/prng.ts';
import { Scheduler } from './scheduler.ts';

test('things happen in order of time, then in the order in which they were asked for', () => {
  const scheduler = new Scheduler();
  const prng = new Prng(1);
  const seen: [number, number][] = [];
  for (let i = 0; i < 500; i++) {
    const atMs = prng.int(0, 50);
    scheduler.at(atMs, () => seen.push([atMs, i]));
  }
  scheduler.runUntil(100);
  const sorted = [...seen].sort(([a, i], [b, j]) => a - b || i - j);
  expect(seen).toEqual(sorted);
  expect(seen.length).toBe(500);
});

test('a task asked for in the past happens now; one taken back never', () => {
  const scheduler = new Scheduler();
  const seen: string[] = [];
  scheduler.at(10, () => {
    scheduler.at(3, () => seen.push(`late at ${scheduler.nowMs}`));
    scheduler.after(5.2, () => seen.push(`then ${scheduler.nowMs}`));
  });
  scheduler.at(12, () => seen.push('never')).cancel();
  scheduler.runUntil(1_000);
  expect(seen).toEqual(['late at 10', 'then 16']);
  expect(scheduler.nowMs).toBe(1_000);
});

test('it stops at the end of time, or when told to', () => {
  const scheduler = new Scheduler();
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    scheduler.after(1, tick);
  };
  tick();
  scheduler.runUntil(100);
  expect(ticks).toBe(101);
  scheduler.runUntil(200, () => ticks >= 120);
  expect([ticks, scheduler.nowMs]).toEqual([120, 119]);
});
