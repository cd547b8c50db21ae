/**
 * Contacts who both moved, with no DHT, find each other by a real tracker (opentracker), over HTTP
 * and over UDP. Nothing goes there for who hides.
 *
 *   Ana 198.51.100.101   Bo .102   the tracker .104       then  Ana .111, .121   Bo .112, .122
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Check } from '@sotto/api/contract.ts';
import { ROOT } from './bars/bar.ts';
import { Internet } from './rooms/internet.ts';
import { linked, meet, RoomDaemon, routeTo } from './rooms/room-daemon.ts';
import { RoomTracker } from './rooms/tracker.ts';
import { until } from './rooms/town.ts';

const LINKED_MS = 20_000;
const SERVED_MS = 20_000;
const QUIET_MS = 6_000;

const folder = mkdtempSync(join(tmpdir(), 'sotto-tracker-'));
let internet: Internet;
let tracker: RoomTracker;
let people: readonly [RoomDaemon, RoomDaemon];

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  internet = new Internet();
  tracker = await RoomTracker.start(internet.room('tracker', ['198.51.100.104']), folder);
  const settings = ['dht.bootstrap=198.51.100.101:443', 'relay.serve=off', 'relays.public=false'];
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) => {
    const room = internet.room(name.toLowerCase(), [`198.51.100.${101 + i}`]);
    return new RoomDaemon(name, room, folder, 443, settings);
  });
  people = [ana!, bo!];
  await startBoth([]);
  await meet(...people);
  await Promise.all([linked(ana!), linked(bo!)]);
  assert.deepEqual(tracker.packets, [], 'a tracker that nobody named is not asked');
});

after(async () => {
  await tracker.stop();
  await internet.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startBoth(more: readonly string[]): Promise<void> {
  await Promise.all(people.map((person) => person.start(undefined, more)));
}

async function stopBoth(): Promise<void> {
  await Promise.all(people.map((person) => person.stop()));
}

/** No address that either knows of the other is right any more. */
async function moveBoth(net: number): Promise<void> {
  await stopBoth();
  for (const [i, { room }] of people.entries()) internet.move(room, `198.51.100.${net + i}`);
}

function isAnswered({ check, finding }: Check): boolean {
  return check === 'trackers' && finding === 'answering';
}

/** Has a tracker answered one of them since they were started? */
async function answered(): Promise<boolean> {
  const told = await Promise.all(people.map((person) => person.call('doctor.run', {})));
  return told.some(({ checks }) => checks.some(isAnswered));
}

const moves = [
  ['http', 111],
  ['udp', 121],
] as const;
for (const [kind, net] of moves) {
  test(`[TRK-10, TRK-12] both moved, and no DHT: a tracker over ${kind} leads them together`, async () => {
    const [ana, bo] = people;
    await moveBoth(net);
    await startBoth(['dht.enabled=false']);
    await pause(QUIET_MS / 2);
    assert.equal((await routeTo(ana, 'Bo')).route, 'waiting');
    await stopBoth();
    const named = ['dht.enabled=false', `trackers.list=${tracker.url(kind)}`];
    const before = tracker.packets.length;
    await startBoth(named);
    // It serves a hash from the moment on when it was asked for it; who was refused comes again.
    await until('it was asked', SERVED_MS, () => Promise.resolve(tracker.packets.length > before));
    await pause(1_000);
    const atOnce = await answered();
    await stopBoth();
    await startBoth(named);
    const startedMs = performance.now();
    await Promise.all([linked(ana, LINKED_MS, 'Bo'), linked(bo, LINKED_MS, 'Ana')]);
    process.stdout.write(`${kind}: linked ${(performance.now() - startedMs).toFixed(0)} ms\n`);
    assert.equal((await routeTo(bo, 'Ana')).route, 'direct');
    assert.equal((await ana.talk('Bo', 3, 20)).lost, 0);
    // Whom it led together before the second start do not need to ask it again.
    assert.ok(atOnce || (await answered()), 'a tracker answered one of them');
  });
}

test('[TRK-10] ⚑ with Hidden IP not one packet goes to the tracker', async () => {
  const [ana, bo] = people;
  await bo.stop();
  await until('she looks for him', SERVED_MS, async () => {
    return (await ana.stats())['tracker.targets']! > 0;
  });
  await ana.call('route.set', { to: 'Bo', policy: 'hidden' });
  const before = tracker.packets.length;
  await ana.call('messages.send', { to: 'Bo', text: 'there?', clientId: '0'.repeat(32) });
  await pause(QUIET_MS);
  await ana.stop();
  await ana.start(undefined, ['dht.enabled=false', `trackers.list=${tracker.url('udp')}`]);
  await pause(QUIET_MS);
  assert.equal(tracker.packets.length, before);
});
