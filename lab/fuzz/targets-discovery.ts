/**
 * Targets: what the DHT and its nodes say, and records that other people's devices put there.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { asDict, decode, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, uintBE, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { seal } from '@sotto/core/crypto/aead.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { immutableTarget, signedBytes, signItem, verifyFound } from '@sotto/core/discovery/item.ts';
import {
  decodeKrpc,
  encodeError,
  encodeQuery,
  encodeReply,
  KRPC_ERROR,
  type Query,
} from '@sotto/core/discovery/krpc.ts';
import {
  decodeRecord,
  encodeRecord,
  openRecord,
  type PresenceRecord,
  sealRecord,
} from '@sotto/core/discovery/record.ts';
import { decodeSaved, encodeSaved } from '@sotto/core/discovery/saved.ts';
import { CONTENT_BYTES, VALUE_BYTES } from '@sotto/core/discovery/sealed-item.ts';
import type { Target } from './target.ts';

const V4 = { host: '1.2.3.4', port: 6881 };
const V6 = { host: '2a00::1', port: 6881 };

function krpcSeeds(): Uint8Array[] {
  const { bytes } = new Prng(3);
  const [id, target, token] = [bytes(20), bytes(20), bytes(8)];
  const raw = encode({ some: 'value', n: 1 });
  const mutable = { k: bytes(32), sig: bytes(64), seq: 7n, salt: utf8('salt') };
  const want = ['v4', 'v6'] as const;
  const queries: Query[] = [
    { method: 'ping' },
    { method: 'find_node', target, want },
    { method: 'get_peers', target, want: ['v6'] },
    { method: 'announce_peer', target, port: 80, token },
    { method: 'announce_peer', target, port: undefined, token },
    { method: 'get', target, want },
    { method: 'get', target, want, seq: 2n ** 60n },
    { method: 'put', token, raw },
    { method: 'put', token, raw, mutable },
    { method: 'put', token, raw, mutable: { ...mutable, salt: new Uint8Array(0), cas: 6n } },
  ];
  const [nodes, nodes6] = [V4, V6].map((endpoint) => [{ id, endpoint }]);
  const item = { raw, k: mutable.k, sig: mutable.sig, seq: 7n };
  return [
    ...queries.map((query, i) => encodeQuery(bytes(2), id, i % 2 === 0, query)),
    encodeReply(bytes(2), V4, { id, nodes: nodes!, nodes6: nodes6!, token, peers: [V4, V6] }),
    encodeReply(bytes(4), V6, { id, token, item }),
    encodeReply(bytes(4), V6, { id, token, seq: 8n }),
    encodeReply(bytes(1), V4, { id }),
    encodeError(bytes(2), V4, KRPC_ERROR.seqTooLow),
    utf8('d1:y1:r1:t2:aa1:rd2:id20:aaaaaaaaaaaaaaaaaaaaee'),
  ];
}

const krpc: Target = {
  name: 'krpc',
  covers: {
    'core/discovery/krpc.ts': [
      ...['decodeKrpc', 'decodeQuery', 'readTarget', 'readWant', 'readAnnounce', 'readGet'],
      ...['readPut', 'decodeReply', 'readPeers', 'decodeError', 'readSeq', 'readToken', 'textOf'],
    ],
    'core/discovery/contacts.ts': ['decodeContacts'],
    'core/discovery/bencode-span.ts': ['rawField', 'field', 'isKey', 'skip'],
  },
  bytesMax: 4200,
  words: [
    ...['a', 'e', 'ip', 'q', 'r', 'ro', 't', 'v', 'y', 'id', 'target', 'info_hash', 'want', 'n4'],
    ...['n6', 'token', 'port', 'implied_port', 'seq', 'cas', 'k', 'sig', 'salt', 'nodes', 'nodes6'],
    ...['values', 'ping', 'find_node', 'get_peers', 'announce_peer', 'get', 'put', '1:q', '1:r'],
  ],
  bencodeAt: 0,
  start: () => ({
    seeds: krpcSeeds(),
    run(input) {
      const message = decodeKrpc(input);
      if (!message.ok) {
        const { answer } = message;
        if (answer) assert(encodeError(answer.transaction, V4, answer.code).length < 200, 'short');
        return false;
      }
      if (message.kind === 'query' && message.query.method === 'put') {
        assert(decode(message.query.raw).ok, 'a value to store is canonical');
      }
      if (message.kind === 'reply') assert(message.reply.contacts.length <= 32, 'bounded');
      return true;
    },
  }),
};

/**
 * First byte: bit 0 an immutable item, bit 1 a signature of ours over it, bit 2 another key beside
 * it, bit 3 a salt, bit 4 no sequence number, bit 5 a short signature, bit 6 no key. Then comes
 * the value.
 */
const item: Target = {
  name: 'item',
  covers: { 'core/discovery/item.ts': ['verifyFound', 'verifyItem', 'signedBytes', 'sameKey'] },
  bytesMax: 1100,
  words: ['1:v', '4:salt', 'i1e'],
  bencodeAt: 1,
  start() {
    const prng = new Prng(4);
    const key = new SigningKey(new Secret('item', prng.bytes(32)));
    const salt = utf8('salt');
    const { signature, raw } = signItem(key, { seq: 7, value: prng.bytes(768) });
    const values = [raw, encode({ a: 1, b: ['x'] })];
    return {
      seeds: values.flatMap((value) =>
        [1, 2, 10].map((mode) => concat(Uint8Array.of(mode), value)),
      ),
      run(input) {
        const mode = input[0] ?? 0;
        const value = input.subarray(1);
        const found = { raw: value, ...((mode & 16) === 0 && { seq: 7n }) };
        if ((mode & 1) !== 0) {
          const target = value.length % 7 === 6 ? salt : immutableTarget(value);
          return verifyFound({ target }, found) !== undefined;
        }
        const salted = (mode & 8) !== 0;
        const signs = (mode & 2) !== 0;
        const sig = signs ? key.signBare(signedBytes(salted ? salt : NONE, 7n, value)) : signature;
        const k = (mode & 4) !== 0 ? value.slice(0, 32) : key.publicKey;
        const query = { publicKey: key.publicKey, ...(salted && { salt }) };
        const named = (mode & 64) === 0 && { k };
        const cut = (mode & 32) !== 0 ? sig.subarray(1) : sig;
        return verifyFound(query, { ...found, ...named, sig: cut }) !== undefined;
      },
    };
  },
};
const NONE = new Uint8Array(0);

function records(): PresenceRecord[] {
  const { bytes } = new Prng(5);
  const plain: PresenceRecord = {
    majors: [1],
    policy: 'auto',
    generation: 1,
    list: { version: 1, hash: bytes(32) },
    candidates: [],
  };
  const full: PresenceRecord = {
    ...plain,
    majors: [1, 2, 9],
    candidates: [
      { transport: 'udp', endpoint: V4, nat: 'open' },
      { transport: 'tcp', endpoint: V6, nat: 'random' },
    ],
    gate: { kind: 'direct', secret: new Secret('gate', bytes(32)) },
    relays: [bytes(72)],
    mailboxes: [bytes(44)],
    drops: [bytes(20)],
    flags: 1,
    keys: { signing: bytes(32), noise: bytes(32) },
    mark: bytes(16),
  };
  return [plain, full, { ...plain, policy: 'hidden' }];
}

const RECORD_COVERS = [
  ...['decodeRecord', 'recordOf', 'optional', 'listOf', 'policyOf', 'ascending'],
  ...['unpackCandidate', 'unpackGate', 'unpackKeys', 'unknownOf'],
];
const RECORD_WORDS = [...'cdfghiklmoprx', new Uint8Array(33), new Uint8Array(64), 'zz'];

const record: Target = {
  name: 'record',
  covers: { 'core/discovery/record.ts': RECORD_COVERS },
  bytesMax: 800,
  words: RECORD_WORDS,
  bencodeAt: 0,
  start: () => ({
    seeds: records().map(encodeRecord),
    run(input) {
      const decoded = decodeRecord(input);
      if (!decoded.ok) return false;
      const { candidates, policy } = decoded.record;
      assert(policy !== 'hidden' || candidates.length === 0, 'hidden names no address');
      const again = decodeRecord(encodeRecord(decoded.record));
      assert(again.ok && again.record.generation === decoded.record.generation, 'reads back');
      return true;
    },
  }),
};

/** First byte: 0 a record in its padding, 1 content as it is, 2 a value as it is; sealed by us. */
const sealed: Target = {
  name: 'record-sealed',
  covers: { 'core/discovery/record.ts': ['openRecord'] },
  bytesMax: 800,
  words: RECORD_WORDS,
  bencodeAt: 1,
  start() {
    const { bytes } = new Prng(6);
    const key = new Secret('record', bytes(32));
    const framed = records().map((one) => concat(Uint8Array.of(0), encodeRecord(one)));
    const whole = records().map((one) => concat(Uint8Array.of(2), sealRecord(one, key, bytes)));
    return {
      seeds: [...framed, ...whole],
      run(input) {
        const mode = (input[0] ?? 0) % 4;
        const rest = input.subarray(1);
        if (mode > 1) return openRecord(mode === 2 ? rest : [rest], key).ok;
        const content = new Uint8Array(CONTENT_BYTES);
        const body = mode === 0 ? concat(uintBE(rest.length, 2), rest) : rest;
        content.set(body.subarray(0, CONTENT_BYTES));
        const value = seal(key.reveal(), content, bytes);
        assert(value.length === VALUE_BYTES, 'values have one length');
        return openRecord(value, key).ok;
      },
    };
  },
};

const saved: Target = {
  name: 'saved-table',
  covers: { 'core/discovery/saved.ts': ['decodeSaved', 'readRealm'] },
  bytesMax: 32 * 1024,
  words: ['1', 'v4', 'v6', 'id', 'nodes', 'ip', '2:v4', '2:v6'],
  bencodeAt: 0,
  start() {
    const { bytes } = new Prng(7);
    const realm = (
      endpoint: typeof V4,
    ): { id: Uint8Array; external: typeof V4; nodes: never[] } => ({
      id: bytes(20),
      external: endpoint,
      nodes: [],
    });
    const nodes = [V4, V4].map((endpoint) => ({ id: bytes(20), endpoint }));
    const seeds = [
      encodeSaved({ v4: { ...realm(V4), nodes } }),
      encodeSaved({ v4: realm(V4), v6: realm(V6) }),
      encodeSaved({ v6: { ...realm(V6), external: undefined } }),
    ];
    return {
      seeds,
      run(input) {
        const tables = decodeSaved(input);
        const again = decodeSaved(encodeSaved(tables));
        assert(equal(again.v4?.id ?? NONE, tables.v4?.id ?? NONE), 'a table reads back');
        return tables.v4 !== undefined || tables.v6 !== undefined;
      },
    };
  },
};

/** The same bytes as a `v` inside a message: what is embedded is not taken for what is around. */
const nested: Target = {
  ...krpc,
  name: 'krpc-value',
  // Its branches are those of `krpc`.
  covers: {},
  start: () => ({
    seeds: [encode({ v: 'x' }), encode({ v: { v: { a: 1 } } }), encode({ k: [], v: 0 })],
    run(input) {
      const head = utf8(`d1:rd2:id20:${'a'.repeat(20)}`);
      const decoded = decode(input);
      const dict = decoded.ok ? asDict(decoded.value) : undefined;
      const value = dict?.['v'];
      if (value === undefined) return false;
      const message = decodeKrpc(concat(head, utf8('1:v'), encode(value), utf8('e1:t1:a1:y1:re')));
      // Two levels deeper or some bytes longer than what stands alone.
      if (!message.ok) return false;
      assert(message.kind === 'reply', 'a value changes nothing around it');
      assert(equal(message.reply.item!.raw, encode(value)), 'the very bytes');
      return true;
    },
  }),
};

export const DISCOVERY: readonly Target[] = [krpc, nested, item, record, sealed, saved];
