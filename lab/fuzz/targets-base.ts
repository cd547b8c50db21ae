/**
 * Targets: encodings that everything else stands on.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { type Bvalue, decode, type Encodable, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import {
  decodeEndpoint,
  encodeEndpoint,
  endpointKey,
  formatAddress,
  parseAddress,
  parseEndpoint,
  scopeOf,
} from '@sotto/core/base/endpoint.ts';
import { decodeEvent, encodeEvent } from '@sotto/core/base/event.ts';
import { EVENT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { Target } from './target.ts';

const BENCODE_OF_READER = { 'core/base/bencode.ts': ['decode', 'Reader'] };
const BYTES_MAX = 64 * 1024;

function samples(): Uint8Array[] {
  const prng = new Prng(1);
  const values: Encodable[] = [
    0,
    -1,
    2 ** 53 - 1,
    2n ** 63n - 1n,
    -(2n ** 63n),
    '',
    'text',
    prng.bytes(300),
    [],
    {},
    [1, [2, [3, ['four']]]],
    { a: 1, b: { c: [], d: {} }, '\u00ff': 'high' },
    { id: prng.bytes(20), t: 'aa', y: 'q', a: { target: prng.bytes(20), want: ['n4', 'n6'] } },
    Array.from({ length: 40 }, (_, i) => i),
  ];
  return values.map(encode);
}

const strict: Target = {
  name: 'bencode',
  covers: BENCODE_OF_READER,
  bytesMax: BYTES_MAX,
  words: ['d', 'l', 'e', '1:a', '2:aa', 'i1e'],
  bencodeAt: 0,
  start: () => ({
    seeds: samples(),
    run(input) {
      const decoded = decode(input);
      if (decoded.ok) assert(equal(encode(decoded.value), input), 'decodes and encodes the same');
      else if (decoded.reason === 'unsorted keys') decode(input, { lenient: true });
      return decoded.ok;
    },
  }),
};

const lenient: Target = {
  ...strict,
  name: 'bencode-lenient',
  start: () => ({
    seeds: [...samples(), utf8('d1:bi1e1:ai2ee')],
    run(input) {
      const decoded = decode(input, { lenient: true });
      if (!decoded.ok) {
        assert(!decode(input).ok, 'lenient admits all that strict does');
        return false;
      }
      // Sorted by us, it is canonical; nothing was lost on the way.
      const again = decode(encode(decoded.value));
      assert(again.ok && size(again.value) === size(decoded.value), 'lenient loses nothing');
      return true;
    },
  }),
};

function size(value: Bvalue): number {
  if (typeof value !== 'object') return 1;
  if (value instanceof Uint8Array) return value.length + 1;
  const inside = Array.isArray(value) ? value : Object.values(value);
  return inside.reduce<number>((sum, item) => sum + size(item), 1);
}

const event: Target = {
  name: 'event',
  covers: { 'core/base/event.ts': ['decodeEvent', 'kindName', 'idList'] },
  bytesMax: EVENT_BYTES_MAX + 4096,
  words: ['text', 'pair', 'b', 'c', 'd', 'k', 'n', 'p', 'r', 't', new Uint8Array(16)],
  bencodeAt: 0,
  start() {
    const { bytes } = new Prng(2);
    const made = (kind: string, body: Uint8Array, refs: number): Uint8Array =>
      encodeEvent({
        conversation: bytes(16),
        author: bytes(32),
        sequence: 1 + refs,
        timeMs: 1.7e12,
        kind,
        body,
        refs: Array.from({ length: refs }, () => bytes(16)),
        previous: new Uint8Array(32),
      });
    return {
      seeds: [
        made('text', utf8('hi'), 0),
        made('pair', bytes(32), 1),
        made('a-later-kind', bytes(900), 32),
        made('text', new Uint8Array(EVENT_BYTES_MAX - 200), 0),
      ],
      run(input) {
        const decoded = decodeEvent(input);
        if (!decoded.ok) return false;
        const again = decodeEvent(encodeEvent(decoded.event));
        assert(again.ok && again.event.kind === decoded.event.kind, 'an event reads back');
        return true;
      },
    };
  },
};

/** First byte even: compact bytes; odd: a text. */
const endpoint: Target = {
  name: 'endpoint',
  covers: {
    'core/base/endpoint.ts': [
      ...['parseEndpoint', 'parseAddress', 'parseV4', 'parseV6', 'v6Groups', 'formatAddress'],
      ...['decodeEndpoint', 'scopeOf', 'scopeOfV4', 'scopeOfV6', 'endpointKey'],
    ],
  },
  bytesMax: 256,
  words: ['::', ':', '.', '127.0.0.1', '[', ']:', '65535', '65536', 'ffff', '0', '1.2.3.4', 'fe80'],
  start() {
    const hosts = ['1.2.3.4', '127.0.0.1', '10.1.1.1', '172.16.1.1', '192.168.1.1', '169.254.1.1'];
    hosts.push('100.64.0.1', '0.0.0.0', '224.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1');
    hosts.push('203.0.113.1', '2001:db8::1', '2a00::1', '::1', 'fe80::1', 'fd00::1', '64:ff9b::1');
    const seeds = hosts.flatMap((host) => [
      concat(Uint8Array.of(0), encodeEndpoint({ host, port: 7340 })),
      concat(Uint8Array.of(1), utf8(endpointKey({ host, port: 7340 }))),
      concat(Uint8Array.of(3), utf8(host)),
    ]);
    const mixed = ['3::ffff:1.2.3.4', '31:2:3:4:5:6:7:8', '31::8', '31:0:0:4:0:0:0:8'];
    return { seeds: [...seeds, ...mixed.map((text) => utf8(text))], run: runEndpoint };
  },
};

function runEndpoint(input: Uint8Array): boolean {
  const mode = input[0] ?? 0;
  const rest = input.subarray(1);
  if ((mode & 1) === 0) {
    const found = decodeEndpoint(rest);
    if (!found) return false;
    const again = decodeEndpoint(encodeEndpoint(found));
    assert(again !== undefined && endpointKey(again) === endpointKey(found), 'one text each');
    scopeOf(found.host);
    return true;
  }
  const text = utf8Text(rest) ?? '';
  if ((mode & 2) !== 0) {
    const address = parseAddress(text);
    scopeOf(text);
    if (address) assert(parseAddress(formatAddress(address)) !== undefined, 'canonical reads');
    return address !== undefined;
  }
  const found = parseEndpoint(text);
  if (!found) return false;
  const again = parseEndpoint(endpointKey(found));
  assert(again !== undefined && again.host === found.host, 'an endpoint reads back');
  return true;
}

export const BASE: readonly Target[] = [strict, lenient, event, endpoint];
