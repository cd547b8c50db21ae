/**
 * Patience: how long a path may owe an answer before it is doubted (LNK-39).
 *
 * Four times the slowest answer of late, within bounds: a slow line is not a dead one. Each doubt
 * doubles it, so that a line which only seems dead is not left again and again; each answer takes
 * an eighth off what is remembered. Where the doubtful path gave no answer any more before another
 * one took its place, the doubt was right, and is forgotten.
 * @module
 */
const FACTOR = 4;
const KEPT = 7 / 8;

export class Patience {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #slowestMs: number;
  /** As it was before the doubts that no answer has disproved. */
  #undoubtedMs: number | undefined;

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
    this.#undoubtedMs = undefined;
  }

  /** The handshake of another path took this long; what it says of the present one is nothing. */
  measured(rttMs: number): void {
    this.#slowestMs = Math.max(rttMs, this.#slowestMs);
    if (this.#undoubtedMs !== undefined) this.#undoubtedMs = Math.max(rttMs, this.#undoubtedMs);
  }

  /** Another path is in use now. */
  replaced(): void {
    this.#slowestMs = this.#undoubtedMs ?? this.#slowestMs;
    this.#undoubtedMs = undefined;
  }

  /** None came in time. */
  ranOut(): void {
    this.#undoubtedMs ??= this.#slowestMs;
    this.#slowestMs = (2 * this.ms) / FACTOR;
  }
}
