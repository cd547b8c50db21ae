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
];
const WORDS = [...'bcdeikmnpstx', ...new Set(MESSAGES.map(({ type }) => type)), SLOT, KEY];

const message: Target = {
  name: 'relay-message',
  covers: {
    'core/relay/wire.ts': [
      ...['decodeRelay', 'readReserve', 'readError', 'readOfCircuit', 'circuitOf', 'indexOf'],
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

/** Bodies, each behind two bytes of length: what one client, or one relay, says. */
function bodies(input: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length && found.length < 200;) {
    const length = (input[at]! << 8) | input[at + 1]!;
    found.push(input.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

function script(...said: readonly RelayMessage[]): Uint8Array {
  return concat(
    ...said.map(encodeRelay).flatMap((body) => [uintBE(body.length, 2), new Uint8Array(body)]),
  );
}

const server: Target = {
  name: 'relay-server',
  covers: {
    'core/relay/server.ts': [
      ...['RelayServer.handleMessage', 'RelayServer.#take', 'RelayServer.#reserve'],
      ...['RelayServer.#open', 'RelayServer.#ask', 'RelayServer.#answer', 'RelayServer.#pass'],
    ],
    'core/relay/slots.ts': ['checkSlot'],
  },
  bytesMax: 4_000,
  words: WORDS,
  bencodeAt: 2,
  start: () => ({
    seeds: [
      script(MESSAGES[0]!, MESSAGES[3]!, MESSAGES[4]!),
      script(MESSAGES[4]!, MESSAGES[10]!, MESSAGES[11]!),
      script(MESSAGES[1]!, MESSAGES[6]!, MESSAGES[8]!),
    ],
    run(input) {
      let isThere = true;
      const relay = new RelayServer({
        random: new Prng(51).bytes,
        secret: relaySecretOf(NOISE),
        serves: () => 'public',
        passes: () => [],
        ports: {
          send: () => true,
          close: (link) => void (isThere &&= link !== 1),
          mayExtend: (to) => isRelayEndpoint(to, true),
          verify: () => undefined,
          openStream: () => 2,
          writeStream: () => undefined,
          closeStream: () => undefined,
        },
      });
      relay.handleUp(1, '93.184.216.1', EXPORTER, 0);
      let nowMs = 0;
      for (const body of bodies(input)) relay.handleMessage(1, body, (nowMs += 10));
      relay.handleTimeout(nowMs + 3_000);
      relay.handleDown(1, nowMs + 3_000);
      const { clients, circuits, owedErrors, reservations } = relay.stats();
      assert(clients === 0 && circuits === 0 && owedErrors === 0, 'nothing is left');
      assert(reservations === 0, 'nothing is reserved');
      return isThere;
    },
  }),
};

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
      script(MESSAGES[13]!, MESSAGES[14]!),
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
      for (const body of bodies(input)) {
        if (!isBroken) one.handleMessage(body, 1);
        one.write(2, utf8('abc'), 1);
      }
      one.handleTimeout(10_000);
      one.handleDown(10_000);
      assert(one.circuits === 0, 'nothing is left');
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
