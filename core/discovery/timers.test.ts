import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timers } from './timers.ts';

test('timers fire in order of time, each once, and never after they were cancelled', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (plans) => {
      const timers = new Timers();
      const fired: number[] = [];
      const made = plans.map(([atMs, cancelled]) => {
        const timer = timers.at(atMs, () => fired.push(atMs));
        return { timer, atMs, cancelled };
      });
      for (const { timer, cancelled } of made) if (cancelled) timers.cancel(timer);
      const kept = made.filter(({ cancelled }) => !cancelled).map(({ atMs }) => atMs);
      kept.sort((a, b) => a - b);
      expect(timers.wakeAtMs()).toBe(kept[0]);
      timers.run(25);
      expect(fired).toEqual(kept.filter((atMs) => atMs <= 25));
      timers.run(25);
      timers.run(50);
      expect(fired).toEqual(kept);
      expect(timers.size).toBe(0);
    }),
  );
});

test('what is set and cancelled again and again does not pile up', () => {
  const timers = new Timers();
  const kept = timers.at(5, () => undefined);
  for (let i = 0; i < 100_000; i++) {
    timers.cancel(timers.at(1000 + i, () => undefined));
    if (timers.size > 200) throw new Error('piles up');
  }
  expect(timers.wakeAtMs()).toBe(kept.atMs);
  timers.cancel(kept);
  timers.cancel(kept);
  expect(timers.wakeAtMs()).toBeUndefined();
  expect(timers.size).toBe(0);
});

test('an action may set a timer that is due at once', () => {
  const timers = new Timers();
  const fired: string[] = [];
  timers.at(5, (nowMs) => {
    fired.push('first');
    timers.at(nowMs, () => fired.push('second'));
  });
  timers.run(4);
  expect(fired).toEqual([]);
  timers.run(9);
  expect(fired).toEqual(['first', 'second']);
});
