/**
 * D7: connect time per pair of networks beside hyperdht's, in the same homes of the same lab, in
 * turn.
 *
 *   ours     two who know each other, both daemons warm, a relay in their lists. The caller blocks
 *            the contact, which ends the link; unblocking is the wish that is timed, until the API
 *            calls the contact linked, with hellos checked and stored.
 *   direct   from the same wish until no relay is in the path
 *   theirs   `connect(publicKey)` until `open`, both programs warm: to a key that the client never
 *            met, and to the same one again, which it remembers as long as the program runs. Who
 *            has no router in front is told to be reachable.
 *
 * Beside the same key again no bar is set: hyperdht's handshake then takes one round trip, and ours
 * two, for the first alone would be no promise against a quantum computer (docs/BENCHMARKS.md).
 * Where hyperdht gives up, or cannot begin for want of UDP, we must be linked all the same. In the
 * pairs of BESIDE it is known to connect: without a figure of its own there, nothing was compared.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../dht/line-process.ts';
import { Couple } from '../nets/couple.ts';
import type { Home } from '../nets/homes.ts';
import { KINDS } from '../nets/kinds.ts';
import { type Way, wayBetween } from '../nets/ways.ts';
import type { RoomDaemon } from '../rooms/room-daemon.ts';
import { Town, until } from '../rooms/town.ts';
import { ahead } from './ahead.ts';
import { quantile, type Bar, type Report } from './bar.ts';
import { but, isNear, type Pair, routesAre, startRelay, twoOfEach } from './d1-relay.ts';

const HYPERDHT = fileURLToPath(new URL('../../bench/hyperdht-program.ts', import.meta.url));
const NODES = 30;
const DELAY_MS = 25;
const EACH = 30;
const EACH_SHORT = 3;
const COUPLES = 4;
const FACTOR = 1.1;
/** It gives up where so many tries in a row came to nothing. */
const FAILURES_MAX = 3;
/** hyperdht punches by luck at most once in 20 s. */
const LUCK_PAUSE_MS = 20_500;
const LINKED_MS = 30_000;
const ALONE_MS = 60_000;
/** What still follows a change is over then. */
const SETTLED_MS = 2_000;
/** How long a path without the relay is waited for, by the way that there is. */
const DIRECT_MS: Readonly<Record<Way, number>> = {
  direct: 5_000,
  inside: 5_000,
  luck: 20_000,
  remembered: 0,
  none: 0,
};
const GHOST_MS = 3_000;
const ROUND_S = 4;
const LUCK_ROUND_S = 50;

/** The caller first. Nothing leads from or to `no-udp` and `proxy` but a relay, or TCP. */
const PAIRS: readonly Pair[] = [
  ['open', 'open'],
  ['port', 'open'],
  ['open', 'port'],
  ['port', 'full'],
  ['port', 'restricted'],
  ['port', 'port'],
  ['port', 'carrier'],
  ['carrier', 'port'],
  ['symmetric', 'open'],
  ['full', 'symmetric'],
  ['symmetric', 'restricted'],
  ['symmetric', 'port'],
  ['symmetric', 'symmetric'],
  ['mobile', 'mobile'],
  ['port', 'no-udp'],
  ['open', 'no-udp'],
];
const BESIDE = ['open → open', 'port → open', 'open → port', 'port → full', 'port → port'];
const PAIRS_SHORT: readonly Pair[] = [
  ['port', 'open'],
  ['port', 'port'],
  ['symmetric', 'symmetric'],
];

/** What one pair of networks gave, ms. */
export interface ConnectRow {
  readonly pair: Pair;
  readonly ours: (number | undefined)[];
  readonly direct: (number | undefined)[];
  /** A key never met, and the same again. */
  readonly theirs: (number | undefined)[];
  readonly again: (number | undefined)[];
  /** How often hyperdht was asked for a connection; none where it cannot begin. */
  tries: number;
}

export const bar: Bar = {
  id: 'D7',
  title: 'connect time per pair of networks beside hyperdht, and a route where that gives up',
  async run(report, { folder, short }) {
    const pairs = short ? PAIRS_SHORT : PAIRS;
    await ahead(report, async () => {
      const options = { folder, pairs, each: short ? EACH_SHORT : EACH };
      const { ghost, rows } = await measureConnects(report, options);
      judge(report, rows, short ? ['port → open', 'port → port'] : BESIDE);
      report.control(!ghost, 'a contact who does not run is not reached');
    });
  },
};

export interface ConnectOptions {
  readonly folder: string;
  readonly pairs: readonly Pair[];
  readonly each: number;
}

export async function measureConnects(
  report: Report,
  { each, folder, pairs }: ConnectOptions,
): Promise<{ rows: ConnectRow[]; ghost: boolean }> {
  const seconds = pairs.map((pair) => (isLucky(pair) ? LUCK_ROUND_S : ROUND_S) * each);
  const minutes = seconds.reduce((a, b) => a + b, 0) / COUPLES / 60;
  report.say(`${pairs.length} pairs, n ${each}: ~${minutes.toFixed(0)} min`);
  const town = await Town.build({ nodes: NODES, delayMs: DELAY_MS, lossPercent: 0, folder });
  try {
    await startTheirs(town);
    const settings = ['relay.serve=off', `relays.list=${await startRelay(town, folder)}`];
    const homes = await twoOfEach(town, pairs);
    const left = [...pairs];
    const rows: ConnectRow[] = [];
    let ghost = false;
    const working = Array.from({ length: COUPLES }, async (_, number) => {
      const couple = await Couple.meet(town, folder, number, settings);
      for (let pair = left.shift(); pair; pair = left.shift()) {
        const [one, other] = [homes.get(pair[0])![0], homes.get(pair[1])![1]];
        const isLast = left.length === 0;
        const row = await measurePair(town, couple, pair, [one, other], each);
        rows.push(row);
        report.say(lineOf(row));
        if (isLast) ghost ||= await reachesGhost(couple);
        await couple.stop();
      }
    });
    await Promise.all(working);
    return { rows, ghost };
  } finally {
    await town.close();
  }
}

/** A DHT of theirs on the addresses of ours. */
async function startTheirs(town: Town): Promise<void> {
  const words = ['--import', 'tsx', HYPERDHT, 'nodes', ...town.dhtRoom.addresses];
  await new LineProcess(town.dhtRoom.spawn(process.execPath, words)).ready;
}

/** Somebody at this home with hyperdht. */
async function theirPeer(town: Town, home: Home): Promise<LineProcess> {
  const room = home.host();
  const behind = KINDS[home.kind].open ? [] : ['behind'];
  const words = ['peer', '0.0.0.0', town.dhtRoom.address, ...behind];
  const child = room.spawn(process.execPath, ['--import', 'tsx', HYPERDHT, ...words]);
  const peer = new LineProcess(child);
  await peer.ready;
  return peer;
}

async function measurePair(
  town: Town,
  couple: Couple,
  pair: Pair,
  homes: readonly [Home, Home],
  each: number,
): Promise<ConnectRow> {
  const row: ConnectRow = { pair, ours: [], direct: [], theirs: [], again: [], tries: 0 };
  couple.moveTo(homes);
  await couple.start();
  await couple.linked(LINKED_MS);
  const theirs = await Theirs.start(town, homes, pair);
  const limitMs = DIRECT_MS[wayBetween(...pair)];
  await measureOurs(couple, limitMs);
  await theirs.connect();
  for (let i = 0; i < each; i++) {
    const ours = async (): Promise<void> => {
      const { directMs, ms } = await measureOurs(couple, limitMs);
      row.ours.push(ms);
      row.direct.push(directMs);
    };
    const their = async (): Promise<void> => {
      const [first, again] = await theirs.connect();
      row.theirs.push(first);
      row.again.push(again);
    };
    for (const measure of i % 2 === 0 ? [ours, their] : [their, ours]) await measure();
  }
  row.tries = theirs.tries;
  await theirs.stop();
  return row;
}

async function measureOurs(
  couple: Couple,
  limitMs: number,
): Promise<{ ms: number | undefined; directMs: number | undefined }> {
  const [caller, contact] = couple.people;
  await part(caller, contact);
  await pause(SETTLED_MS);
  const startedMs = performance.now();
  const ms = await caller.reach('contacts.unblock', { to: contact.name }).catch(() => undefined);
  const isSought = ms !== undefined && limitMs > 0;
  const isDirect = isSought && (await routesAre(couple, limitMs, isNear)) !== undefined;
  return { ms, directMs: isDirect ? performance.now() - startedMs : undefined };
}

async function part(caller: RoomDaemon, contact: RoomDaemon): Promise<void> {
  await caller.call('contacts.block', { to: contact.name });
  await until('the contact is alone', ALONE_MS, async () => {
    const { linked } = await contact.call('status.get', {});
    return linked === 0;
  });
}

/** Where hyperdht sends from many sockets. */
function isLucky(pair: Pair): boolean {
  return pair.includes('symmetric') && !pair.includes('open');
}

/** hyperdht at both homes. */
class Theirs {
  tries = 0;
  #failures = 0;

  private constructor(
    private readonly peers: readonly LineProcess[],
    private readonly isLuck: boolean,
  ) {}

  /** One that cannot even start there, or listen, cannot be connected to. */
  static async start(town: Town, homes: readonly [Home, Home], pair: Pair): Promise<Theirs> {
    const isLuck = isLucky(pair);
    if (pair.some((kind) => KINDS[kind].four?.out === 'tcp')) return new Theirs([], isLuck);
    const peers = await Promise.all(homes.map((home) => theirPeer(town, home)));
    return new Theirs(peers, isLuck);
  }

  /** To a fresh key, and again. */
  async connect(): Promise<[number | undefined, number | undefined]> {
    const [client, server] = this.peers;
    if (!client || this.#failures >= FAILURES_MAX) return [undefined, undefined];
    const { error, key } = await server!.ask({ do: 'listen' });
    // Its own DHT fails it: that says nothing of the two networks.
    if (typeof key !== 'string') throw new Error(`hyperdht does not listen: ${String(error)}`);
    const times = [await this.#connect(client, key), await this.#connect(client, key)] as const;
    await server!.ask({ do: 'shut', key });
    return [...times];
  }

  async #connect(client: LineProcess, key: unknown): Promise<number | undefined> {
    if (this.isLuck) await pause(LUCK_PAUSE_MS);
    this.tries++;
    const { ms } = await client.ask({ do: 'connect', to: { key } });
    this.#failures = typeof ms === 'number' ? 0 : this.#failures + 1;
    return ms as number | undefined;
  }

  async stop(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.stop()));
  }
}

async function reachesGhost(couple: Couple): Promise<boolean> {
  const [caller, contact] = couple.people;
  await part(caller, contact);
  await couple.stop([1]);
  const reached = caller.reach('contacts.unblock', { to: contact.name }).then(
    () => true,
    () => false,
  );
  return await Promise.race([reached, pause(GHOST_MS).then(() => false)]);
}

function lineOf({ again, direct, ours, pair, theirs, tries }: ConnectRow): string {
  const our = [`ours ${cell(ours)}`, `direct ${cell(direct)}`];
  const their = `hyperdht in ${tries} tries`;
  const cells = [...our, `${their} ${cell(theirs)}`, `again ${cell(again)}`];
  return [pair.join(' → ').padEnd(26), ...cells.map((text) => text.padEnd(34))].join('  ');
}

function cell(values: readonly (number | undefined)[]): string {
  const got = values.filter((value) => value !== undefined);
  const at = (share: number): string => quantile(got, share).toFixed(0);
  const spread = got.length === 0 ? '' : ` median ${at(0.5)} ms, p95 ${at(0.95)} ms`;
  return `${got.length}/${values.length}${spread}`;
}

/** @param beside pairs that have to be among the compared. */
export function judge(
  report: Pick<Report, 'require' | 'say'>,
  rows: readonly ConnectRow[],
  beside: readonly string[] = BESIDE,
): void {
  const { both, slower } = compared(rows, 'theirs');
  const lacking = beside.filter((pair) => !both.some((row) => nameOf(row) === pair));
  const named = `both connect in the ${beside.length} pairs that hyperdht is known to`;
  report.require(lacking.length === 0, named + but(lacking));
  const what = `median ≤ ${FACTOR} × hyperdht's in ${both.length} pairs where both connect`;
  report.require(slower.length === 0, what + but(slower));
  const again = compared(rows, 'again');
  report.say(
    `beside the same key again, in ${again.both.length} pairs, as good${but(again.slower)}`,
  );
  const given = rows.filter(({ theirs }) => !works(theirs));
  const without = given.filter(({ ours }) => ours.includes(undefined)).map(nameOf);
  const idle = given.filter(({ tries }) => tries === 0).length;
  const count = `${given.length} pairs in which hyperdht gives up or (${idle}) cannot begin`;
  report.require(given.length > 0 && without.length === 0, `a route in ${count}${but(without)}`);
  const never = rows.filter(({ ours }) => ours.includes(undefined)).map(nameOf);
  report.require(never.length === 0, `ours connect every time${but(never)}`);
}

/** The pairs where both connect, and the names of those where ours takes longer than it may. */
function compared(
  rows: readonly ConnectRow[],
  which: 'theirs' | 'again',
): { both: ConnectRow[]; slower: string[] } {
  const both = rows.filter((row) => works(row.ours) && works(row[which]));
  const ratio = (row: ConnectRow): number => medianOf(row.ours) / medianOf(row[which]);
  const slower = both.filter((row) => !(ratio(row) <= FACTOR));
  return { both, slower: slower.map((row) => `${nameOf(row)} (${ratio(row).toFixed(2)} ×)`) };
}

function nameOf({ pair }: ConnectRow): string {
  return pair.join(' → ');
}

/** At least every other time. */
function works(values: readonly (number | undefined)[]): boolean {
  return 2 * values.filter((value) => value !== undefined).length >= values.length;
}

function medianOf(values: readonly (number | undefined)[]): number {
  return quantile(
    values.filter((value) => value !== undefined),
    0.5,
  );
}
