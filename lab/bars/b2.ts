/**
 * B2: paths that die. Two daemons write to each other while a third process on the wire resets
 * their path, writes into it, or moves it; and a million bent handshakes against real links.
 *
 * Over UDX and over TCP, in turn: forged resets and data with the numbers read off the wire, to
 * either end; another address for either end; another port by the router between them (UDX).
 * @module
 */
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../dht/line-process.ts';
import { Internet } from '../rooms/internet.ts';
import { linked, meet, RoomDaemon, textsFrom } from '../rooms/room-daemon.ts';
import { ahead } from './ahead.ts';
import { measureMutants } from './b2-mutants.ts';
import type { Bar, Report } from './bar.ts';

const ATTACKS = 200;
const ATTACKS_SHORT = 18;
/** With each attack so many each way: a thousand in all, and a few more. */
const MESSAGES_EACH_WAY = 3;
const SAY_EVERY_MS = 20;
const GAP_MS = 2_000;
const MUTANTS = 1_000_000;
const MUTANTS_SHORT = 20_000;
const PORT = 30_201;
const SETTLE_MS = 300;
const WIRE = fileURLToPath(new URL('../rooms/wire.py', import.meta.url));

export const bar: Bar = {
  id: 'B2',
  title: 'paths reset, written into and moved by a third process; a million bent handshakes',
  async run(report, { folder, short }) {
    const internet = new Internet();
    try {
      const scene = await settle(internet, folder);
      const attacks = short ? ATTACKS_SHORT : ATTACKS;
      await ahead(report, () => play(report, scene, attacks));
    } finally {
      await internet.close();
    }
    measureMutants(report, short ? MUTANTS_SHORT : MUTANTS);
  },
};

interface Scene {
  readonly internet: Internet;
  readonly ana: RoomDaemon;
  readonly bo: RoomDaemon;
  readonly wire: LineProcess;
}

async function settle(internet: Internet, folder: string): Promise<Scene> {
  const rooms = ['ana', 'bo'].map((name, i) => internet.room(name, [`198.51.100.${101 + i}`]));
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) => {
    const helper = [`dht.bootstrap=198.51.100.${102 - i}:${PORT + 1 - i}`];
    return new RoomDaemon(name, rooms[i]!, folder, PORT + i, helper);
  }) as [RoomDaemon, RoomDaemon];
  // Each transport alone: an attack that finds its path gone to the other one proves nothing.
  for (const person of [ana, bo]) await person.start(undefined, ['net.tcp=false']);
  await meet(ana, bo);
  const wire = new LineProcess(internet.spawn('/usr/bin/python3', [WIRE]));
  await wire.ready;
  return { internet, ana, bo, wire };
}

type Attack = (scene: Scene, turn: number) => Promise<number>;

/** A forged packet to one end in the name of the other. */
function forge(kind: string, to: (scene: Scene) => RoomDaemon): Attack {
  return async (scene) => {
    const address = to(scene).room.address;
    const { sent } = await scene.wire.ask({ do: kind, to: address });
    return Number(sent);
  };
}

const toAna = ({ ana }: Scene): RoomDaemon => ana;
const toBo = ({ bo }: Scene): RoomDaemon => bo;

/** Another address for one end. */
function move(who: (scene: Scene) => RoomDaemon, net: number): Attack {
  return ({ internet, ...scene }, turn) => {
    const { room } = who({ internet, ...scene });
    internet.move(room, `198.51.${net}.${1 + (turn % 250)}`);
    return Promise.resolve(1);
  };
}

const remap: Attack = ({ bo, internet }, turn) => {
  internet.mapPort(bo.room, PORT + 1, 41_000 + turn);
  return Promise.resolve(1);
};

const ON_UDX: Record<string, Attack> = {
  'forged reset to Ana': forge('udx-reset', toAna),
  'forged reset to Bo': forge('udx-reset', toBo),
  'forged data to Ana': forge('udx-data', toAna),
  'forged data to Bo': forge('udx-data', toBo),
  'another address for Ana': move(toAna, 101),
  'another address for Bo': move(toBo, 102),
  'another port for Bo at the router': remap,
};
const ON_TCP: Record<string, Attack> = {
  'forged reset to Ana': forge('tcp-rst', toAna),
  'forged reset to Bo': forge('tcp-rst', toBo),
  'forged data to Ana': forge('tcp-data', toAna),
  'forged data to Bo': forge('tcp-data', toBo),
  'another address for Ana': move(toAna, 103),
  'another address for Bo': move(toBo, 104),
};

async function play(report: Report, scene: Scene, attacks: number): Promise<void> {
  await phase(report, scene, 'udx', ON_UDX, Math.ceil(attacks / 2));
  // Once with both: they tell each other where they listen for TCP.
  await restart(scene);
  await restart(scene, 'net.udp=false');
  await phase(report, scene, 'tcp', ON_TCP, Math.floor(attacks / 2));
  report.control(await isNoticed(scene), 'a wire that is cut for 3 s');
}

async function restart({ ana, bo }: Scene, ...settings: string[]): Promise<void> {
  for (const person of [ana, bo]) await person.stop();
  for (const person of [ana, bo]) await person.start(undefined, settings);
  await Promise.all([linked(ana), linked(bo)]);
}

/** Attacks one after the other, each as soon as messages pass again. */
async function phase(
  report: Report,
  scene: Scene,
  name: string,
  kinds: Record<string, Attack>,
  count: number,
): Promise<void> {
  const { ana, bo } = scene;
  const [beforeAna, beforeBo] = [await textsFrom(ana, 'Bo'), await textsFrom(bo, 'Ana')];
  const routesBefore = await Promise.all([ana.routes(), bo.routes()]);
  const gaps = new Map<string, number[]>(Object.keys(kinds).map((kind) => [kind, []]));
  let forged = 0;
  for (let turn = 0; turn < count; turn++) {
    const [kind, attack] = Object.entries(kinds)[turn % gaps.size]!;
    await both(scene);
    const startedMs = performance.now();
    if ((await attack(scene, turn)) > 0) forged++;
    await both(scene);
    gaps.get(kind)!.push(performance.now() - startedMs);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  for (const [kind, values] of gaps) report.figures(`${name}, ${kind}`, values, 'ms');
  report.require(forged === count, `${name}: ${forged} of ${count} attacks found their path`);
  const worst = Math.max(...[...gaps.values()].flat());
  report.require(
    worst <= GAP_MS,
    `${name}: messages pass both ways ≤ 2 s after: ${worst.toFixed(0)}`,
  );
  const wanted = Array.from({ length: 2 * count * MESSAGES_EACH_WAY }, (_, i) => {
    return `number ${i % MESSAGES_EACH_WAY}`;
  });
  for (const [person, other, before] of [
    [ana, 'Bo', beforeAna],
    [bo, 'Ana', beforeBo],
  ] as const) {
    const got = (await textsFrom(person, other)).slice(before.length);
    const same = got.length === wanted.length && got.every((text, i) => text === wanted[i]);
    report.require(same, `${name}: ${person.name} has ${got.length} messages, all once, in order`);
  }
  const routes = await Promise.all([ana.routes(), bo.routes()]);
  const lost = routes.flatMap((all, i) => all.slice(routesBefore[i]!.length));
  const times = lost.filter((route) => route === 'waiting').length;
  report.require(times === 0, `${name}: links lost: ${times}`);
}

/** Messages each way, until the last is stored at the other end. */
async function both({ ana, bo }: Scene): Promise<void> {
  const results = await Promise.all([
    ana.talk('Bo', MESSAGES_EACH_WAY, SAY_EVERY_MS),
    bo.talk('Ana', MESSAGES_EACH_WAY, SAY_EVERY_MS),
  ]);
  if (results.some(({ lost }) => lost > 0)) throw new Error('a message did not arrive in time');
}

/** A gap that is too long is seen as one. */
async function isNoticed(scene: Scene): Promise<boolean> {
  const { bo, internet } = scene;
  internet.cut(bo.room, true);
  const startedMs = performance.now();
  setTimeout(() => internet.cut(bo.room, false), 1.5 * GAP_MS);
  await both(scene);
  return performance.now() - startedMs > GAP_MS;
}
