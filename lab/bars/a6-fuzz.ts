/**
 * Fuzzing as the bar wants it: every target over so many inputs, then each planted bug, which
 * must be found. A part of bar A6.
 * @module
 */
import { bundle } from '../fuzz/bundle.ts';
import { type FuzzResult, INPUT_MS_MAX } from '../fuzz/loop.ts';
import { PLANTED, type Planted } from '../fuzz/planted.ts';
import { COUNTED, coverageOf, runOrder } from '../fuzz/run.ts';
import { TARGETS } from '../fuzz/targets.ts';
import type { BarOptions, Report } from './bar.ts';

const INPUTS = 1_000_000;
const INPUTS_SHORT = 4_000;
const PLANTED_INPUTS_MAX = 1_000_000;
const HEAP_BYTES_MAX = 16 * 1024 * 1024;
const BRANCHES_MIN = 0.95;
/** In the short form rare ways through a decoder stay unseen. */
const BRANCHES_MIN_SHORT = 0.8;
const MUTATED_MIN = 0.49;
const SEED = 6;
/** More than cores: some targets take many times as long as others. */
const PROCESSES = 4;

/** Every decoder, then every planted bug. */
export async function fuzzing(report: Report, { folder, short }: BarOptions): Promise<void> {
  const results = await everyTarget(report, folder, short);
  judge(report, results, short);
  for (const planted of PLANTED) {
    const found = await isFound(folder, planted);
    report.say(`  ${planted.target}: ${found ?? 'nothing found'}`);
    report.control(found !== undefined, `planted: ${planted.name}`);
  }
}

interface Judged extends FuzzResult {
  readonly covered: number;
}

async function everyTarget(report: Report, folder: string, short: boolean): Promise<Judged[]> {
  const built = await bundle(folder, 'fuzz', COUNTED);
  const inputs = short ? INPUTS_SHORT : INPUTS;
  const waiting = TARGETS.map(({ name }) => name);
  const judged: Judged[] = [];
  const faults: string[] = [];
  const worker = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const order = { targets: [name], inputs, seed: SEED, untilFound: false };
      const { fault, results } = await runOrder(built, order);
      if (fault !== undefined) faults.push(fault);
      for (const result of results) {
        const { covers } = TARGETS.find((target) => target.name === result.target)!;
        const { missed, taken, total } = coverageOf(built.branches, covers, result.taken);
        say(report, result, `${taken} of ${total}`, missed);
        judged.push({ ...result, covered: total === 0 ? 1 : taken / total });
      }
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, worker));
  for (const fault of faults) report.say(`  ${fault}`);
  report.require(faults.length === 0, 'every fuzz process came to its end');
  return judged;
}

function say(
  report: Report,
  result: FuzzResult,
  branches: string,
  missed: readonly string[],
): void {
  const { accepted, cpuSeconds, heapGrowth, inputs, seeds, slowestMs, target } = result;
  const rate = Math.round(inputs / cpuSeconds);
  report.say(
    `  ${target}: ${inputs} inputs from ${seeds} valid ones, ${rate} per second of processor, ` +
      `${accepted} accepted, slowest ${slowestMs.toFixed(2)} ms, ` +
      `heap ${(heapGrowth / 2 ** 20).toFixed(2)} MiB, branches ${branches}`,
  );
  for (const line of missed) report.say(`      not taken: ${line}`);
  for (const { after, bytes, detail, input, what } of result.findings) {
    report.say(`      ${what} after ${after}: ${detail}; ${bytes} bytes ${input}`);
  }
}

function judge(report: Report, results: readonly Judged[], short: boolean): void {
  const count = short ? INPUTS_SHORT : INPUTS;
  const worst = (of: (result: Judged) => number): Judged =>
    results.reduce((worse, one) => (of(one) > of(worse) ? one : worse));
  const findings = (what: string): number =>
    results.reduce((sum, { findings: all }) => sum + all.filter((f) => f.what === what).length, 0);
  const everywhere = results.length === TARGETS.length;
  const enough = results.every(({ inputs }) => inputs >= count);
  report.require(everywhere && enough, `${count} inputs into each of ${TARGETS.length} decoders`);
  const mutated = results.every(
    ({ inputs, mutatedFromValid }) => mutatedFromValid / inputs > MUTATED_MIN,
  );
  report.require(mutated, 'half of them mutated from valid ones');
  report.require(findings('threw') === 0, '0 crashes and contradictions');
  const slow = worst(({ slowestMs }) => slowestMs);
  const slowest = `slowest: ${slow.target} ${slow.slowestMs.toFixed(1)} ms`;
  report.require(findings('slow') === 0, `0 inputs over ${INPUT_MS_MAX} ms (${slowest})`);
  const heap = worst(({ heapGrowth }) => heapGrowth);
  const most = `most: ${heap.target} ${(heap.heapGrowth / 2 ** 20).toFixed(1)} MiB`;
  const small = heap.heapGrowth <= HEAP_BYTES_MAX && findings('memory') === 0;
  report.require(small, `heap grows by ≤ 16 MiB (${most})`);
  const least = worst(({ covered }) => -covered);
  const lowest = `least: ${least.target} ${(100 * least.covered).toFixed(1)} %`;
  const min = short ? BRANCHES_MIN_SHORT : BRANCHES_MIN;
  report.require(least.covered >= min, `≥ ${100 * min} % of each one's branches (${lowest})`);
}

/** How a planted bug showed itself, if it did. */
async function isFound(folder: string, planted: Planted): Promise<string | undefined> {
  const name = `planted-${PLANTED.indexOf(planted)}`;
  const built = await bundle(folder, name, COUNTED, planted.patches);
  const order = { targets: [planted.target], inputs: PLANTED_INPUTS_MAX, seed: SEED };
  const { fault, results } = await runOrder(built, { ...order, untilFound: true });
  const [finding] = results[0]?.findings ?? [];
  if (finding === undefined) return fault;
  return `${finding.what} after ${finding.after} inputs: ${finding.detail.slice(0, 100)}`;
}
