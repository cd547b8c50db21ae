/**
 * Relays among real daemons, each in a network namespace of its own: two people whose networks do
 * not reach each other talk through a third's relay, take the direct way once it opens, and go on
 * through another relay when theirs is killed. How fast is said here, and judged by bars D1 and D5.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import { Internet } from './rooms/internet.ts';
import { meet, RoomDaemon } from './rooms/room-daemon.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'));
const PORT = 30_000;
const PATIENCE_MS = 60_000;
/** The relays' own nodes are all the DHT there is. */
const RELAYS = { cy: '192.0.2.13', di: '198.18.0.14' };
const HELPERS = Object.values(RELAYS).map((address) => `${address}:${PORT}`);
const SETTINGS = [`dht.bootstrap=${HELPERS.join()}`];

let net: Internet;
let ana: RoomDaemon;
let bo: RoomDaemon;
let relays: RoomDaemon[];

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  net = new Internet();
  const room = (name: string, address: string, ...more: string[]): RoomDaemon =>
    new RoomDaemon(name, net.room(name, [address]), folder, PORT, [...SETTINGS, ...more]);
  ana = room('ana', '198.51.100.11', 'relay.serve=off');
  bo = room('bo', '203.0.113.12', 'relay.serve=off');
  relays = [
    room('cy', RELAYS.cy, 'relay.serve=contacts'),
    room('di', RELAYS.di, 'relay.serve=contacts'),
  ];
  for (const person of [...relays, ana, bo]) await person.start();
});

after(async () => {
  await net.close();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > PATIENCE_MS) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Math.round(performance.now() - startedMs);
}

async function routeOf(person: RoomDaemon, to: string): Promise<string> {
  return (await person.call('route.show', { to })).route;
}

/** How long a message takes until its reader's device has it. */
async function deliver(from: RoomDaemon, to: string): Promise<number> {
  const { lost, ms } = await from.talk(to, 1, 0);
  assert.equal(lost, 0, `${from.name} to ${to}`);
  return Math.round(ms[0]!);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

describe('relays', { concurrency: false }, () => {
  test('two whose networks do not reach each other talk through the relay of a third', async () => {
    for (const relay of relays) for (const one of [ana, bo]) await meet(relay, one);
    await until('a place at both relays', async () => {
      const counts = await Promise.all([ana, bo].map((one) => one.stats()));
      return counts.every((all) => all['circuits.reserved'] === 2);
    });
    await meet(ana, bo);
    net.apart(ana.room, bo.room, 'everything');
    const ms = [await deliver(ana, 'bo'), await deliver(bo, 'ana')];
    say(`the direct way is shut: ${ms.join(' ms, ')} ms through a relay`);
    assert.equal(await routeOf(ana, 'bo'), 'relay');
    const route = await ana.call('route.show', { to: 'bo' });
    assert.equal(route.hops, 1);
    assert.equal(route.peerSeesMyIp, true);
  });

  test('both start anew, with the direct way shut', async () => {
    await ana.stop();
    await bo.stop();
    await ana.start();
    await bo.start();
    const tookMs = await until('a link through a relay', async () => {
      return (await routeOf(ana, 'bo')) === 'relay' && (await routeOf(bo, 'ana')) === 'relay';
    });
    say(`linked through a relay ${tookMs} ms after both had started`);
    await deliver(ana, 'bo');
    await deliver(bo, 'ana');
  });

  test('the relay is killed: another one carries them', async () => {
    const counts = await Promise.all(relays.map((relay) => relay.stats()));
    const carrier = counts.findIndex((all) => (all['relay.circuits'] ?? 0) > 0);
    assert.ok(carrier >= 0, 'one of them carries the circuit');
    process.kill(relays[carrier]!.pid, 'SIGKILL');
    const ms = [await deliver(ana, 'bo'), await deliver(bo, 'ana')];
    say(`after the kill: ${ms.join(' ms, ')} ms`);
    assert.equal(await routeOf(ana, 'bo'), 'relay');
  });

  test('a direct way that opens is taken', async () => {
    net.apart(ana.room, bo.room, 'nothing');
    const tookMs = await until('a direct path', async () => {
      return (await routeOf(ana, 'bo')) === 'direct' && (await routeOf(bo, 'ana')) === 'direct';
    });
    say(`direct ${tookMs} ms after the way had opened`);
    await deliver(ana, 'bo');
  });
});
