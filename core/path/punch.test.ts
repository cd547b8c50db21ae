import { expect, test } from 'vitest';
import {
  BEAT_EVERY_MS,
  FLIGHT_EVERY_MS,
  nextPunch,
  SLOT_EVERY_MS,
  SLOT_FLIGHTS,
  timetableOf,
  type PunchClock,
  type PunchTime,
} from './punch.ts';
import { PROBE_WINDOW_MS, PROBES_MAX } from './probes.ts';

const HOUR_MS = 3_600_000;
const EPOCH = 497_222;
/** Offsets that jump about: the last moment of the 240 s, then the first. */
const WORDS = [SLOT_EVERY_MS - 1, 0, SLOT_EVERY_MS * 17_000 + 123_456];
const clock: PunchClock = { epochMs: HOUR_MS, word: (epoch) => WORDS[epoch % WORDS.length]! };

function punches(fromMs: number, forMs: number): PunchTime[] {
  const all: PunchTime[] = [];
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs = all.at(-1)!.atMs + 1) {
    all.push(nextPunch(clock, atMs));
  }
  return all;
}

test('[PTH-15] slots lie at the word of the epoch and every 240 s after', () => {
  const startMs = EPOCH * HOUR_MS;
  const offsetMs = clock.word(EPOCH) % SLOT_EVERY_MS;
  const slots = punches(startMs + offsetMs, HOUR_MS / 2).filter(({ beat }) => beat === 0);
  expect(slots.slice(0, 4).map(({ atMs }) => atMs - startMs - offsetMs)).toEqual([
    0,
    SLOT_EVERY_MS,
    2 * SLOT_EVERY_MS,
    3 * SLOT_EVERY_MS,
  ]);
});

test('[PTH-15] no wait is longer than 240 s, over the turn of any epoch either', () => {
  const slots = punches(EPOCH * HOUR_MS, 9 * HOUR_MS).filter(({ beat }) => beat === 0);
  const gaps = slots.slice(1).map(({ atMs }, i) => atMs - slots[i]!.atMs);
  expect(Math.max(...gaps)).toBe(SLOT_EVERY_MS);
  expect(slots.length).toBeGreaterThan((9 * HOUR_MS) / SLOT_EVERY_MS - 1);
});

test('[PTH-16] beats leave no more than 24 s between them', () => {
  const all = punches(EPOCH * HOUR_MS, 4 * HOUR_MS);
  const gaps = all.slice(1).map(({ atMs }, i) => atMs - all[i]!.atMs);
  expect(Math.max(...gaps)).toBe(BEAT_EVERY_MS);
  expect(new Set(all.map(({ beat }) => beat)).size).toBe(10);
});

test('[PTH-15] both ends reckon alike wherever in the hour they begin', () => {
  const late = punches(EPOCH * HOUR_MS + 1_234_567, HOUR_MS).map(({ atMs }) => atMs);
  const all = new Set(punches(EPOCH * HOUR_MS, 2 * HOUR_MS).map(({ atMs }) => atMs));
  expect(late.every((atMs) => all.has(atMs))).toBe(true);
  expect(nextPunch(clock, 0).atMs).toBeGreaterThanOrEqual(0);
});

test('[PTH-15] a slot sends for 20 s, and never more than 16 flights in 10 s', () => {
  const slot = timetableOf('steady', 3)!;
  expect(slot).toMatchObject({ everyMs: FLIGHT_EVERY_MS, flights: SLOT_FLIGHTS });
  expect(slot.flights * slot.everyMs).toBe(20_000);
  expect(PROBE_WINDOW_MS / slot.everyMs).toBe(PROBES_MAX);
  expect(timetableOf('single', 2)).toMatchObject({ flights: 2 });
  expect(timetableOf('race', 3)).toBeUndefined();
});
