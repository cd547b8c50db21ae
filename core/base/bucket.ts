/**
 * Token bucket: so much per second in the mean, and so much at once after silence.
 * @module
 */
export class Bucket {
  #left: number;
  #atMs: number;

  constructor(
    readonly perSecond: number,
    readonly burst: number,
    nowMs: number,
  ) {
    this.#left = burst;
    this.#atMs = nowMs;
  }

  has(amount: number, nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) * this.perSecond) / 1000;
    this.#left = Math.min(this.burst, this.#left + earned);
    this.#atMs = Math.max(this.#atMs, nowMs);
    return this.#left >= amount;
  }

  take(amount: number): void {
    this.#left -= amount;
  }

  /** When `amount` will be there; ask after `has` said no. */
  readyAtMs(amount: number): number {
    return this.#atMs + Math.ceil(((amount - this.#left) * 1000) / this.perSecond);
  }
}
