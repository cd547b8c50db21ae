import { expect, test } from 'vitest';
import { GAP_PATIENCE_MS, Gaps, GATHER_MS } from './gaps.ts';

test('[DEL-9] what waits behind a gap is shown after 60 s', () => {
  const gaps = new Gaps();
  gaps.hold(5, 1_000);
  expect(gaps.wakeAtMs()).toBe(1_000 + GAP_PATIENCE_MS);
  expect(gaps.take(GAP_PATIENCE_MS)).toBeUndefined();
  expect(gaps.take(1_000 + GAP_PATIENCE_MS)).toBe(5);
  expect(gaps.wakeAtMs()).toBeUndefined();
});

test('[DEL-9] a second gap has a patience of its own', () => {
  const gaps = new Gaps();
  gaps.hold(5, 0);
  gaps.hold(9, 30_000);
  expect(gaps.take(GAP_PATIENCE_MS)).toBe(5);
  expect(gaps.take(30_000 + GAP_PATIENCE_MS)).toBe(9);
});

test('many events behind one gap cost few deadlines', () => {
  const gaps = new Gaps();
  for (let n = 0; n < 10_000; n++) gaps.hold(n + 2, n * 6);
  expect(gaps.size).toBeLessThanOrEqual(1 + GAP_PATIENCE_MS / GATHER_MS);
  expect(gaps.take(2 * GAP_PATIENCE_MS)).toBe(10_001);
});
