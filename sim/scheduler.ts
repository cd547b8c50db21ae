/**
 * Virtual time: a queue of things to do, ordered by (time, sequence), so that a run depends on
 * nothing but its seed. Idle time costs nothing: the clock jumps to the next thing.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';

export type Task = () => void;

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  task: Task | undefined;
}

/** A handle that takes a task back. */
export interface Timer {
  cancel(): void;
}

export class Scheduler {
  #nowMs = 0;
  #sequence = 0;
  /** Binary heap, soonest first. */
  readonly #heap: Entry[] = [];

  /** Whole milliseconds since the run began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `task` at a time, now at the earliest; fractions are rounded up. */
  at(atMs: number, task: Task): Timer {
    assert(Number.isFinite(atMs), 'a time is finite');
    const entry: Entry = {
      atMs: Math.max(this.#nowMs, Math.ceil(atMs)),
      sequence: this.#sequence++,
      task,
    };
    this.#push(entry);
    return {
      cancel: () => {
        entry.task = undefined;
      },
    };
  }

  after(delayMs: number, task: Task): Timer {
    return this.at(this.#nowMs + delayMs, task);
  }

  /** Runs everything due up to and including `untilMs`; `stop` is asked after each task. */
  runUntil(untilMs: number, stop: () => boolean = () => false): void {
    for (let top = this.#heap[0]; top && top.atMs <= untilMs; top = this.#heap[0]) {
      this.#pop();
      const { task } = top;
      if (!task) continue;
      this.#nowMs = top.atMs;
      task();
      if (stop()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!sooner(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && sooner(heap[child + 1]!, heap[child]!)) child++;
      if (!sooner(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function sooner(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
