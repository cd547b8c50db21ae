/**
 * Patience: how long a path may owe an answer before it is doubted (LNK-39).
 *
 * Four times the slowest answer of late, within bounds: a slow line is not a dead one. Each doubt
 * doubles it, so that a line which only seems dead is not left again and again; each answer takes
 * an eighth off what is remembered.
 * @module
 */
const FACTOR = 4;
const KEPT = 7 / 8;

export class Patience {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #slowestMs: number;

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#slowestMs = leastMs / FACTOR;
  }

  get ms(): number {
    return Math.max(this.#leastMs, Math.min(this.#mostMs, FACTOR * this.#slowestMs));
  }

  /** An answer came after this long. */
  answered(waitMs: number): void {
    this.#slowestMs = Math.max(waitMs, this.#slowestMs * KEPT);
  }

  /** None came in time. */
  ranOut(): void {
    this.#slowestMs = (2 * this.ms) / FACTOR;
  }
}
