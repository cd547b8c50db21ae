import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairShare, MEAN_HOLDS, PEAK_HOLDS, QueryBudget } from './query-budget.ts';

test('[DSC-25] 6 queries/s mean, 50/s for 60 s, in every window, whatever is asked for', () => {
  const request = fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.nat(2000), fc.nat(600_000)),
    cost: fc.constantFrom(30, 90),
    reserve: fc.constantFrom(0, 200, 900),
  });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 300 }), (requests) => {
      const budget = new QueryBudget(0);
      const paid: { atMs: number; cost: number }[] = [];
      let nowMs = 0;
      for (const { afterMs, cost, reserve } of requests) {
        nowMs += afterMs;
        if (budget.take(cost, reserve, nowMs)) paid.push({ atMs: nowMs, cost });
      }
      for (let from = 0; from < paid.length; from++) {
        let sum = 0;
        for (const { atMs, cost } of paid.slice(from)) {
          sum += cost;
          const seconds = (atMs - paid[from]!.atMs) / 1000;
          expect(sum).toBeLessThanOrEqual(6 * seconds + MEAN_HOLDS + 1e-6);
          expect(sum).toBeLessThanOrEqual(50 * seconds + PEAK_HOLDS + 1e-6);
          if (seconds <= 60) expect(sum).toBeLessThanOrEqual(3000 + 1e-6);
        }
      }
    }),
    { seed: 5, numRuns: 60 },
  );
});

test('[DSC-25] a refused request succeeds at the time told, and not before', () => {
  const budget = new QueryBudget(0);
  let nowMs = 0;
  for (let i = 0; i < 200; i++) {
    if (budget.take(90, 600, nowMs)) continue;
    const readyMs = budget.readyAtMs(90, 600);
    expect(readyMs).toBeGreaterThan(nowMs);
    expect(budget.take(90, 600, readyMs - 2)).toBe(false);
    nowMs = readyMs;
    expect(budget.take(90, 600, nowMs)).toBe(true);
  }
});

test('[DSC-25] what routine leaves is there for a wish', () => {
  const budget = new QueryBudget(0);
  let nowMs = 0;
  while (budget.readyAtMs(30, 600) < nowMs + 4000) {
    nowMs = Math.max(nowMs, budget.readyAtMs(30, 600));
    budget.take(30, 600, nowMs);
  }
  expect(budget.take(30, 600, nowMs)).toBe(false);
  nowMs += 2000; // the peak bucket recovers
  expect(budget.take(90, 0, nowMs)).toBe(true);
});

test('[DSC-33] looking and publishing get half each where both wait, and all where one does', () => {
  const share = new FairShare();
  const [look, publish] = [{ rank: 1 }, { rank: 1 }];
  const paid = { look: 0, publish: 0 };
  const turn = (isLookDue: boolean, isPublishDue: boolean): void => {
    const isLook = share.choose(isLookDue ? look : undefined, isPublishDue ? publish : undefined);
    const cost = isLook === look ? 30 : 90;
    paid[isLook === look ? 'look' : 'publish'] += cost;
    share.took(isLook === look, cost);
  };
  for (let i = 0; i < 400; i++) turn(true, true);
  expect(Math.abs(paid.look - paid.publish)).toBeLessThanOrEqual(90);
  // What one had while the other had nothing to do is not owed.
  for (let i = 0; i < 400; i++) turn(true, false);
  paid.look = paid.publish = 0;
  for (let i = 0; i < 400; i++) turn(true, true);
  expect(Math.abs(paid.look - paid.publish)).toBeLessThanOrEqual(90);
  expect(share.choose({ rank: 2 }, publish)).toBe(publish);
  expect(share.choose(look, { rank: 0 })).toEqual({ rank: 0 });
});
