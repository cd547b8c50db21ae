import { expect, test } from 'vitest';
import { NetworkTime, SOURCES_MAX } from './network-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TRUE_MS = Date.UTC(2026, 10, 21);

test('[DSC-5] fewer than three sources: the system clock', () => {
  const time = new NetworkTime();
  const now = { monoMs: 1000, wallMs: TRUE_MS - 5 * HOUR_MS };
  expect(time.read(now)).toBe(now.wallMs);
  time.handleSample('a', TRUE_MS, now);
  time.handleSample('b', TRUE_MS, now);
  time.handleSample('b', TRUE_MS + 1, now); // one source, one vote
  expect(time.read(now)).toBe(now.wallMs);
});

test('[DSC-5] three and more: the median, on the monotonic clock', () => {
  const time = new NetworkTime();
  const now = { monoMs: 1000, wallMs: TRUE_MS - 5 * HOUR_MS };
  for (const [source, error] of [
    ['a', 40],
    ['b', -70],
    ['liar', 1e12],
  ] as const) {
    time.handleSample(source, TRUE_MS + error, now);
  }
  expect(time.read(now)).toBe(TRUE_MS + 40);
  expect(time.read({ monoMs: 61_000, wallMs: now.wallMs + 60_000 })).toBe(TRUE_MS + 60_040);
  time.handleSample('d', Number.NaN, now);
  time.handleSample('d', -1, now);
  expect(time.sources).toBe(3);
  for (let i = 0; i < 2 * SOURCES_MAX; i++) time.handleSample(`s${i}`, TRUE_MS, now);
  expect(time.sources).toBe(SOURCES_MAX);
});

test('[DSC-6] setting the system clock back changes nothing once there are sources', () => {
  const time = new NetworkTime();
  const now = { monoMs: 0, wallMs: TRUE_MS };
  for (const source of ['a', 'b', 'c']) time.handleSample(source, TRUE_MS, now);
  expect(time.read({ monoMs: 5000, wallMs: TRUE_MS - 2 * DAY_MS })).toBe(TRUE_MS + 5000);
  expect(time.read({ monoMs: 6000, wallMs: 0 })).toBe(TRUE_MS + 6000);
});

test('[DSC-6] after a sleep, even one of many short ones, the offsets are dropped', () => {
  for (const naps of [1, 40]) {
    const time = new NetworkTime();
    for (const source of ['a', 'b', 'c']) {
      time.handleSample(source, TRUE_MS, { monoMs: 0, wallMs: TRUE_MS });
    }
    let [monoMs, wallMs] = [0, TRUE_MS];
    for (let nap = 0; nap < naps; nap++) {
      monoMs += 1000;
      wallMs += 1000 + (8 * HOUR_MS) / naps; // the monotonic clock stands still in sleep
      time.read({ monoMs, wallMs });
    }
    expect(time.sources).toBe(0);
    expect(time.read({ monoMs, wallMs })).toBe(wallMs);
  }
});

test('[DSC-5] a voice counts while it is linked: who was wrong and left does no harm', () => {
  const time = new NetworkTime();
  const now = { monoMs: 1_000, wallMs: 1.8e12 };
  for (const source of ['ana', 'bo', 'eve']) time.handleSample(source, 60_000, now);
  expect(time.read(now)).toBe(60_000);
  time.forget('eve');
  time.forget('nobody');
  expect(time.sources).toBe(2);
  expect(time.read(now)).toBe(now.wallMs);
});
