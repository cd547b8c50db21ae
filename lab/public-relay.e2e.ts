/**
 * A stranger's relay among real libtorrent nodes: two people behind routers that nothing opens,
 * with no relay named and no contact who is one, find a computer that serves everybody, and meet
 * by it. After a restart they use it without asking for it again.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import { linked, RoomDaemon, routeTo } from './rooms/room-daemon.ts';
import { Town, until } from './rooms/town.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-public-'));
/** In a network of its own, as relays are asked to be. */
const RELAY = '192.0.2.250';
const LEFT_MS_MAX = 5_000;
const LISTED_MS_MAX = 15_000;
const LINKED_MS_MAX = 30_000;
let town: Town;
let relay: RoomDaemon;
let people: readonly [RoomDaemon, RoomDaemon];

function daemon(name: string, room: RoomDaemon['room'], port: number, serve: string): RoomDaemon {
  const settings = [`dht.bootstrap=${town.bootstrap.join(',')}`, `relay.serve=${serve}`];
  return new RoomDaemon(name, room, folder, port, settings);
}

async function atHome(name: string, port: number): Promise<RoomDaemon> {
  const home = await town.homes.add('symmetric');
  return daemon(name, home.host(name.toLowerCase()), port, 'contacts');
}

async function bothLinked([ana, bo]: typeof people): Promise<void> {
  await Promise.all([linked(ana, LINKED_MS_MAX, 'Bo'), linked(bo, LINKED_MS_MAX, 'Ana')]);
}

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  town = await Town.build({ nodes: 12, delayMs: 10, lossPercent: 0, folder });
  relay = daemon('Relay', town.internet.room('relay', [RELAY]), 443, 'public');
  people = [await atHome('Ana', 30_001), await atHome('Bo', 30_002)];
});

after(async () => {
  await town.close();
  rmSync(folder, { recursive: true, force: true });
});

test('[RLY-26, RLY-28] two behind symmetric NATs meet by a relay that nobody named', async () => {
  await relay.start();
  const isListed = async (): Promise<boolean> => (await relay.call('relay.show', {})).listed;
  const listedMs = await until('the relay is listed', LISTED_MS_MAX, isListed);
  await Promise.all(people.map((person) => person.start()));
  const [ana, bo] = people;
  const startedMs = performance.now();
  const { link } = await ana.call('invites.create', {});
  await bo.call('contacts.add', { text: link!, name: 'Ana' });
  await bothLinked(people);
  const linkedMs = performance.now() - startedMs;
  process.stdout.write(`listed ${listedMs.toFixed(0)} ms, linked ${linkedMs.toFixed(0)} ms\n`);
  const route = await routeTo(bo, 'Ana');
  assert.deepEqual([route.route, route.isStrangers], ['relay', true]);
  assert.equal((await ana.talk('Bo', 3, 20)).lost, 0);
  for (const person of people) {
    const { uses } = await person.call('relay.show', {});
    assert.deepEqual(
      uses.map(({ address, reserved, source }) => [address, reserved, source]),
      [[`${RELAY}:443`, true, 'public']],
    );
    const { checks } = await person.call('doctor.run', {});
    assert.equal(checks.find(({ check }) => check === 'relays')?.finding, 'public');
  }
});

test('[RLY-29] both start anew, and the relay of before leads them together', async () => {
  await Promise.all(people.map((person) => person.stop()));
  await Promise.all(people.map((person) => person.start()));
  const startedMs = performance.now();
  await bothLinked(people);
  process.stdout.write(`again after ${(performance.now() - startedMs).toFixed(0)} ms\n`);
  assert.equal((await routeTo(people[0], 'Bo')).route, 'relay');
  assert.equal((await people[0].talk('Bo', 3, 20)).lost, 0);
});

test('[RLY-31] switched off, it is left at once; named by both, it leads them together', async () => {
  const isLeft = async (): Promise<boolean> => {
    const all = await Promise.all(people.map((person) => person.call('relay.show', {})));
    return all.every(({ uses }) => uses.length === 0);
  };
  const setAll = async (key: string, value: string): Promise<void> => {
    for (const person of people) {
      const { restart } = await person.call('config.set', { key, value });
      assert.equal(restart, false);
    }
  };
  await setAll('relays.public', 'false');
  await until('both have left it', LEFT_MS_MAX, isLeft);
  const { text } = await relay.call('relay.show', {});
  await setAll('relays.list', text!);
  await bothLinked(people);
  const { uses } = await people[0].call('relay.show', {});
  assert.deepEqual(
    uses.map(({ source }) => source),
    ['own'],
  );
  assert.equal((await people[0].talk('Bo', 3, 20)).lost, 0);
});
