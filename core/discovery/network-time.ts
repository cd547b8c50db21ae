/**
 * Network time: the hour most of the world agrees on, for epochs and display alone (DSC-5).
 *
 *   three or more sources     monotonic clock + median offset of the sources
 *   fewer                     the system clock, unless it is odd
 *   fewer, and it is odd      the median of the one or two there are; else what was known before
 *                             it became odd, or the hour in which somebody's record was found;
 *                             else the time last agreed on, if the clock is behind it
 *
 * Odd is a system clock that says less than when we and others last agreed on the time, or far
 * more: an empty battery means 1970 (DSC-40). With sources, setting the system clock back changes
 * nothing. A system clock that runs ahead of the monotonic one, though, is what waking from sleep
 * looks like (the monotonic clock of most systems stands still meanwhile), so then the offsets are
 * worthless and dropped. Nothing that sends, stores or times out depends on this clock.
 * Spec: DSC-5 to DSC-7, DSC-40 to DSC-43.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import type { Now } from '../base/time.ts';
import { EPOCH_MS, epochOf } from './epoch.ts';

export const SOURCES_MIN = 3;
export const SOURCES_MAX = 64;
/** A gain of the system clock over the monotonic one that means sleep, not drift. */
export const SLEEP_MS = 120_000;
/** So close another's clock agrees with ours: time zones taken wrong included. */
const AGREE_MS = 2 * 3_600_000;
/** A clock that says so much more than when it last was right is odd: nobody was away so long. */
export const AWAY_MS = 60 * 24 * 3_600_000;

/** What ages in the time of an odd clock ages at most by this. */
const AGEING_MS = 14 * 24 * 3_600_000;

export class NetworkTime {
  /** Milliseconds between a source's clock and our monotonic one, by source. */
  readonly #offsetMs = new BoundedMap<string, number>(SOURCES_MAX);
  #median: number | undefined;
  /** The least the system clock was ahead of the monotonic one since the offsets were dropped. */
  #leastAheadMs = Infinity;
  #agreedMs: number | undefined;
  /** Network time less monotonic time, as last known: goes on where the system clock is odd. */
  #carriedMs: number | undefined;

  /** @param agreedMs what `agreedMs` said in an earlier run. */
  constructor(agreedMs?: number) {
    this.#agreedMs = agreedMs;
  }

  get sources(): number {
    return this.#offsetMs.size;
  }

  /** When we and others last agreed on the time, ms since 1970: to be kept over restarts. */
  get agreedMs(): number | undefined {
    return this.#agreedMs;
  }

  /** Is the system clock at odds with what was agreed on before? */
  isOdd({ wallMs }: Now): boolean {
    if (this.#agreedMs === undefined) return false;
    const aheadMs = wallMs - this.#agreedMs;
    return aheadMs < -AGREE_MS || aheadMs > AWAY_MS;
  }

  /** What `source` (a contact, a relay, a host: one vote each) says the time is. */
  handleSample(source: string, theirMs: number, now: Now): void {
    if (!Number.isSafeInteger(theirMs) || theirMs < 0) return;
    this.#watchForSleep(now);
    this.#offsetMs.set(source, theirMs - now.monoMs);
    this.#median = median([...this.#offsetMs.values()]);
    this.read(now);
  }

  /** A contact's record was found in this hour. */
  handleHour(epoch: number, now: Now): void {
    const away = Math.abs(epoch - epochOf(this.read(now)));
    const isOdd = this.isOdd(now);
    if (!isOdd && away <= 1) this.#agreedMs = this.read(now);
    // ⚑ A clock that seems right is not overruled by one contact.
    if (isOdd && away > 1) this.#carriedMs = (epoch + 0.5) * EPOCH_MS - now.monoMs;
  }

  /**
   * The link to this source is gone, and its voice with it: it may have been wrong, and nobody
   * could correct it. With nobody linked the system clock counts, which people can set.
   */
  forget(source: string): void {
    if (!this.#offsetMs.delete(source)) return;
    this.#median = this.sources === 0 ? undefined : median([...this.#offsetMs.values()]);
  }

  /** Milliseconds since 1970, as far as we know. */
  read(now: Now): number {
    this.#watchForSleep(now);
    const knownMs = this.#known(now);
    if (knownMs === undefined) return now.wallMs;
    this.#carriedMs = knownMs - now.monoMs;
    if (this.#median !== undefined) this.#agree(knownMs, now.monoMs + this.#median, now);
    return knownMs;
  }

  /**
   * Does what they say confirm the time? ⚑ Where our clock is odd, one or two voices may be its
   * echo, for our hello tells it; three may only move the time on.
   */
  #agree(knownMs: number, theirMs: number, now: Now): void {
    const agrees = this.isOdd(now)
      ? this.sources >= SOURCES_MIN && knownMs > this.#agreedMs!
      : Math.abs(theirMs - now.wallMs) <= AGREE_MS;
    if (agrees) this.#agreedMs = knownMs;
  }

  /**
   * The time for what ages: the system clock or, where that is odd, what is known of the time, but
   * at most two weeks more than was agreed on: nothing is thrown away on one word (DSC-43).
   */
  soundMs(now: Now): number {
    this.#watchForSleep(now);
    if (!this.isOdd(now)) return now.wallMs;
    const agreedMs = this.#agreedMs!;
    const knownMs = this.#known(now) ?? agreedMs;
    return Math.min(Math.max(knownMs, agreedMs), agreedMs + AGEING_MS);
  }

  /** Undefined where an odd clock says more than was ever agreed, and nothing else is known. */
  #known(now: Now): number | undefined {
    if (this.#median !== undefined && this.sources >= SOURCES_MIN) return now.monoMs + this.#median;
    if (!this.isOdd(now)) return now.wallMs;
    const offsetMs = this.#median ?? this.#carriedMs;
    if (offsetMs !== undefined) return now.monoMs + offsetMs;
    return now.wallMs < this.#agreedMs! ? this.#agreedMs : undefined;
  }

  #watchForSleep(now: Now): void {
    const aheadMs = now.wallMs - now.monoMs;
    this.#leastAheadMs = Math.min(this.#leastAheadMs, aheadMs);
    if (aheadMs - this.#leastAheadMs < SLEEP_MS) return;
    this.#leastAheadMs = aheadMs;
    this.#offsetMs.clear();
    this.#median = undefined;
    this.#carriedMs = undefined;
  }
}

/** The lower of the two middle values where there are two: always a value somebody gave. */
function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[(values.length - 1) >> 1]!;
}
