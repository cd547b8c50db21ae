/**
 * Targets: what a relay and its clients say to each other, and how relays are told.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, equal, uintBE, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { isRelayEndpoint } from '@sotto/core/relay/address.ts';
import { RelayClient } from '@sotto/core/relay/client.ts';
import { decodeEntry, encodeEntry } from '@sotto/core/relay/entry.ts';
import { formatRelay, parseRelay } from '@sotto/core/relay/relay-text.ts';
import { RelayServer } from '@sotto/core/relay/server.ts';
import { makeSlot, relaySecretOf, reservationKey } from '@sotto/core/relay/slots.ts';
import { decodeRelay, encodeRelay, type RelayMessage } from '@sotto/core/relay/wire.ts';
import type { Target } from './target.ts';

const prng = new Prng(50);
const KEY = prng.bytes(32);
const NOISE = new Secret<'device noise'>('device noise', prng.bytes(32));
const EXPORTER = new Secret<'link exporter'>('link exporter', prng.bytes(32));
const SLOT = makeSlot(reservationKey(relaySecretOf(NOISE), 7), { number: 7, index: 3 });
const SIGNED = { seq: 7n, signature: prng.bytes(64) };
const PLACE = { host: '198.51.100.9', port: 443 };

const MESSAGES: readonly RelayMessage[] = [
  { type: 'reserve', revoked: [] },
  { type: 'reserve', former: { number: 7, proof: KEY }, pass: KEY, revoked: [1, 2] },
  { type: 'reserved', key: KEY, number: 7 },
  { type: 'revoke', index: 3 },
  { type: 'open', circuit: 2, slot: SLOT },
  { type: 'incoming', circuit: 1, index: 3 },
  { type: 'accept', circuit: 1 },
  { type: 'refuse', circuit: 1 },
  { type: 'data', circuit: 1, bytes: utf8('hello') },
  { type: 'taken', circuit: 1, count: 5 },
  { type: 'close', circuit: 1 },
  { type: 'extend', circuit: 4, endpoint: PLACE, key: KEY },
  { type: 'extended', circuit: 4 },
  { type: 'error', circuit: 2 },
  { type: 'error', circuit: undefined },
  { type: 'ask', question: 1, pass: KEY, what: { type: 'get', key: KEY } },
  { type: 'ask', question: 2, what: { type: 'get', target: KEY.slice(0, 20) } },
  { type: 'ask', question: 3, what: { type: 'put', raw: utf8('2:hi') } },
  { type: 'answer', question: 1, answer: { nodes: 3, item: { raw: utf8('2:hi') } } },
  {
    type: 'answer',
    question: 2,
    answer: { nodes: 3, item: { raw: utf8('2:hi'), signed: SIGNED } },
  },
  {
    type: 'ask',
    question: 4,
    what: { type: 'put', raw: utf8('2:hi'), signed: { ...SIGNED, key: KEY } },
  },
  { type: 'unanswered', question: 2 },
  { type: 'forget', question: 1 },
];
const ANSWERS = MESSAGES.filter(({ type }) => type === 'answer' || type === 'unanswered');
/** That a client under test waits for. */
const QUESTIONS = 3;
const WORDS = [
  ...'bcdehikmnpqstvx',
  ...new Set(MESSAGES.map(({ type }) => type)),
  'get',
  'put',
  SLOT,
  KEY,
];

const message: Target = {
  name: 'relay-message',
  covers: {
    'core/relay/wire.ts': [
      ...['decodeRelay', 'readReserve', 'readError', 'readOfCircuit', 'circuitOf', 'indexOf'],
    ],
    'core/relay/question.ts': [
      ...['readQuestion', 'readGet', 'readPut', 'readAnswer', 'readSigned', 'valueOf', 'seqOf'],
    ],
  },
  bytesMax: 17_000,
  words: WORDS,
  bencodeAt: 0,
  start: () => ({
    seeds: MESSAGES.map(encodeRelay),
    run(input) {
      const read = decodeRelay(input);
      if (read === undefined) return false;
      const again = encodeRelay(read);
      const twice = decodeRelay(again);
      assert(twice !== undefined && equal(encodeRelay(twice), again), 'it reads back');
      return true;
    },
  }),
};

const OWNER_BIT = 0x8000;

/** Bodies, each behind a bit that says which of two clients says it, and 15 bits of length. */
function bodies(input: Uint8Array): { link: 1 | 2; body: Uint8Array }[] {
  const found: { link: 1 | 2; body: Uint8Array }[] = [];
  for (let at = 0; at + 2 <= input.length && found.length < 200;) {
    const head = (input[at]! << 8) | input[at + 1]!;
    const length = head & ~OWNER_BIT;
    const link = head & OWNER_BIT ? 2 : 1;
    found.push({ link, body: input.slice(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return found;
}

function script(...said: readonly RelayMessage[]): Uint8Array {
  return scriptOf(said, 0);
}

function byOwner(...said: readonly RelayMessage[]): Uint8Array {
  return scriptOf(said, OWNER_BIT);
}

function scriptOf(said: readonly RelayMessage[], bit: number): Uint8Array {
  return concat(
    ...said
      .map(encodeRelay)
      .flatMap((body) => [uintBE(body.length | bit, 2), new Uint8Array(body)]),
  );
}

const server: Target = {
  name: 'relay-server',
  covers: {
    'core/relay/server.ts': [
      ...['RelayServer.handleMessage', 'RelayServer.#take', 'RelayServer.#reserve'],
      ...['RelayServer.#open', 'RelayServer.#ask', 'RelayServer.#answer', 'RelayServer.#pass'],
    ],
    'core/relay/questions.ts': ['Questions.begin', 'Questions.forget', 'Questions.#mayAsk'],
    'core/relay/slots.ts': ['checkSlot'],
  },
  bytesMax: 4_000,
  words: WORDS,
  bencodeAt: 2,
  start: () => {
    const slot = slotOfOwner();
    const opened = concat(byOwner(MESSAGES[0]!), script({ type: 'open', circuit: 2, slot }));
    const accepted = concat(opened, byOwner(MESSAGES[6]!));
    const hello = script({ type: 'data', circuit: 2, bytes: utf8('hello') });
    return {
      seeds: [
        script(MESSAGES[0]!, MESSAGES[3]!, MESSAGES[4]!),
        script(MESSAGES[4]!, MESSAGES[10]!, MESSAGES[11]!),
        script(MESSAGES[1]!, MESSAGES[6]!, MESSAGES[8]!),
        script(...MESSAGES.filter(({ type }) => type === 'ask' || type === 'forget')),
        concat(opened, byOwner(MESSAGES[7]!), script(MESSAGES[10]!)),
        concat(opened, byOwner(MESSAGES[3]!), script({ type: 'open', circuit: 4, slot })),
        concat(accepted, hello, byOwner(MESSAGES[9]!, MESSAGES[8]!, MESSAGES[10]!)),
        concat(accepted, byOwner(MESSAGES[8]!), script({ type: 'taken', circuit: 2, count: 5 })),
        concat(accepted, hello, script({ type: 'close', circuit: 2 }), byOwner(MESSAGES[9]!)),
      ],
      run: (input) => serve(input),
    };
  },
};

/** A slot that the relay under test really gives, of a reservation of its second client. */
function slotOfOwner(): Uint8Array {
  let number = 0;
  const relay = relayUnderTest((body) => {
    const said = decodeRelay(body);
    if (said?.type === 'reserved') ({ number } = said);
  });
  meetTwo(relay);
  relay.handleMessage(2, encodeRelay(MESSAGES[0]!), 1);
  return makeSlot(reservationKey(relaySecretOf(NOISE), number), { number, index: 3 });
}

function meetTwo(relay: RelayServer): void {
  relay.handleUp(1, '93.184.216.1', EXPORTER, 0);
  relay.handleUp(2, '93.184.217.1', EXPORTER, 0);
}

function relayUnderTest(
  said: (body: Uint8Array) => void,
  closed: (link: number) => void = () => undefined,
): RelayServer {
  return new RelayServer({
    random: new Prng(51).bytes,
    secret: relaySecretOf(NOISE),
    serves: () => 'public',
    passes: () => [],
    ports: {
      send: (_, body) => {
        said(body);
        return true;
      },
      close: closed,
      mayExtend: (to) => isRelayEndpoint(to, true),
      verify: () => undefined,
      openStream: () => 2,
      writeStream: () => undefined,
      closeStream: () => undefined,
      ask: (_, done) => {
        done({ nodes: 3 });
        return () => undefined;
      },
    },
  });
}

/** @returns whether nothing that was said cost anybody the link. */
function serve(input: Uint8Array): boolean {
  let areThere = true;
  const relay = relayUnderTest(
    () => undefined,
    () => void (areThere = false),
  );
  meetTwo(relay);
  let nowMs = 0;
  for (const { body, link } of bodies(input)) relay.handleMessage(link, body, (nowMs += 10));
  relay.handleTimeout(nowMs + 3_000);
  relay.handleDown(1, nowMs + 3_000);
  relay.handleDown(2, nowMs + 3_000);
  relay.handleTimeout(nowMs + 10_000);
  const { clients, circuits, owedErrors, reservations } = relay.stats();
  assert(clients === 0 && circuits === 0 && owedErrors === 0, 'nothing is left');
  assert(reservations === 0, 'nothing is reserved');
  return areThere;
}

const client: Target = {
  name: 'relay-client',
  covers: {
    'core/relay/client.ts': [
      ...['RelayClient.handleMessage', 'RelayClient.#take', 'RelayClient.#reserved'],
      ...['RelayClient.#incoming', 'RelayClient.#opened', 'RelayClient.#data'],
      ...['RelayClient.#taken', 'RelayClient.#over', 'RelayClient.#refused'],
    ],
  },
  bytesMax: 4_000,
  words: WORDS,
  bencodeAt: 2,
  start: () => ({
    seeds: [
      script(MESSAGES[2]!, MESSAGES[5]!, MESSAGES[8]!, MESSAGES[10]!),
      script({ type: 'accept', circuit: 2 }, { type: 'taken', circuit: 2, count: 3 }),
      script(
        { type: 'accept', circuit: 2 },
        { type: 'data', circuit: 2, bytes: utf8('hello') },
        { type: 'close', circuit: 2 },
        MESSAGES[5]!,
        MESSAGES[8]!,
        MESSAGES[10]!,
      ),
      script(MESSAGES[2]!, MESSAGES[13]!, MESSAGES[5]!, MESSAGES[14]!),
      script(MESSAGES[13]!, MESSAGES[14]!),
      script(...ANSWERS),
      script(MESSAGES[2]!, MESSAGES[2]!, MESSAGES[5]!, MESSAGES[10]!, MESSAGES[8]!),
    ],
    run(input) {
      let isBroken = false;
      const one = new RelayClient({
        send: () => true,
        pass: () => undefined,
        reserved: () => undefined,
        incoming: () => true,
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
      for (const { body } of bodies(input)) {
        if (!isBroken) one.handleMessage(body, 1);
        one.write(2, utf8('abc'), 1);
      }
      one.handleTimeout(10_000);
      one.handleDown(10_000);
      assert(one.circuits === 0, 'nothing is left');
      assert(answered === QUESTIONS, 'each question is over, once');
      return !isBroken;
    },
  }),
};

const entry: Target = {
  name: 'relay-entry',
  covers: { 'core/relay/entry.ts': ['decodeEntry'] },
  bytesMax: 100,
  words: [Uint8Array.of(1), Uint8Array.of(2), KEY],
  start: () => ({
    seeds: ['93.184.216.34', '2606:2800:220:1::7'].map((host) =>
      encodeEntry({ endpoint: { host, port: 443 }, key: KEY, slot: SLOT, udp: true, tcp: true }),
    ),
    run(input) {
      const read = decodeEntry(input);
      if (read === undefined) return false;
      const again = decodeEntry(encodeEntry(read));
      assert(again !== undefined && equal(again.slot, read.slot), 'it reads back');
      return true;
    },
  }),
};

const text: Target = {
  name: 'relay-text',
  covers: { 'core/relay/relay-text.ts': ['parseRelay'] },
  bytesMax: 200,
  words: ['sotto-relay:', '@', ':443', '[::1]'],
  start: () => ({
    seeds: [utf8(formatRelay({ endpoint: PLACE, key: KEY }))],
    run(input) {
      const read = parseRelay(utf8Text(input) ?? '');
      if (read === undefined) return false;
      assert(parseRelay(formatRelay(read)) !== undefined, 'it reads back');
      return true;
    },
  }),
};

export const RELAY: readonly Target[] = [message, server, client, entry, text];
