/**
 * D1: any two networks. Every pair of the kinds of homes that the lab builds (lab/nets/kinds.ts),
 * each measured to be what it claims before it is used, 50 ms there and back.
 *
 *   day one   two users, no relay anywhere, no address that is still right: both start on other
 *             ports and have the DHT alone
 *     unasked   until both are linked, nobody doing anything
 *     asked     until a message that is sent at once is stored over there
 *     told      where no way opens without luck: what both are told of it
 *   a relay   d1-relay.ts
 *
 * Each is a part that can be measured alone: `--part=day-one`, `--part=relay`.
 * @module
 */
import { join } from 'node:path';
import { Homes } from '../nets/homes.ts';
import { Couple } from '../nets/couple.ts';
import { HOME_KINDS } from '../nets/kinds.ts';
import { expectedFacts, Probe } from '../nets/probe.ts';
import { untruths } from '../nets/truth.ts';
import { type Way, wayBetween } from '../nets/ways.ts';
import { Internet } from '../rooms/internet.ts';
import { Town } from '../rooms/town.ts';
import { ahead } from './ahead.ts';
import { quantile, type Bar, type BarOptions, type Report } from './bar.ts';
import {
  but,
  everyPair,
  judgeWithRelay,
  measureWithRelay,
  type Pair,
  RELAY_PAIRS_SHORT,
  twoOfEach,
} from './d1-relay.ts';

const NODES = 30;
const DELAY_MS = 25;
const EACH = 20;
const EACH_DAY_ONE = 5;
const EACH_SHORT = 1;
/** What no way leads to without luck is looked at so often, after so long: two people each. */
const TOLD_EACH = 1;
const TOLD_AFTER_MS = 35_000;
const TOLD_AGAIN_MS = 1_000;
const UNASKED_MS_MAX = 4 * 60_000;
const ASKED_MS_MAX = 30_000;
const COUPLES = 5;
const COUPLES_SHORT = 2;

/** A first look: one pair of each way, and those that differ inside it. */
const PAIRS_SHORT: readonly Pair[] = [
  ['open', 'port'],
  ['full', 'symmetric'],
  ['port', 'port'],
  ['port', 'symmetric'],
  ['symmetric', 'symmetric'],
  ['upnp', 'symmetric'],
  ['carrier', 'port'],
  ['mobile', 'mobile'],
  ['six', 'dual'],
  ['open', 'no-udp'],
  ['open', 'proxy'],
];

export const bar: Bar = {
  id: 'D1',
  title: 'every pair of networks connects, with a relay; without one they are told what is so',
  parts: ['day-one', 'relay'],
  async run(report, options) {
    await measureHomes(report);
    await ahead(report, async () => {
      if (options.part !== 'relay') await dayOne(report, options);
      if (options.part !== 'day-one') await withRelay(report, options);
    });
  },
};

/** Each kind is what it claims, by a probe of ours. */
async function measureHomes(report: Report): Promise<void> {
  const internet = new Internet();
  const homes = new Homes(internet);
  try {
    for (const kind of HOME_KINDS) {
      const facts = await (await Probe.in(await homes.add(kind))).measure();
      const claims = expectedFacts(kind);
      const plain = { ...facts, four: claimsOf(facts.four), six: claimsOf(facts.six) };
      const isSo = JSON.stringify(plain) === JSON.stringify(claims);
      if (!isSo) report.require(false, `${kind} is measured to be ${JSON.stringify(plain)}`);
    }
    report.require(true, `${HOME_KINDS.length} kinds of networks measured before they are used`);
  } finally {
    await internet.close();
    homes.close();
  }
}

function claimsOf<T extends { mapping: string; filtering: string }>(
  udp: T | undefined,
): object | undefined {
  return udp && { mapping: udp.mapping, filtering: udp.filtering };
}

/** What was measured of one pair. */
interface Row {
  readonly pair: Pair;
  readonly way: Way;
  readonly unasked: (number | undefined)[];
  readonly asked: (number | undefined)[];
  /** What somebody was told that is not so. */
  readonly untrue: string[];
  told: number;
}

async function withRelay(report: Report, { folder: all, short }: BarOptions): Promise<void> {
  const folder = join(all, 'relay');
  const town = await newTown(folder);
  try {
    const [pairs, each] = short ? [RELAY_PAIRS_SHORT, EACH_SHORT] : [everyPair(), EACH];
    const couples = short ? COUPLES_SHORT : COUPLES;
    const options = { town, folder, pairs, each, couples };
    judgeWithRelay(report, await measureWithRelay(report, options));
  } finally {
    await town.close();
  }
}

function newTown(folder: string): Promise<Town> {
  return Town.build({ nodes: NODES, delayMs: DELAY_MS, lossPercent: 0, folder, six: true });
}

async function dayOne(report: Report, { folder, short }: BarOptions): Promise<void> {
  const town = await newTown(folder);
  const pairs = short ? [...PAIRS_SHORT] : everyPair();
  const rows: Row[] = [];
  try {
    const homes = await twoOfEach(town, pairs);
    const couples = Array.from({ length: short ? COUPLES_SHORT : COUPLES }, async (_, number) => {
      const couple = await Couple.meet(town, folder, number, ['relay.serve=off']);
      for (let pair = pairs.shift(); pair; pair = pairs.shift()) {
        couple.moveTo([homes.get(pair[0])![0], homes.get(pair[1])![1]]);
        const row = await measurePair(couple, pair, short ? EACH_SHORT : EACH_DAY_ONE);
        rows.push(row);
        report.say(lineOf(row));
      }
    });
    await Promise.all(couples);
  } finally {
    await town.close();
  }
  judge(report, rows);
}

async function measurePair(couple: Couple, pair: Pair, each: number): Promise<Row> {
  const way = wayBetween(...pair);
  const row: Row = { pair, way, unasked: [], asked: [], untrue: [], told: 0 };
  const isSure = way === 'direct';
  for (let i = 0; i < (isSure ? each : Math.min(each, TOLD_EACH)); i++) {
    await couple.start();
    row.unasked.push(await couple.linked(isSure ? UNASKED_MS_MAX : TOLD_AFTER_MS));
    row.untrue.push(...(await untrueNow(couple, pair)));
    row.told++;
    await couple.stop();
    await couple.start();
    row.asked.push((await couple.write(i % 2 === 0 ? 0 : 1))[0]);
    await couple.stop();
  }
  return row;
}

/** Links change between two questions: what is not so a second later either is untrue. */
async function untrueNow(couple: Couple, pair: Pair): Promise<string[]> {
  if (untruths(pair, await couple.said()).length === 0) return [];
  await new Promise((resolve) => setTimeout(resolve, TOLD_AGAIN_MS));
  return untruths(pair, await couple.said());
}

function lineOf({ asked, pair, told, unasked, untrue, way }: Row): string {
  const cells = [
    pair.join(' × ').padEnd(32),
    way.padEnd(10),
    `unasked ${cell(unasked)}`.padEnd(34),
    `asked ${cell(asked)}`.padEnd(32),
    `told ${told - untrue.length}/${told}`,
  ];
  return [cells.join('  '), ...new Set(untrue)].join('\n    untrue: ');
}

function cell(values: readonly (number | undefined)[]): string {
  const got = values.filter((value) => value !== undefined);
  const seconds = (share: number): string => (quantile(got, share) / 1000).toFixed(1);
  const spread = got.length === 0 ? '' : ` median ${seconds(0.5)} s, max ${seconds(1)} s`;
  return `${got.length}/${values.length}${spread}`;
}

function judge(report: Report, rows: readonly Row[]): void {
  const sure = rows.filter(({ way }) => way === 'direct');
  const late = (key: 'unasked' | 'asked', max: number): string[] =>
    sure
      .filter((row) => row[key].some((ms) => ms === undefined || ms > max))
      .map(({ pair }) => pair.join(' × '));
  const times = (key: 'unasked' | 'asked'): number[] =>
    sure.flatMap((row) => row[key]).filter((ms) => ms !== undefined);
  report.figures('day one, unasked', times('unasked').map(inSeconds), 's');
  report.figures('day one, a message sent at once', times('asked').map(inSeconds), 's');
  const unasked = late('unasked', UNASKED_MS_MAX);
  report.require(unasked.length === 0, `unasked ≤ 4 min in ${sure.length} pairs${but(unasked)}`);
  const asked = late('asked', ASKED_MS_MAX);
  report.require(asked.length === 0, `asked ≤ 30 s in ${sure.length} pairs${but(asked)}`);
  const untrue = rows.filter((row) => row.untrue.length > 0).map(({ pair }) => pair.join(' × '));
  report.require(untrue.length === 0, `${rows.length} pairs are told what is so${but(untrue)}`);
  const never = rows.filter(({ way }) => way === 'none');
  const leaks = never.filter((row) => row.unasked.some((ms) => ms !== undefined));
  const count = `${never.length} pairs between which nothing leads`;
  report.control(never.length > 0 && leaks.length === 0, `${count} are not linked without a relay`);
}

function inSeconds(ms: number): number {
  return ms / 1000;
}
