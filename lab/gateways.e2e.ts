/**
 * Gateways that let nothing through for a while. One wants a sign-in first, as in hotels
 * (lab/nets/portal.ts): nothing is lost there, nothing false is told, and who has signed in is
 * linked again without doing more. One forgets what is silent as soon as routers may (RFC 4787,
 * REQ-5 asks for two minutes; many take 30 s): a link on which nobody writes holds its way open.
 *
 *   Ana 198.51.100.101 (port 443)     Bo, a guest of the hotel 203.0.113.11
 *   Di  198.51.100.102 (port 443)     Cy, at home behind 203.0.113.12
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { verdictOf } from '@sotto/api/checks.ts';
import { ROOT } from './bars/bar.ts';
import { type Home, Homes } from './nets/homes.ts';
import { Portal } from './nets/portal.ts';
import { Internet } from './rooms/internet.ts';
import { linked, meet, RoomDaemon, routeTo, textsFrom } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';

const PORT = 443;
const SHUT_MS = 10_000;
const FORGETS_S = 30;
/** Twice what the router remembers, and looked at so often. */
const SILENCE_S = 60;
const LOOK_EVERY_MS = 1_000;
/** Until a link is given up over which nothing comes any more. */
const LOST_MS = 60_000;
const LINKED_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'sotto-gateways-'));
let internet: Internet;
let homes: Homes;
let portal: Portal;
let ana: RoomDaemon;
let bo: RoomDaemon;
let cy: RoomDaemon;
let di: RoomDaemon;
let house: Home;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  internet = new Internet();
  homes = new Homes(internet);
  const hotel = await homes.add('port');
  portal = await Portal.on(hotel.gateway!);
  house = await homes.add('port');
  house.mappingsLive(FORGETS_S);
  const settings = [
    `dht.bootstrap=198.51.100.101:${PORT}`,
    'relay.serve=off',
    'relays.public=false',
  ];
  const outside = (name: string, address: string): RoomDaemon =>
    new RoomDaemon(name, internet.room(name.toLowerCase(), [address]), folder, PORT, settings);
  ana = outside('Ana', '198.51.100.101');
  di = outside('Di', '198.51.100.102');
  bo = new RoomDaemon('Bo', hotel.host('bo'), folder, 20_303, settings);
  cy = new RoomDaemon('Cy', house.host('cy'), folder, 20_304, settings);
  portal.signIn(bo.room);
  await Promise.all([ana, bo, cy, di].map((person) => person.start()));
  await meet(ana, bo);
  await meet(di, cy);
});

after(async () => {
  await internet.close();
  homes.close();
  rmSync(folder, { recursive: true, force: true });
});

async function write(texts: readonly string[]): Promise<void> {
  for (const [i, text] of texts.entries()) {
    await bo.call('messages.send', { to: 'Ana', text, clientId: `${i}`.padStart(32, '0') });
  }
}

async function boSignsIn(what: string): Promise<void> {
  const startedMs = performance.now();
  portal.signIn(bo.room);
  await Promise.all([linked(bo, LINKED_MS, 'Ana'), linked(ana, LINKED_MS, 'Bo')]);
  process.stdout.write(`${what}: linked ${(performance.now() - startedMs).toFixed(0)} ms\n`);
}

async function isWaiting(): Promise<boolean> {
  return (await routeTo(bo, 'Ana')).route === 'waiting';
}

describe('side by side, since each takes a minute', { concurrency: true }, () => {
  test('a sign-in that runs out: what is written waits, and arrives once', async () => {
    portal.signOut(bo.room);
    const texts = ['one', 'two', 'three'];
    await write(texts);
    await until('the link is given up', LOST_MS, isWaiting);
    assert.deepEqual(await textsFrom(ana, 'Bo'), []);
    await boSignsIn('signed in again');
    await until('all arrive', LINKED_MS, async () => {
      return (await textsFrom(ana, 'Bo')).length >= texts.length;
    });
    assert.deepEqual(await textsFrom(ana, 'Bo'), texts);
    assert.equal((await ana.talk('Bo', 3, 20)).lost, 0);
  });

  test('a router that forgets in 30 s: the way through it stays open', async () => {
    // The link alone goes through it: neither has a question for the other's helpers.
    for (const person of [cy, di]) {
      await person.stop();
      await person.start(undefined, ['dht.enabled=false']);
    }
    await linked(cy, LINKED_MS, 'Di');
    assert.equal((await routeTo(cy, 'Di')).transport, 'udx');
    // Nobody speaks on this one again.
    const unused = 9;
    cy.room.run('bash', ['-c', `echo > /dev/udp/${di.room.address}/${unused}`]);
    assert.equal(house.mappingsLeft(cy.room, di.room, unused).length, 1);
    let leastS = FORGETS_S;
    for (const endMs = performance.now() + SILENCE_S * 1_000; performance.now() < endMs;) {
      const left = house.mappingsLeft(cy.room, di.room, PORT);
      assert.equal(left.length, 1, 'the mapping that the link goes through');
      leastS = Math.min(leastS, ...left);
      await pause(LOOK_EVERY_MS);
    }
    process.stdout.write(`mapping: ${leastS} s left at least\n`);
    assert.deepEqual(
      house.mappingsLeft(cy.room, di.room, unused),
      [],
      'what nobody uses is forgotten',
    );
    assert.equal((await di.talk('Cy', 1, 0)).lost, 0);
  });
});

test('[API-22] the doctor says that this network may want a sign-in', async () => {
  await bo.stop();
  portal.signOut(bo.room);
  // Only where documentation addresses belong to nobody can one of them tell.
  await bo.start(undefined, ['net.allowReserved=false']);
  const shut = await bo.call('doctor.run', {});
  assert.equal(verdictOf(shut.checks), 'sign-in', JSON.stringify(shut.checks));
  portal.signIn(bo.room);
  const open = await bo.call('doctor.run', {});
  assert.notEqual(verdictOf(open.checks), 'sign-in', JSON.stringify(open.checks));
});

test('started where nobody has signed in: the page is no contact, and then Ana is', async () => {
  await bo.stop();
  portal.signOut(bo.room);
  const before = await portal.visits();
  await bo.start();
  await pause(SHUT_MS);
  assert.ok((await portal.visits()) > before, 'the page answered in the name of Ana');
  assert.ok(await isWaiting());
  await boSignsIn('started too early');
  const { endpoint } = await routeTo(bo, 'Ana');
  assert.equal(endpoint, '198.51.100.101:443');
});
