/**
 * The clocks of one host: a monotonic one that starts anew with each process and may run a little
 * fast or slow, and a wall clock that may say anything.
 * @module
 */
import type { Now } from '@sotto/core/base/time.ts';

/** When every run begins, by the true wall clock: 2026-03-01. */
export const EPOCH_MS = 1_772_323_200_000;

export class Clock {
  /** Error of the wall clock. */
  #offsetMs = 0;
  /** Own milliseconds per true millisecond. */
  #rate = 1;
  /** Where the monotonic clock stood at true time `#sinceMs`. */
  #monoMs = 0;
  #sinceMs = 0;
  #wallDriftMs = 0;

  /** A process begins: its monotonic clock starts at a value of no meaning. */
  restart(trueMs: number, monoMs: number): void {
    this.#wallDriftMs += this.#drifted(trueMs);
    this.#monoMs = monoMs;
    this.#sinceMs = trueMs;
  }

  /** Whole milliseconds, as seen on this host at a true time. */
  now(trueMs: number): Now {
    const wallMs = EPOCH_MS + trueMs + this.#offsetMs + this.#wallDriftMs + this.#drifted(trueMs);
    return { monoMs: this.#mono(trueMs), wallMs: Math.max(0, Math.floor(wallMs)) };
  }

  /** The true time at which the monotonic clock will show `monoMs`. */
  trueTimeOf(monoMs: number): number {
    return this.#sinceMs + (monoMs - this.#monoMs) / this.#rate;
  }

  /** Somebody sets the wall clock. */
  step(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** The wall clock shows this many milliseconds since 1970. */
  set(trueMs: number, wallMs: number): void {
    this.#offsetMs += wallMs - this.now(trueMs).wallMs;
  }

  /** From now on both clocks run at this rate. */
  drift(trueMs: number, rate: number): void {
    this.#wallDriftMs += this.#drifted(trueMs);
    this.#monoMs = this.#mono(trueMs);
    this.#sinceMs = trueMs;
    this.#rate = rate;
  }

  /** Right again, and running right. */
  correct(trueMs: number): void {
    this.drift(trueMs, 1);
    this.#offsetMs = 0;
    this.#wallDriftMs = 0;
  }

  #mono(trueMs: number): number {
    return this.#monoMs + Math.floor((trueMs - this.#sinceMs) * this.#rate);
  }

  #drifted(trueMs: number): number {
    return (trueMs - this.#sinceMs) * (this.#rate - 1);
  }
}
