/**
 * Two people on a computer network that has IPv4 alone, IPv6 alone, or both: real daemons, real
 * sockets, and a DHT of the two in each family there is.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import { Namespace } from './dht/namespace.ts';
import { Room } from './rooms/internet.ts';
import { meet, RoomDaemon } from './rooms/room-daemon.ts';

const PORT = 30_301;
const FOUR = ['198.51.100.1', '198.51.100.2'];
const SIX = ['2001:db8:1::1', '2001:db8:1::2'];

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'families-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
});

function at(host: string): string {
  return host.includes(':') ? `[${host}]:${PORT}` : `${host}:${PORT}`;
}

/** Both people in one namespace, each with an address of each of these families. */
async function people(
  name: string,
  families: readonly string[][],
  play: (ana: RoomDaemon, bo: RoomDaemon, namespace: string) => Promise<void>,
): Promise<void> {
  const namespace = new Namespace([]);
  const room = new Room(namespace.name, []);
  try {
    for (const host of families.flat()) {
      const bits = host.includes(':') ? 128 : 32;
      const address = ['addr', 'add', `${host}/${bits}`, 'dev', 'lo'];
      execFileSync('ip', ['-n', namespace.name, ...address]);
    }
    const [ana, bo] = ['Ana', 'Bo'].map((person, i) => {
      const own = families.map((hosts) => hosts[i]!).join();
      const helpers = families.map((hosts) => at(hosts[1 - i]!)).join();
      const settings = [`net.bind=${own}`, `dht.bootstrap=${helpers}`];
      return new RoomDaemon(person, room, join(folder, name), PORT, settings);
    }) as [RoomDaemon, RoomDaemon];
    await Promise.all([ana.start(), bo.start()]);
    await meet(ana, bo);
    await play(ana, bo, namespace.name);
  } finally {
    await room.close();
  }
}

async function write(ana: RoomDaemon, bo: RoomDaemon): Promise<void> {
  const results = [await ana.talk('Bo', 5, 20), await bo.talk('Ana', 5, 20)];
  assert.deepEqual(
    results.map(({ lost, ms }) => [ms.length, lost]),
    [
      [5, 0],
      [5, 0],
    ],
  );
}

test('IPv4 alone', () => people('four', [FOUR], write));

test('IPv6 alone, found through the DHT of that family', () =>
  people('six', [SIX], async (ana, bo) => {
    await write(ana, bo);
    const stats = await ana.stats();
    assert.equal(stats['dht.v6.nodes'], 1);
    assert.equal(stats['dht.v4.nodes'], undefined);
  }));

test('both; and when one goes, the other carries on', () =>
  people('both', [FOUR, SIX], async (ana, bo, namespace) => {
    await write(ana, bo);
    const stats = await ana.stats();
    assert.deepEqual([stats['dht.v4.nodes'], stats['dht.v6.nodes']], [1, 1]);
    const routes = JSON.stringify(await bo.call('route.show', { to: 'Ana' }));
    const gone = routes.includes('2001:db8') ? SIX : FOUR;
    for (const host of gone) {
      const bits = host.includes(':') ? 128 : 32;
      execFileSync('ip', ['-n', namespace, 'addr', 'del', `${host}/${bits}`, 'dev', 'lo']);
    }
    await write(ana, bo);
  }));
