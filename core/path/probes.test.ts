import { expect, test } from 'vitest';
import { PROBE_WINDOW_MS, Probes, PROBES_MAX } from './probes.ts';

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
