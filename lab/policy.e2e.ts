/**
 * Policies on the wire: two real daemons, each in a room of its own, with a DHT of others, and each
 * packet of the one who chooses captured. Under Hidden IP without a relay not one goes to or comes
 * from the other, and the DHT is asked nothing; the same capture under Automatic finds both. Under
 * Direct only the relay where both have a place carries nothing for them.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { capture, readCapture, type Packet } from './bars/a3-capture.ts';
import { ROOT } from './bars/bar.ts';
import { Internet } from './rooms/internet.ts';
import { linked, meet, RoomDaemon } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';
import { sightings, story } from './sightings.ts';

const PORT = 30_401;
const ANA = '198.51.100.11';
const BO = '198.51.100.12';
const PAIR = { own: ANA, other: BO };
const CY = '203.0.113.13';
const HELPERS = ['198.18.1.1', '198.18.2.1', '198.18.3.1'];
/** What a link needs to end: its last words and their acknowledgement. */
const FAREWELL_MS = 1_500;
const ARRIVED_MS = 10_000;
const WATCH_MS = 4_000;
const LINKED_MS = 60_000;

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'policy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => {
  const build = [join(ROOT, 'tools', 'build.mjs'), 'programs'];
  execFileSync(process.execPath, build, { stdio: 'ignore' });
});

interface Scene {
  readonly internet: Internet;
  readonly ana: RoomDaemon;
  readonly bo: RoomDaemon;
  /** Another daemon, with these settings. */
  start(name: string, host: string, settings: string[]): Promise<RoomDaemon>;
  /** All packets of Ana's room so far. */
  packets(): Packet[];
}

async function inTown(play: (scene: Scene) => Promise<void>): Promise<void> {
  const internet = new Internet();
  const ours = mkdtempSync(join(folder, 'scene-'));
  const file = join(ours, 'ana.pcap');
  try {
    const bootstrap = `dht.bootstrap=${HELPERS.map((host) => `${host}:${PORT}`).join()}`;
    const start: Scene['start'] = async (name, host, more) => {
      const room = internet.room(name.toLowerCase(), [host]);
      if (name === 'Ana') capture(room, file);
      const daemon = new RoomDaemon(name, room, ours, PORT, [bootstrap, ...more]);
      await daemon.start();
      return daemon;
    };
    for (const [i, host] of HELPERS.entries()) await start(`H${i}`, host, []);
    // Nobody keeps them among the helpers, so they never meet in the DHT by chance.
    const settings = ['dht.readOnly=true', 'relay.serve=off'];
    const ana = await start('Ana', ANA, settings);
    const bo = await start('Bo', BO, settings);
    await meet(ana, bo);
    await play({ internet, ana, bo, start, packets: () => readCapture(file) });
  } finally {
    await internet.close();
  }
}

/** Both write while the rule holds, and Bo comes back as if from nowhere. */
async function write({ ana, bo }: Scene): Promise<void> {
  for (const [person, to] of [
    [ana, 'Bo'],
    [bo, 'Ana'],
  ] as const) {
    await say(person, to, `to ${to}`);
  }
}

async function say(from: RoomDaemon, to: string, text: string): Promise<void> {
  const clientId = Math.random().toString(16).slice(2).padEnd(32, '0').slice(0, 32);
  await from.call('messages.send', { to, text, clientId });
}

test('[POL-3, POL-4, POL-5, POL-7, POL-8] on the wire, each policy keeps what it says', () =>
  inTown(async (scene) => {
    const { ana, bo, packets } = scene;
    await write(scene);
    await sleep(1_000);
    const control = sightings(packets(), PAIR, 0, Date.now());
    assert.ok(control.between > 20 && control.asked > 0, JSON.stringify(control));

    for (const [policy, held] of [
      ['hidden', 'no-relay'],
      ['lan', 'not-here'],
    ] as const) {
      const { route } = await ana.call('route.set', { to: 'Bo', policy, looser: true });
      assert.deepEqual([route.policy, route.held, route.peerSeesMyIp], [policy, held, false]);
      const changedMs = Date.now();
      await sleep(FAREWELL_MS);
      await write(scene);
      await bo.stop();
      await bo.start();
      await sleep(WATCH_MS);
      const { between } = sightings(packets(), PAIR, changedMs + FAREWELL_MS, Date.now());
      const { asked } = sightings(packets(), PAIR, changedMs, Date.now());
      const told = story(packets(), PAIR, changedMs);
      assert.deepEqual([policy, between, asked], [policy, 0, 0], told);
      const theirs = await bo.call('route.show', { to: 'Ana' });
      // What came after it could not reach them any more.
      assert.equal(theirs.theirPolicy, 'hidden');
    }

    const refused = ana.call('route.set', { to: 'Bo', policy: 'direct' });
    await assert.rejects(refused, /asks for a yes first/);
    await ana.call('route.set', { to: 'Bo', policy: 'direct', looser: true });
    await linked(ana);
    await linked(bo);
    await until('Bo has all messages', ARRIVED_MS, async () => {
      return (await bo.call('messages.list', { to: 'Ana' })).messages.length >= 6;
    });
    assert.equal((await ana.call('route.show', { to: 'Bo' })).route, 'direct');
  }));

/** What a relay did for others so far: asked for circuits, and carried on them. */
async function service(relay: RoomDaemon): Promise<Record<'asked' | 'bytes' | 'circuits', number>> {
  const stats = await relay.stats();
  const count = (name: string): number => stats[`relay.${name}`]!;
  const asked = count('opened') + count('refused');
  return { asked, bytes: count('relayedBytes'), circuits: count('circuits') };
}

/** Has this person a message of the other? */
async function has(person: RoomDaemon, from: string, text: string): Promise<boolean> {
  const { messages } = await person.call('messages.list', { to: from });
  return messages.some((message) => !message.outgoing && message.text === text);
}

test('[POL-4, POL-5, POL-7] Direct only, and no direct way: no relay is asked, and it waits', () =>
  inTown(async ({ ana, bo, internet, start }) => {
    const cy = await start('Cy', CY, ['relay.serve=contacts']);
    for (const one of [ana, bo]) await meet(cy, one);
    await until('both have a place at the relay', LINKED_MS, async () => {
      const stats = await Promise.all([ana, bo].map((one) => one.stats()));
      return stats.every((one) => one['circuits.reserved'] === 1);
    });
    internet.apart(ana.room, bo.room, 'everything');
    await say(ana, 'Bo', 'by the relay');
    await until('it is there', LINKED_MS, () => has(bo, 'Ana', 'by the relay'));
    const control = await service(cy);
    assert.ok(control.asked > 0 && control.bytes > 0, JSON.stringify(control));
    assert.equal((await ana.call('route.show', { to: 'Bo' })).route, 'relay');

    const { route } = await ana.call('route.set', { to: 'Bo', policy: 'direct', looser: true });
    assert.equal(route.policy, 'direct');
    await sleep(FAREWELL_MS);
    const before = await service(cy);
    assert.equal(before.circuits, 0);
    await say(ana, 'Bo', 'not by a relay');
    await bo.stop();
    await bo.start();
    await say(bo, 'Ana', 'nor this');
    await sleep(WATCH_MS);
    assert.deepEqual(await service(cy), before);
    assert.equal((await bo.call('route.show', { to: 'Ana' })).theirPolicy, 'direct');
    assert.equal(await has(bo, 'Ana', 'not by a relay'), false);

    await ana.call('route.set', { to: 'Bo', policy: 'auto', looser: true });
    await until('all that waited is there', LINKED_MS, async () => {
      return (await has(bo, 'Ana', 'not by a relay')) && (await has(ana, 'Bo', 'nor this'));
    });
    assert.ok((await service(cy)).bytes > before.bytes);
  }));
