/**
 * A crowd at a relay, as a program in a room (JSON lines, line-process.ts): clients of all sorts,
 * each from an address of its own. Its one argument is JSON: `Crowd`.
 *
 *   {"do": "reach", "named": [...]}     a client asks for each place; how many were opened
 *   {"do": "sweep", "clients": 100, "seed": 1}
 *       each names ten places and thrice as many slots, none of which lead anywhere
 *   {"do": "slots"}     what opens by the slots of four readers, before and after one is revoked
 *   {"do": "flights", "count": 100}     first flights whose answers nobody takes up: bytes each way
 *   {"do": "attaches", "count": 20}     the same of flights for a further path
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, fromHex } from '@sotto/core/base/bytes.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { linksOfNobody, relayTarget } from '@sotto/core/compose/nobody.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { EXTENDS_PER_MINUTE } from '@sotto/core/relay/limits.ts';
import { decodeRelay } from '@sotto/core/relay/wire.ts';
import { type Named, nameOne, type Services } from '../bars/d4-targets.ts';
import { answerLines } from '../dht/line-program.ts';
import { Party, type RelayPlace, systemRandom, until, Visitor, wait } from './relay-visitor.ts';

/** How the crowd is told where it is. */
export interface Crowd {
  readonly relay: { readonly endpoint: Endpoint; readonly key: string };
  readonly other: { readonly endpoint: Endpoint; readonly key: string };
  /** Addresses of this room. */
  readonly from: readonly string[];
  readonly services: Services;
}

type Order =
  | { readonly do: 'reach'; readonly named: readonly Place[] }
  | { readonly do: 'sweep'; readonly clients: number; readonly seed: number }
  | { readonly do: 'slots' }
  | { readonly do: 'flights' | 'attaches'; readonly count: number };

interface Place {
  readonly endpoint: Endpoint;
  readonly key: string;
}

/** What came of a sweep. */
export interface Swept {
  readonly extends: number;
  readonly opens: number;
  readonly opened: number;
  readonly refused: number;
  /** Answers that came sooner than 3 s after the question, or more than a second later. */
  readonly untimely: number;
  /** Clients whose link ended before they were done. */
  readonly lost: number;
}

const EXTEND_EVERY_MS = 1_050;
const OPENS_EACH = 3;
const ERROR_AFTER_MS = 3_000;
/** Handshakes of the crowd in one turn: the relay takes 500 in a second. */
const ARRIVALS_AT_ONCE = 40;
const ARRIVAL_EVERY_MS = 150;
/** A reply to a flight is taken up within 10 s, or given up. */
const HALF_OPEN_MS = 10_000;
const FLIGHT_EVERY_MS = 50;

const crowd = JSON.parse(process.argv[2]!) as Crowd;
const place: RelayPlace = { endpoint: crowd.relay.endpoint, key: fromHex(crowd.relay.key)! };

function carryOut(order: Order): Promise<object> {
  switch (order.do) {
    case 'reach':
      return reach(order.named);
    case 'sweep':
      return sweep(order.clients, new Prng(order.seed));
    case 'slots':
      return slots();
    case 'flights':
      return flights(order.count);
    case 'attaches':
      return attaches(order.count);
  }
}

// Places

/** A client that says anything, and what it hears of each circuit that it asks for. */
class Asker {
  readonly visitor: Visitor;
  #next = 2;
  readonly #asked = new Map<number, number>();
  readonly heard = { opened: 0, refused: 0, untimely: 0 };
  isLost = false;

  constructor(from: string) {
    this.visitor = new Visitor(
      place,
      {
        message: (body) => this.#hear(body),
        down: () => (this.isLost = true),
      },
      from,
    );
  }

  ask(word: 'open' | 'extend', keys: Record<string, Uint8Array>): void {
    const c = this.#next;
    this.#next += 2;
    this.#asked.set(c, performance.now());
    this.visitor.say(encode({ ...keys, c, m: word }));
  }

  get waiting(): number {
    return this.#asked.size;
  }

  #hear(body: Uint8Array): void {
    const message = decodeRelay(body);
    if (message?.type === 'accept' || message?.type === 'extended') {
      this.heard.opened++;
      this.#asked.delete(message.circuit);
      return;
    }
    if (message?.type !== 'error' || message.circuit === undefined) return;
    const tookMs = performance.now() - (this.#asked.get(message.circuit) ?? 0);
    this.#asked.delete(message.circuit);
    this.heard.refused++;
    if (tookMs < ERROR_AFTER_MS - 2) this.heard.untimely++;
  }
}

async function reach(places: readonly Place[]): Promise<object> {
  const askers = places.map((_, i) => new Asker(crowd.from[i]!));
  await until('clients arrive', () => askers.every(({ visitor }) => visitor.isUp));
  for (const [i, { endpoint, key }] of places.entries()) {
    const e = new Uint8Array(compactOf(endpoint));
    askers[i]!.ask('extend', { e, k: fromHex(key)! });
  }
  await until('answers', () => askers.every(({ waiting }) => waiting === 0));
  const opened = askers.map(({ heard }) => heard.opened);
  await wait(500);
  for (const { visitor } of askers) visitor.cut();
  return { opened };
}

function compactOf({ host, port }: Endpoint): number[] {
  return [...host.split('.').map(Number), port >> 8, port & 255];
}

async function arrive(count: number): Promise<Asker[]> {
  const askers: Asker[] = [];
  while (askers.length < count) {
    const more = Math.min(ARRIVALS_AT_ONCE, count - askers.length);
    for (let i = 0; i < more; i++) askers.push(new Asker(crowd.from[askers.length]!));
    await wait(ARRIVAL_EVERY_MS);
  }
  await until('clients arrive', () =>
    askers.every(({ isLost, visitor }) => isLost || visitor.isUp),
  );
  return askers;
}

async function sweep(clients: number, prng: Prng): Promise<Swept> {
  const { party, bad } = await ownerWithSlots(prng);
  const askers = await arrive(clients);
  let [named, opens] = [0, 0];
  for (let round = 0; round < EXTENDS_PER_MINUTE; round++) {
    const startedMs = performance.now();
    for (const asker of askers) {
      if (asker.isLost) continue;
      const { compact, key } = nameOne(prng, crowd.services);
      asker.ask('extend', { e: compact, k: keyOf(prng, key) });
      named++;
      for (let i = 0; i < OPENS_EACH; i++) asker.ask('open', { s: bad() });
      opens += OPENS_EACH;
    }
    await wait(EXTEND_EVERY_MS - (performance.now() - startedMs));
  }
  await until('answers', () => askers.every(({ isLost, waiting }) => isLost || waiting === 0));
  const sum = (of: (asker: Asker) => number): number =>
    askers.reduce((total, asker) => total + of(asker), 0);
  const swept = {
    extends: named,
    opens,
    opened: sum(({ heard }) => heard.opened),
    refused: sum(({ heard }) => heard.refused),
    untimely: sum(({ heard }) => heard.untimely),
    lost: sum(({ isLost }) => (isLost ? 1 : 0)),
  };
  for (const { visitor } of askers) visitor.cut();
  party.cut();
  return swept;
}

function keyOf(prng: Prng, key: Named['key']): Uint8Array {
  if (key === 'own') return place.key;
  if (key === 'relay') return fromHex(crowd.other.key)!;
  return dhPublicKey(prng.bytes(32));
}

// Slots

const REVOKED_INDEX = 3;

/** Somebody with a reservation, and slots that open nothing there. */
async function ownerWithSlots(prng: Prng): Promise<{ party: Party; bad: () => Uint8Array }> {
  const [first, party] = [await owner(), await owner()];
  const former = first.core.slot(1)!;
  first.cut();
  const good = [1, 2, REVOKED_INDEX].map((index) => party.core.slot(index)!);
  party.core.revoke(REVOKED_INDEX, performance.now());
  const bent = (): Uint8Array => {
    const slot = prng.pick(good).slice();
    slot[prng.int(0, slot.length - 1)]! ^= prng.int(1, 255);
    return slot;
  };
  const kinds = [
    bent,
    bent,
    () => prng.bytes(20),
    () => good[2]!,
    () => former,
    // One reader's number and proof under another reader's index.
    () => concat(good[1]!.slice(0, 4), good[0]!.slice(4)),
    () => concat(good[0]!.slice(0, 2), prng.bytes(2), good[0]!.slice(4)),
  ];
  // Among so many one is bent into what it was.
  const isGood = (slot: Uint8Array): boolean => good.slice(0, 2).some((one) => equal(one, slot));
  const bad = (): Uint8Array => {
    const slot = prng.pick(kinds)();
    return isGood(slot) ? bad() : slot;
  };
  return { party, bad };
}

async function owner(events: ConstructorParameters<typeof Party>[1] = {}): Promise<Party> {
  const party = new Party(place, { up: () => party.reserve(), ...events }, crowd.from.at(-1));
  await until('a reservation', () => party.core.isReserved);
  return party;
}

/** Four readers: what opens by whose slot, before and after the third is revoked. */
async function slots(): Promise<object> {
  const came: number[] = [];
  const closed: number[] = [];
  const party = await owner({
    incoming: (_, index) => {
      came.push(index);
      return true;
    },
  });
  const readers = [1, 2, 3, 4];
  const askers = readers.map(
    (index) => new Party(place, { closed: () => closed.push(index) }, crowd.from[index]),
  );
  await until('readers arrive', () => askers.every(({ isUp }) => isUp));
  for (const [i, index] of readers.entries()) askers[i]!.open(party.core.slot(index)!);
  await until('all four come', () => came.length === readers.length);
  const before = [...came];
  party.core.revoke(REVOKED_INDEX, performance.now());
  await until('one ends', () => closed.length > 0);
  await wait(500);
  const ended = [...closed];
  came.length = 0;
  for (const [i, index] of readers.entries()) askers[i]!.open(party.core.slot(index)!);
  await wait(ERROR_AFTER_MS + 500);
  const after = [...came].sort();
  for (const one of [...askers, party]) one.cut();
  return { before: before.sort(), ended, after };
}

// Replies

/** Sockets whose answers nobody takes up, and the bytes each way. */
class Mute {
  readonly #sockets: Socket[] = [];
  readonly sent: number[] = [];
  readonly back: number[] = [];

  async open(from: readonly string[]): Promise<void> {
    for (const [i, host] of from.entries()) {
      const socket = createSocket('udp4');
      socket.on('message', (bytes) => (this.back[i] = (this.back[i] ?? 0) + bytes.length));
      await new Promise<void>((done) => socket.bind(0, host, done));
      this.#sockets.push(socket);
    }
  }

  send(i: number, bytes: Uint8Array): void {
    const at = i % this.#sockets.length;
    const { host, port } = place.endpoint;
    this.#sockets[at]!.send(bytes, port, host);
    this.sent[at] = (this.sent[at] ?? 0) + bytes.length;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  /** How many were answered, and the largest share of what was sent that came back. */
  get result(): { answered: number; most: number; sent: number; back: number } {
    const shares = this.sent.map((sent, i) => (this.back[i] ?? 0) / sent);
    const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + (one ?? 0), 0);
    const answered = shares.filter((share) => share > 0).length;
    return {
      answered,
      most: Math.max(...shares),
      sent: total(this.sent),
      back: total(Object.values(this.back)),
    };
  }
}

/** Each from a source of its own; then the same again, and bent, from others. */
async function flights(count: number): Promise<object> {
  const [fresh, again] = [new Mute(), new Mute()];
  const prng = new Prng(count);
  await fresh.open(crowd.from.slice(0, count));
  await again.open(crowd.from.slice(0, count));
  const links = linksOfNobody(systemRandom, {});
  const routes = [{ transport: 'udp', endpoint: place.endpoint }] as const;
  const timetable = { everyMs: 1_000, flights: 1, giveUpMs: 1_000 };
  const made: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const nowMs = performance.now();
    links.dial(i + 1, relayTarget(place.key), routes, new Uint8Array(0), nowMs, timetable);
    for (let out = links.poll(); out; out = links.poll()) {
      if (out.type === 'datagram') made.push(out.bytes);
    }
    links.cancelDial(i + 1);
    fresh.send(i, made[i]!);
    await wait(FLIGHT_EVERY_MS);
  }
  for (const [i, flight] of made.entries()) {
    again.send(i, flight);
    const bent = flight.slice();
    bent[prng.int(0, bent.length - 1)]! ^= prng.int(1, 255);
    again.send(i, bent);
    again.send(i, prng.bytes(prng.int(1, 1_200)));
    again.send(i, udxPacket(prng));
  }
  await wait(HALF_OPEN_MS + 3_000);
  const results = { fresh: fresh.result, again: again.result };
  fresh.close();
  again.close();
  return results;
}

/** A header of UDX with an id that nobody has. */
function udxPacket(prng: Prng): Uint8Array {
  return concat(Uint8Array.of(0xff, 0x01, prng.int(0, 31), 0), prng.bytes(prng.int(16, 200)));
}

/** A client's own further path, from where the reply is not taken up. */
async function attaches(count: number): Promise<object> {
  const mute = new Mute();
  await mute.open(crowd.from.slice(0, count));
  for (let i = 0; i < count; i++) {
    let isSent = false;
    const events = {
      datagram: (_: Endpoint, bytes: Uint8Array) => {
        if (!isSent) mute.send(i, bytes);
        isSent = true;
      },
    };
    const visitor = new Visitor(place, events, crowd.from[i]);
    await until('a client arrives', () => visitor.isUp);
    visitor.attach(place.endpoint);
    await wait(FLIGHT_EVERY_MS);
    setTimeout(() => visitor.cut(), HALF_OPEN_MS + 2_000);
  }
  await wait(HALF_OPEN_MS + 3_000);
  const { result } = mute;
  mute.close();
  return { attached: result };
}

// Below what it uses: classes are there from their line on.
await answerLines(carryOut);
process.exit(0);
