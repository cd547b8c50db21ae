/**
 * Query budget: how many DHT queries presence may cause, as two token buckets.
 *
 *   mean  6 queries/s, holds 2,640:  a full minute of bursts at 50/s, then 6/s
 *   peak  50 queries/s, holds 150:   a look and a publishing at once, hardly more
 *
 * Work is paid for when it starts, by its estimated cost. Less wanted work leaves a reserve, so
 * that a person's click never waits behind the routine. Where looking and publishing of one rank
 * both wait, each gets half. Spec: DSC-25, DSC-33. Pure.
 * @module
 */
import { assert } from '../base/assert.ts';

export const MEAN_PER_S = 6;
export const BURST_PER_S = 50;
export const BURST_S = 60;
/** What 60 s at 50/s need beyond what flows in meanwhile. */
export const MEAN_HOLDS = (BURST_PER_S - MEAN_PER_S) * BURST_S;
export const PEAK_HOLDS = 150;

export class QueryBudget {
  #mean = MEAN_HOLDS;
  #peak = PEAK_HOLDS;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Queries that may be caused now, for `stats`. */
  get left(): number {
    return Math.floor(Math.min(this.#mean, this.#peak));
  }

  /** Pays `cost` queries if they are there and `reserve` remain; else false and nothing changes. */
  take(cost: number, reserve: number, nowMs: number): boolean {
    assert(cost <= PEAK_HOLDS, 'one piece of work fits the peak bucket');
    this.#refill(nowMs);
    if (this.#peak < cost || this.#mean < cost + reserve) return false;
    this.#peak -= cost;
    this.#mean -= cost;
    return true;
  }

  /** When `take` with the same cost and reserve will succeed, if nothing else is taken. */
  readyAtMs(cost: number, reserve: number): number {
    const meanMs = ((cost + reserve - this.#mean) / MEAN_PER_S) * 1000;
    const peakMs = ((cost - this.#peak) / BURST_PER_S) * 1000;
    return this.#atMs + Math.ceil(Math.max(0, meanMs, peakMs));
  }

  #refill(nowMs: number): void {
    const passedS = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = Math.max(this.#atMs, nowMs);
    this.#mean = Math.min(MEAN_HOLDS, this.#mean + passedS * MEAN_PER_S);
    this.#peak = Math.min(PEAK_HOLDS, this.#peak + passedS * BURST_PER_S);
  }
}

/** What may wait for the budget: a smaller rank is more wanted. */
interface Wanted {
  readonly rank: number;
}

/**
 * Halves what looking and publishing cost where both wait: with a thousand contacts away looking
 * alone would use up every hour, and who does not publish is found by nobody.
 */
export class FairShare {
  /** Queries that looking had more than publishing while both waited. */
  #ahead = 0;
  #isContested = false;

  /** Which of the two comes first; looking on a tie, since who is found needs no put any more. */
  choose<T extends Wanted>(look: T | undefined, publish: T | undefined): T | undefined {
    this.#isContested = look !== undefined && look.rank === publish?.rank;
    if (!look || !publish) return look ?? publish;
    if (!this.#isContested) return look.rank < publish.rank ? look : publish;
    return this.#ahead <= 0 ? look : publish;
  }

  /** What was chosen is paid for. */
  took(isLook: boolean, cost: number): void {
    if (this.#isContested) this.#ahead += isLook ? cost : -cost;
  }
}
