/**
 * The fuzz loop: inputs into one target, half of them mutated from valid ones. An input that takes
 * a branch for the first time is kept and mutated further.
 *
 *   half          1 or 2 mutations of a valid input
 *   three tenths  1 to 6 mutations of an input that was new, or of a valid one
 *   rest          structures out of the target's words and odd values; bytes from nowhere
 *
 * A finding is whatever escapes the decoder, a contradiction (the target checks), more than 50 ms,
 * or more memory than ALLOCATED_MAX asked for by one input. What seemed slow is run again alone
 * and judged by the median of processor time: a busy machine is no finding.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { type Entry, Mutator } from './mutate.ts';
import type { Started, Target } from './target.ts';

declare global {
  /** Set by the bundle's banner (bundle.ts). */
  var fuzz: {
    readonly hit: Uint8Array;
    readonly state: { fresh: number; allocated: number };
  };
}

export const INPUT_MS_MAX = 50;
/** Far above what any decoder copies of its input, far below what hurts. */
const ALLOCATED_MAX = 4 * 1024 * 1024;
const KEPT_MAX = 4096;
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const FINDINGS_MAX = 3;
const SHOWN_BYTES = 160;
const RERUNS = 5;
const PROGRESS_EVERY = 64;
const PROGRESS_MS = 2_000;

export interface Finding {
  readonly what: 'threw' | 'slow' | 'memory';
  readonly detail: string;
  /** Hex, the beginning of it. */
  readonly input: string;
  readonly bytes: number;
  readonly after: number;
}

export interface FuzzResult {
  readonly target: string;
  readonly seeds: number;
  readonly inputs: number;
  readonly mutatedFromValid: number;
  readonly accepted: number;
  readonly kept: number;
  readonly seconds: number;
  /** Processor time. */
  readonly cpuSeconds: number;
  /** Of the slowest input, alone and in processor time where it seemed slow. */
  readonly slowestMs: number;
  /** Live bytes at the end less those after the first inputs, each after a collection. */
  readonly heapGrowth: number;
  readonly findings: readonly Finding[];
  /** Counters of branches that were taken. */
  readonly taken: readonly number[];
}

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Ends at the first finding. */
  readonly untilFound: boolean;
  /** Called every few seconds. */
  readonly progress: () => void;
}

export function fuzzTarget(target: Target, options: FuzzOptions): FuzzResult {
  return new Loop(target, options).run();
}

class Loop {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #prng: Prng;
  readonly #started: Started;
  readonly #mutator: Mutator;
  readonly #valid: Entry[];
  readonly #kept: Entry[] = [];
  readonly #findings: Finding[] = [];
  #keptBytes = 0;
  #mutatedFromValid = 0;
  #accepted = 0;
  #slowestMs = 0;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#prng = new Prng(options.seed);
    const words = target.words.map((word) => (typeof word === 'string' ? utf8(word) : word));
    const { bencodeAt, bytesMax } = target;
    this.#mutator = new Mutator(this.#prng, { bencodeAt, bytesMax, words });
    fuzz.hit.fill(0);
    this.#started = target.start();
    this.#valid = this.#started.seeds.map((bytes) => ({ bytes }));
  }

  run(): FuzzResult {
    const { inputs, untilFound, progress } = this.#options;
    assert(this.#valid.length > 0, `${this.#target.name}: valid inputs to start from`);
    // What keys and valid inputs needed is not what inputs take.
    fuzz.hit.fill(0);
    for (const { bytes } of this.#valid) {
      assert(this.#started.run(bytes), `${this.#target.name}: what is valid is accepted`);
    }
    const startedMs = performance.now();
    const cpuBefore = process.cpuUsage();
    const warm = Math.min(20_000, Math.ceil(inputs / 10));
    let [done, before, toldMs] = [0, 0, startedMs];
    while (done < inputs && this.#findings.length < (untilFound ? 1 : FINDINGS_MAX)) {
      if (done === warm) before = this.#liveBytes();
      this.#one(this.#next(), done);
      done++;
      if (done % PROGRESS_EVERY === 0 && performance.now() - toldMs > PROGRESS_MS) {
        toldMs = performance.now();
        progress();
      }
    }
    const { system, user } = process.cpuUsage(cpuBefore);
    return {
      target: this.#target.name,
      seeds: this.#valid.length,
      inputs: done,
      mutatedFromValid: this.#mutatedFromValid,
      accepted: this.#accepted,
      kept: this.#kept.length,
      seconds: (performance.now() - startedMs) / 1000,
      cpuSeconds: (system + user) / 1e6,
      slowestMs: this.#slowestMs,
      heapGrowth: before === 0 ? 0 : this.#liveBytes() - before,
      findings: this.#findings,
      taken: [...fuzz.hit.keys()].filter((branch) => fuzz.hit[branch] !== 0),
    };
  }

  #next(): Uint8Array {
    const chance = this.#prng.unit();
    if (chance < 0.5) {
      this.#mutatedFromValid++;
      const entry = this.#prng.pick(this.#valid);
      return this.#mutator.mutate(entry, this.#any(), this.#prng.chance(0.6) ? 1 : 2);
    }
    if (chance < 0.8) {
      return this.#mutator.mutate(this.#any(), this.#any(), this.#prng.int(1, 6));
    }
    return chance < 0.95 ? this.#mutator.invented() : this.#mutator.noise();
  }

  #any(): Entry {
    const kept = this.#kept.length > 0 && this.#prng.chance(0.7);
    const from = kept ? this.#kept : this.#valid;
    const [one, two] = [this.#prng.pick(from), this.#prng.pick(from)];
    // Short ones mostly: more inputs in the same time.
    return one.bytes.length < two.bytes.length ? one : two;
  }

  #one(input: Uint8Array, after: number): void {
    const { state } = fuzz;
    state.allocated = 0;
    state.fresh = 0;
    const startedMs = performance.now();
    try {
      if (this.#started.run(input)) this.#accepted++;
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : 'no Error';
      this.#found('threw', text.split('\n').slice(0, 4).join(' '), input, after);
      return;
    }
    const tookMs = performance.now() - startedMs;
    if (state.allocated > ALLOCATED_MAX) {
      this.#found('memory', `${state.allocated} bytes asked for`, input, after);
    }
    if (tookMs > this.#slowestMs) this.#timed(input, tookMs, after);
    if (state.fresh > 0) this.#keep(input);
  }

  #timed(input: Uint8Array, tookMs: number, after: number): void {
    const reruns = tookMs > INPUT_MS_MAX ? RERUNS : 1;
    const times = Array.from({ length: reruns }, () => {
      const before = process.cpuUsage();
      const startedMs = performance.now();
      this.#started.run(input);
      const { system, user } = process.cpuUsage(before);
      return Math.min(performance.now() - startedMs, (system + user) / 1000);
    });
    const aloneMs = times.sort((a, b) => a - b)[reruns >> 1]!;
    this.#slowestMs = Math.max(this.#slowestMs, Math.min(tookMs, aloneMs));
    if (tookMs > INPUT_MS_MAX && aloneMs > INPUT_MS_MAX) {
      this.#found('slow', `${aloneMs.toFixed(0)} ms`, input, after);
    }
  }

  #keep(input: Uint8Array): void {
    if (this.#kept.length >= KEPT_MAX || this.#keptBytes + input.length > KEPT_BYTES_MAX) return;
    this.#kept.push({ bytes: input.slice() });
    this.#keptBytes += input.length;
  }

  #found(what: Finding['what'], detail: string, input: Uint8Array, after: number): void {
    const shown = hex(input.subarray(0, SHOWN_BYTES));
    this.#findings.push({ what, detail, input: shown, bytes: input.length, after });
  }

  /** What is in use, without what this loop keeps to mutate. */
  #liveBytes(): number {
    for (const entry of [...this.#kept, ...this.#valid]) entry.spans = undefined;
    assert(globalThis.gc !== undefined, 'the fuzz program runs with --expose-gc');
    globalThis.gc();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return heapUsed + arrayBuffers - this.#keptBytes;
  }
}
