/**
 * D2: paths that are switched. Two people write to each other all the time, 50 ms there and back,
 * while the way between them is shut and opened, their relay is killed, and they move.
 *
 *   Ana 198.51.100.11 --+-- Cy 192.0.2.13    relays: contacts of both
 *   Bo  203.0.113.12 ---+-- Di 198.18.0.14
 *
 *   nothing passes between them   -> by a relay       it is killed            -> by the other
 *   only UDP passes between them  -> straight, UDP    UDP passes no more, TCP -> straight, TCP
 *   one has another address       -> straight there
 *
 * Each switch is made once both ends say that the one before it is done. A gap is the time between
 * two messages that came one after the other.
 * @module
 */
import { Internet } from '../rooms/internet.ts';
import { meet, RoomDaemon, routeTo, textsFrom } from '../rooms/room-daemon.ts';
import type { Arrival } from '../rooms/inside.ts';
import { until } from '../rooms/town.ts';
import { ahead } from './ahead.ts';
import type { Bar, Report } from './bar.ts';

const SWITCHES = 50;
const SWITCHES_SHORT = 12;
const MESSAGES_MIN = 1_000;
const SAY_EVERY_MS = 50;
const DELAY_MS = 25;
const GAP_MS = 2_000;
const SWITCH_MS_MAX = 120_000;
const SETTLE_MS = 500;
const ARRIVE_MS_MAX = 30_000;
const CUT_MS = 3_000;
const PORT = 30_000;
const RELAYS = { Cy: '192.0.2.13', Di: '198.18.0.14' };

export const bar: Bar = {
  id: 'D2',
  title: 'messages while the path is switched: all once, in order, no gap longer than 2 s',
  async run(report, { folder, short }) {
    const internet = new Internet();
    try {
      const scene = await settle(internet, folder);
      await ahead(report, () => play(report, scene, short ? SWITCHES_SHORT : SWITCHES));
    } finally {
      await internet.close();
    }
  },
};

interface Scene {
  readonly internet: Internet;
  readonly ana: RoomDaemon;
  readonly bo: RoomDaemon;
  readonly relays: readonly RoomDaemon[];
}

async function settle(internet: Internet, folder: string): Promise<Scene> {
  const helpers = Object.values(RELAYS).map((address) => `${address}:${PORT}`);
  const person = (name: string, address: string, serve: 'off' | 'contacts'): RoomDaemon => {
    const room = internet.room(name.toLowerCase(), [address]);
    const settings = [`dht.bootstrap=${helpers.join()}`, `relay.serve=${serve}`];
    return new RoomDaemon(name, room, folder, PORT, settings);
  };
  const relays = Object.entries(RELAYS).map(([name, address]) => person(name, address, 'contacts'));
  const ana = person('Ana', '198.51.100.11', 'off');
  const bo = person('Bo', '203.0.113.12', 'off');
  for (const one of [...relays, ana, bo]) await one.start();
  for (const relay of relays) for (const one of [ana, bo]) await meet(relay, one);
  await meet(ana, bo);
  const scene = { internet, ana, bo, relays };
  await places(scene);
  await internet.weather(DELAY_MS, 0);
  return scene;
}

/** Both have a place at both relays. */
async function places({ ana, bo }: Scene): Promise<void> {
  await until('a place at both relays', SWITCH_MS_MAX, async () => {
    const counts = await Promise.all([ana, bo].map((one) => one.stats()));
    return counts.every((all) => all['circuits.reserved'] === RELAY_COUNT);
  });
}

const RELAY_COUNT = Object.keys(RELAYS).length;

/** How the two reach each other, as each of them says. */
type Paths = readonly [Path, Path];
type Path = Awaited<ReturnType<typeof routeTo>>;

interface Switch {
  readonly about: string;
  /** @returns whether the path is the one that this leads to. */
  make(scene: Scene, turn: number): Promise<(paths: Paths) => boolean>;
}

const SWITCHES_IN_TURN: readonly Switch[] = [
  {
    about: 'nothing passes between them',
    make: ({ ana, bo, internet }) => {
      internet.apart(ana.room, bo.room, 'everything');
      return Promise.resolve((paths) => paths.every(({ route }) => route === 'relay'));
    },
  },
  {
    about: 'their relay is killed',
    make: async (scene) => {
      await places(scene);
      const { endpoint: carrying } = await routeTo(scene.ana, 'Bo');
      const relay = scene.relays.find(({ room }) => carrying === `${room.address}:${PORT}`)!;
      await relay.stop('SIGKILL');
      // It is back soon, and has all their places again without having kept any.
      setTimeout(() => void relay.start(), GAP_MS);
      return (paths) =>
        paths.every(({ endpoint, route }) => route === 'relay' && endpoint !== carrying);
    },
  },
  {
    about: 'UDP passes between them',
    make: ({ ana, bo, internet }) => {
      internet.apart(ana.room, bo.room, 'tcp');
      return Promise.resolve(isStraight('udx'));
    },
  },
  { about: 'another address for Ana', make: move(0, 100) },
  {
    about: 'TCP passes and UDP no more',
    make: ({ ana, bo, internet }) => {
      internet.apart(ana.room, bo.room, 'udp');
      return Promise.resolve(isStraight('tcp'));
    },
  },
  { about: 'another address for Bo', make: move(1, 101) },
];

function isStraight(by: 'tcp' | 'udx'): (paths: Paths) => boolean {
  return (paths) => paths.every(({ route, transport }) => route === 'direct' && transport === by);
}

/** One of them moves; the other says where it reaches them. */
function move(who: 0 | 1, net: number): Switch['make'] {
  return ({ ana, bo, internet }, turn) => {
    const address = `198.51.${net}.${20 + turn}`;
    internet.move([ana, bo][who]!.room, address);
    return Promise.resolve((paths) => {
      const { endpoint, route } = paths[1 - who]!;
      return route === 'direct' && endpoint?.startsWith(`${address}:`) === true;
    });
  };
}

async function play(report: Report, scene: Scene, count: number): Promise<void> {
  const { ana, bo, internet } = scene;
  const ends = await Promise.all([ana.flow('Bo', SAY_EVERY_MS), bo.flow('Ana', SAY_EVERY_MS)]);
  const beginMs = sharedClockMs();
  const made: { readonly about: string; readonly atMs: number; readonly tookMs: number }[] = [];
  let done = 0;
  for (; done < count; done++) {
    const { about, make } = SWITCHES_IN_TURN[done % SWITCHES_IN_TURN.length]!;
    const atMs = sharedClockMs();
    const isThere = await make(scene, done);
    const tookMs = await until(about, SWITCH_MS_MAX, async () => {
      return isThere(await Promise.all([routeTo(ana, 'Bo'), routeTo(bo, 'Ana')]));
    });
    made.push({ about, atMs, tookMs });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  const endMs = sharedClockMs();
  report.require(done === count, `the path was switched ${done} times`);
  for (const { about } of SWITCHES_IN_TURN) {
    const took = made.filter((one) => one.about === about).map(({ tookMs }) => tookMs);
    report.figures(`${about}: both ends say so`, took, 'ms');
  }
  const gaps = (await Promise.all([ana, bo].map((one) => one.arrivals())))
    .flatMap((arrivals) => gapsBetween(arrivals, beginMs, endMs))
    .map((gap) => ({ ...gap, about: made.findLast(({ atMs }) => atMs <= gap.endMs)?.about }));
  for (const { about, endMs: atMs, ms } of gaps.filter((gap) => gap.ms > GAP_MS)) {
    const turn = made.findLastIndex((one) => one.atMs <= atMs);
    const after = atMs - made[turn]!.atMs;
    report.say(`${ms.toFixed(0)} ms, until ${after.toFixed(0)} ms after switch ${turn} (${about})`);
  }
  for (const { about } of SWITCHES_IN_TURN) {
    const here = gaps.filter((gap) => gap.about === about).map(({ ms }) => ms);
    report.say(`${about}: longest gap ${Math.max(...here).toFixed(0)} ms`);
  }
  const worst = Math.max(...gaps.map(({ ms }) => ms));
  const late = gaps.filter(({ ms }) => ms > GAP_MS).length;
  report.require(
    late === 0,
    `no gap longer than 2 s: ${late} were, the longest ${worst.toFixed(0)} ms`,
  );

  internet.cut(bo.room, true);
  await new Promise((resolve) => setTimeout(resolve, CUT_MS));
  internet.cut(bo.room, false);
  await new Promise((resolve) => setTimeout(resolve, CUT_MS));
  const cut = (await ana.arrivals()).filter(({ atMs }) => atMs > endMs);
  const seen = Math.max(...gapsBetween(cut, endMs, sharedClockMs()).map(({ ms }) => ms));
  report.control(seen > GAP_MS, `all ways cut for 3 s: a gap of ${seen.toFixed(0)} ms`);

  const sent = await Promise.all(ends.map((end) => end()));
  await judge(report, ana, 'Bo', sent[1]!);
  await judge(report, bo, 'Ana', sent[0]!);
  const all = sent[0]! + sent[1]!;
  report.require(all >= MESSAGES_MIN, `${all} messages were sent, 1,000 are enough`);
}

/** All that was sent is there, once, in order: as it was told, and as it is kept. */
async function judge(
  report: Report,
  person: RoomDaemon,
  from: string,
  sent: number,
): Promise<void> {
  const isThere = async (): Promise<boolean> => (await person.arrivals()).length >= sent;
  await until('the last message', ARRIVE_MS_MAX, isThere).catch(() => undefined);
  const told = (await person.arrivals()).map(({ text }) => text);
  const kept = await textsFrom(person, from);
  for (const [how, texts] of [
    ['was told of', told],
    ['keeps', kept],
  ] as const) {
    const isWhole = texts.length === sent && texts.every((text, i) => text === `number ${i}`);
    report.require(isWhole, `${person.name} ${how} ${texts.length} of ${sent}, once, in order`);
  }
}

/** Between what came one after the other, and from the last to the end. */
function gapsBetween(
  arrivals: readonly Arrival[],
  beginMs: number,
  endMs: number,
): { readonly ms: number; readonly endMs: number }[] {
  const times = arrivals.map(({ atMs }) => atMs).filter((atMs) => atMs > beginMs && atMs < endMs);
  return [...times, endMs].map((atMs, i) => ({
    ms: atMs - (times[i - 1] ?? beginMs),
    endMs: atMs,
  }));
}

function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
