/**
 * Network time: the hour most of the world agrees on, for epochs and display alone (DSC-5).
 *
 *   three or more sources   monotonic clock + median offset of the sources
 *   fewer                   the system clock
 *
 * With sources, setting the system clock back changes nothing. A system clock that runs ahead of
 * the monotonic one, though, is what waking from sleep looks like (the monotonic clock of most
 * systems stands still meanwhile), so then the offsets are worthless and dropped. Nothing that
 * sends, stores or times out depends on this clock. Spec: DSC-5 to DSC-7.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import type { Now } from '../base/time.ts';

export const SOURCES_MIN = 3;
export const SOURCES_MAX = 64;
/** A gain of the system clock over the monotonic one that means sleep, not drift. */
export const SLEEP_MS = 120_000;

export class NetworkTime {
  /** Milliseconds between a source's clock and our monotonic one, by source. */
  readonly #offsetMs = new BoundedMap<string, number>(SOURCES_MAX);
  #median: number | undefined;
  /** The least the system clock was ahead of the monotonic one since the offsets were dropped. */
  #leastAheadMs = Infinity;

  get sources(): number {
    return this.#offsetMs.size;
  }

  /** What `source` (a contact, a relay, a host: one vote each) says the time is. */
  handleSample(source: string, theirMs: number, now: Now): void {
    if (!Number.isSafeInteger(theirMs) || theirMs < 0) return;
    this.#watchForSleep(now);
    this.#offsetMs.set(source, theirMs - now.monoMs);
    this.#median = this.sources < SOURCES_MIN ? undefined : median([...this.#offsetMs.values()]);
  }

  /**
   * The link to this source is gone, and its voice with it: it may have been wrong, and nobody
   * could correct it. With nobody linked the system clock counts, which people can set.
   */
  forget(source: string): void {
    if (!this.#offsetMs.delete(source)) return;
    this.#median = this.sources < SOURCES_MIN ? undefined : median([...this.#offsetMs.values()]);
  }

  /** Milliseconds since 1970, as far as we know. */
  read(now: Now): number {
    this.#watchForSleep(now);
    return this.#median === undefined ? now.wallMs : now.monoMs + this.#median;
  }

  #watchForSleep(now: Now): void {
    const aheadMs = now.wallMs - now.monoMs;
    this.#leastAheadMs = Math.min(this.#leastAheadMs, aheadMs);
    if (aheadMs - this.#leastAheadMs < SLEEP_MS) return;
    this.#leastAheadMs = aheadMs;
    this.#offsetMs.clear();
    this.#median = undefined;
  }
}

/** The lower of the two middle values where there are two: always a value somebody gave. */
function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[(values.length - 1) >> 1]!;
}
