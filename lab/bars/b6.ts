/**
 * B6: lookups and links beside the best of others, in one run, in turn: the code of bench/.
 * @module
 */
import { loadavg } from 'node:os';
import { measureLab } from '../../bench/lab.ts';
import { DEAD, DELAY_MS, NODES, ROUND_TRIP_MS } from '../../bench/place.ts';
import type { Reads } from '../../bench/items.ts';
import { ahead } from './ahead.ts';
import { quantile, type Bar, type Report } from './bar.ts';

const COUNT = 104;
const COUNT_SHORT = 8;
const COUNT_MIN = 100;
/** Remembered address: so many round trips, and this much besides. */
const TRIPS = 3;
const BESIDES_MS = 50;
/** Our authoritative answer may take so many times as long as libtorrent's. */
const SURE_FACTOR = 1.2;

export const bar: Bar = {
  id: 'B6',
  title: 'from a contact to the link beside hyperdht, items of BEP 44 beside libtorrent',
  async run(report, { folder, short }) {
    await ahead(report, async () => {
      report.say(`${NODES} nodes each, ${DEAD} of them dead, ${DELAY_MS} ms each way`);
      sayLoad(report);
      const { items, meetings } = await measureLab(folder, short ? COUNT_SHORT : COUNT);
      sayLoad(report);
      judgeMeetings(report, meetings);
      judgeItems(report, items);
      report.control(!meetings.ghost, 'a contact who does not run is not reached');
      report.control(items.phantoms === 0, 'items that nobody put are not found');
      const fewest = Math.min(meetings.moved.ours.length, items.ours.firstMs.length);
      if (!short) report.require(fewest >= COUNT_MIN, `n ≥ ${COUNT_MIN} of each`);
    });
  },
};

type Meetings = Awaited<ReturnType<typeof measureLab>>['meetings'];
type Items = Awaited<ReturnType<typeof measureLab>>['items'];

function judgeMeetings(report: Report, { moved, remembered }: Meetings): void {
  report.figures('no valid address to link', moved.ours, 'ms');
  report.figures("hyperdht's connect(publicKey)", moved.hyperdht, 'ms');
  for (const [name, share] of [['median', 0.5] as const, ['p95', 0.95] as const]) {
    const [our, their] = [quantile(moved.ours, share), quantile(moved.hyperdht, share)];
    const what = `no valid address to link: ${name} ${our.toFixed(1)} ms`;
    report.require(our <= their, `${what} ≤ hyperdht's, ${their.toFixed(1)} ms`);
  }
  report.figures('remembered address to link', remembered.ours, 'ms');
  report.figures('hyperdht, the same key again', remembered.hyperdht, 'ms');
  const most = TRIPS * ROUND_TRIP_MS + BESIDES_MS;
  const met = quantile(remembered.ours, 0.5) <= most;
  report.require(met, `remembered address to link: median ≤ ${most} ms`);
}

function judgeItems(report: Report, { libtorrent, ours }: Items): void {
  const say = (name: string, reads: Reads): void => {
    report.figures(`${name}, first valid item`, reads.firstMs, 'ms');
    report.figures(`${name}, authoritative item`, reads.sureMs, 'ms');
  };
  say('our get', ours);
  say("libtorrent's get", libtorrent);
  const [first, theirs] = [ours, libtorrent].map(({ firstMs }) => quantile(firstMs, 0.5));
  const what = `first valid item: median ${first!.toFixed(1)} ms`;
  report.require(first! <= theirs!, `${what} ≤ libtorrent's, ${theirs!.toFixed(1)} ms`);
  const [sure, theirSure] = [ours, libtorrent].map(({ sureMs }) => quantile(sureMs, 0.5));
  const met = sure! <= SURE_FACTOR * theirSure!;
  report.require(met, `authoritative item: median ≤ ${SURE_FACTOR} times libtorrent's`);
  report.require(ours.missed === 0, `every item was read, and the newest: ${ours.missed} missed`);
}

function sayLoad(report: Report): void {
  report.say(`load of this machine: ${loadavg()[0]!.toFixed(1)}`);
}
