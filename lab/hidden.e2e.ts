/**
 * Hidden IP on the wire: two real daemons who hide from everybody, each packet of theirs captured.
 * They meet by an invite, talk and come back, and not one packet goes anywhere but to their relays:
 * not to each other, and none that asks the DHT anything.
 *
 *   Ana 198.51.100.11, relays R0 and R1      R0 192.0.2.13   R1 198.19.0.14
 *   Bo  203.0.113.12,  relays R2 and R3      R2 203.0.113.99 R3 198.18.0.15
 *
 * Each has an address of IPv6 beside it. The relays are all the DHT there is.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { STARTING_MS } from '@sotto/daemon/doctor-online.ts';
import { capture, endCapture, readCapture } from './bars/a3-capture.ts';
import { ROOT } from './bars/bar.ts';
import { both } from './bars/d3-scene.ts';
import { Internet } from './rooms/internet.ts';
import { linked, RoomDaemon, routeTo } from './rooms/room-daemon.ts';

const PORT = 30_501;
const RELAYS = ['192.0.2.13', '198.19.0.14', '203.0.113.99', '198.18.0.15'];
const HELPERS = `dht.bootstrap=${RELAYS.flatMap(both)
  .map((host) => `${host.includes(':') ? `[${host}]` : host}:${PORT}`)
  .join()}`;
const PEOPLE = { Ana: '198.51.100.11', Bo: '203.0.113.12' };
/** A name among the helpers: looking it up would be seen. */
const NAMED = `${HELPERS},helper.invalid:6881`;
const LINKED_MS = 30_000;
const SAY_EVERY_MS = 20;

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'hidden-'));
let internet: Internet;

before(() => {
  const build = [join(ROOT, 'tools', 'build.mjs'), 'programs'];
  execFileSync(process.execPath, build, { stdio: 'ignore' });
  internet = new Internet();
});

after(async () => {
  await internet.close();
  rmSync(folder, { recursive: true, force: true });
});

function daemon(name: string, host: string, ...settings: string[]): RoomDaemon {
  const room = internet.room(name.toLowerCase(), both(host));
  return new RoomDaemon(name, room, folder, PORT, [HELPERS, ...settings]);
}

async function bothLinked(ana: RoomDaemon, bo: RoomDaemon): Promise<void> {
  await Promise.all([linked(ana, LINKED_MS, 'Bo'), linked(bo, LINKED_MS, 'Ana')]);
}

test('[DSC-34] who hides and knows no relay asks nobody, the doctor neither', async () => {
  const host = '198.51.100.21';
  const settings = [NAMED, 'relay.serve=off', 'routes.default=hidden'];
  const cy = new RoomDaemon('Cy', internet.room('cy', [host]), folder, PORT, settings);
  const file = join(folder, 'Cy.pcap');
  const captured = capture(cy.room, file);
  await cy.start();
  // After the first half minute silence would be a fault.
  await new Promise((done) => setTimeout(done, STARTING_MS));
  const { checks } = await cy.call('doctor.run', {});
  const found = checks.map(({ check, finding }) => `${check} ${finding}`);
  assert.ok(found.includes('helpers hidden'), found.join());
  await cy.stop();
  await endCapture(captured);
  assert.deepEqual(
    readCapture(file).filter(({ from }) => from === host),
    [],
  );
});

test('[RLY-22, DSC-34, POL-8] who hides sends packets to relays alone', async () => {
  const relays = RELAYS.map((host, i) => daemon(`R${i}`, host, 'relay.serve=public'));
  // One after the other: who starts first would else find nobody and ask again in a minute.
  for (const relay of relays) await relay.start();
  const shown = await Promise.all(relays.map((relay) => relay.call('relay.show', {})));
  const people = Object.entries(PEOPLE).map(([name, host], i) => {
    const list = shown.slice(2 * i, 2 * i + 2).map(({ text }) => text);
    const own = `relays.list=${list.join()}`;
    return daemon(name, host, 'relay.serve=off', 'routes.default=hidden', own);
  });
  const [ana, bo] = people as [RoomDaemon, RoomDaemon];
  const files = people.map(({ name }) => join(folder, `${name}.pcap`));
  const captures = people.map(({ room }, i) => capture(room, files[i]!));
  await Promise.all(people.map((person) => person.start()));

  const { link } = await ana.call('invites.create', {});
  await bo.call('contacts.add', { text: link!, name: 'Ana' });
  await bothLinked(ana, bo);
  await Promise.all(people.map((person) => person.stop()));
  for (const [i, person] of people.entries()) {
    await person.start(undefined, [`net.port=${PORT + 1 + i}`]);
  }
  await bothLinked(ana, bo);
  const talks = [await ana.talk('Bo', 5, SAY_EVERY_MS), await bo.talk('Ana', 5, SAY_EVERY_MS)];
  assert.deepEqual(
    talks.map(({ lost }) => lost),
    [0, 0],
  );
  const routes = [await routeTo(ana, 'Bo'), await routeTo(bo, 'Ana')];
  for (const { hops, peerSeesMyIp, route } of routes) {
    assert.deepEqual([route, hops, peerSeesMyIp], ['relay', 2, false]);
  }

  await Promise.all(captures.map(endCapture));
  for (const [i, host] of Object.values(PEOPLE).entries()) {
    const sent = readCapture(files[i]!).filter(({ from }) => both(host).includes(from));
    assert.ok(sent.length > 50, 'the capture sees what they send');
    // The router is asked to let an IPv6 port in (MAP-14): it has the address before anybody.
    const theirs = [...RELAYS.slice(2 * i, 2 * i + 2).flatMap(both), 'fe80::1'];
    const elsewhere = sent.filter(({ to }) => !theirs.includes(to));
    assert.deepEqual(elsewhere, []);
    const asked = sent.filter(({ payload }) => decodeKrpc(new Uint8Array(payload)).ok);
    assert.deepEqual(asked, []);
  }
});
