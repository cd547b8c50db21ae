/**
 * Bars: what we promise in figures, each one command (`npm run bars -- A1`). A bar prepares what
 * it needs, measures on real parts and the release bundles, says what it measured, and contains a
 * control that must fail, so that a bar which cannot fail is noticed.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fdatasyncMedianMs, refuseTmpfs } from './disk.ts';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Bar {
  readonly id: string;
  readonly title: string;
  /** Of a bar that takes hours: what of it can be measured alone (`--part=NAME`). */
  readonly parts?: readonly string[];
  /** Measures; every requirement goes through `report.require`. */
  run(report: Report, options: BarOptions): Promise<void>;
}

export interface BarOptions {
  /** A short form for a first look: fewer repetitions, and no verdict. */
  readonly short: boolean;
  /** One of `parts`, to be measured alone. */
  readonly part?: string | undefined;
  /** An empty folder on a real disk, removed afterwards. */
  readonly folder: string;
}

/** Collects what a bar measured and whether it is enough. */
export class Report {
  #failures: string[] = [];
  #requirements = 0;

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** States one requirement of the bar and whether it was met. */
  require(met: boolean, what: string): void {
    this.#requirements++;
    if (!met) this.#failures.push(what);
    this.say(`${met ? 'met   ' : 'MISSED'} ${what}`);
  }

  /** A planted fault that the bar must notice; one that goes unnoticed fails the bar. */
  control(noticed: boolean, what: string): void {
    this.require(noticed, `control, must be noticed: ${what}`);
  }

  figures(name: string, values: readonly number[], unit: string): void {
    const at = (share: number): string => quantile(values, share).toFixed(2);
    const spread = `median ${at(0.5)} ${unit}, p95 ${at(0.95)} ${unit}, max ${at(1)} ${unit}`;
    this.say(`${name}: n ${values.length}, ${spread}`);
  }

  get verdict(): { met: boolean; line: string } {
    const missed = this.#failures.length;
    if (this.#requirements === 0) return { met: false, line: 'MISSED: nothing was measured' };
    if (missed === 0) return { met: true, line: `MET: ${this.#requirements} requirements` };
    return { met: false, line: `MISSED: ${this.#failures.join('; ')}` };
  }
}

/** The value below which `share` of the values lie; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Runs a bar and prints its verdict as the last line. Returns whether it was met. */
export async function runBar(bar: Bar, short: boolean, part?: string): Promise<boolean> {
  const report = new Report();
  const form = [...(short ? ['SHORT'] : []), ...(part === undefined ? [] : [`PART ${part}`])];
  const isWhole = form.length === 0;
  report.say(`${bar.id}: ${bar.title}${isWhole ? '' : ` (${form.join(', ')}: no verdict of it)`}`);
  const base = join(ROOT, '.cache');
  execFileSync('mkdir', ['-p', base]);
  const folder = mkdtempSync(join(base, `${bar.id.toLowerCase()}-`));
  try {
    refuseTmpfs(folder);
    report.say(`this disk: fdatasync median ${fdatasyncMedianMs(folder).toFixed(3)} ms`);
    execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
    await bar.run(report, { short, part, folder });
  } catch (error) {
    report.require(false, `ran to its end: ${error instanceof Error ? error.message : 'unknown'}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { line, met } = report.verdict;
  report.say([bar.id, ...form, isWhole ? line : `no verdict, so far ${line}`].join(' '));
  return met;
}
