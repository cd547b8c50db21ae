/**
 * D3: Hidden IP. Somebody who hides connects by an invite, chats, comes back, knocks, is knocked
 * at, shows herself for a while and hides again; d3-scene.ts has the people and what is watched.
 *
 *   hidden     Ana hides from the start: invite, chat, coming back, a knock, her door
 *   automatic  she shows herself to Bo: the same look must find her (the control)
 *   again      she hides again, and moves: her new address has never been told
 *   both       Bo moves and hides too: two relays are between, of which neither sees both
 *
 * Wanted: no packet between her address and theirs, no packet from it to a node of the DHT, and
 * nothing that they received, opened with their keys or kept names it; nothing of anybody on the
 * disks and in the logs of the relays.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { encodeEndpoint } from '@sotto/core/base/endpoint.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { openProfile } from '../rooms/profile.ts';
import { routeTo } from '../rooms/room-daemon.ts';
import type { Packet } from './a3-capture.ts';
import { needlesOf, search, type Needle } from './a3-needles.ts';
import { ahead } from './ahead.ts';
import type { Bar, Report } from './bar.ts';
import { ANA, ANA_MOVED, BO_MOVED, both, HiddenScene, PEERS, PEOPLE, PORT } from './d3-scene.ts';

const MESSAGES = 100;
const MESSAGES_SHORT = 10;
const RESTARTS = 5;
const RESTARTS_SHORT = 1;
const KNOCK_MS = 180_000;
/** What a link needs to end: its last words and their acknowledgement. */
const FAREWELL_MS = 1_500;
/** What was under way when somebody hid is over. */
const SETTLE_MS = 5_000;
const HIDES = 'routes.default=hidden';
/** Ports that she had. */
const PORTS = 40;

export const bar: Bar = {
  id: 'D3',
  title: 'Hidden IP: no packet from or naming the hidden address, at peers, DHT nodes and relays',
  async run(report, { folder, short }) {
    const scene = await HiddenScene.build(folder);
    try {
      const size = short
        ? { messages: MESSAGES_SHORT, restarts: RESTARTS_SHORT }
        : { messages: MESSAGES, restarts: RESTARTS };
      let spans: Spans | undefined;
      await ahead(report, async () => void (spans = await play(report, scene, size)));
      await scene.stop();
      if (spans) await judge(report, scene, spans);
    } finally {
      await scene.town.close();
    }
  },
};

interface Size {
  readonly messages: number;
  readonly restarts: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

type Spans = Readonly<Record<'hidden' | 'automatic' | 'again' | 'moved' | 'both', Span>>;

/** One step; that it works is a requirement, and what comes after it is looked at all the same. */
async function step(report: Report, what: string, work: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  try {
    await work();
    report.require(true, `${what} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  } catch (error) {
    report.require(false, `${what}: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

async function play(report: Report, scene: HiddenScene, size: Size): Promise<Spans> {
  const beginMs = Date.now();
  await hide(report, scene, size);
  const shownMs = Date.now();
  await show(report, scene, size);
  const againMs = await hideAgain(report, scene, size);
  const movedMs = await move(report, scene, size);
  const bothMs = await bothHide(report, scene, size);
  return {
    hidden: { fromMs: beginMs, toMs: shownMs },
    automatic: { fromMs: shownMs, toMs: againMs - FAREWELL_MS },
    again: { fromMs: againMs, toMs: movedMs },
    moved: { fromMs: movedMs, toMs: Infinity },
    both: { fromMs: bothMs, toMs: Infinity },
  };
}

async function hide(report: Report, scene: HiddenScene, size: Size): Promise<void> {
  const { ana, bo, people } = scene;
  for (const name of ['Ana', ...PEERS] as const) await scene.start(name);
  await step(report, 'Ana hides: Bo uses her invite and they are linked', async () => {
    const { link } = await ana.call('invites.create', {});
    await bo.call('contacts.add', { text: link!, name: 'Ana' });
    await scene.linked('Bo', 'relay');
  });
  await step(report, 'Ana hides: chat', () => scene.chat('Bo', size.messages));
  for (let i = 0; i < size.restarts; i++) {
    await step(report, 'Ana hides: both come back elsewhere', async () => {
      await (i % 2 === 0 ? scene.restart('Ana', 'Bo') : scene.restart('Bo', 'Ana'));
      await scene.linked('Bo', 'relay');
      await scene.chat('Bo', 1);
    });
  }
  await step(report, 'Ana hides: she knocks at the door of Dora and is let in', async () => {
    const { id } = await people.Dora.call('status.get', {});
    await people.Dora.call('door.open', { anyway: true });
    await ana.call('contacts.add', { text: id, name: 'Dora', hello: 'It is me' });
    await scene.letIn('Dora', KNOCK_MS);
    await scene.linked('Dora', 'relay');
    await scene.chat('Dora', 1);
  });
  await step(report, 'Ana hides: Emil knocks at her door and is let in', async () => {
    const { id } = await ana.call('status.get', {});
    await ana.call('door.open', {});
    await people.Emil.call('contacts.add', { text: id, name: 'Ana', anyway: true });
    await scene.letIn('Ana', KNOCK_MS);
    await scene.linked('Emil', 'relay');
    await scene.chat('Emil', 1);
  });
  await tellHops(report, scene, 'Ana alone hides');
}

async function show(report: Report, scene: HiddenScene, size: Size): Promise<void> {
  await step(
    report,
    'Ana shows herself to Bo: directly linked, also after both came back',
    async () => {
      await scene.ana.call('route.set', { to: 'Bo', policy: 'auto', looser: true });
      await scene.linked('Bo', 'direct');
      await scene.restart('Ana', 'Bo');
      await scene.linked('Bo', 'direct');
      await scene.chat('Bo', size.messages);
    },
  );
}

/** @returns since when her former address must be silent. */
async function hideAgain(report: Report, scene: HiddenScene, size: Size): Promise<number> {
  await scene.ana.call('route.set', { to: 'Bo', policy: 'hidden' });
  const sinceMs = Date.now() + FAREWELL_MS;
  await step(report, 'Ana hides again: chat', async () => {
    await scene.linked('Bo', 'relay');
    await scene.chat('Bo', size.messages);
  });
  return sinceMs;
}

/** @returns since when she has an address that nobody was told. */
async function move(report: Report, scene: HiddenScene, size: Size): Promise<number> {
  const { ana, town } = scene;
  const sinceMs = Date.now();
  for (const address of ANA_MOVED) town.internet.move(ana.room, address);
  await step(report, 'Ana hides and has another address: chat', async () => {
    await scene.chat('Bo', size.messages);
    await scene.restart('Bo', 'Ana');
    await scene.linked('Bo', 'relay');
    await scene.chat('Bo', size.messages);
  });
  return sinceMs;
}

/** @returns since when two relays are between. */
async function bothHide(report: Report, scene: HiddenScene, size: Size): Promise<number> {
  const { ana, bo, town } = scene;
  await bo.call('route.set', { to: 'Ana', policy: 'hidden' });
  await Promise.all([ana.stop(), bo.stop()]);
  // Nodes of the DHT still tell where he was as long as he took part in it.
  for (const address of BO_MOVED) town.internet.move(bo.room, address);
  await scene.start('Bo', HIDES);
  await scene.start('Ana');
  await step(report, 'both hide: linked', () => scene.linked('Bo', 'relay'));
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const sinceMs = Date.now();
  await step(report, 'both hide: chat, also after both came back', async () => {
    await scene.chat('Bo', size.messages);
    await scene.restart('Ana', 'Bo', HIDES);
    await scene.linked('Bo', 'relay');
    await scene.chat('Bo', size.messages);
  });
  const told = await tellHops(report, scene, 'both hide');
  report.require(
    told.every((hops) => hops === 2),
    'both hide: both are told of two relays',
  );
  return sinceMs;
}

/** How many relays are between, as each is told. */
async function tellHops(
  report: Report,
  { ana, bo }: HiddenScene,
  when: string,
): Promise<readonly number[]> {
  const routes = await Promise.all([routeTo(ana, 'Bo'), routeTo(bo, 'Ana')]);
  const [ours, theirs] = routes.map(({ hops, route }) => `${route}, ${hops} relays`);
  report.say(`${when}: Ana is told ${ours}; Bo ${theirs}`);
  return routes.map(({ hops }) => hops);
}

async function judge(report: Report, scene: HiddenScene, spans: Spans): Promise<void> {
  judgePackets(report, scene, spans, 'hidden', ANA);
  judgePackets(report, scene, spans, 'again', ANA);
  judgePackets(report, scene, spans, 'moved', ANA_MOVED);
  for (const [span, hosts] of [['hidden', ANA] as const, ['moved', ANA_MOVED] as const]) {
    for (const peer of PEERS) {
      const opened = during(scene.plaintexts(peer), spans[span]);
      const found = namesIn(opened, hosts);
      const what = `${span}: texts opened by ${peer} (${opened.length})`;
      report.require(found.length === 0, `${what} that name Ana: ${said(found)}`);
      // With whom she does not talk in this span need not have opened anything.
      if (span === 'hidden' || peer === 'Bo') {
        report.control(opened.length > 0, `${what} are seen`);
      }
    }
  }
  for (const peer of PEERS) {
    const { loaded } = await openProfile(scene.people[peer].dataDir);
    const kept = Buffer.concat(loaded.docs.map(({ value }) => Buffer.from(value)));
    const found = search(kept, ANA_MOVED.flatMap(addressNeedles));
    report.require(found.length === 0, `kept by ${peer}, naming Ana's new place: ${said(found)}`);
  }
  judgeControl(report, scene, spans.automatic);
  judgeHops(report, scene, spans.both);
  await judgeRelays(report, scene);
}

function judgePackets(
  report: Report,
  scene: HiddenScene,
  spans: Spans,
  span: keyof Spans,
  hosts: readonly string[],
): void {
  for (const place of [...PEERS, 'DHT'] as const) {
    const packets = during(scene.packets(place), spans[span]);
    const met = packets.filter(({ from, to }) => hosts.includes(from) || hosts.includes(to));
    const what = `${span}: packets at ${place} (${packets.length})`;
    report.require(met.length === 0, `${what}, of Ana: ${met.length}`);
    // The span in which she hides again is a few seconds of chat with Bo.
    if (span !== 'again' || place === 'Bo') {
      report.control(packets.length > 0, `${what} are seen`);
    }
    if (span === 'again') continue; // they may remember where she was
    const found = namesIn(packets, hosts);
    report.require(found.length === 0, `${what}, that name Ana: ${said(found)}`);
  }
  for (const [name, relay] of Object.entries(scene.relays)) {
    const at = during(scene.packets(name as 'R1'), spans[span]);
    const asked = at.filter((packet) => isOf(packet, hosts) && isDhtQuery(packet)).length;
    report.require(asked === 0, `${span}: ${relay.name} is asked as a node of the DHT: ${asked}`);
  }
}

/** The same look while she shows herself, in each family. */
function judgeControl(report: Report, scene: HiddenScene, span: Span): void {
  const met = during(scene.packets('Bo'), span).filter((packet) => isOf(packet, ANA));
  report.control(met.length > 0, `Automatic: packets of Ana at Bo: ${met.length}`);
  for (const host of ANA) {
    const opened = namesIn(during(scene.plaintexts('Bo'), span), [host]);
    report.control(
      opened.length > 0,
      `Automatic: texts opened by Bo name ${host}: ${said(opened)}`,
    );
    const asked = during(scene.packets('DHT'), span).filter(
      (packet) => isOf(packet, [host]) && isDhtQuery(packet),
    );
    report.control(asked.length > 0, `Automatic: DHT nodes are asked by ${host}: ${asked.length}`);
  }
}

/** Whom each relay saw while two were between, and how. */
function judgeHops(report: Report, scene: HiddenScene, span: Span): void {
  const sawOf = new Map<string, number>();
  for (const name of Object.keys(scene.relays) as 'R1'[]) {
    const packets = during(scene.packets(name), span);
    const seen = Object.entries({ Ana: ANA_MOVED, Bo: BO_MOVED }).flatMap(([who, hosts]) => {
      const from = packets.filter((packet) => isOf(packet, hosts));
      const asked = from.filter(isDhtQuery).length;
      const named = namesIn(packets, hosts);
      if (from.length + named.length === 0) return [];
      sawOf.set(who, (sawOf.get(who) ?? 0) + from.length);
      return [`${who} (${from.length} packets, ${asked} of the DHT, names: ${said(named)})`];
    });
    report.require(seen.length < 2, `both hide: ${name} saw ${seen.join(' and ') || 'neither'}`);
  }
  for (const who of ['Ana', 'Bo']) {
    report.control((sawOf.get(who) ?? 0) > 0, `both hide: some relay saw ${who}`);
  }
}

/** Disks and logs of the relays: nothing of anybody, in the clear or under the relay's own key. */
async function judgeRelays(report: Report, scene: HiddenScene): Promise<void> {
  const needles: Needle[] = [];
  for (const [name, { dataDir }] of Object.entries(scene.people)) {
    const { me } = await openProfile(dataDir);
    needles.push(...needlesOf(`${name}, identity`, me.identity));
    needles.push(...needlesOf(`${name}, device`, me.device));
    needles.push(...needlesOf(`${name}, Noise key`, dhPublicKey(me.noise.reveal())));
    needles.push(...needlesOf(`${name}, ID`, utf8(me.id)));
  }
  const hosts = [...Object.values(PEOPLE).flatMap(both), ...ANA_MOVED, ...BO_MOVED];
  needles.push(...hosts.flatMap(addressNeedles));
  for (const { dataDir, name } of Object.values(scene.relays)) {
    const { loaded, me } = await openProfile(dataDir);
    const kept = loaded.docs.flatMap(({ key, value }) => [Buffer.from(key), Buffer.from(value)]);
    const files = filesIn(dataDir).map((file) => readFileSync(file));
    const logs = filesIn(dataDir)
      .filter((file) => file.includes('log'))
      .map((file) => readFileSync(file));
    const found = new Set([
      ...search(Buffer.concat([...kept, ...logs]), needles),
      // Of what is sealed, chance alone has four bytes in a row.
      ...search(
        Buffer.concat(files),
        needles.filter(({ bytes }) => bytes.length >= 8),
      ),
    ]);
    report.require(found.size === 0, `on the disk and in the log of ${name}: ${said([...found])}`);
    const own = search(Buffer.concat(kept), needlesOf('its own identity', me.identity));
    report.control(own.length > 0, `on the disk of ${name}: its own identity`);
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function during<T extends { readonly atMs: number }>(all: readonly T[], span: Span): T[] {
  return all.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs);
}

function isOf({ from }: Packet, hosts: readonly string[]): boolean {
  return hosts.includes(from);
}

function namesIn(all: readonly { readonly payload: Buffer }[], hosts: readonly string[]): Needle[] {
  const hay = Buffer.concat(all.map(({ payload }) => payload));
  return search(hay, hosts.flatMap(addressNeedles));
}

/** The forms in which an address is written: alone, and with one of the ports that she had. */
function addressNeedles(host: string): Needle[] {
  const at = (port: number): Buffer => Buffer.from(encodeEndpoint({ host, port }));
  const alone = at(PORT).subarray(0, at(PORT).length - 2);
  const ports = Array.from({ length: PORTS }, (_, i) => at(PORT + i).toString('base64'));
  const forms: [string, Buffer][] = [
    ['text', Buffer.from(host)],
    ['bytes', alone],
    ['hex', Buffer.from(alone.toString('hex'))],
    ...ports.map((text): [string, Buffer] => ['base64', Buffer.from(text)]),
  ];
  return forms.map(([form, bytes]) => ({ secret: host, form, bytes }));
}

function said(found: readonly Needle[]): string {
  if (found.length === 0) return 'none';
  const first = found.slice(0, 3).map(({ form, secret }) => `${secret} as ${form}`);
  return `${found.length} forms: ${first.join(', ')}`;
}

function isDhtQuery({ payload, protocol }: Packet): boolean {
  if (protocol !== 'udp') return false;
  const read = decodeKrpc(new Uint8Array(payload));
  return read.ok && read.kind === 'query';
}
