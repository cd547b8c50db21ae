/**
 * One heap for all timers of a node: the next wake-up costs O(1), setting and firing O(log n).
 * Cancelled timers stay in it until they come to the top or are half of all.
 * @module
 */
import { assert } from '../base/assert.ts';

/** Set at one time; far above what the limits of lookups and queries allow. */
export const TIMERS_MAX = 16_384;

export interface Timer {
  readonly atMs: number;
  /** Undefined once fired or cancelled. */
  action: ((nowMs: number) => void) | undefined;
}

/** With fewer cancelled timers than this, sweeping is not worth it. */
const SWEEP_MIN = 64;

export class Timers {
  #heap: Timer[] = [];
  #cancelled = 0;

  get size(): number {
    return this.#heap.length;
  }

  at(atMs: number, action: (nowMs: number) => void): Timer {
    assert(this.#heap.length < TIMERS_MAX, 'timers are bounded');
    const timer: Timer = { atMs, action };
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(timer);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (heap[parent]!.atMs <= atMs) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = timer;
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (!timer?.action) return;
    timer.action = undefined;
    this.#cancelled++;
    if (this.#cancelled < SWEEP_MIN || 2 * this.#cancelled < this.#heap.length) return;
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(({ action }) => action).sort((a, b) => a.atMs - b.atMs);
    this.#cancelled = 0;
  }

  wakeAtMs(): number | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.action) {
      this.#pop();
      this.#cancelled--;
    }
    return this.#heap[0]?.atMs;
  }

  /** Fires everything due, in order of time; also what an action sets for now. */
  run(nowMs: number): void {
    for (let at = this.wakeAtMs(); at !== undefined && at <= nowMs; at = this.wakeAtMs()) {
      const timer = this.#pop();
      const action = timer.action;
      timer.action = undefined;
      action?.(nowMs);
    }
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let hole = 0;
      while (true) {
        let child = 2 * hole + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++;
        if (heap[child]!.atMs >= last.atMs) break;
        heap[hole] = heap[child]!;
        hole = child;
      }
      heap[hole] = last;
    }
    return top;
  }
}
