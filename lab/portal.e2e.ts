/**
 * A network that wants a sign-in first, as hotels have it (lab/nets/portal.ts): nothing is lost
 * there, nothing false is told, and who has signed in is linked again without doing more.
 *
 *   Ana 198.51.100.101 (port 443)        Bo, a guest of the hotel 203.0.113.11
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { verdictOf } from '@sotto/api/checks.ts';
import { ROOT } from './bars/bar.ts';
import { Homes } from './nets/homes.ts';
import { Portal } from './nets/portal.ts';
import { Internet } from './rooms/internet.ts';
import { linked, meet, RoomDaemon, routeTo, textsFrom } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';

const SHUT_MS = 10_000;
/** Until a link is given up over which nothing comes any more. */
const LOST_MS = 60_000;
const LINKED_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'sotto-portal-'));
let internet: Internet;
let homes: Homes;
let portal: Portal;
let ana: RoomDaemon;
let bo: RoomDaemon;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  internet = new Internet();
  homes = new Homes(internet);
  const hotel = await homes.add('port');
  portal = await Portal.on(hotel.gateway!);
  const settings = ['dht.bootstrap=198.51.100.101:443', 'relay.serve=off', 'relays.public=false'];
  const outside = internet.room('ana', ['198.51.100.101']);
  ana = new RoomDaemon('Ana', outside, folder, 443, settings);
  bo = new RoomDaemon('Bo', hotel.host('bo'), folder, 20_303, settings);
  portal.signIn(bo.room);
  await Promise.all([ana.start(), bo.start()]);
  await meet(ana, bo);
});

after(async () => {
  await internet.close();
  homes.close();
  rmSync(folder, { recursive: true, force: true });
});

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

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
