/**
 * Runs fuzz programs as processes of their own and says what they found: a process that falls or
 * works on for long without a word is a finding too.
 * @module
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Bundle } from './bundle.ts';
import type { Branch } from './instrument.ts';
import type { FuzzResult } from './loop.ts';
import type { Order } from './program.ts';
import type { Covers } from './target.ts';
import { TARGETS } from './targets.ts';

/** Silence for so long, with so much processor time in it: a busy machine is no hang. */
const HUNG_MS = 60_000;
const HUNG_CPU_SECONDS = 20;
/** The sources in which branches are counted. */
export const COUNTED = [...new Set(TARGETS.flatMap(({ covers }) => Object.keys(covers)))];

export interface Ran {
  readonly results: readonly FuzzResult[];
  /** Why the process did not come to its end, if so. */
  readonly fault: string | undefined;
}

/** One process over the targets of `order`, one after the other. */
export async function runOrder(
  { program }: Bundle,
  order: Order,
  onResult: (result: FuzzResult) => void = () => undefined,
): Promise<Ran> {
  const args = ['--expose-gc', '--enable-source-maps', program, JSON.stringify(order)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const results: FuzzResult[] = [];
  let complaint = '';
  let hung = false;
  let heardAtCpu = 0;
  const watch = setTimeout(() => {
    hung = cpuSeconds(child.pid!) - heardAtCpu > HUNG_CPU_SECONDS;
    if (hung) child.kill('SIGKILL');
    else watch.refresh();
  }, HUNG_MS);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 4096) complaint += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    watch.refresh();
    heardAtCpu = cpuSeconds(child.pid!);
    if (line === '.') return;
    const result = JSON.parse(line) as FuzzResult;
    results.push(result);
    onResult(result);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(watch);
  const at = order.targets[results.length] ?? 'its end';
  if (hung) return { results, fault: `${at}: nothing heard for ${HUNG_MS / 1000} s` };
  return { results, fault: code === 0 ? undefined : `${at}: ended with ${code}: ${complaint}` };
}

/** Processor time of a process so far (proc(5): utime and stime, 100 ticks a second). */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // it has ended
  }
}

export interface Coverage {
  readonly taken: number;
  readonly total: number;
  /** `file:line what`, of those that no input took. */
  readonly missed: readonly string[];
}

/** How many of a decoder's own branches were taken. */
export function coverageOf(
  branches: readonly Branch[],
  covers: Covers,
  taken: readonly number[],
): Coverage {
  const hit = new Set(taken);
  const own = [...branches.entries()].filter(([, { file, owner }]) =>
    covers[file]?.some((name) => owner === name || owner.startsWith(`${name}.`)),
  );
  const missed = own
    .filter(([index]) => !hit.has(index))
    .map(([, { file, line, kind }]) => `${file}:${line} ${kind}`);
  return { taken: own.length - missed.length, total: own.length, missed };
}
