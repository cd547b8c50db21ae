/**
 * Two people who never met, each at home behind a router that lets in nothing but answers, meet by
 * an invite or by an ID through 30 real libtorrent nodes. No relay, nobody else's help.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import type { HomeKind } from './nets/kinds.ts';
import { RoomDaemon } from './rooms/room-daemon.ts';
import { Town, until } from './rooms/town.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-first-'));
const SETTLE_MS = 10_000;
const INVITE_MS_MAX = 75_000;
let town: Town;
let people = 0;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  town = await Town.build({ nodes: 30, delayMs: 25, lossPercent: 0, folder });
});

after(async () => {
  await town.close();
  rmSync(folder, { recursive: true, force: true });
});

async function person(name: string, kind: HomeKind): Promise<RoomDaemon> {
  const number = people++;
  const home = await town.homes.add(kind);
  const settings = [`dht.bootstrap=${town.bootstrap.join(',')}`];
  const room = home.host(`p${number}`);
  const daemon = new RoomDaemon(`${name}${number}`, room, folder, 30_000 + number, settings);
  await daemon.start();
  return daemon;
}

async function isOnline(one: RoomDaemon): Promise<boolean> {
  const { contacts } = await one.call('contacts.list', {});
  return contacts.some(({ online }) => online);
}

for (const kinds of [
  ['port', 'port'],
  ['carrier', 'port'],
  ['restricted', 'symmetric'],
  ['symmetric', 'restricted'],
] as const) {
  test(`an invite leads ${kinds.join(' and ')} together`, async () => {
    const ana = await person('Ana', kinds[0]);
    const bo = await person('Bo', kinds[1]);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const { link } = await ana.call('invites.create', {});
    await bo.call('contacts.add', { text: link!, name: 'Ana' });
    const both = async (): Promise<boolean> => (await isOnline(ana)) && (await isOnline(bo));
    const tookMs = await until('both linked', INVITE_MS_MAX, both);
    process.stdout.write(`${kinds.join(' × ')}: linked after ${Math.round(tookMs)} ms\n`);
    const { contacts } = await bo.call('contacts.list', {});
    const { route } = await bo.call('route.show', { to: contacts[0]!.conversation });
    assert.equal(route, 'direct');
    await ana.stop();
    await bo.stop();
  });
}
