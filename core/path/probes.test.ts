import { expect, test } from 'vitest';
import { CONNECTS_MAX, PROBE_HELD_MS, PROBE_WINDOW_MS, Probes, PROBES_MAX } from './probes.ts';
import { FLIGHT_EVERY_MS } from './punch.ts';

test('[PTH-3] whoever asks, at most 16 datagrams leave in any 10 s', () => {
  const probes = new Probes();
  const sent: number[] = [];
  for (let atMs = 0; atMs < 60_000; atMs += 70) if (probes.take('ben', atMs)) sent.push(atMs);
  for (const from of sent) {
    const within = sent.filter((atMs) => atMs >= from && atMs < from + PROBE_WINDOW_MS);
    expect(within.length).toBeLessThanOrEqual(PROBES_MAX);
  }
  expect(sent.length).toBeGreaterThanOrEqual(5 * PROBES_MAX);
  expect([probes.take('ben', 60_000), probes.take('cleo', 60_000)]).toEqual([false, true]);
});

test('[PTH-3] ⚑ on the wire as well, where the first of a slot leave late and the rest at once', () => {
  const probes = new Probes();
  const latestMs = PROBE_HELD_MS - PROBE_WINDOW_MS;
  const left: number[] = [];
  for (let i = 0; i < 64; i++) {
    const atMs = i * FLIGHT_EVERY_MS;
    const lateMs = Math.floor(i / PROBES_MAX) % 2 === 0 ? latestMs : 0;
    if (probes.take('ben', atMs)) left.push(atMs + lateMs);
  }
  for (const from of left) {
    const within = left.filter((atMs) => atMs >= from && atMs < from + PROBE_WINDOW_MS);
    expect(within.length).toBeLessThanOrEqual(PROBES_MAX);
  }
  expect(left.length).toBeGreaterThan(3 * PROBES_MAX);
});

test('[PTH-3] guesses leave a part of the window for what is surer', () => {
  const probes = new Probes();
  const sent = (spare: number): number => {
    return Array.from({ length: 20 }, () => probes.take('ben', 0, spare)).filter(Boolean).length;
  };
  expect([sent(6), sent(6), sent(0), sent(0)]).toEqual([10, 0, 6, 0]);
});

test('[PTH-3] connections have a window of their own: neither kind makes the other wait', () => {
  const probes = new Probes();
  const begun: number[] = [];
  for (let atMs = 0; atMs < 30_000; atMs += 100) {
    probes.take('ben', atMs);
    if (probes.takeConnect('ben', atMs)) begun.push(atMs);
  }
  for (const from of begun) {
    const within = begun.filter((atMs) => atMs >= from && atMs < from + PROBE_WINDOW_MS);
    expect(within.length).toBeLessThanOrEqual(CONNECTS_MAX);
  }
  expect(begun.slice(0, CONNECTS_MAX).at(-1)).toBe((CONNECTS_MAX - 1) * 100);
  const atMs = begun.at(-1)! + 1;
  expect([probes.takeConnect('ben', atMs), probes.takeConnect('cleo', atMs)]).toEqual([
    false,
    true,
  ]);
  const againMs = begun.at(-1)! + PROBE_HELD_MS;
  expect(probes.takeConnect('ben', againMs)).toBe(true);
});

test('[PTH-3] searches for a path leave ten connections for dials', () => {
  const probes = new Probes();
  const begun = (isSearch: boolean): number => {
    let count = 0;
    while (probes.takeConnect('ben', 0, isSearch)) count++;
    return count;
  };
  expect([begun(true), begun(false), begun(true)]).toEqual([6, 10, 0]);
});
