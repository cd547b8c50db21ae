import { describe, expect, test } from 'vitest';
import { asBytes, asDict, asList, decode, type Dict } from '../base/bencode.ts';
import { concat, equal, utf8 } from '../base/bytes.ts';
import type { Endpoint, Family } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { addressFilter } from './address-filter.ts';
import { immutableTarget, mutableTarget, signItem, type SignedItem } from './item.ts';
import { decodeKrpc, encodeQuery, type Query } from './krpc.ts';
import { compareDistance, type Contact } from './node-id.ts';
import { REPLY_BYTES_MAX, REPLY_NODES, Responder, VALUE_REPLY_BYTES_MAX } from './responder.ts';
import { RoutingTable } from './routing-table.ts';

const random = new Prng(21).bytes;
const ids = { v4: random(20), v6: random(20) };
const t = utf8('tt');
const us4: Endpoint = { host: '9.8.7.6', port: 4321 };
const us6: Endpoint = { host: '2a00::1', port: 4321 };
const key = new SigningKey(new Secret('record', random(32)));
const target = random(20);

function contact(i: number, family: Family): Contact {
  const host = family === 'v4' ? `${30 + i}.${i}.0.1` : `2a00:${i}:1::1`;
  return { id: random(20), endpoint: { host, port: 6881 } };
}

function make(nodes = 40): { responder: Responder; tables: Record<Family, RoutingTable> } {
  const tables = { v4: new RoutingTable(ids.v4), v6: new RoutingTable(ids.v6) };
  for (const family of ['v4', 'v6'] as const) {
    for (let i = 1; i <= nodes; i++) tables[family].answered(contact(i, family), 0);
  }
  const responder = new Responder(
    { random, idOf: (family) => ids[family], tableOf: (family) => tables[family] },
    0,
  );
  return { responder, tables };
}

function askRaw(responder: Responder, query: Query, from = us4, nowMs = 1): Uint8Array {
  return responder.answer(query, t, from, nowMs)!;
}

function replyTo(responder: Responder, query: Query, from = us4, nowMs = 1) {
  const message = decodeKrpc(askRaw(responder, query, from, nowMs));
  if (!message.ok || message.kind !== 'reply') throw new Error('no reply');
  return message;
}

function codeOf(responder: Responder, query: Query, from = us4, nowMs = 1): number {
  const message = decodeKrpc(askRaw(responder, query, from, nowMs));
  return message.ok && message.kind === 'error' ? message.code : 0;
}

function tokenFor(responder: Responder, at: Uint8Array, from = us4): Uint8Array {
  return replyTo(responder, { method: 'get', target: at, want: [] }, from).reply.token!;
}

function putOf(item: SignedItem, token: Uint8Array, cas?: bigint): Query {
  const { publicKey: k, signature: sig, seq, salt = new Uint8Array(0), raw } = item;
  const mutable = { k, sig, seq, salt, ...(cas !== undefined && { cas }) };
  return { method: 'put', token, raw, mutable };
}

describe('nodes', () => {
  test('[DHT-27] the eight nearest good ones, of the family the query came by', () => {
    const { responder, tables } = make();
    for (const [from, family] of [
      [us4, 'v4'],
      [us6, 'v6'],
    ] as const) {
      const { reply, external } = replyTo(
        responder,
        { method: 'find_node', target, want: [] },
        from,
      );
      expect(equal(reply.id, ids[family])).toBe(true);
      expect(external).toEqual(from);
      const all = [...tables[family].nodes()].sort((a, b) => compareDistance(target, a.id, b.id));
      const nearest = all.slice(0, REPLY_NODES).map(({ endpoint }) => endpoint);
      expect(reply.contacts.map(({ endpoint }) => endpoint)).toEqual(nearest);
    }
  });

  test('[DHT-27] of the families wanted, on every method that tells nodes (BEP 32)', () => {
    const { responder } = make();
    for (const method of ['find_node', 'get_peers', 'get'] as const) {
      const { reply } = replyTo(responder, { method, target, want: ['v4', 'v6'] });
      const v6 = reply.contacts.filter(({ endpoint }) => endpoint.host.includes(':'));
      expect([reply.contacts.length - v6.length, v6.length]).toEqual([8, 8]);
      expect(askRaw(responder, { method, target, want: ['v4', 'v6'] }).length).toBeLessThanOrEqual(
        REPLY_BYTES_MAX,
      );
      const only6 = replyTo(responder, { method, target, want: ['v6'] }).reply.contacts;
      expect(only6.every(({ endpoint }) => endpoint.host.includes(':'))).toBe(true);
    }
  });

  test('[DHT-27] a node that missed or grew old is not told to others', () => {
    const { responder, tables } = make(1);
    const [node] = [...tables.v4.nodes()];
    const contacts = (nowMs: number) =>
      replyTo(responder, { method: 'find_node', target, want: [] }, us4, nowMs).reply.contacts;
    expect(contacts(1)).toHaveLength(1);
    expect(contacts(16 * 60_000)).toHaveLength(0);
    tables.v4.missed(node!.endpoint);
    expect(contacts(1)).toHaveLength(0);
  });
});

describe('items', () => {
  const item = signItem(key, { seq: 4, value: random(760), salt: utf8('salt') });
  const at = mutableTarget(key.publicKey, item.salt);

  test('[DHT-31] no put without the token of a get to this very node', () => {
    const { responder } = make();
    expect(codeOf(responder, putOf(item, random(8)))).toBe(203);
    expect(codeOf(responder, putOf(item, tokenFor(responder, random(20))))).toBe(203);
    expect(codeOf(responder, putOf(item, tokenFor(responder, at, us6)))).toBe(203);
    expect(codeOf(make().responder, putOf(item, tokenFor(responder, at)))).toBe(203);
    // A false token is 203 even where the signature is false too: it is looked at first.
    expect(codeOf(responder, putOf({ ...item, seq: 5n }, random(8)))).toBe(203);
    expect(responder.items.size).toBe(0);
    expect(codeOf(responder, putOf(item, tokenFor(responder, at)))).toBe(0);
    // Another port of that address is the same requester.
    const moved = { ...us4, port: 9999 };
    expect(codeOf(responder, putOf(item, tokenFor(responder, at)), moved)).toBe(0);
  });

  test('[DHT-21] what was put is got, without the salt', () => {
    const { responder } = make();
    askRaw(responder, putOf(item, tokenFor(responder, at)));
    const bytes = askRaw(responder, { method: 'get', target: at, want: [] });
    const { reply } = replyTo(responder, { method: 'get', target: at, want: [] });
    expect(reply.item).toEqual({ raw: item.raw, k: key.publicKey, sig: item.signature, seq: 4n });
    expect(Array.from(bytes).join()).not.toContain(Array.from(utf8('4:salt')).join());
  });

  test('[DHT-20] an immutable value is got under the hash of its bencoded form', () => {
    const { responder } = make();
    const raw = utf8('d1:ai1e1:bl1:xee');
    const hash = immutableTarget(raw);
    expect(codeOf(responder, { method: 'put', token: tokenFor(responder, hash), raw })).toBe(0);
    const { reply } = replyTo(responder, { method: 'get', target: hash, want: [] });
    expect(reply.item).toEqual({ raw });
  });

  test('[DHT-38] who names a seq gets the item only if ours is newer', () => {
    const { responder } = make();
    askRaw(responder, putOf(item, tokenFor(responder, at)));
    const get = (seq: bigint) =>
      replyTo(responder, { method: 'get', target: at, want: [], seq }).reply;
    expect(get(3n)).toMatchObject({ seq: 4n, item: { seq: 4n } });
    for (const seq of [4n, 5n]) {
      expect(get(seq)).toMatchObject({ seq: 4n });
      expect(get(seq).item).toBeUndefined();
      expect(get(seq).token).toBeDefined();
    }
  });

  test('[DHT-32, DHT-33, DHT-34] each refusal has its code on the wire', () => {
    const { responder } = make();
    const put = (change: Partial<SignedItem>, cas?: bigint): number =>
      codeOf(responder, putOf({ ...item, ...change }, tokenFor(responder, at), cas));
    expect(put({})).toBe(0);
    expect(put({ seq: 9n })).toBe(206);
    expect(put({}, 3n)).toBe(301);
    const salt = utf8('salt');
    expect(put(signItem(key, { seq: 3, value: 'x', salt }))).toBe(302);
    expect(put({ raw: concat(utf8('997:'), new Uint8Array(997)) })).toBe(205);
    const long = { ...item, salt: new Uint8Array(65) };
    const longAt = mutableTarget(key.publicKey, long.salt);
    expect(codeOf(responder, putOf(long, tokenFor(responder, longAt)))).toBe(207);
  });

  test('[DHT-28] a reply stays small: our items keep their nodes, the largest lose them', () => {
    const { responder } = make();
    askRaw(responder, putOf(item, tokenFor(responder, at)));
    const ours = askRaw(responder, { method: 'get', target: at, want: [] });
    expect(ours.length).toBeLessThanOrEqual(VALUE_REPLY_BYTES_MAX);
    const { reply } = replyTo(responder, { method: 'get', target: at, want: [] });
    expect(reply.contacts.length).toBeGreaterThanOrEqual(7);

    const large = signItem(key, { seq: 1, value: random(996) });
    const largeAt = mutableTarget(key.publicKey);
    askRaw(responder, putOf(large, tokenFor(responder, largeAt)));
    for (const from of [us4, us6]) {
      const bytes = askRaw(responder, { method: 'get', target: largeAt, want: ['v4', 'v6'] }, from);
      expect(bytes.length).toBeLessThanOrEqual(VALUE_REPLY_BYTES_MAX + 8);
      const got = replyTo(responder, { method: 'get', target: largeAt, want: ['v4', 'v6'] }, from);
      expect(got.reply.item?.raw).toEqual(large.raw);
      expect(got.reply.contacts).toHaveLength(0);
    }
  });

  test('[DHT-28] our own put fits the 1,024 bytes of BEP 32', () => {
    const { salt, ...plain } = item;
    expect(salt).toBeDefined();
    const put = encodeQuery(random(4), ids.v4, true, putOf(plain, random(20)));
    expect(put.length).toBeLessThanOrEqual(1024);
  });
});

describe('peers', () => {
  const announce = (responder: Responder, port: number | undefined, from = us4): number => {
    const { token } = replyTo(responder, { method: 'get_peers', target, want: [] }, from).reply;
    return codeOf(responder, { method: 'announce_peer', target, port, token: token! }, from);
  };
  const peersOf = (responder: Responder, from = us4) =>
    replyTo(responder, { method: 'get_peers', target, want: [] }, from).reply.peers;

  test('[DHT-37] the named port, or the one it sends from (libtorrent#6573)', () => {
    const { responder } = make();
    expect(announce(responder, 7000)).toBe(0);
    expect(peersOf(responder)).toEqual([{ host: us4.host, port: 7000 }]);
    expect(announce(responder, undefined)).toBe(0);
    expect(peersOf(responder)).toEqual([us4]);
    expect(peersOf(responder, us6)).toEqual([]);
    expect(announce(responder, undefined, us6)).toBe(0);
    expect(peersOf(responder, us6)).toEqual([us6]);
  });

  test('[DHT-9] port 1 is nobody’s (transmission#527, libtorrent#6389); no token, no entry', () => {
    const { responder } = make();
    expect(announce(responder, 1)).toBe(203);
    const query = { method: 'announce_peer', target, port: 7000, token: random(8) } as const;
    expect(codeOf(responder, query)).toBe(203);
    expect(peersOf(responder)).toEqual([]);
  });

  test('[DHT-39] values come beside the nodes, within 1,024 bytes', () => {
    const { responder } = make();
    for (let i = 0; i < 100; i++) announce(responder, 7000, { host: `80.${i}.1.1`, port: 5 });
    for (let i = 0; i < 100; i++) announce(responder, 7000, { host: `2a01:${i}::1`, port: 5 });
    for (const from of [us4, us6]) {
      const { reply } = replyTo(responder, { method: 'get_peers', target, want: [] }, from);
      expect(reply.peers.length).toBe(from === us4 ? 50 : 20);
      expect(reply.contacts).toHaveLength(8);
      const bytes = askRaw(responder, { method: 'get_peers', target, want: [] }, from);
      expect(bytes.length).toBeLessThanOrEqual(REPLY_BYTES_MAX);
    }
  });
});

/** The `r` of a reply, for fields that we ask nobody for. */
function rawReply(bytes: Uint8Array): Dict {
  const decoded = decode(bytes);
  return asDict(asDict(decoded.ok ? decoded.value : 0)!['r'])!;
}

describe('counting and sampling', () => {
  const announce = (responder: Responder, from: Endpoint, seed = false): void => {
    const token = tokenFor(responder, target, from);
    const query: Query = { method: 'announce_peer', target, port: 5000, token, seed };
    expect(codeOf(responder, query, from)).toBe(0);
  };

  test('[DHT-57] a scrape is answered with both filters, within 1,024 bytes', () => {
    const { responder } = make();
    const asked: Query = { method: 'get_peers', target, want: ['v4', 'v6'], scrape: true };
    expect(rawReply(askRaw(responder, asked))['BFsd']).toBeUndefined();
    const hosts = Array.from({ length: 60 }, (_, i) => `81.1.${i}.9`);
    for (const [i, host] of hosts.entries()) announce(responder, { host, port: 9 }, i < 20);
    for (const from of [us4, us6]) {
      const bytes = askRaw(responder, asked, from);
      expect(bytes.length).toBeLessThanOrEqual(REPLY_BYTES_MAX);
      const reply = rawReply(bytes);
      expect(reply['BFsd']).toEqual(addressFilter(hosts.slice(0, 20)));
      expect(reply['BFpe']).toEqual(addressFilter(hosts.slice(20)));
      expect(reply['token']).toBeDefined();
    }
    const plain = rawReply(askRaw(responder, { method: 'get_peers', target, want: [] }));
    expect([plain['BFsd'], asList(plain['values'])!.length]).toEqual([undefined, 50]);
  });

  test('[DHT-58] noseed is heard', () => {
    const { responder } = make();
    announce(responder, { host: '81.1.1.9', port: 9 }, true);
    announce(responder, { host: '81.1.2.9', port: 9 });
    const asked: Query = { method: 'get_peers', target, want: [], noseed: true };
    expect(replyTo(responder, asked).reply.peers).toEqual([{ host: '81.1.2.9', port: 5000 }]);
  });

  test('[DHT-56] samples, always there, with nodes as for find_node, within 1,024 bytes', () => {
    const { responder } = make();
    const asked: Query = { method: 'sample_infohashes', target, want: ['v4', 'v6'] };
    expect(rawReply(askRaw(responder, asked))).toMatchObject({
      interval: 3600,
      num: 0,
      samples: new Uint8Array(0),
    });
    const { responder: full } = make();
    for (let i = 0; i < 30; i++) {
      full.peers.announce(random(20), { host: '81.1.1.9', port: 9 }, false, 0);
    }
    const bytes = askRaw(full, asked);
    expect(bytes.length).toBeLessThanOrEqual(REPLY_BYTES_MAX);
    const reply = rawReply(bytes);
    expect([reply['num'], asBytes(reply['samples'])!.length]).toEqual([30, 20 * 20]);
    expect(replyTo(full, { ...asked, want: [] }).reply.contacts).toHaveLength(REPLY_NODES);
  });
});
