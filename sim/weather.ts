/**
 * Weather: how the network between hosts behaves right now. Faults change it, the network asks.
 * Hosts are named by their number; every direction of a pair is its own.
 * @module
 */
import type { Prng } from '@sotto/core/base/prng.ts';

/** Rates in [0, 1]; they hold for every pair. */
export interface Rates {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
}
export const CALM: Rates = { loss: 0, duplicate: 0, reorder: 0 };

/** A packet that is reordered or sent twice comes this much later. */
const LATE_MS_MAX = 500;
const LATENCY_MS = { from: 1, to: 60 };
const JITTER_MS_MAX = 4;
/** A lost segment of a stream is sent again after this time, then after twice as long. */
const RETRANSMIT_MS = 200;
const RETRANSMITS_MAX = 5;

/** What the weather has done so far, by kind. */
export type Damage = Record<'lost' | 'duplicated' | 'reordered' | 'blocked' | 'clogged', number>;

export class Weather {
  rates: Rates = CALM;
  readonly damage: Damage = { lost: 0, duplicated: 0, reordered: 0, blocked: 0, clogged: 0 };
  readonly #prng: Prng;
  readonly #latencyMs = new Map<string, number>();
  readonly #blocked = new Map<string, number>();
  readonly #cloggedUntilMs = new Map<string, number>();

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Nothing passes in this direction until `unblock`; blocks of several partitions add up. */
  block(from: number, to: number): void {
    const pair = pairKey(from, to);
    this.#blocked.set(pair, (this.#blocked.get(pair) ?? 0) + 1);
  }

  unblock(from: number, to: number): void {
    const pair = pairKey(from, to);
    const left = (this.#blocked.get(pair) ?? 0) - 1;
    if (left > 0) this.#blocked.set(pair, left);
    else this.#blocked.delete(pair);
  }

  /** Everything in this direction waits until `untilMs`, then passes in order. */
  clog(from: number, to: number, untilMs: number): void {
    this.#cloggedUntilMs.set(pairKey(from, to), untilMs);
  }

  /** From now on nothing goes wrong. */
  clear(): void {
    this.rates = CALM;
    this.#blocked.clear();
    this.#cloggedUntilMs.clear();
  }

  isBlocked(from: number, to: number): boolean {
    if (this.#blocked.size === 0 || !this.#blocked.has(pairKey(from, to))) return false;
    this.damage.blocked++;
    return true;
  }

  /** Delays of the copies of one datagram that arrive: none where it is lost. */
  datagram(from: number, to: number, nowMs: number): number[] {
    if (this.isBlocked(from, to)) return [];
    const delays: number[] = [];
    if (this.#happens(this.rates.loss)) this.damage.lost++;
    else delays.push(this.#delay(from, to, nowMs));
    if (this.#happens(this.rates.duplicate)) {
      this.damage.duplicated++;
      delays.push(this.#delay(from, to, nowMs) + this.#prng.int(1, LATE_MS_MAX));
    }
    if (delays.length > 0 && this.#happens(this.rates.reorder)) {
      this.damage.reordered++;
      delays[0]! += this.#prng.int(1, LATE_MS_MAX);
    }
    return delays;
  }

  /** Delay of a segment of a stream: loss only makes it later. */
  segment(from: number, to: number, nowMs: number): number {
    let delay = this.#delay(from, to, nowMs);
    let again = RETRANSMIT_MS;
    for (let i = 0; i < RETRANSMITS_MAX && this.#happens(this.rates.loss); i++, again *= 2) {
      this.damage.lost++;
      delay += again;
    }
    return delay;
  }

  #happens(rate: number): boolean {
    return rate > 0 && this.#prng.chance(rate);
  }

  #delay(from: number, to: number, nowMs: number): number {
    const pair = pairKey(from, to);
    let latency = this.#latencyMs.get(pair);
    if (latency === undefined) {
      latency = this.#prng.int(LATENCY_MS.from, LATENCY_MS.to);
      this.#latencyMs.set(pair, latency);
    }
    const clogged = (this.#cloggedUntilMs.get(pair) ?? 0) - nowMs;
    if (clogged > 0) this.damage.clogged++;
    return Math.max(clogged, 0) + latency + this.#prng.int(0, JITTER_MS_MAX);
  }
}

function pairKey(from: number, to: number): string {
  return `${from}>${to}`;
}
