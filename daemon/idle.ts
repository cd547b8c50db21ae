/**
 * How long nobody was at a screen, by two clocks: the monotonic one, which no person sets, and
 * the wall clock, which goes on while the computer sleeps. The longer time counts, so that a
 * clock that is set back delays nothing (API-42).
 * @module
 */
import type { Now } from '@sotto/core/base/time.ts';

const MINUTE_MS = 60_000;

export class Idle {
  #last: Now;

  constructor(now: Now) {
    this.#last = now;
  }

  /** Somebody is there. */
  touch(now: Now): void {
    this.#last = now;
  }

  /** Was nobody there for so many minutes? Never, where they are 0. */
  isOver(minutes: number, now: Now): boolean {
    const { monoMs, wallMs } = this.#last;
    const idleMs = Math.max(now.monoMs - monoMs, now.wallMs - wallMs);
    return minutes > 0 && idleMs >= minutes * MINUTE_MS;
  }
}
