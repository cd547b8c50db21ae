/**
 * B4: lookups among liars. The two contacts are our own DHT node and presence; the other 10,000
 * nodes are a model that answers real KRPC bytes on a virtual wire (core/discovery/test-crowd.ts),
 * for what is measured is what the two do with honest and with hostile answers. A passive node of
 * ours would answer the same bytes and cost a hundred times as much.
 * @module
 */
import { spawn } from 'node:child_process';
import { bundled } from '../rooms/bundled.ts';
import { quantile, type Bar, type Report } from './bar.ts';

const PART = new URL('b4-part.ts', import.meta.url);
const LIARS = 0.3;
const MET_SHARE = 0.995;
const TRIES = 10_000;
const FORGERIES = 1_000_000;
const PAIRS = 1_000;
const WORKERS = 2;
const MEAN_PER_S = 6;
const BURST_PER_S = 50;
const BURST_S = 60;
const DESTINATIONS_MAX = 500;
/** Our own upkeep, which the budget of presence does not count. */
const UPKEEP_PER_S = 0.5;

export const bar: Bar = {
  id: 'B4',
  title: '10,000 nodes, three in ten lie: contacts meet; forged records; back-off; query budget',
  async run(report, { short }) {
    await records(report, short ? 20_000 : FORGERIES);
    await meetings(report, short ? 16 : TRIES, short ? 6 : 20);
    await backOff(report, short ? 50 : PAIRS);
    await budget(report, short ? [20] : [20, 100, 1000]);
  },
};

/** Runs a part in its own process. */
function run<T>(part: string, seed: number, count: number, liars = 0): Promise<T> {
  const args = [bundled(PART), part, String(seed), String(count), String(liars)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as T);
      else reject(new Error(`b4-part ${part} ended with ${code}`));
    });
  });
}

/** The same part in as many processes as pay, each with a share of the count and its own seed. */
function shared<T>(part: string, seed: number, count: number, liars = 0): Promise<T[]> {
  const each = Math.ceil(count / WORKERS);
  const runs = Array.from({ length: WORKERS }, (_, i) => run<T>(part, seed + i, each, liars));
  return Promise.all(runs);
}

async function records(report: Report, count: number): Promise<void> {
  interface Forged {
    readonly count: number;
    readonly accepted: number;
    readonly tempting: number;
    readonly works: boolean;
  }
  const parts = await shared<Forged>('forge', 41, count);
  const sum = (of: (part: Forged) => number): number =>
    parts.reduce((all, part) => all + of(part), 0);
  const accepted = sum((part) => part.accepted);
  report.say(
    `forged, stale and rolled-back records: ${accepted} of ${sum((p) => p.count)} accepted`,
  );
  report.require(
    accepted === 0 && parts.every(({ works }) => works),
    `0 of ${count} accepted, the true one is`,
  );
  const tempting = sum((part) => part.tempting);
  report.control(tempting > count / 8, `a reader without memory takes old records: ${tempting}`);
}

interface Met {
  readonly tries: number;
  readonly times: readonly number[];
}

async function meetings(report: Report, tries: number, lostTries: number): Promise<void> {
  const parts = await shared<Met>('meet', 51, tries, LIARS);
  const times = parts.flatMap((part) => part.times);
  const made = parts.reduce((all, part) => all + part.tries, 0);
  report.figures(`met ${times.length} of ${made} among 30 % liars, after`, times, 'ms');
  report.require(times.length >= MET_SHARE * made, `≥ 99.5 % of ${made} tries meet`);
  const lost = await run<Met>('meet', 61, lostTries, 0.95);
  report.control(
    lost.times.length < MET_SHARE * lost.tries,
    `95 % liars: met ${lost.times.length} of ${lost.tries}`,
  );
}

async function backOff(report: Report, pairs: number): Promise<void> {
  const result = await run<{
    readonly met: number;
    readonly within: number;
    readonly most: number;
    readonly hours: readonly number[];
  }>('backOff', 71, pairs);
  report.figures('away for 30 days, met after both are back', result.hours, 'hours');
  report.say(`met ${result.met} of ${pairs}; at most ${result.most} common active epochs`);
  report.require(result.within === pairs, `${pairs} of ${pairs} within 2 active epochs`);
  // With fewer contacts there is budget to look every hour, and nobody waits (DSC-22).
  if (pairs < PAIRS) return;
  const early = result.hours.filter((hours) => hours === 0).length;
  report.control(early < pairs / 2, 'who is not active in the hour of the return has to wait');
}

async function budget(report: Report, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const { perSecond, destinations, gets, puts } = await run<{
      readonly perSecond: readonly number[];
      readonly destinations: number;
      readonly gets: number;
      readonly puts: number;
    }>('spend', 81, size);
    const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
    const mean = sum(perSecond) / perSecond.length;
    const later = sum(perSecond.slice(1200)) / (perSecond.length - 1200);
    const minute = Math.max(
      ...perSecond.map((_, from) => sum(perSecond.slice(from, from + BURST_S)) / BURST_S),
    );
    report.say(
      `${size} contacts away, the first hour: ${mean.toFixed(2)} queries/s in the mean ` +
        `(${later.toFixed(2)} after 20 minutes), ${minute.toFixed(1)} in the busiest minute, ` +
        `${quantile(perSecond, 1)} in the busiest second; ${destinations} live destinations; ` +
        `${gets} lookups and checks, ${puts} puts`,
    );
    const allowed = ((BURST_PER_S - MEAN_PER_S) * BURST_S) / perSecond.length;
    report.require(
      mean <= MEAN_PER_S + allowed + UPKEEP_PER_S && later <= MEAN_PER_S + UPKEEP_PER_S,
      `${size} contacts: ≤ 6 queries/s in the mean beside the one burst`,
    );
    report.require(minute <= BURST_PER_S, `${size} contacts: ≤ 50/s over 60 s`);
    report.require(destinations <= DESTINATIONS_MAX, `${size} contacts: ≤ 500 destinations`);
  }
}
