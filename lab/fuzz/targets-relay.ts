/**
 * Targets: what a relay and its clients say to each other, and how relays are told.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, equal, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { seal } from '@sotto/core/crypto/aead.ts';
import { kdf, LABELS } from '@sotto/core/crypto/kdf.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { decodeEntry, encodeEntry } from '@sotto/core/relay/entry.ts';
import {
  decodeAsk,
  decodeReply,
  encodeAsk,
  encodeReply,
  TOKEN_BYTES,
} from '@sotto/core/relay/listing.ts';
import { formatRelay, parseRelay } from '@sotto/core/relay/relay-text.ts';
import { makeSlot, relaySecretOf, reservationKey } from '@sotto/core/relay/slots.ts';
import { decodeRelay, encodeRelay, type RelayMessage } from '@sotto/core/relay/wire.ts';
import type { Target } from './target.ts';

const prng = new Prng(50);
const KEY = prng.bytes(32);
const NOISE = new Secret<'device noise'>('device noise', prng.bytes(32));
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
/** What means something to whoever reads such messages. */
export const RELAY_WORDS = [
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
  words: RELAY_WORDS,
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
  words: ['sotto-relay:', '@', ':443', '+443', '[::1]'],
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

/** Keys that everybody has: no mutation gets behind a tag, but whoever wants to does (RLY-27). */
const LISTING_KEYS = [1, 2].map((way) => {
  return kdf(new Uint8Array(KEY.length), LABELS.relayAsk, Uint8Array.of(way));
});

/** An input is tried as it is, and as what stands inside the seals. */
const listing: Target = {
  name: 'relay-listing',
  covers: { 'core/relay/listing.ts': ['decodeAsk', 'decodeReply'] },
  bytesMax: 100,
  words: [KEY, Uint8Array.of(1)],
  start: () => {
    const token = KEY.slice(0, TOKEN_BYTES);
    const flags = [0, 1, 2, 255].map((each) => concat(token, KEY, Uint8Array.of(each)));
    return {
      seeds: [
        encodeAsk(token, prng.bytes),
        encodeReply({ key: KEY, tcp: true, token, web: true }, prng.bytes),
        concat(token, new Uint8Array(36)),
        ...flags,
      ],
      run(input) {
        const forms = [input, ...LISTING_KEYS.map((key) => seal(key, input, prng.bytes))];
        return forms.map(isListing).includes(true);
      },
    };
  },
};

function isListing(bytes: Uint8Array): boolean {
  const asked = decodeAsk(bytes);
  if (asked) assert(asked.length === TOKEN_BYTES, 'a token');
  const said = decodeReply(bytes);
  if (said) {
    const again = decodeReply(encodeReply(said, prng.bytes));
    assert(again !== undefined && equal(again.key, said.key), 'it reads back');
  }
  return asked !== undefined || said !== undefined;
}

export const RELAY: readonly Target[] = [message, entry, text, listing];
