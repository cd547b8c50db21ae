/**
 * A relay for everybody whose own port is another one is on TCP port 443 too, for who gets no
 * further than there: two people who are both behind HTTP proxies that allow port 443 alone talk
 * through it, and nothing leaves past either proxy; so do two of whom one is in a network that
 * passes only the web.
 *
 *   Ana 198.51.100.101 - proxy .104 --+
 *                                     +-- Cy .102, port 20304 and TCP 443
 *   Bo  198.51.100.103 - proxy .105 --+
 *    '- later behind a gateway that lets out TCP to ports 80 and 443 (lab/nets, kind `web`)
 *
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from './bars/bar.ts';
import { both } from './bars/d3-scene.ts';
import { Homes } from './nets/homes.ts';
import { watchPast } from './past-proxy.ts';
import { tinyproxy } from './proxies.ts';
import { Internet } from './rooms/internet.ts';
import { meet, RoomDaemon } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';

const PORT = 3_128;
const LINKED_MS = 60_000;
const TOLD_MS = 3_000;
const ROUNDS = 3;
const NAMES = ['Ana', 'Cy', 'Bo'] as const;

const folder = mkdtempSync(join(tmpdir(), 'sotto-proxy-relay-'));
let internet: Internet;
let homes: Homes;
let people: RoomDaemon[];

before(() => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  internet = new Internet();
  homes = new Homes(internet);
});

after(async () => {
  await internet.close();
  homes.close();
  rmSync(folder, { recursive: true, force: true });
});

async function isLinked(from: RoomDaemon, name: string): Promise<boolean> {
  const { contacts } = await from.call('contacts.list', {});
  return contacts.some((contact) => contact.name === name && contact.online);
}

test('[PRX-11] [RLY-25] two people behind HTTP proxies talk through a relay on port 443', async () => {
  const helpers = 'dht.bootstrap=198.51.100.102:20304';
  people = NAMES.map((name, i) => {
    const room = internet.room(name.toLowerCase(), both(`198.51.100.${101 + i}`));
    const serve = `relay.serve=${name === 'Cy' ? 'public' : 'off'}`;
    return new RoomDaemon(name, room, folder, 20_303 + i, [helpers, serve]);
  });
  const [ana, cy, bo] = people as [RoomDaemon, RoomDaemon, RoomDaemon];
  await Promise.all(people.map((person) => person.start()));
  await meet(cy, ana);
  await meet(cy, bo);
  await meet(ana, bo);
  const all = [ana, bo];
  /** What both send past their proxies from now on, until it ends. */
  const watch = async (when: string): Promise<() => Promise<number[]>> => {
    const ends = all.map(({ name, room }, i) =>
      watchPast(room, `198.51.100.${104 + i}`, join(folder, `${name}-${when}.pcap`)),
    );
    const ending = await Promise.all(ends);
    return async () => (await Promise.all(ending.map((end) => end()))).map(({ length }) => length);
  };
  const endControl = await watch('control');
  await until('all know each other', LINKED_MS, async () => {
    const pairs = [isLinked(ana, 'Cy'), isLinked(ana, 'Bo'), isLinked(bo, 'Cy')];
    return (await Promise.all(pairs)).every(Boolean);
  });
  await until('places at the relay', LINKED_MS, async () => {
    const stats = await Promise.all(all.map((person) => person.stats()));
    return stats.every((one) => Object.entries(one).some(([k, v]) => /reserv/i.test(k) && v > 0));
  });
  // Each tells the other of its place over the link that stands; nothing of ours says when.
  await pause(TOLD_MS);
  await Promise.all(all.map((person) => person.stop()));
  assert.ok(
    (await endControl()).every((count) => count > 0),
    'without proxies it is not empty',
  );
  const endWatch = await watch('past');
  for (const [i, person] of all.entries()) {
    const room = internet.room(`pro${i}`, [`198.51.100.${104 + i}`]);
    const proxy = await tinyproxy(room, PORT, [443]);
    await person.start(undefined, ['proxy.kind=http', `proxy.address=${proxy.address}`]);
  }
  await until('linked through the relay', LINKED_MS, () => isLinked(ana, 'Bo'));
  const results = [await ana.talk('Bo', 5, 20), await bo.talk('Ana', 5, 20)];
  assert.deepEqual(
    results.map(({ lost }) => lost),
    [0, 0],
  );
  const route = await ana.call('route.show', { to: 'Bo' });
  assert.deepEqual([route.route, route.peerSeesMyIp], ['relay', false]);
  assert.deepEqual(await endWatch(), [0, 0], 'nothing leaves past either proxy');
});

test('[RLY-25] one in a network that passes only the web, one who cannot be called are linked', async () => {
  const [ana, cy, bo] = people as [RoomDaemon, RoomDaemon, RoomDaemon];
  assert.match((await cy.call('relay.show', {})).text ?? '', /@198\.51\.100\.102:20304\+443$/);
  const web = await homes.add('web');
  const tookMs: number[] = [];
  for (const person of [ana, bo]) await person.stop();
  internet.unplug(bo.room);
  web.take(bo.room);
  for (let i = 0; i < ROUNDS; i++) {
    await Promise.all([ana.start(), bo.start()]);
    const beganMs = performance.now();
    await until('linked', LINKED_MS, async () => {
      return (await isLinked(ana, 'Bo')) && (await isLinked(bo, 'Ana'));
    });
    tookMs.push(Math.round(performance.now() - beganMs));
    const results = [await ana.talk('Bo', 5, 20), await bo.talk('Ana', 5, 20)];
    assert.deepEqual(
      results.map(({ lost }) => lost),
      [0, 0],
    );
    assert.equal((await bo.call('route.show', { to: 'Ana' })).route, 'relay');
    await Promise.all([ana.stop(), bo.stop()]);
  }
  process.stdout.write(`linked from a network of the web alone: ${tookMs.join(' ms, ')} ms\n`);
});
