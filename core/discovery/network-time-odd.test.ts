import { expect, test } from 'vitest';
import { EPOCH_MS, epochOf } from './epoch.ts';
import { AWAY_MS, NetworkTime } from './network-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TRUE_MS = Date.UTC(2026, 10, 21, 12, 30);
const AD_1970 = { monoMs: 5_000, wallMs: DAY_MS };
const AD_2106 = { monoMs: 5_000, wallMs: Date.UTC(2106, 1, 7) };

test('[DSC-40] odd is what says less than was agreed on, or much more', () => {
  const time = new NetworkTime(TRUE_MS);
  const isOdd = (wallMs: number): boolean => time.isOdd({ monoMs: 0, wallMs });
  expect([0, TRUE_MS - DAY_MS, TRUE_MS + AWAY_MS + 1].map(isOdd)).toEqual([true, true, true]);
  expect([TRUE_MS - HOUR_MS, TRUE_MS, TRUE_MS + 50 * DAY_MS].map(isOdd)).toEqual([
    false,
    false,
    false,
  ]);
  expect(new NetworkTime().isOdd(AD_1970)).toBe(false);
});

test('[DSC-40] who agrees with our clock, and a record in its hour, confirm it', () => {
  const now = { monoMs: 1_000, wallMs: TRUE_MS };
  const voice = new NetworkTime();
  voice.handleSample('ana', TRUE_MS + HOUR_MS, now);
  expect(voice.agreedMs).toBe(TRUE_MS);
  // And goes on confirming it while linked.
  voice.read({ monoMs: 1_000 + DAY_MS, wallMs: TRUE_MS + DAY_MS });
  expect(voice.agreedMs).toBe(TRUE_MS + DAY_MS);
  const other = new NetworkTime();
  other.handleSample('ana', TRUE_MS + DAY_MS, now);
  expect(other.agreedMs).toBeUndefined();
  const record = new NetworkTime();
  record.handleHour(epochOf(TRUE_MS) - 1, now);
  expect(record.agreedMs).toBe(TRUE_MS);
  const far = new NetworkTime();
  far.handleHour(epochOf(TRUE_MS) - 7, now);
  expect([far.agreedMs, far.read(now)]).toEqual([undefined, TRUE_MS]);
});

test('[DSC-41] behind: time goes on from where it was agreed on; ahead: the clock may be right', () => {
  const behind = new NetworkTime(TRUE_MS);
  expect(behind.read(AD_1970)).toBe(TRUE_MS);
  const later = { monoMs: AD_1970.monoMs + 60_000, wallMs: AD_1970.wallMs + 60_000 };
  expect(behind.read(later)).toBe(TRUE_MS + 60_000);
  expect(new NetworkTime(TRUE_MS).read(AD_2106)).toBe(AD_2106.wallMs);
});

test('[DSC-41] with an odd clock one voice is enough, and what it said stays when it is gone', () => {
  for (const now of [AD_1970, AD_2106]) {
    const time = new NetworkTime(TRUE_MS);
    time.handleSample('ana', TRUE_MS + 3 * DAY_MS, now);
    expect(time.read(now)).toBe(TRUE_MS + 3 * DAY_MS);
    time.forget('ana');
    const later = { monoMs: now.monoMs + 1_000, wallMs: now.wallMs + 1_000 };
    expect(time.read(later)).toBe(TRUE_MS + 3 * DAY_MS + 1_000);
    // Set right, it counts again.
    expect(time.read({ monoMs: 7_000, wallMs: TRUE_MS + 3 * DAY_MS + 9 })).toBe(
      TRUE_MS + 3 * DAY_MS + 9,
    );
  }
});

test('[DSC-41] the hour in which a record was found becomes the hour, and only for an odd clock', () => {
  const epoch = epochOf(TRUE_MS) + 31;
  for (const now of [AD_1970, AD_2106]) {
    const time = new NetworkTime(TRUE_MS);
    time.handleHour(epoch, now);
    expect(epochOf(time.read(now))).toBe(epoch);
    expect(time.read(now) % EPOCH_MS).toBe(EPOCH_MS / 2);
  }
  const sound = new NetworkTime(TRUE_MS);
  const now = { monoMs: 0, wallMs: TRUE_MS };
  sound.handleHour(epoch, now);
  expect(sound.read(now)).toBe(TRUE_MS);
});

test('[DSC-41] set to 1970 while it runs, time goes on from before', () => {
  const time = new NetworkTime(TRUE_MS);
  time.read({ monoMs: 0, wallMs: TRUE_MS + DAY_MS });
  expect(time.read({ monoMs: 60_000, wallMs: 0 })).toBe(TRUE_MS + DAY_MS + 60_000);
});

test('[DSC-40] an echo of an odd clock confirms nothing; three only move the time on', () => {
  const time = new NetworkTime(TRUE_MS);
  time.handleSample('eve', AD_2106.wallMs, AD_2106);
  time.handleSample('eva', AD_2106.wallMs, AD_2106);
  expect(time.agreedMs).toBe(TRUE_MS);
  const back = new NetworkTime(TRUE_MS);
  for (const name of ['ana', 'bo', 'cy']) back.handleSample(name, TRUE_MS - DAY_MS, AD_1970);
  expect(back.agreedMs).toBe(TRUE_MS);
  for (const name of ['ana', 'bo', 'cy']) back.handleSample(name, TRUE_MS + DAY_MS, AD_1970);
  expect(back.agreedMs).toBe(TRUE_MS + DAY_MS);
  // Three that lie to a clock that is right leave nothing behind.
  const right = new NetworkTime(TRUE_MS);
  const now = { monoMs: 0, wallMs: TRUE_MS + HOUR_MS };
  for (const name of ['ana', 'bo', 'cy']) right.handleSample(name, AD_2106.wallMs, now);
  expect(right.agreedMs).toBe(TRUE_MS);
});

test('[DSC-43] what ages by an odd clock ages by two weeks at most', () => {
  expect(new NetworkTime(TRUE_MS).soundMs(AD_1970)).toBe(TRUE_MS);
  expect(new NetworkTime(TRUE_MS).soundMs(AD_2106)).toBe(TRUE_MS);
  const told = new NetworkTime(TRUE_MS);
  told.handleSample('eve', AD_2106.wallMs, AD_1970);
  expect(told.soundMs(AD_1970)).toBe(TRUE_MS + 14 * DAY_MS);
  const now = { monoMs: 0, wallMs: TRUE_MS + 50 * DAY_MS };
  expect(new NetworkTime(TRUE_MS).soundMs(now)).toBe(now.wallMs);
  expect(new NetworkTime().soundMs(AD_2106)).toBe(AD_2106.wallMs);
});
