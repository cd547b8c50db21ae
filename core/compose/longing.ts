/**
 * Longing: how often we look for contacts for whom messages wait. Often for somebody who was here
 * a moment ago, rarely for somebody long gone: a tenth of the time since they were last linked,
 * but at least every 10 minutes and at most every 20 seconds (CON-9).
 * @module
 */

export const LOOK_AGAIN_MS_MIN = 20_000;
export const LOOK_AGAIN_MS_MAX = 600_000;
const SHARE = 10;

export class Longing {
  /** By contact: when they were last linked, or the start of this run, and when to look again. */
  readonly #missed = new Map<string, { sinceMs: number; dueAtMs: number }>();
  #wakeAtMs: number | undefined;

  get size(): number {
    return this.#missed.size;
  }

  wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** Messages wait for somebody who is not linked since `sinceMs`. */
  miss(contact: string, sinceMs: number, nowMs: number): void {
    if (this.#missed.has(contact)) return;
    this.#missed.set(contact, { sinceMs, dueAtMs: nowMs + LOOK_AGAIN_MS_MIN });
    this.#plan();
  }

  /** They are here, or nothing waits for them any more. */
  settle(contact: string): void {
    if (this.#missed.delete(contact)) this.#plan();
  }

  /** Who is to be looked for now; each is due again later. */
  take(nowMs: number): string[] {
    if (this.#wakeAtMs === undefined || nowMs < this.#wakeAtMs) return [];
    const due: string[] = [];
    for (const [contact, missed] of this.#missed) {
      if (nowMs < missed.dueAtMs) continue;
      due.push(contact);
      const pauseMs = (nowMs - missed.sinceMs) / SHARE;
      const boundedMs = Math.min(Math.max(pauseMs, LOOK_AGAIN_MS_MIN), LOOK_AGAIN_MS_MAX);
      missed.dueAtMs = nowMs + boundedMs;
    }
    this.#plan();
    return due;
  }

  #plan(): void {
    let soonest: number | undefined;
    for (const { dueAtMs } of this.#missed.values()) {
      if (soonest === undefined || dueAtMs < soonest) soonest = dueAtMs;
    }
    this.#wakeAtMs = soonest;
  }
}
