/**
 * Punch: when two contacts who cannot reach each other send to each other at one time, so that
 * each router takes what the other side sends for an answer (PTH-15 to PTH-17). No helper is
 * needed, only a common secret and a common idea of the hour.
 *
 *   epoch e    |---o---------+---------+ ... +-----|--o'---   o = word(S, e) mod 240 s
 *   slots          S         S         S           S  S       20 s of flights, one in 625 ms
 *   beats          S.b.b.b.b.S.b.b.b.b.S                      one flight per candidate
 *
 * A slot opens both routers for as long as it lasts and 30 s more. Beats keep them open all the
 * time: with one in 24 s a mapping of 30 s never closes, so that whoever dials gets in at once,
 * even where clocks differ. They are for those who were here not long ago.
 *
 * A series goes on until that of the next epoch begins: nobody waits for longer than 240 s.
 * Pure.
 * @module
 */

export const SLOT_EVERY_MS = 240_000;
/** A router keeps an opening without traffic for 30 s at least. */
export const BEAT_EVERY_MS = 24_000;
export const BEATS_PER_SLOT = SLOT_EVERY_MS / BEAT_EVERY_MS;
/** Flights to one contact leave this far apart, to all its candidates in turns (PTH-3). */
export const FLIGHT_EVERY_MS = 625;
export const SLOT_FLIGHTS = 32;
export const SLOT_MS = SLOT_FLIGHTS * FLIGHT_EVERY_MS;
/** What an answer may take beyond the last flight. */
const ANSWER_MS = 5_000;

/**
 * How a dial sends. race: on all routes at once, for a peer that can be reached. steady: for as
 * long as a slot. single: one flight per candidate, a beat.
 */
export type Pace = 'race' | 'steady' | 'single';

/** When the flights of a dial leave. */
export interface PunchTimetable {
  readonly everyMs: number;
  /** Of all routes together. */
  readonly flights: number;
  readonly giveUpMs: number;
}

/** @returns undefined for a race, whose timetable is the link layer's own (LNK-15). */
export function timetableOf(pace: Pace, udpRoutes: number): PunchTimetable | undefined {
  if (pace === 'race') return undefined;
  const flights = pace === 'steady' ? SLOT_FLIGHTS : udpRoutes;
  const everyMs = FLIGHT_EVERY_MS;
  return { everyMs, flights, giveUpMs: flights * everyMs + ANSWER_MS };
}

export interface PunchClock {
  readonly epochMs: number;
  /** 32 bits that both ends share in an epoch, and nobody else knows. */
  readonly word: (epoch: number) => number;
}

export interface PunchTime {
  /** Network time. */
  readonly atMs: number;
  /** 0 for a slot, 1 to 9 for the beats after it. */
  readonly beat: number;
}

/** The next slot or beat, at `networkMs` or after. */
export function nextPunch({ epochMs, word }: PunchClock, networkMs: number): PunchTime {
  const firstOf = (epoch: number): number => epoch * epochMs + (word(epoch) % SLOT_EVERY_MS);
  const epoch = Math.max(0, Math.floor(networkMs / epochMs));
  const now = firstOf(epoch) <= networkMs ? epoch : epoch - 1;
  const nextMs = firstOf(now + 1);
  if (now < 0) return { atMs: nextMs, beat: 0 };
  const count = Math.ceil((networkMs - firstOf(now)) / BEAT_EVERY_MS);
  const atMs = firstOf(now) + count * BEAT_EVERY_MS;
  return atMs >= nextMs ? { atMs: nextMs, beat: 0 } : { atMs, beat: count % BEATS_PER_SLOT };
}
