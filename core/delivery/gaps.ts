/**
 * Gaps: events of one author that wait for earlier ones. Each waits 60 s at most; then it is shown
 * with the gap marked, for what is missing may have been cancelled, or be lost for good (DEL-9).
 * @module
 */

/** An event behind a gap is shown after this time. */
export const GAP_PATIENCE_MS = 60_000;
/** Events that arrive this close together share a deadline, the earliest of theirs. */
export const GATHER_MS = 5_000;

interface Waiting {
  /** Everything held up to this sequence. */
  sequence: number;
  readonly sinceMs: number;
}

/** The gaps before one author's events; at most 13 deadlines. */
export class Gaps {
  #waiting: Waiting[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  wakeAtMs(): number | undefined {
    const first = this.#waiting[0];
    return first && first.sinceMs + GAP_PATIENCE_MS;
  }

  /** An event with this sequence was stored, and is held back. */
  hold(sequence: number, nowMs: number): void {
    const last = this.#waiting.at(-1);
    if (last && nowMs - last.sinceMs < GATHER_MS) {
      last.sequence = Math.max(last.sequence, sequence);
    } else {
      this.#waiting.push({ sequence, sinceMs: nowMs });
    }
  }

  /** The sequence up to which all is to be shown now, or undefined. */
  take(nowMs: number): number | undefined {
    let sequence: number | undefined;
    while (this.#waiting[0] && nowMs >= this.#waiting[0].sinceMs + GAP_PATIENCE_MS) {
      sequence = Math.max(sequence ?? 0, this.#waiting.shift()!.sequence);
    }
    return sequence;
  }
}
