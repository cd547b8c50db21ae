/**
 * Targets: a relay with two clients, and a client, as what the far end of a link says moves them,
 * in every state that a reservation, a circuit and an extension may have.
 *
 * An input is a byte of choices, then steps: two bytes of which one bit says who speaks, the rest
 * how long what is said is, and that. A step without anything said is time that passes, or the next
 * thing that the network does. It is accepted where all that is said reads as messages.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, uintBE, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { isRelayEndpoint } from '@sotto/core/relay/address.ts';
import { RelayClient } from '@sotto/core/relay/client.ts';
import {
  DATA_BYTES_MAX,
  PENDING_PER_CLIENT_MAX,
  REVOKED_MAX,
  WINDOW_BYTES,
} from '@sotto/core/relay/limits.ts';
import { RelayServer } from '@sotto/core/relay/server.ts';
import {
  makeSlot,
  passOf,
  proofOf,
  relaySecretOf,
  reservationKey,
} from '@sotto/core/relay/slots.ts';
import { decodeRelay, encodeRelay, type RelayMessage } from '@sotto/core/relay/wire.ts';
import type { Target } from './target.ts';
import { RELAY_WORDS } from './targets-relay.ts';

const prng = new Prng(52);
const KEY = prng.bytes(32);
const NOISE = new Secret<'device noise'>('device noise', prng.bytes(32));
const EXPORTER = new Secret<'link exporter'>('link exporter', prng.bytes(32));
const GATE = new Secret<'gate'>('gate', prng.bytes(32));
const NUMBER = 7;
const RESERVATION = reservationKey(relaySecretOf(NOISE), NUMBER);
const PROOF = proofOf(RESERVATION, EXPORTER);
const PASS = passOf(GATE, EXPORTER);
const SLOT = makeSlot(RESERVATION, { number: NUMBER, index: 3 });
const OTHER_SLOT = makeSlot(RESERVATION, { number: NUMBER, index: 4 });
const PLACE = { host: '198.51.100.9', port: 443 };
const WORDS = [...RELAY_WORDS, PROOF, PASS, SLOT, OTHER_SLOT];

const OWNER_BIT = 0x8000;
const STEPS_MAX = 200;
/** Choices of the first byte. */
const CONTACTS_ONLY = 1;
const NO_ROOM = 2;
const UNWANTED = 4;
const STEP_MS = 1_000;
/** That a client under test waits for. */
const QUESTIONS = 3;

interface Step {
  readonly link: 1 | 2;
  /** Undefined where nobody says anything. */
  readonly body: Uint8Array | undefined;
}

function stepsOf(input: Uint8Array): Step[] {
  const found: Step[] = [];
  for (let at = 1; at + 2 <= input.length && found.length < STEPS_MAX;) {
    const head = (input[at]! << 8) | input[at + 1]!;
    const length = head & ~OWNER_BIT;
    const body = length === 0 ? undefined : input.slice(at + 2, at + 2 + length);
    found.push({ link: head & OWNER_BIT ? 2 : 1, body });
    at += 2 + length;
  }
  return found;
}

type Said = RelayMessage | 'pause';

function steps(bit: number, said: readonly Said[]): Uint8Array[] {
  return said.map((one) => {
    const body = one === 'pause' ? new Uint8Array(0) : encodeRelay(one);
    return concat(uintBE(body.length | bit, 2), new Uint8Array(body));
  });
}

/** Said by the asker, or by a relay; a pause is time. */
function says(...said: readonly Said[]): Uint8Array {
  return concat(...steps(0, said));
}

/** Said by the owner; a pause is what the network does. */
function owner(...said: readonly Said[]): Uint8Array {
  return concat(...steps(OWNER_BIT, said));
}

function input(choices: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(choices), ...parts);
}

const RESERVE: RelayMessage = { type: 'reserve', revoked: [] };
const COMES_BACK: RelayMessage = {
  type: 'reserve',
  former: { number: NUMBER, proof: PROOF },
  pass: PASS,
  revoked: [9],
};
const ACCEPT: RelayMessage = { type: 'accept', circuit: 1 };
const OPEN: RelayMessage = { type: 'open', circuit: 2, slot: SLOT };
const EXTEND: RelayMessage = { type: 'extend', circuit: 4, endpoint: PLACE, key: KEY };

function data(circuit: number, length = 5): RelayMessage {
  return { type: 'data', circuit, bytes: new Uint8Array(length).fill(7) };
}

function taken(circuit: number, count = 5): RelayMessage {
  return { type: 'taken', circuit, count };
}

function close(circuit: number): RelayMessage {
  return { type: 'close', circuit };
}

/** A circuit stands. */
const JOINED = concat(owner(COMES_BACK), says(OPEN), owner(ACCEPT));

const LONG = new Array<Said>(3).fill(data(2, DATA_BYTES_MAX));

const SERVER_SEEDS: readonly Uint8Array[] = [
  input(0, says(RESERVE, RESERVE, { type: 'revoke', index: 3 }, OPEN)),
  input(CONTACTS_ONLY, owner(COMES_BACK), says(OPEN), owner({ type: 'refuse', circuit: 1 })),
  input(CONTACTS_ONLY, says(RESERVE, 'pause', 'pause', 'pause', 'pause', RESERVE)),
  input(CONTACTS_ONLY, says(...new Array<Said>(PENDING_PER_CLIENT_MAX + 1).fill(RESERVE))),
  // The owner comes on another link, with the same proof.
  input(0, owner(COMES_BACK), says(COMES_BACK), owner(OPEN)),
  input(0, owner({ ...COMES_BACK, former: { number: NUMBER, proof: KEY } })),
  input(0, owner({ ...COMES_BACK, pass: KEY, revoked: manyIndexes() }), says(OPEN)),
  input(0, owner({ ...COMES_BACK, revoked: manyIndexes() }, { type: 'revoke', index: 300 })),
  input(0, JOINED, owner({ type: 'revoke', index: 3 }), says({ ...OPEN, circuit: 6 })),
  input(0, JOINED, says(data(2)), owner(taken(1), data(1), close(1))),
  input(0, JOINED, owner(data(1), 'pause'), says(taken(2), close(2), data(2))),
  input(0, JOINED, says(data(2, 3_000), close(2), 'pause'), owner(data(1), taken(1, 3_000))),
  // Two pieces use up the share of the slot: the third waits, and with it the end of the circuit.
  input(0, JOINED, says(...LONG, close(2)), owner(taken(1), data(1), close(1)), says('pause')),
  input(0, JOINED, owner(data(1)), says(...LONG), owner(close(1)), says(taken(2), data(2))),
  input(0, owner(COMES_BACK), says(OPEN, taken(2), data(2))),
  input(0, owner({ ...COMES_BACK, revoked: manyIndexes() }, { ...RESERVE, revoked: [300] })),
  input(0, JOINED, says({ type: 'accept', circuit: 2 })),
  input(0, JOINED, owner({ type: 'refuse', circuit: 1 }), says(close(2))),
  input(0, JOINED, owner(close(1)), says(data(2), close(2))),
  input(NO_ROOM, JOINED, says(data(2)), owner('pause', 'pause', 'pause'), says(close(2))),
  input(0, owner(ACCEPT, { type: 'accept', circuit: 2 })),
  input(0, owner(COMES_BACK), says(OPEN, 'pause', 'pause', 'pause'), owner(ACCEPT)),
  input(0, owner(COMES_BACK), says(OPEN, close(2)), owner(ACCEPT, data(1))),
  input(0, owner(COMES_BACK, { ...OPEN, circuit: 8 }), says(OPEN, OPEN)),
  input(0, says({ ...OPEN, slot: KEY.slice(0, 20) }, 'pause', 'pause', 'pause')),
  input(0, says(EXTEND), owner('pause', 'pause', 'pause'), says(data(4)), owner('pause', 'pause')),
  input(0, says(EXTEND, close(4)), owner('pause', 'pause'), says(data(4))),
  input(0, says(EXTEND, { ...EXTEND, endpoint: { host: '10.0.0.1', port: 443 }, circuit: 6 })),
  input(0, says({ type: 'incoming', circuit: 1, index: 2 })),
  input(0, says({ type: 'ask', question: 1, pass: KEY, what: { type: 'get', key: KEY } })),
  input(CONTACTS_ONLY, says({ type: 'ask', question: 1, pass: PASS, what: putOf() })),
  input(0, says({ type: 'ask', question: 3, what: putOf() }, { type: 'forget', question: 3 })),
];

function manyIndexes(): number[] {
  return Array.from({ length: REVOKED_MAX }, (_, i) => 10 + i);
}

function putOf(): Extract<RelayMessage, { type: 'ask' }>['what'] {
  return { type: 'put', raw: utf8('2:hi') };
}

const server: Target = {
  name: 'relay-server',
  covers: {
    'core/relay/server.ts': [
      ...['RelayServer.handleMessage', 'RelayServer.#take', 'RelayServer.#reserve'],
      ...['RelayServer.#open', 'RelayServer.#ask', 'RelayServer.#answer', 'RelayServer.#pass'],
    ],
    'core/relay/questions.ts': ['Questions.begin', 'Questions.forget', 'Questions.#mayAsk'],
    'core/relay/circuit.ts': ['Circuit.handleData', 'Circuit.handleTaken', 'Circuit.handleClosed'],
  },
  bytesMax: 52_000,
  words: WORDS,
  bencodeAt: 3,
  start: () => ({ seeds: SERVER_SEEDS, run: serve }),
};

/** A relay, and what the world around it does. */
class Served {
  readonly #waiting: number[] = [];
  readonly #streams: number[] = [];
  #acts = 0;
  #hasRoom: boolean;
  readonly relay: RelayServer;

  constructor(choices: number) {
    this.#hasRoom = (choices & NO_ROOM) === 0;
    this.relay = new RelayServer({
      random: new Prng(51).bytes,
      secret: relaySecretOf(NOISE),
      serves: () => ((choices & CONTACTS_ONLY) !== 0 ? 'contacts' : 'public'),
      passes: () => [GATE],
      ports: {
        send: () => this.#hasRoom,
        close: () => undefined,
        mayExtend: (to) => isRelayEndpoint(to, true),
        verify: (token) => void this.#waiting.push(token),
        openStream: () => this.#streams.push(this.#streams.length + 1),
        writeStream: () => undefined,
        closeStream: () => undefined,
        ask: (_, done) => {
          done({ nodes: 3 });
          return () => undefined;
        },
      },
    });
    this.relay.handleUp(1, '93.184.216.1', EXPORTER, 0);
    this.relay.handleUp(2, '93.184.217.1', EXPORTER, 0);
  }

  /** The next thing that happens outside. */
  act(nowMs: number): void {
    const { relay } = this;
    this.#hasRoom = true;
    for (const link of [1, 2]) relay.handleWritable(link, nowMs);
    const token = this.#waiting.shift();
    if (token !== undefined) return relay.handleVerified(token, true, nowMs);
    const [stream] = this.#streams.slice(-1);
    if (stream === undefined) return;
    const news = ['opened', Uint8Array.of(1, 2, 3), 'writable', 'closed'] as const;
    relay.handleStream(stream, news[this.#acts++ % news.length]!, nowMs);
  }
}

/** @returns whether all that was said reads as messages. */
function serve(bytes: Uint8Array): boolean {
  const served = new Served(bytes[0] ?? 0);
  const { relay } = served;
  let nowMs = 0;
  let isSound = true;
  for (const { body, link } of stepsOf(bytes)) {
    nowMs += 10;
    if (body !== undefined) {
      isSound &&= decodeRelay(body) !== undefined;
      relay.handleMessage(link, body, nowMs);
    } else if (link === 1) relay.handleTimeout((nowMs += STEP_MS));
    else served.act(nowMs);
  }
  relay.handleTimeout(nowMs + 3_000);
  for (const link of [1, 2]) relay.handleDown(link, nowMs + 3_000);
  relay.handleTimeout(nowMs + 10_000);
  const { circuits, clients, owedErrors, reservations } = relay.stats();
  assert(clients === 0 && circuits === 0 && owedErrors === 0, 'nothing is left');
  assert(reservations === 0, 'nothing is reserved');
  return isSound;
}

const RESERVED: RelayMessage = { type: 'reserved', key: KEY, number: 7 };
const INCOMING: RelayMessage = { type: 'incoming', circuit: 1, index: 3 };
const ASKED_FOR: RelayMessage = { type: 'accept', circuit: 2 };
const ERROR: RelayMessage = { type: 'error', circuit: undefined };
/** Of the client itself: it writes, closes, asks again. */
const ACTS = owner('pause', 'pause', 'pause', 'pause', 'pause');
const PAUSES = new Array<Said>(11).fill('pause');

const CLIENT_SEEDS: readonly Uint8Array[] = [
  input(0, says(RESERVED, INCOMING, data(1), taken(1), close(1))),
  input(0, says(ASKED_FOR, ASKED_FOR, taken(2, 3))),
  input(0, says(ASKED_FOR), ACTS, says(taken(2, 3), data(2), close(2), INCOMING)),
  input(0, says(RESERVED, { type: 'error', circuit: 2 }, INCOMING, ERROR, ...PAUSES, RESERVED)),
  input(0, says(ERROR, ERROR, ERROR, ERROR, ...PAUSES), owner('pause'), says(RESERVED)),
  input(UNWANTED, says(RESERVED, INCOMING, { ...INCOMING, circuit: 3 }, close(1))),
  input(0, says(INCOMING, RESERVED, INCOMING, INCOMING), ACTS),
  input(0, says(RESERVED, RESERVED, { ...RESERVED, number: 8 }, RESERVED), ACTS, says(INCOMING)),
  input(0, says({ ...INCOMING, circuit: 4 })),
  input(0, says({ type: 'extended', circuit: 2 }, data(2, 4_000), data(2, 4_000)), ACTS),
  input(0, says(ASKED_FOR, ...new Array<Said>(3).fill(data(2, DATA_BYTES_MAX))), ACTS),
  input(NO_ROOM, says(ASKED_FOR), ACTS, ACTS, says(taken(2, 100), close(2), data(2))),
  input(NO_ROOM, says(RESERVED, ASKED_FOR), ACTS, says(...PAUSES)),
  input(0, says(data(2))),
  input(0, says(data(9), taken(9), close(9), { type: 'accept', circuit: 9 })),
  input(0, says(...PAUSES, ASKED_FOR)),
  input(0, says({ type: 'unanswered', question: 1 }, RESERVE)),
  input(0, says({ type: 'answer', question: 1, answer: { nodes: 1 } })),
];

const client: Target = {
  name: 'relay-client',
  covers: {
    'core/relay/client.ts': [
      ...['RelayClient.handleMessage', 'RelayClient.#take', 'RelayClient.#reserved'],
      ...['RelayClient.#incoming', 'RelayClient.#opened', 'RelayClient.#data'],
      ...['RelayClient.#taken', 'RelayClient.#over', 'RelayClient.#refused'],
    ],
  },
  bytesMax: 52_000,
  words: WORDS,
  bencodeAt: 3,
  start: () => ({ seeds: CLIENT_SEEDS, run: visit }),
};

/** @returns whether all that was said reads as messages. */
function visit(bytes: Uint8Array): boolean {
  const choices = bytes[0] ?? 0;
  let [hasRoom, isBroken] = [(choices & NO_ROOM) === 0, false];
  const one = new RelayClient({
    send: () => hasRoom,
    pass: () => ((choices & CONTACTS_ONLY) !== 0 ? GATE : undefined),
    reserved: () => undefined,
    refused: () => undefined,
    incoming: () => (choices & UNWANTED) === 0,
    opened: () => undefined,
    bytes: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
    broken: () => void (isBroken = true),
  });
  one.setWanted(true, 0);
  one.handleUp(EXPORTER, 0);
  one.open(SLOT, 0);
  let answered = 0;
  for (let i = 0; i < QUESTIONS; i++) one.ask({ type: 'get', key: KEY }, () => answered++, 0);
  const acts: readonly ((nowMs: number) => void)[] = [
    (nowMs) => one.write(2, utf8('abc'), nowMs),
    (nowMs) => one.write(2, new Uint8Array(WINDOW_BYTES + 1), nowMs),
    (nowMs) => one.revoke(3, nowMs),
    (nowMs) => one.close(2, nowMs),
    (nowMs) => {
      hasRoom = true;
      one.handleWritable(nowMs);
    },
  ];
  let [nowMs, acted, isSound] = [0, 0, true];
  for (const { body, link } of stepsOf(bytes)) {
    nowMs += 10;
    if (body !== undefined) {
      isSound &&= decodeRelay(body) !== undefined;
      if (!isBroken) one.handleMessage(body, nowMs);
    } else if (link === 1) one.handleTimeout((nowMs += STEP_MS));
    else acts[acted++ % acts.length]!(nowMs);
  }
  one.handleTimeout(nowMs + 10_000);
  one.handleDown(nowMs + 10_000);
  assert(one.circuits === 0, 'nothing is left');
  assert(answered === QUESTIONS, 'each question is over, once');
  return isSound;
}

export const RELAY_LINKS: readonly Target[] = [server, client];
