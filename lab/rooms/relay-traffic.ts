/**
 * Traffic through a relay, as a program in a room (JSON lines, line-process.ts): people who talk
 * over circuits, or a mob that does all it can. Its one argument is JSON: `Traffic`.
 *
 *   {"do": "meet", "circuits": 200, "greedy": 20}   owners, askers, and a circuit for each asker
 *   {"do": "talk", "seconds": 20}
 *       small words there and back each second, and as much as goes on the greedy ones
 *   {"do": "mischief", "seconds": 20}
 *       junk on TCP, questions beyond the limits, more data than the window, ends that read nothing
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import { fromHex } from '@sotto/core/base/bytes.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { DATA_BYTES_MAX, PENDING_PER_CLIENT_MAX, WINDOW_BYTES } from '@sotto/core/relay/limits.ts';
import { makeSlot } from '@sotto/core/relay/slots.ts';
import { decodeRelay, encodeRelay } from '@sotto/core/relay/wire.ts';
import { answerLines } from '../dht/line-program.ts';
import { Party, type RelayPlace, until, Visitor, wait } from './relay-visitor.ts';

export interface Traffic {
  readonly relay: { readonly endpoint: Endpoint; readonly key: string };
  /** Addresses of this room. */
  readonly from: readonly string[];
}

type Order =
  | { readonly do: 'meet'; readonly circuits: number; readonly greedy: number }
  | { readonly do: 'talk' | 'mischief'; readonly seconds: number };

/** What people got. */
export interface Talked {
  /** Times of small words there and back, and how many never came. */
  readonly ms: readonly number[];
  readonly lost: number;
  /** Bytes per second of each greedy circuit, of a slot with two, and of two slots together. */
  readonly rates: readonly number[];
  readonly shared: number;
  readonly both: number;
}

/** What the mob did. */
export interface Mischief {
  readonly junk: number;
  readonly sentAway: number;
  readonly stalled: number;
}

const SLOTS_EACH = 8;
/** Of one address five handshakes are taken at once. */
const PER_ADDRESS = 4;
const ARRIVALS_AT_ONCE = 20;
const ARRIVAL_EVERY_MS = 150;
const WORD_BYTES = 200;
const WORD_EVERY_MS = 1_000;
/** The burst after silence is over by then. */
const SETTLE_MS = 3_000;
const LATE_MS = 10_000;
const CHUNK = new Uint8Array(64 * 1024);

const JUNK_PER_S = 200;
const JUNK_HELD_MAX = 1_000;
const PUSHY = 20;
const STALLED = 20;

const traffic = JSON.parse(process.argv[2]!) as Traffic;
const place: RelayPlace = { endpoint: traffic.relay.endpoint, key: fromHex(traffic.relay.key)! };
let parties = 0;

/** Each next one from another address, so that the limits of one are nobody's. */
function nextAddress(): string {
  return traffic.from[Math.floor(parties++ / PER_ADDRESS) % traffic.from.length]!;
}

// People

/** Says small words over one circuit, or as much as goes, and counts. */
class Asker {
  readonly party: Party;
  circuit: number | undefined;
  isOpen = false;
  readonly ms: number[] = [];
  readonly #saidMs = new Map<number, number>();
  #next = 0;

  constructor(readonly isGreedy: boolean) {
    this.party = new Party(
      place,
      {
        opened: () => (this.isOpen = true),
        bytes: (_, bytes) => this.#hear(bytes),
        drained: () => this.push(),
      },
      nextAddress(),
    );
  }

  open(slot: Uint8Array): void {
    this.circuit = this.party.open(slot);
  }

  say(): void {
    const word = new Uint8Array(WORD_BYTES);
    new DataView(word.buffer).setUint32(0, ++this.#next);
    this.#saidMs.set(this.#next, performance.now());
    this.party.write(this.circuit!, word);
  }

  /** More than the relay lets through, as long as it is to go on. */
  push(): void {
    if (this.isPushing) this.party.write(this.circuit!, CHUNK);
  }
  isPushing = false;

  get lost(): number {
    return this.#saidMs.size;
  }

  /** The far end sends back each word as it was; pieces may be joined. */
  #hear(bytes: Uint8Array): void {
    for (let at = 0; at + WORD_BYTES <= bytes.length; at += WORD_BYTES) {
      const number = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
      const saidMs = this.#saidMs.get(number);
      this.#saidMs.delete(number);
      if (saidMs !== undefined) this.ms.push(performance.now() - saidMs);
    }
  }
}

/** Takes circuits and sends words back; of greedy ones it counts the bytes. */
class Owner {
  readonly party: Party;
  /** By index of the slot. */
  readonly taken = new Map<number, number>();
  readonly #indexes = new Map<number, number>();

  constructor(private readonly isGreedy: (index: number) => boolean) {
    this.party = new Party(
      place,
      {
        up: () => this.party.reserve(),
        incoming: (circuit, index) => {
          this.#indexes.set(circuit, index);
          return true;
        },
        bytes: (circuit, bytes) => {
          const index = this.#indexes.get(circuit)!;
          if (!this.isGreedy(index)) return this.party.write(circuit, bytes);
          this.taken.set(index, (this.taken.get(index) ?? 0) + bytes.length);
        },
      },
      nextAddress(),
    );
  }
}

interface Couple {
  readonly asker: Asker;
  readonly owner: Owner;
  readonly index: number;
}

const couples: Couple[] = [];

/** The first greedy two share one slot. */
async function meet(circuits: number, greedy: number): Promise<object> {
  const owners: Owner[] = [];
  const needed = Math.ceil(circuits / SLOTS_EACH);
  for (let i = 0; i < needed; i++) {
    owners.push(new Owner((index) => i * SLOTS_EACH + index - 1 < greedy));
    if (i % ARRIVALS_AT_ONCE === 0) await wait(ARRIVAL_EVERY_MS);
  }
  await until('reservations', () => owners.every(({ party }) => party.core.isReserved));
  for (let i = 0; i < circuits; i++) {
    const owner = owners[Math.floor(i / SLOTS_EACH)]!;
    const index = i === 1 ? 1 : 1 + (i % SLOTS_EACH);
    couples.push({ asker: new Asker(i < greedy), owner, index });
    if (i % ARRIVALS_AT_ONCE === 0) await wait(ARRIVAL_EVERY_MS);
  }
  await until('askers', () => couples.every(({ asker }) => asker.party.isUp));
  for (const { asker, index, owner } of couples) asker.open(owner.party.core.slot(index)!);
  await until('circuits', () => couples.every(({ asker }) => asker.isOpen));
  return { circuits: couples.length };
}

async function talk(seconds: number): Promise<Talked> {
  const greedy = couples.filter(({ asker }) => asker.isGreedy);
  const honest = couples.filter(({ asker }) => !asker.isGreedy).map(({ asker }) => asker);
  for (const { asker } of greedy) {
    asker.isPushing = true;
    asker.push();
  }
  const words = honest.map((asker, i) => {
    const ticking = { timer: undefined as NodeJS.Timeout | undefined };
    const begin = (): void => {
      asker.say();
      ticking.timer = setInterval(() => asker.say(), WORD_EVERY_MS);
    };
    ticking.timer = setTimeout(begin, (i * WORD_EVERY_MS) / honest.length);
    return ticking;
  });
  await wait(SETTLE_MS);
  const before = greedy.map(({ index, owner }) => owner.taken.get(index) ?? 0);
  const startedMs = performance.now();
  await wait(seconds * 1000 - SETTLE_MS);
  const tookS = (performance.now() - startedMs) / 1000;
  const rates = greedy.map(({ index, owner }, i) => {
    return ((owner.taken.get(index) ?? 0) - before[i]!) / tookS;
  });
  for (const { timer } of words) clearInterval(timer);
  for (const { asker } of greedy) asker.isPushing = false;
  await until('last words', () => honest.every(({ lost }) => lost === 0)).catch(() => undefined);
  const ms = honest.flatMap((asker) => asker.ms.splice(0));
  const lost = honest.reduce((sum, one) => sum + one.lost, 0);
  // Both circuits of the first slot count under its index.
  const [shared, , ...alone] = rates;
  return {
    ms: ms.filter((one) => one <= LATE_MS),
    lost: lost + ms.filter((one) => one > LATE_MS).length,
    rates: alone,
    shared: shared!,
    both: alone[0]! + alone[1]!,
  };
}

// The mob

const counts = { junk: 0, sentAway: 0, stalled: 0 };
const prng = new Prng(5);

async function mischief(seconds: number): Promise<Mischief> {
  const endMs = performance.now() + seconds * 1000;
  const isOn = (): boolean => performance.now() < endMs;
  await Promise.all([
    junk(isOn),
    ...Array.from({ length: PUSHY }, (_, i) => pushy(isOn, i % 2 === 0)),
    stalled(isOn),
  ]);
  return { ...counts };
}

/** Connections that say what means nothing; every other one stays for as long as it may. */
async function junk(isOn: () => boolean): Promise<void> {
  const held: Socket[] = [];
  const startedMs = performance.now();
  const { host, port } = place.endpoint;
  for (let made = 0; isOn(); made++) {
    const socket = connect({ host, port, localAddress: prng.pick(traffic.from) });
    socket.on('error', () => undefined);
    socket.write(prng.bytes(prng.int(1, 1_500)));
    counts.junk++;
    if (made % 2 === 0) held.push(socket);
    else setTimeout(() => socket.destroy(), 200);
    if (held.length > JUNK_HELD_MAX) held.shift()!.destroy();
    await wait(startedMs + (made * 1000) / JUNK_PER_S - performance.now());
  }
  for (const socket of held) socket.destroy();
}

/** Asks for too many circuits, or sends more than the window on one; comes again when sent away. */
async function pushy(isOn: () => boolean, asksTooMuch: boolean): Promise<void> {
  while (isOn()) {
    const owner = asksTooMuch ? undefined : await reserved(isOn);
    const slot = owner?.core.slot(1) ?? prng.bytes(20);
    let isGone = false;
    const visitor: Visitor = new Visitor(
      place,
      {
        up: () => {
          const asks = asksTooMuch ? PENDING_PER_CLIENT_MAX + 1 : 1;
          for (let i = 1; i <= asks; i++) {
            visitor.say(encodeRelay({ type: 'open', circuit: 2 * i, slot }));
          }
        },
        message: (body) => {
          if (decodeRelay(body)?.type !== 'accept') return;
          for (let sent = 0; sent <= 2 * WINDOW_BYTES; sent += DATA_BYTES_MAX) {
            const bytes = new Uint8Array(DATA_BYTES_MAX);
            visitor.say(encodeRelay({ type: 'data', circuit: 2, bytes }));
          }
        },
        down: () => (isGone = true),
      },
      nextAddress(),
    );
    for (let waited = 0; waited < 5_000 && !isGone && isOn(); waited += 50) await wait(50);
    if (isGone) counts.sentAway++;
    visitor.cut();
    owner?.cut();
    await wait(100);
  }
}

async function reserved(isOn: () => boolean): Promise<Party | undefined> {
  const party: Party = new Party(place, { up: () => party.reserve() }, nextAddress());
  for (let waited = 0; waited < 5_000 && isOn(); waited += 50) {
    if (party.core.isReserved) return party;
    await wait(50);
  }
  party.cut();
  return undefined;
}

/** Circuits whose far end takes nothing: all that they may hold is held. */
async function stalled(isOn: () => boolean): Promise<void> {
  let number = 0;
  let key: Uint8Array | undefined;
  const owner: Visitor = new Visitor(
    place,
    {
      up: () => owner.say(encodeRelay({ type: 'reserve', revoked: [] })),
      message: (body) => {
        const message = decodeRelay(body);
        if (message?.type === 'reserved') ({ key, number } = message);
        if (message?.type !== 'incoming') return;
        owner.say(encodeRelay({ type: 'accept', circuit: message.circuit }));
      },
    },
    nextAddress(),
  );
  await until('a reservation of the mob', () => key !== undefined || !isOn());
  if (key === undefined) return;
  const secret = new Secret<'relay reservation'>('relay reservation', key);
  const askers = Array.from({ length: STALLED }, (_, i) => {
    const slot = makeSlot(secret, { number, index: i + 1 });
    const party: Party = new Party(
      place,
      {
        up: () => void party.open(slot),
        opened: (circuit) => {
          counts.stalled++;
          for (let sent = 0; sent < 2 * WINDOW_BYTES; sent += CHUNK.length) {
            party.write(circuit, CHUNK);
          }
        },
      },
      nextAddress(),
    );
    return party;
  });
  while (isOn()) await wait(100);
  for (const party of askers) party.cut();
  owner.cut();
}

function carryOut(order: Order): Promise<object> {
  switch (order.do) {
    case 'meet':
      return meet(order.circuits, order.greedy);
    case 'talk':
      return talk(order.seconds);
    case 'mischief':
      return mischief(order.seconds);
  }
}

// Below what it uses: classes are there from their line on.
await answerLines(carryOut);
process.exit(0);
