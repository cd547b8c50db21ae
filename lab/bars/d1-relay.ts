/**
 * D1, the part with a relay: one `relay.serve=public` daemon with public addresses of both
 * families, on port 443, in the `relays.list` of both people.
 *
 *   linked   both daemons start at once, on other ports than ever before, so that no address which
 *            the other remembers leads anywhere. The clock runs from when both are up, without
 *            waiting for their places at the relay, until both say that they are linked.
 *   nearer   from then until both say that no relay is in their path
 *
 * By the way that two networks have between them (lab/nets/ways.ts):
 *
 *   direct   nearer within 3 s
 *   luck     within 20 s, by the birthday punch inside its budget
 *   inside   within 20 s, two homes behind one carrier's NAT, by their addresses inside
 *   others   nothing leads there but the relay
 * @module
 */
import { Couple, type Side } from '../nets/couple.ts';
import type { Home } from '../nets/homes.ts';
import { HOME_KINDS, KINDS, type HomeKind } from '../nets/kinds.ts';
import { PROXY_PORT, PROXY_USER } from '../nets/services.ts';
import { type Way, wayBetween } from '../nets/ways.ts';
import { RoomDaemon } from '../rooms/room-daemon.ts';
import type { Town } from '../rooms/town.ts';
import { quantile, type Report } from './bar.ts';

export type Pair = readonly [HomeKind, HomeKind];

const RELAY_PORT = 443;
const RELAY_FOUR = '198.51.100.90';
const RELAY_SIX = '2001:db8:90::1';
const LOOK_EVERY_MS = 50;
const LINKED_MS_MAX = 30_000;
const LINKED_P95_MS = 5_000;
/** How long a nearer path is waited for, by the way that there is. */
const NEARER_MS: Readonly<Record<Way, number>> = {
  direct: 3_000,
  luck: 20_000,
  inside: 20_000,
  remembered: 0,
  none: 0,
};
/** Somewhat longer is looked, to tell what is late from what never comes. */
const BEYOND_MS = 5_000;
const SHARE_OF_LUCK = 0.9;
const ROUND_GUESS_S = 9;

/** One pair of each way, and those that differ inside it. */
export const RELAY_PAIRS_SHORT: readonly Pair[] = [
  ['open', 'port'],
  ['full', 'symmetric'],
  ['restricted', 'symmetric'],
  ['port', 'port'],
  ['port', 'symmetric'],
  ['symmetric', 'symmetric'],
  ['upnp', 'symmetric'],
  ['mobile', 'carrier-upnp'],
  ['six', 'dual'],
  ['six', 'port'],
  ['no-udp', 'port'],
  ['proxy-password', 'web'],
];

/** What was measured of one pair; ms, undefined where it did not come in time. */
export interface RelayRow {
  readonly pair: Pair;
  readonly way: Way;
  readonly linked: (number | undefined)[];
  /** After the link. */
  readonly nearer: (number | undefined)[];
}

export interface RelayOptions {
  readonly town: Town;
  readonly folder: string;
  readonly pairs: readonly Pair[];
  readonly each: number;
  readonly couples: number;
}

/** Measures these pairs, several couples beside each other; judges nothing. */
export async function measureWithRelay(
  report: Report,
  { couples, each, folder, pairs, town }: RelayOptions,
): Promise<RelayRow[]> {
  const minutes = (pairs.length * each * ROUND_GUESS_S) / couples / 60;
  report.say(`${pairs.length} pairs, n ${each}, ${couples} at a time: ~${minutes.toFixed(0)} min`);
  const list = await startRelay(town, folder);
  const homes = await twoOfEach(town, pairs);
  const left = [...pairs];
  const rows: RelayRow[] = [];
  const working = Array.from({ length: couples }, async (_, number) => {
    const settings = ['relay.serve=off', `relays.list=${list}`];
    const couple = await Couple.meet(town, folder, number, settings, atHome);
    for (let pair = left.shift(); pair; pair = left.shift()) {
      couple.moveTo([homes.get(pair[0])![0], homes.get(pair[1])![1]]);
      const row = await measurePair(couple, pair, each);
      rows.push(row);
      report.say(lineOf(row));
    }
  });
  await Promise.all(working);
  return rows;
}

/** What is hardest first: who waits for hours wants to know of it early. */
const HARDEST: readonly Way[] = ['luck', 'inside', 'direct', 'remembered', 'none'];

export function everyPair(): Pair[] {
  const all = HOME_KINDS.flatMap((a, i) => HOME_KINDS.slice(i).map((b): Pair => [a, b]));
  const rank = (pair: Pair): number => HARDEST.indexOf(wayBetween(...pair));
  return all.sort((a, b) => rank(a) - rank(b));
}

/** So that two of one kind are in different homes. */
export async function twoOfEach(
  town: Town,
  pairs: readonly Pair[],
): Promise<Map<HomeKind, readonly [Home, Home]>> {
  const homes = new Map<HomeKind, readonly [Home, Home]>();
  for (const kind of new Set(pairs.flat())) {
    homes.set(kind, [await town.homes.add(kind), await town.homes.add(kind)]);
  }
  return homes;
}

/** @returns what goes into `relays.list`: the same relay by both families. */
export async function startRelay(town: Town, folder: string): Promise<string> {
  const room = town.internet.room('relay', [RELAY_FOUR, RELAY_SIX]);
  const helpers = `dht.bootstrap=${town.bootstrap.join(',')}`;
  const relay = new RoomDaemon('Relay', room, folder, RELAY_PORT, [helpers, 'relay.serve=public']);
  await relay.start();
  const { text } = await relay.call('relay.show', {});
  const key = text!.slice(0, text!.indexOf('@'));
  return `${key}@${RELAY_FOUR}:${RELAY_PORT},${key}@[${RELAY_SIX}]:${RELAY_PORT}`;
}

/** What somebody at home there has set. The password is known from the first start. */
function atHome(kind: HomeKind): string[] {
  const { service } = KINDS[kind];
  if (service !== 'proxy' && service !== 'proxy-password') return [];
  const way = ['proxy.kind=http', `proxy.address=192.168.1.1:${PROXY_PORT}`];
  return service === 'proxy' ? way : [...way, `proxy.user=${PROXY_USER}`];
}

async function measurePair(couple: Couple, pair: Pair, each: number): Promise<RelayRow> {
  const way = wayBetween(...pair);
  const row: RelayRow = { pair, way, linked: [], nearer: [] };
  for (let i = 0; i < each; i++) {
    await couple.start();
    const linked = await routesAre(couple, LINKED_MS_MAX, (route) => route !== 'waiting');
    row.linked.push(linked);
    const limitMs = NEARER_MS[way];
    if (linked !== undefined && limitMs > 0) {
      row.nearer.push(await routesAre(couple, limitMs + BEYOND_MS, isNear));
    } else if (limitMs > 0) row.nearer.push(undefined);
    await couple.stop();
  }
  return row;
}

export function isNear(route: string): boolean {
  return route === 'direct' || route === 'lan';
}

export async function routesAre(
  couple: Couple,
  limitMs: number,
  isSo: (route: string) => boolean,
): Promise<number | undefined> {
  const startedMs = performance.now();
  for (;;) {
    const routes = await Promise.all(([0, 1] as Side[]).map((side) => couple.route(side)));
    const tookMs = performance.now() - startedMs;
    if (routes.every(isSo)) return tookMs;
    if (tookMs > limitMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function lineOf({ linked, nearer, pair, way }: RelayRow): string {
  const cells = [pair.join(' × ').padEnd(32), way.padEnd(10), `linked ${cell(linked)}`.padEnd(38)];
  const limitMs = NEARER_MS[way];
  if (limitMs > 0) cells.push(`nearer ${cell(nearer)}, ${inTime(nearer, limitMs).length} in time`);
  return cells.join('  ');
}

function cell(values: readonly (number | undefined)[]): string {
  const got = values.filter((value) => value !== undefined);
  const seconds = (share: number): string => (quantile(got, share) / 1000).toFixed(2);
  const spread = got.length === 0 ? '' : ` median ${seconds(0.5)} s, max ${seconds(1)} s`;
  return `${got.length}/${values.length}${spread}`;
}

function inTime(values: readonly (number | undefined)[], limitMs: number): number[] {
  return values.filter((value) => value !== undefined).filter((value) => value <= limitMs);
}

export function judgeWithRelay(report: Report, rows: readonly RelayRow[]): void {
  const all = rows.flatMap(({ linked }) => linked);
  const got = all.filter((ms) => ms !== undefined);
  report.figures('with a relay, both up to linked', got.map(inSeconds), 's');
  const never = rows.filter(({ linked }) => linked.includes(undefined)).map(nameOf);
  report.require(never.length === 0, `${rows.length} pairs are linked every time${but(never)}`);
  const slow = rows.filter(({ linked }) => {
    const ms = linked.filter((one) => one !== undefined);
    return !(quantile(ms, 0.95) <= LINKED_P95_MS);
  });
  report.require(slow.length === 0, `linked with p95 ≤ 5 s${but(slow.map(nameOf))}`);
  judgeNearer(report, rows, 'direct', 1, 'direct within 3 s of the link where no luck is needed');
  judgeNearer(report, rows, 'luck', SHARE_OF_LUCK, 'by luck within 20 s');
  judgeNearer(report, rows, 'inside', SHARE_OF_LUCK, "inside a carrier's network within 20 s");
}

function judgeNearer(
  report: Report,
  rows: readonly RelayRow[],
  way: Way,
  share: number,
  what: string,
): void {
  const those = rows.filter((row) => row.way === way);
  if (those.length === 0) return;
  const isShort = ({ nearer }: RelayRow): boolean =>
    inTime(nearer, NEARER_MS[way]).length < share * nearer.length;
  const short = those.filter(isShort).map(nameOf);
  const times = those.flatMap(({ nearer }) => nearer).filter((ms) => ms !== undefined);
  report.figures(`${way}, link to nearer`, times.map(inSeconds), 's');
  const percent = `${share * 100} %`;
  report.require(short.length === 0, `${what}, ${percent} in ${those.length} pairs${but(short)}`);
}

function nameOf({ pair }: RelayRow): string {
  return pair.join(' × ');
}

function inSeconds(ms: number): number {
  return ms / 1000;
}

export function but(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `; not: ${pairs.join(', ')}`;
}
