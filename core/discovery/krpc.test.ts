import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadVectors } from '../../vectors/load.ts';
import { decode, encode, type Encodable } from '../base/bencode.ts';
import { concat, utf8, utf8Text } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import {
  decodeKrpc,
  encodeError,
  encodeQuery,
  encodeReply,
  KRPC_BYTES_MAX,
  REPLY_CONTACTS_MAX,
  REPLY_PEERS_MAX,
  type Krpc,
  type Query,
} from './krpc.ts';

const { messages } = loadVectors<{ messages: { name: string; bencoded_ascii: string }[] }>(
  'beps/bep5-krpc-messages.json',
);
const id = utf8('abcdefghij0123456789');
const target = utf8('mnopqrstuvwxyz123456');
const token = utf8('aoeusnth');
const t = utf8('aa');
const k = new Uint8Array(32).fill(1);
const sig = new Uint8Array(64).fill(2);
const random = new Prng(5).bytes;

function vector(name: string, part = ''): Uint8Array {
  const found = messages.find((item) => item.name === name && item.bencoded_ascii.includes(part));
  return utf8(found!.bencoded_ascii);
}

describe('messages of BEP 5', () => {
  const queries: [string, Query][] = [
    ['ping Query', { method: 'ping' }],
    ['find_node Query', { method: 'find_node', target, want: [] }],
    ['get_peers Query', { method: 'get_peers', target, want: [] }],
  ];
  test.each(queries)('[DHT-5] %s is read and written to the byte', (name, query) => {
    expect(encodeQuery(t, id, false, query)).toEqual(vector(name));
    expect(decodeKrpc(vector(name))).toEqual({
      ok: true,
      kind: 'query',
      transaction: t,
      id,
      readOnly: false,
      query,
    });
  });

  test('[DHT-5] announce_peer, with implied_port as it stands in the BEP', () => {
    const message = decodeKrpc(vector('announce_peers Query'));
    const query = { method: 'announce_peer', target, token, port: undefined };
    expect(message).toMatchObject({ ok: true, query });
  });

  test('[DHT-5] replies and errors', () => {
    expect(decodeKrpc(vector('Response', 'rd2:id20:mno'))).toMatchObject({ kind: 'reply' });
    expect(decodeKrpc(vector('generic error'))).toMatchObject({ kind: 'error', code: 201 });
    const peers = decodeKrpc(vector('Response with peers'));
    // "axje.u" and "idhtnm" are addresses and ports in letters.
    expect(peers).toMatchObject({
      reply: {
        token,
        peers: [{ host: '97.120.106.101', port: 0x2e75 }, { host: '105.100.104.116' }],
      },
    });
    // Its nodes are a placeholder of 9 bytes: as good as absent.
    expect(decodeKrpc(vector('Response with closest nodes'))).toMatchObject({
      reply: { token, contacts: [] },
    });
  });

  test('[DHT-5] all of them are KRPC', () => {
    expect(messages.length).toBe(10);
    for (const message of messages) expect(decodeKrpc(utf8(message.bencoded_ascii)).ok).toBe(true);
  });
});

test('[DHT-25] nothing of ours carries a v tag', () => {
  const all = [
    encodeQuery(t, id, true, { method: 'get', target, want: ['v4'] }),
    encodeReply(t, { host: '9.9.9.9', port: 2 }, { id, token }),
    encodeError(t, { host: '9.9.9.9', port: 2 }, 203),
  ];
  for (const bytes of all) expect(utf8Text(bytes.map((b) => b & 127))).not.toMatch(/1:v/);
});

const seq = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
const someToken = fc.uint8Array({ minLength: 1, maxLength: 64 });
const want = fc.subarray(['v4', 'v6'] as const);
const raw = fc.oneof(
  fc.uint8Array({ maxLength: 900 }).map((bytes) => encode(bytes)),
  fc.constant(utf8('d1:ai1e1:bli2ee1:cd1:xi3eee')),
);
const query: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ method: 'ping' }),
  fc.record({ method: fc.constant('find_node' as const), target: hash, want }),
  fc.record({ method: fc.constant('sample_infohashes' as const), target: hash, want }),
  fc.record({ method: fc.constant('get_peers' as const), target: hash, want }),
  fc.record(
    { method: fc.constant('get' as const), target: hash, want, seq },
    { requiredKeys: ['method', 'target', 'want'] },
  ),
  fc.record({
    method: fc.constant('announce_peer' as const),
    target: hash,
    token: someToken,
    port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
  }),
  fc.record(
    {
      method: fc.constant('put' as const),
      token: someToken,
      raw,
      mutable: fc.record(
        {
          k: fc.uint8Array({ minLength: 32, maxLength: 32 }),
          sig: fc.uint8Array({ minLength: 64, maxLength: 64 }),
          salt: fc.uint8Array({ maxLength: 70 }),
          seq,
          cas: seq,
        },
        { requiredKeys: ['k', 'sig', 'salt', 'seq'] },
      ),
    },
    { requiredKeys: ['method', 'token', 'raw'] },
  ),
);

test('[DHT-5, DHT-23] every query reads back as it was written, int64 without loss', () => {
  fc.assert(
    fc.property(query, hash, fc.boolean(), (asked, sender, readOnly) => {
      const bytes = encodeQuery(t, sender, readOnly, asked);
      expect(decode(bytes).ok).toBe(true); // canonical, as `encode` would write it
      expect(decodeKrpc(bytes)).toEqual({
        ok: true,
        kind: 'query',
        transaction: t,
        id: sender,
        readOnly,
        query: asked,
      });
    }),
  );
});

test('[DHT-22] a value may be anything, nothing at all included', () => {
  for (const value of ['i0e', '0:', 'le', 'de', '3:abc', 'li0ee']) {
    const message = decodeKrpc(utf8(`d1:rd2:id20:${'n'.repeat(20)}1:v${value}e1:t2:aa1:y1:re`));
    expect(message).toMatchObject({ reply: { item: { raw: utf8(value) } } });
  }
});

test('[DHT-5] a reply reads back as it was written', () => {
  const nodes = [{ id: target, endpoint: { host: '9.8.7.6', port: 54 } }];
  const nodes6 = [{ id, endpoint: { host: '2a00::1', port: 65535 } }];
  const item = { raw: utf8('li1ee'), k, sig, seq: 9n };
  const peers = [{ host: '1.2.3.4', port: 5 }];
  const to = { host: '2001:db8::5', port: 6 };
  const message = decodeKrpc(encodeReply(t, to, { id, nodes, nodes6, token, item, peers }));
  const reply = { id, contacts: [...nodes, ...nodes6], token, peers, item, seq: 9n };
  expect(message).toEqual({ ok: true, kind: 'reply', transaction: t, external: to, reply });
});

function put(fields: { readonly [name: string]: Encodable | undefined }): Krpc {
  const a: Encodable = { id, token, v: 'x', ...fields };
  return decodeKrpc(encode({ a, q: 'put', t, y: 'q' }));
}

describe('[DHT-30] half a mutable put (libtorrent PR#8698)', () => {
  const whole = { k, sig, seq: 1 };
  const refusal = { ok: false, reason: 'arguments', answer: { transaction: t, code: 203 } };
  test('[DHT-30] whole or none is a put', () => {
    expect(put(whole)).toMatchObject({ ok: true, query: { mutable: { seq: 1n } } });
    expect(put({})).toMatchObject({ ok: true });
  });

  const halves = [
    { k },
    { sig },
    { seq: 1 },
    { k, sig },
    { k, seq: 1 },
    { sig, seq: 1 },
    { salt: k },
    { ...whole, k: new Uint8Array(31) },
    { ...whole, sig: new Uint8Array(65) },
    { ...whole, seq: -1 },
    { ...whole, seq: 'one' },
    { ...whole, salt: 5 },
    { ...whole, cas: 'x' },
    { ...whole, token: undefined },
    { ...whole, token: new Uint8Array(0) },
    { v: undefined },
  ];
  test.each(halves.map((half) => [Object.keys(half).join(' '), half] as const))(
    '[DHT-30] %s is refused with 203, never stored as immutable',
    (_, half) => expect(put(half)).toEqual(refusal),
  );
});

test('[DHT-11] a value with unsorted keys is refused in a put, though the message is read', () => {
  const head = `d1:ad2:id20:${utf8Text(id)}5:token8:${utf8Text(token)}1:v`;
  const tail = 'e1:q3:put1:t2:aa1:y1:qe';
  expect(decodeKrpc(utf8(`${head}d1:a0:1:b0:e${tail}`))).toMatchObject({ ok: true });
  expect(decodeKrpc(utf8(`${head}d1:b0:1:a0:e${tail}`))).toMatchObject({
    ok: false,
    answer: { code: 203 },
  });
  const unsorted = utf8(`d1:y1:q1:q4:ping1:t2:aa1:ad2:id20:${utf8Text(id)}ee`);
  expect(decodeKrpc(unsorted)).toMatchObject({ ok: true, query: { method: 'ping' } });
});

test('[DHT-11] v is the very bytes of its own key, not of one that looks like it', () => {
  const body = `d2:id20:${utf8Text(id)}3:a:v1:x1:vd1:v1:z1:wi7eee`;
  const message = decodeKrpc(utf8(`d1:r${body}1:t2:aa1:y1:re`));
  expect(message).toMatchObject({ reply: { item: { raw: utf8('d1:v1:z1:wi7ee') } } });
});

describe('fields of other shapes (bittorrent-dht#72, #87)', () => {
  const base = { a: { id, target }, q: 'find_node', t, y: 'q' };
  const wrong: [string, object, string, number | undefined][] = [
    ['short id', { a: { id: id.subarray(1), target } }, 'id', 203],
    ['long id', { a: { id: concat(id, id), target } }, 'id', 203],
    ['id a number', { a: { id: 20, target } }, 'id', 203],
    ['no arguments', { a: 'x' }, 'id', 203],
    ['short target', { a: { id, target: target.subarray(1) } }, 'arguments', 203],
    ['no target', { a: { id } }, 'arguments', 203],
    ['unknown method', { q: 'vote' }, 'method', 204],
    ['method a number', { q: 5 }, 'method', 204],
    ['method of an object', { q: 'constructor' }, 'method', 204],
    ['no transaction', { t: undefined }, 'transaction', undefined],
    ['empty transaction', { t: '' }, 'transaction', undefined],
    ['long transaction', { t: new Uint8Array(21) }, 'transaction', undefined],
    ['kind of another letter', { y: 'x' }, 'kind', undefined],
    ['kind a number', { y: 1 }, 'kind', undefined],
    ['reply without r', { y: 'r' }, 'id', undefined],
    ['error without list', { y: 'e', e: 203 }, 'error list', undefined],
    ['error of texts', { y: 'e', e: ['x'] }, 'error list', undefined],
  ];
  test.each(wrong)('[DHT-8, DHT-10] %s', (_, change, reason, code) => {
    const message = decodeKrpc(encode({ ...base, ...change }));
    expect(message).toMatchObject({ ok: false, reason });
    expect(message.ok || message.answer?.code).toBe(code);
  });

  const args: [string, string, object][] = [
    ['get with a text for seq', 'get', { target, seq: 'x' }],
    ['get with a negative seq', 'get', { target, seq: -1 }],
    ['get_peers without hash', 'get_peers', { target }],
    ['announce without token', 'announce_peer', { info_hash: target, port: 5 }],
    ['announce without port', 'announce_peer', { info_hash: target, token }],
    ['announce of port 0', 'announce_peer', { info_hash: target, token, port: 0 }],
    ['announce of port 65536', 'announce_peer', { info_hash: target, token, port: 65536 }],
    ['announce of another hash', 'announce_peer', { info_hash: 'x', token, port: 5 }],
  ];
  test.each(args)('[DHT-8, DHT-10] %s is refused with 203', (_, q, more) => {
    const message = decodeKrpc(encode({ a: { id, ...more }, q, t, y: 'q' }));
    expect(message).toMatchObject({ ok: false, reason: 'arguments', answer: { code: 203 } });
  });

  test('[DHT-10] odd parts of a reply count as absent', () => {
    const r = {
      id,
      nodes: new Uint8Array(27),
      nodes6: new Uint8Array(26),
      token: new Uint8Array(65),
      values: ['short', 5, new Uint8Array(6)],
      seq: -5,
      k: 'k',
      sig: 'sig',
      v: 'x',
    };
    expect(decodeKrpc(encode({ r, t, y: 'r', ip: 'xx' }))).toEqual({
      ok: true,
      kind: 'reply',
      transaction: t,
      external: undefined,
      reply: { id, contacts: [], peers: [], item: { raw: utf8('1:x') } },
    });
  });

  test('[DHT-10] a flood of contacts and peers is cut', () => {
    const node = concat(target, new Uint8Array([9, 9, 9, 9, 1, 2]));
    const nodes = concat(...Array.from({ length: 60 }, () => node));
    const values = Array.from({ length: 200 }, () => new Uint8Array([9, 9, 9, 9, 1, 2]));
    const message = decodeKrpc(encode({ r: { id, nodes, values }, t, y: 'r' }));
    const reply = message.ok && message.kind === 'reply' ? message.reply : undefined;
    expect(reply?.contacts).toHaveLength(REPLY_CONTACTS_MAX);
    expect(reply?.peers).toHaveLength(REPLY_PEERS_MAX);
  });

  test('[DHT-10] an IPv4 address in IPv6 clothes is no IPv6 node', () => {
    const mapped = concat(new Uint8Array(10), new Uint8Array([255, 255, 9, 9, 9, 9]));
    const nodes6 = concat(target, mapped, new Uint8Array([1, 2]));
    const message = decodeKrpc(encode({ r: { id, nodes6 }, t, y: 'r' }));
    expect(message).toMatchObject({ reply: { contacts: [] } });
  });
});

describe('what is not KRPC', () => {
  const others: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['a first flight of ours', random(600)],
    ['a list', utf8('li1ee')],
    ['a dictionary without y', utf8('d1:t2:aae')],
    ['something after it', concat(vector('ping Query'), utf8('x'))],
    ['a message cut short', vector('ping Query').subarray(0, 40)],
    ['a message of 5 kB', encode({ t, y: 'q', z: new Uint8Array(KRPC_BYTES_MAX) })],
    ['a key twice', utf8('d1:y1:q1:y1:qe')],
  ];
  test.each(others)('[DHT-5] %s', (_, bytes) => {
    expect(decodeKrpc(bytes)).toEqual({ ok: false, reason: 'not krpc' });
  });
});

test('[DHT-5] no mutation of a message makes the decoder throw', () => {
  const valid = fc.oneof(
    query.map((asked) => encodeQuery(t, id, true, asked)),
    fc.constantFrom(...messages.map((message) => utf8(message.bencoded_ascii))),
  );
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
  fc.assert(
    fc.property(valid, edits, fc.nat(), (bytes, changes, cut) => {
      const mutated = bytes.slice(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0));
      for (const [at, byte] of changes) mutated[at % mutated.length] = byte;
      expect(typeof decodeKrpc(mutated).ok).toBe('boolean');
    }),
    { numRuns: 2000 },
  );
});
