/**
 * B3: a sweep. Every first flight that somebody can make who has no business here any more, or
 * never had, goes to a real daemon by UDP and TCP, before and after a restart. Not one byte may
 * come back.
 *
 *   stranger   has the ID and even the device's public keys; makes up a gate
 *   leaked     a stranger with the gate of an invite that somebody else has used
 *   blocked    a contact who is blocked: own keys, the gates that he knew
 *   former     a contact who was removed: the same
 *   recorded   flights of a current contact that were answered, again as they were
 *
 * The kernel accepts TCP connections by itself: what is counted is bytes of ours.
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import type { Loaded } from '@sotto/core/base/vault.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { loadSelf, type Me } from '@sotto/core/compose/self.ts';
import type { GateSecret } from '@sotto/core/crypto/keys.ts';
import { decodeRecord } from '@sotto/core/discovery/record.ts';
import { readCertificate } from '@sotto/core/people/certificate.ts';
import { decodeContact } from '@sotto/core/people/contact.ts';
import { decodeInvite } from '@sotto/core/people/invite.ts';
import { openVault } from '@sotto/vault/vault.ts';
import { type Door, flightBy, flightOf, type Gate } from '../rooms/strangers.ts';
import { isOnline, LocalDaemon, LOOPBACK } from './a7-daemon.ts';
import type { Bar, Report } from './bar.ts';

const FLIGHTS = 100_000;
const FLIGHTS_SHORT = 3_000;
const PORT = 30_101;
/** Of ten flights this many go by TCP, the rest by UDP. */
const TCP_TENTHS = 1;
const TCP_OPEN_MS = 200;
const TCP_AT_ONCE = 50;
/** Flights under a true gate are admitted at a rate; slower than that, so that it hides nothing. */
const PER_S = 300;
const SOURCES = 100;
const RECORDED = 20;
const ANSWER_MS = 1_000;

export const bar: Bar = {
  id: 'B3',
  title: 'a sweep of first flights by strangers, blocked and former contacts: 0 bytes back',
  async run(report, { folder, short }) {
    const count = short ? FLIGHTS_SHORT : FLIGHTS;
    const people = await meetAll(folder);
    const { ana } = people;
    try {
      const known = await shutOut(people);
      const sockets = await openSockets();
      try {
        const recorded = await sweep(report, known, sockets, count);
        await ana.stop();
        await ana.start();
        await again(report, known, sockets, recorded);
      } finally {
        for (const socket of sockets) socket.close();
      }
    } finally {
      await Promise.all(Object.values(people).map((person) => person.stop()));
    }
  },
};

type People = Record<'ana' | 'bo' | 'cid' | 'dan', LocalDaemon>;

/** Ana knows three people, each by an invite of their own. */
async function meetAll(folder: string): Promise<People> {
  const person = (name: string, i: number): LocalDaemon => {
    const settings = [
      'net.allowReserved=true',
      `net.bind=${LOOPBACK}`,
      'echo.enabled=false',
      `net.port=${PORT + i}`,
      `dht.bootstrap=${LOOPBACK}:${i === 0 ? PORT + 1 : PORT}`,
    ];
    return new LocalDaemon(folder, name, settings);
  };
  const [ana, bo, cid, dan] = ['Ana', 'Bo', 'Cid', 'Dan'].map(person) as [
    LocalDaemon,
    LocalDaemon,
    LocalDaemon,
    LocalDaemon,
  ];
  await ana.start();
  for (const guest of [bo, cid, dan]) {
    await guest.start();
    const { link } = await ana.call('invites.create', {});
    await guest.call('contacts.add', { text: link!, name: 'Ana' });
    await isOnline(guest);
  }
  return { ana, bo, cid, dan };
}

/** What each of those outside knows, and what the current contact knows. */
interface Known {
  readonly door: Door;
  readonly invites: readonly GateSecret[];
  readonly outside: readonly { readonly who: string; readonly me: Me; readonly gate: GateSecret }[];
  readonly current: { readonly me: Me; readonly gate: GateSecret };
}

/** Two learn the gate, then one is blocked and one removed; the third learns the new gate. */
async function shutOut({ ana, bo, cid, dan }: People): Promise<Known> {
  await Promise.all([cid.stop(), dan.stop()]);
  const [blocked, former] = [await readOf(cid), await readOf(dan)];
  await ana.call('contacts.block', { to: 'Cid' });
  await ana.call('contacts.remove', { to: 'Dan' });
  // Bo is told the renewed gate by a hello; the message after it says that it has come.
  const asked = await bo.call('messages.list', { to: 'Ana' });
  await ana.call('messages.send', { to: 'Bo', text: 'renewed', clientId: 'ab'.repeat(16) });
  for (let tries = 0; tries < 100; tries++) {
    const { messages } = await bo.call('messages.list', { to: 'Ana' });
    if (messages.length > asked.messages.length) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await bo.stop();
  const current = await readOf(bo);
  await ana.stop();
  const { loaded } = await openAt(ana);
  await ana.start();
  const invites = loaded.docs
    .filter(({ space }) => space === 'invite')
    .map(({ value }) => decodeInvite(value)!.gate);
  const outside = [
    { who: 'blocked', ...blocked },
    { who: 'former', ...former },
  ];
  return { door: current.door, invites, outside, current };
}

async function openAt({ dataDir }: LocalDaemon): Promise<{ loaded: Loaded; me: Me }> {
  const vault = await openVault({ folder: dataDir });
  const reply = await vault.request({ op: 'load' });
  await vault.close();
  const me = reply.op === 'load' ? loadSelf(reply.loaded) : undefined;
  if (reply.op !== 'load' || !me) throw new Error('a vault of the bar does not open');
  return { loaded: reply.loaded, me };
}

/** A person's own keys, and what they know of Ana. */
async function readOf(person: LocalDaemon): Promise<{ me: Me; gate: GateSecret; door: Door }> {
  const { loaded, me } = await openAt(person);
  const doc = loaded.docs.find(({ space }) => space === 'contact')!;
  const { certificate, record } = decodeContact(doc.value)!.devices[0]!;
  const read = readCertificate(certificate);
  const where = decodeRecord(record!);
  if (!read.ok || !where.ok || !where.record.gate) throw new Error('they know no gate');
  const { device, identity, noise } = read.certificate;
  return { me, gate: where.record.gate.secret, door: { identity, device, noise } };
}

type Flight = (udp: boolean) => Uint8Array;
/** Whether it goes by UDP, and its bytes. */
type Sent = readonly [boolean, Uint8Array];

/** The kinds of flights that may not be answered. */
function formsOf(prng: Prng, { door, invites, outside }: Known): Map<string, Flight> {
  const forms = new Map<string, Flight>();
  forms.set('stranger, a gate made up', (udp) => flightOf(prng, door, udp));
  for (const kind of ['direct', 'invite'] as const) {
    const invite = (): Gate => ({ kind, secret: invites[prng.int(0, invites.length - 1)]! });
    forms.set(`leaked, a used invite as ${kind}`, (udp) => flightOf(prng, door, udp, invite()));
    for (const { gate, me, who } of outside) {
      const former = { kind, secret: gate };
      forms.set(`${who}, the former gate as ${kind}`, (udp) => {
        return flightBy(prng, me, door, udp, former);
      });
      forms.set(`${who}, a used invite as ${kind}`, (udp) => {
        return flightBy(prng, me, door, udp, invite());
      });
    }
  }
  for (const { me, who } of outside) {
    forms.set(`${who}, a gate made up`, (udp) => flightBy(prng, me, door, udp));
  }
  return forms;
}

/** Sources of their own, so that no rate of one address answers for the gate. */
async function openSockets(): Promise<Socket[]> {
  const opened = Array.from({ length: SOURCES }, async (_, i) => {
    const socket = createSocket('udp4');
    await new Promise<void>((done) => socket.bind(0, `127.0.1.${i + 1}`, done));
    return socket;
  });
  return Promise.all(opened);
}

/** Sends flights and counts the bytes that come back, until long after the last. */
async function send(
  sockets: readonly Socket[],
  flights: Iterable<Sent>,
): Promise<{ back: number; sent: number }> {
  let [back, sent] = [0, 0];
  const hear = (bytes: Uint8Array): void => void (back += bytes.length);
  for (const socket of sockets) socket.on('message', hear);
  const open = new Set<Promise<void>>();
  const startedMs = performance.now();
  for (const [udp, bytes] of flights) {
    const source = sockets[sent % sockets.length]!;
    sent++;
    if (udp) {
      source.send(bytes, PORT, LOOPBACK);
    } else {
      const one = overTcp(bytes, source.address().address).then((count) => void (back += count));
      open.add(one);
      void one.then(() => open.delete(one));
      if (open.size >= TCP_AT_ONCE) await Promise.race(open);
    }
    const aheadMs = (sent * 1000) / PER_S - (performance.now() - startedMs);
    if (aheadMs > 5) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  await Promise.all(open);
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  for (const socket of sockets) socket.off('message', hear);
  return { back, sent };
}

/** How many bytes answered one flight on a connection of its own. */
function overTcp(bytes: Uint8Array, localAddress: string): Promise<number> {
  return new Promise((resolve) => {
    let back = 0;
    const socket = connect({ host: LOOPBACK, port: PORT, localAddress }, () => socket.write(bytes));
    socket.on('data', (chunk) => (back += chunk.length));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(back));
    setTimeout(() => socket.destroy(), TCP_OPEN_MS);
  });
}

/** @returns flights of a contact of today, which were answered and so could be recorded. */
async function sweep(
  report: Report,
  known: Known,
  sockets: readonly Socket[],
  count: number,
): Promise<Sent[]> {
  const prng = new Prng(3);
  const forms = formsOf(prng, known);
  const each = Math.ceil(count / forms.size);
  let [back, sent] = [0, 0];
  for (const [name, flight] of forms) {
    const made = function* (): Generator<Sent> {
      for (let i = 0; i < each; i++) {
        const udp = i % 10 >= TCP_TENTHS;
        yield [udp, flight(udp)];
      }
    };
    const result = await send(sockets, made());
    report.say(`  ${name}: n ${result.sent}, ${result.back} bytes back`);
    back += result.back;
    sent += result.sent;
  }
  report.require(back === 0, `${sent} first flights: ${back} bytes back`);
  const { gate, me } = known.current;
  const recorded = Array.from({ length: RECORDED }, (_, i): Sent => {
    const udp = i % 2 === 0;
    return [udp, flightBy(prng, me, known.door, udp, { kind: 'direct', secret: gate })];
  });
  const current = await send(sockets, recorded);
  report.control(current.back > 0, `flights of a contact of today: ${current.back} bytes back`);
  await replay(report, sockets, recorded, 'recorded flights, sent again');
  return recorded;
}

/** After a restart nothing has changed for anybody. */
async function again(
  report: Report,
  known: Known,
  sockets: readonly Socket[],
  recorded: readonly Sent[],
): Promise<void> {
  await replay(report, sockets, recorded, 'recorded flights, sent after a restart');
  const forms = [...formsOf(new Prng(4), known).values()];
  const flights = forms.map((flight, i): Sent => [i % 2 === 0, flight(i % 2 === 0)]);
  const { back, sent } = await send(sockets, flights);
  report.require(back === 0, `${sent} more of all kinds after a restart: ${back} bytes back`);
}

async function replay(
  report: Report,
  sockets: readonly Socket[],
  recorded: readonly Sent[],
  what: string,
): Promise<void> {
  const crossed = recorded.map(([udp, bytes]): Sent => [!udp, bytes]);
  const { back, sent } = await send(sockets, [...recorded, ...crossed]);
  report.require(back === 0, `${sent} ${what}: ${back} bytes back`);
}
