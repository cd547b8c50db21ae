/**
 * Policies on the wire: two real daemons, each in a room of its own, with a DHT of others, and each
 * packet of the one who chooses captured. Under Hidden IP without a relay not one goes to or comes
 * from the other, and the DHT is asked nothing; the same capture under Automatic finds both.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { capture, readCapture, type Packet } from './bars/a3-capture.ts';
import { ROOT } from './bars/bar.ts';
import { Internet } from './rooms/internet.ts';
import { linked, meet, RoomDaemon } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';

const PORT = 30_401;
const ANA = '198.51.100.11';
const BO = '198.51.100.12';
const HELPERS = ['198.18.1.1', '198.18.2.1', '198.18.3.1'];
/** What a link needs to end: its last words and their acknowledgement. */
const FAREWELL_MS = 1_500;
const ARRIVED_MS = 10_000;
const WATCH_MS = 4_000;

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'policy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => {
  const build = [join(ROOT, 'tools', 'build.mjs'), 'programs'];
  execFileSync(process.execPath, build, { stdio: 'ignore' });
});

interface Scene {
  readonly ana: RoomDaemon;
  readonly bo: RoomDaemon;
  /** All packets of Ana's room so far. */
  packets(): Packet[];
}

async function inTown(play: (scene: Scene) => Promise<void>): Promise<void> {
  const internet = new Internet();
  const file = join(folder, 'ana.pcap');
  try {
    const bootstrap = `dht.bootstrap=${HELPERS.map((host) => `${host}:${PORT}`).join()}`;
    const start = async (name: string, host: string, more: string[]): Promise<RoomDaemon> => {
      const room = internet.room(name.toLowerCase(), [host]);
      if (name === 'Ana') capture(room, file);
      const daemon = new RoomDaemon(name, room, folder, PORT, [bootstrap, ...more]);
      await daemon.start();
      return daemon;
    };
    for (const [i, host] of HELPERS.entries()) await start(`H${i}`, host, []);
    // Nobody keeps them among the helpers, so they never meet in the DHT by chance.
    const ana = await start('Ana', ANA, ['dht.readOnly=true']);
    const bo = await start('Bo', BO, ['dht.readOnly=true']);
    await meet(ana, bo);
    await play({ ana, bo, packets: () => readCapture(file) });
  } finally {
    await internet.close();
  }
}

/** Between the two, and what asks or tells the DHT anything, in a stretch of time. */
function seen(packets: readonly Packet[], fromMs: number, toMs: number): [number, number] {
  const then = packets.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const between = then.filter(({ from, to }) => from === BO || to === BO);
  const asked = then.filter(({ from, payload, protocol }) => {
    if (protocol !== 'udp' || from !== ANA) return false;
    const read = decodeKrpc(new Uint8Array(payload));
    if (!read.ok || read.kind !== 'query') return false;
    return read.query.method === 'get' || read.query.method === 'put';
  });
  return [between.length, asked.length];
}

/** What passed between the two around a change, for who reads why a test failed. */
function story(packets: readonly Packet[], changedMs: number): string {
  const near = packets.filter(({ atMs, from, to }) => {
    return (from === BO || to === BO) && atMs > changedMs - 200;
  });
  const lines = near.map(({ atMs, from, payload, protocol, to }) => {
    return `${(atMs - changedMs).toFixed(0)} ms: ${protocol} ${from} > ${to} ${payload.length}`;
  });
  return ['they must not hear from each other', ...lines].join('\n');
}

/** Both write while the rule holds, and Bo comes back as if from nowhere. */
async function write({ ana, bo }: Scene): Promise<void> {
  for (const [person, to] of [
    [ana, 'Bo'],
    [bo, 'Ana'],
  ] as const) {
    const clientId = Math.random().toString(16).slice(2).padEnd(32, '0').slice(0, 32);
    await person.call('messages.send', { to, text: `to ${to}`, clientId });
  }
}

test('[POL-3, POL-4, POL-5, POL-7, POL-8] on the wire, each policy keeps what it says', () =>
  inTown(async (scene) => {
    const { ana, bo, packets } = scene;
    await write(scene);
    await sleep(1_000);
    const control = seen(packets(), 0, Date.now());
    assert.ok(control[0] > 20 && control[1] > 0, `control: ${control.join(' ')}`);

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
      const [between] = seen(packets(), changedMs + FAREWELL_MS, Date.now());
      const [, asked] = seen(packets(), changedMs, Date.now());
      assert.deepEqual([policy, between, asked], [policy, 0, 0], story(packets(), changedMs));
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
