/**
 * Schedule: when one rendezvous publishes and when it looks. Times only; whether there is anything
 * to publish, and whether the budget allows it, others decide.
 *
 *   quick     after a start, a lost link, a wish: publish at once, look at once and again 2, 4, 8,
 *             15 s ... after each fruitless lookup, for 20 minutes at most
 *   routine   in an active epoch: publish within its first 5 minutes, look 6 to 12 and 30 to 40
 *             minutes into it, so that each end looks after the other has published
 *   restless  the invitee's: every 10 minutes until the inviter is found
 *   idle      linked, or the epoch is not active: nothing
 *
 * All times are jittered: no two records of ours appear at one instant every hour.
 * Spec: DSC-23, DSC-24. Monotonic ms throughout.
 * @module
 */
import { unit, type Random } from '../base/time.ts';

/** Pauses after each lookup while quick. */
const QUICK_MS = [2, 4, 8, 15, 30, 60, 120, 300, 600].map((seconds) => seconds * 1000);
const QUICK_FOR_MS = 20 * 60_000;
const START_JITTER_MS = 300;
const ROUTINE_PUT_MS = [0, 5 * 60_000] as const;
const ROUTINE_LOOKS_MS = [
  [6 * 60_000, 12 * 60_000],
  [30 * 60_000, 40 * 60_000],
] as const;
const RESTLESS_MS = 10 * 60_000;
/** How long a wish counts as most wanted, and how often a repeated one starts over. */
const WANTED_MS = 60_000;
const WISH_EVERY_MS = 15_000;
/** A look that is due so soon does for a glance. */
const GLANCE_MS = 15_000;
/** Pauses after a put that reached nobody; the last one repeats, for the network may come back. */
const PUT_RETRY_MS = [5, 10, 20, 40].map((seconds) => seconds * 1000);
/** A put that reached few is repeated once: the table may have been nearly empty. */
const THIN_RETRY_MS = 60_000;
/** Copies that are enough. */
export const COPIES_MIN = 8;
/** Least time between two puts at one rendezvous, however often our address changes. */
const PUT_EVERY_MS = 3000;

export class Schedule {
  /** When to publish, if there is something to publish. */
  putAtMs: number | undefined;
  lookAtMs: number | undefined;
  #quickStep = QUICK_MS.length;
  #quickUntilMs = -Infinity;
  #wantedUntilMs = -Infinity;
  #wishedAtMs = -Infinity;
  #routineMs: number[] = [];
  #putTries = 0;
  #thinTried = false;
  #putMs = -Infinity;

  constructor(
    readonly random: Random,
    /** Look again and again, in every epoch. */
    readonly restless: boolean,
  ) {}

  isQuick(nowMs: number): boolean {
    return this.#quickStep < QUICK_MS.length && nowMs < this.#quickUntilMs;
  }

  isWanted(nowMs: number): boolean {
    return nowMs < this.#wantedUntilMs;
  }

  /** Publish and look, now or after the delay, and go on looking. */
  startQuick(nowMs: number, delayMs = 0): void {
    this.#quickStep = 0;
    this.#quickUntilMs = nowMs + QUICK_FOR_MS;
    this.lookAtMs = nowMs + delayMs;
    this.#putSoon(nowMs + delayMs);
  }

  /** A first look at somebody not met for long. */
  startSlow(nowMs: number, active: boolean): void {
    this.lookAtMs = nowMs;
    if (active) this.#putSoon(nowMs);
  }

  /** A person asks for this one now. */
  wish(nowMs: number): void {
    this.#wantedUntilMs = nowMs + WANTED_MS;
    if (nowMs < this.#wishedAtMs + WISH_EVERY_MS) return;
    this.#wishedAtMs = nowMs;
    this.startQuick(nowMs);
  }

  /** One more look, unless one is near anyway. */
  glance(nowMs: number): void {
    if (this.isQuick(nowMs) && (this.lookAtMs ?? Infinity) < nowMs + GLANCE_MS) return;
    this.lookAtMs = nowMs;
  }

  /** What we say has changed. */
  changed(nowMs: number): void {
    this.#putTries = 0;
    this.#thinTried = false;
    this.#putSoon(nowMs);
  }

  /** A new epoch has begun `sinceMs` ago. */
  enterEpoch(nowMs: number, sinceMs: number, active: boolean): void {
    this.#putTries = 0;
    this.#thinTried = false;
    this.#routineMs = [];
    const startMs = nowMs - sinceMs;
    const between = ([from, to]: readonly [number, number]): number =>
      startMs + from + unit(this.random) * (to - from);
    if (active) this.#routineMs = ROUTINE_LOOKS_MS.map(between);
    if (this.isQuick(nowMs)) {
      this.#putSoon(nowMs);
      return;
    }
    this.putAtMs = active ? Math.max(nowMs, between(ROUTINE_PUT_MS)) : undefined;
    this.lookAtMs = this.restless ? this.#restlessAt(nowMs) : this.#nextRoutine(nowMs);
  }

  lookDone(nowMs: number): void {
    if (this.isQuick(nowMs)) {
      this.lookAtMs = nowMs + QUICK_MS[this.#quickStep]! * (0.9 + 0.2 * unit(this.random));
      this.#quickStep++;
    } else if (this.restless) this.lookAtMs = this.#restlessAt(nowMs);
    else this.lookAtMs = this.#nextRoutine(nowMs);
  }

  /** @returns true where the record lies well enough for this epoch. */
  putDone(nowMs: number, copies: number): boolean {
    this.#putMs = nowMs;
    this.putAtMs = undefined;
    if (copies === 0) {
      const pauseMs = PUT_RETRY_MS[Math.min(this.#putTries++, PUT_RETRY_MS.length - 1)]!;
      this.putAtMs = nowMs + pauseMs * (1 + 0.2 * unit(this.random));
      return false;
    }
    // They may have looked for us a moment ago and now be waiting to look again.
    if (this.isQuick(nowMs) && this.lookAtMs !== undefined) {
      this.lookAtMs = Math.min(this.lookAtMs, nowMs + START_JITTER_MS);
    }
    if (copies >= COPIES_MIN || this.#thinTried) return true;
    this.#thinTried = true;
    this.putAtMs = nowMs + THIN_RETRY_MS;
    return false;
  }

  /** Linked, or not to be looked for: nothing is due. */
  rest(): void {
    this.#quickStep = QUICK_MS.length;
    this.#wantedUntilMs = -Infinity;
    this.#routineMs = [];
    this.putAtMs = undefined;
    this.lookAtMs = undefined;
  }

  #putSoon(nowMs: number): void {
    const soonMs = nowMs + START_JITTER_MS * unit(this.random);
    this.putAtMs = Math.max(soonMs, this.#putMs + PUT_EVERY_MS);
  }

  #nextRoutine(nowMs: number): number | undefined {
    while (this.#routineMs[0] !== undefined && this.#routineMs[0] <= nowMs) {
      this.#routineMs.shift();
    }
    return this.#routineMs.shift();
  }

  #restlessAt(nowMs: number): number {
    return nowMs + RESTLESS_MS * (0.8 + 0.4 * unit(this.random));
  }
}
