import { describe, expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { concat, equal, hex, utf8 } from '../base/bytes.ts';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { ALPHA } from './lookup.ts';
import { immutableTarget, signItem, type ItemFields, type SignedItem } from './item.ts';
import { decodeKrpc, encodeReply, type Query } from './krpc.ts';
import { OPERATIONS_MAX, OPERATIONS_WAITING_MAX, type PutItem } from './operations.ts';
import { idForHost, idSharing, type Contact } from './node-id.ts';
import { GET_DEADLINE_MS } from './item-search.ts';
import { resultOf, TestNetwork, type TestHost } from './test-network.ts';
import { foreignNode, outputsOf } from './test-wire.ts';

const key = new SigningKey(new Secret('record', new Uint8Array(32).fill(7)));
const query = { publicKey: key.publicKey };
const token = utf8('tokn');
const address = (i: number): Endpoint => TestNetwork.address(i);
let nextOp = 1;

function get(
  network: TestNetwork,
  host: TestHost,
  asked: Parameters<TestHost['node']['get']>[1] = query,
) {
  const op = nextOp++;
  host.node.get(op, asked, network.nowMs);
  network.drain(host);
  const tookMs = network.run(60_000, () => resultOf(host, 'got', op) !== undefined);
  const progress = host.said.filter((said) => said.type === 'progress' && said.op === op);
  return { ...resultOf(host, 'got', op)!, tookMs, progress };
}

function put(network: TestNetwork, host: TestHost, item: PutItem) {
  const op = nextOp++;
  host.node.put(op, item, network.nowMs);
  network.drain(host);
  const tookMs = network.run(60_000, () => resultOf(host, 'put-done', op) !== undefined);
  return { ...resultOf(host, 'put-done', op)!, tookMs };
}

function fieldsOf(item: SignedItem): ItemFields {
  return { raw: item.raw, k: item.publicKey, sig: item.signature, seq: item.seq };
}

const version = (seq: number, value = `version ${seq}`): SignedItem =>
  signItem(key, { seq, value });

/** Our node among foreign ones that know each other and return what `holds` says. */
function surrounded(
  count: number,
  holds: (i: number) => ItemFields | undefined,
  delayMs: (i: number) => number = () => 0,
  onPut: (i: number, query: Extract<Query, { method: 'put' }>) => number = () => 0,
) {
  const network = new TestNetwork(count);
  const contacts = Array.from({ length: count }, (_, i) => ({
    id: idForHost(address(i + 2).host, network.prng.bytes),
    endpoint: address(i + 2),
  }));
  const foreign = contacts.map(({ id, endpoint }, i) =>
    foreignNode(
      network,
      endpoint,
      (asked) => {
        if (asked.method === 'put') {
          const code = onPut(i, asked);
          return code === 0 ? {} : (code as 302);
        }
        const item = asked.method === 'get' ? holds(i) : undefined;
        const nodes = contacts.slice(i, i + 8).concat(contacts.slice(0, 3));
        return { nodes, token, ...(item && { item }) };
      },
      { id, delayMs: delayMs(i) },
    ),
  );
  const us = network.add(address(1), { bootstrap: contacts.slice(0, 4).map((c) => c.endpoint) });
  network.run(5000);
  return { network, us, foreign, contacts };
}

describe('a get collects every answer', () => {
  test.each([
    ['first', (i: number) => (i === 3 ? 0 : 120)],
    ['last', (i: number) => (i === 3 ? 120 : 0)],
  ])('[DHT-60] the newest wins though it comes %s (bittorrent-dht#156, #158)', (_, delayMs) => {
    const { network, us } = surrounded(
      8,
      (i) => fieldsOf(version(i === 3 ? 9 : 2 + (i % 3))),
      delayMs,
    );
    const got = get(network, us);
    expect(got.item).toMatchObject({ seq: 9n, value: utf8('version 9') });
    expect(got).toMatchObject({ authoritative: true, responders: 8 });
    expect(got.nodes.filter((node) => node.holds)).toHaveLength(1);
    expect(got.nodes.map((node) => node.seq)).toContain(9n);
  });

  test('[DHT-60] not the highest number but the highest that is signed', () => {
    const forged = { ...fieldsOf(version(3)), seq: 99n };
    const foreignKey = new SigningKey(new Secret('record', new Uint8Array(32).fill(9)));
    const stranger = fieldsOf(signItem(foreignKey, { seq: 50, value: 'x' }));
    const { network, us } = surrounded(9, (i) =>
      i % 3 === 0 ? forged : i % 3 === 1 ? stranger : fieldsOf(version(4)),
    );
    const got = get(network, us);
    expect(got.item?.seq).toBe(4n);
    expect(got.progress).toHaveLength(1);
    expect(us.node.stats()['invalidItems']).toBeGreaterThan(3);
  });

  test('[DHT-61] of two values under one seq everybody takes the same', () => {
    const values = ['aaaa', 'zzzz'];
    for (const order of [0, 1]) {
      const { network, us } = surrounded(8, (i) => fieldsOf(version(5, values[(i + order) % 2])));
      expect(get(network, us).item?.value).toEqual(utf8('zzzz'));
    }
  });

  test('[DHT-66] each newer item is told before the end', () => {
    const { network, us } = surrounded(
      8,
      (i) => fieldsOf(version(i + 1)),
      (i) => 40 * i,
    );
    const { progress, item } = get(network, us);
    const seqs = progress.map((said) => (said.type === 'progress' ? said.item.seq : undefined));
    expect(seqs.length).toBeGreaterThan(1);
    expect(seqs).toEqual([...seqs].sort((a, b) => Number(a! - b!)));
    expect(seqs.at(-1)).toBe(item?.seq);
    expect(item?.seq).toBe(8n);
  });

  test('[DHT-66] an item is told before the next question is thought of', () => {
    const { network, us, contacts } = surrounded(20, () => undefined);
    const item = fieldsOf(version(3));
    const op = nextOp++;
    us.node.get(op, query, network.nowMs);
    const asked = outputsOf(us.node).find((out) => out.type === 'send')!;
    const question = decodeKrpc(asked.bytes);
    if (!question.ok || question.kind !== 'query') throw new Error('no query');
    const contact = contacts.find(({ endpoint }) => endpoint.host === asked.to.host)!;
    const fields = { id: contact.id, token, nodes: contacts.slice(0, 8), item };
    const answer = encodeReply(question.transaction, us.endpoint, fields);
    const { sentQueries } = us.node.stats();
    us.node.handleDatagram(asked.to, answer, network.nowMs + 50);
    expect(us.node.poll()).toMatchObject({ type: 'progress', op });
    expect(us.node.stats()).toMatchObject({ sentQueries });
    expect(outputsOf(us.node).map(({ type }) => type)).toContain('send');
    expect(us.node.stats()['sentQueries']).toBeGreaterThan(sentQueries!);
  });

  test('[DHT-66] the first question leaves before the second is thought of', () => {
    const { network, us } = surrounded(20, () => undefined);
    const before = us.node.stats()['sentQueries']!;
    us.node.get(nextOp++, query, network.nowMs);
    expect(us.node.poll()).toMatchObject({ type: 'send' });
    expect(us.node.stats()['sentQueries']).toBe(before + 1);
    expect(outputsOf(us.node).filter(({ type }) => type === 'send')).toHaveLength(ALPHA - 1);
  });

  test('[DHT-63] what we hold for others is one voice and ends nothing (bittorrent-dht#155)', () => {
    const network = new TestNetwork(31);
    const [us, other] = network.grow(2) as [TestHost, TestHost];
    network.run(10_000);
    // The other one puts on us: nobody else is there. We find it, with the network's answer.
    expect(put(network, other, version(2)).stored).toBe(1);
    expect(us.node.stats()['items']).toBe(1);
    expect(get(network, us)).toMatchObject({ item: { seq: 2n }, responders: 1 });
    // A newer one elsewhere beats it.
    foreignNode(network, address(3), () => ({ token, item: fieldsOf(version(7)) }));
    us.node.addNodes([address(3)], network.nowMs);
    network.drain(us);
    network.run(5000);
    expect(get(network, us).item?.seq).toBe(7n);
  });

  test('[DHT-65] an immutable item ends the get, and only a true one', () => {
    const raw = encode('hello');
    const { network, us, foreign } = surrounded(
      30,
      (i) => ({ raw: i % 2 ? raw : encode('jello') }),
      (i) => (i % 2 ? 0 : 30),
    );
    const got = get(network, us, { target: immutableTarget(raw) });
    expect(got.item).toEqual({ value: utf8('hello'), raw });
    const asked = foreign.filter(({ queries }) => queries.some((q) => q.method === 'get'));
    expect(asked.length).toBeLessThan(15);
    const nothing = get(network, us, { target: new Uint8Array(20) });
    expect(nothing.item).toBeUndefined();
    expect(nothing.authoritative).toBe(true);
  });

  test('[DHT-62] a get that cannot end says so after 15 s', () => {
    const network = new TestNetwork(30);
    // Each node names one that is nearer, and takes its time: there is always somebody to wait for.
    const target = network.prng.bytes(20);
    const chain = (bits: number): Contact => {
      const id = idSharing(target, bits, network.prng.bytes);
      const endpoint = { host: `10.0.0.${bits + 1}`, port: 6881 };
      const nearer = (): Contact[] => (bits < 150 ? [chain(bits + 1)] : []);
      foreignNode(network, endpoint, () => ({ nodes: nearer(), token }), { id, delayMs: 350 });
      return { id, endpoint };
    };
    const bootstrap = [chain(1).endpoint];
    const us = network.add(address(1), { bootstrap, allowReserved: true });
    network.run(30_000);
    const got = get(network, us, { target });
    expect(got.responders).toBeGreaterThan(5);
    expect([got.authoritative, got.tookMs]).toEqual([false, GET_DEADLINE_MS]);
  });
});

describe('a put', () => {
  test('[DHT-67] lies on 16 to 20 nodes, each with the token it gave', () => {
    const given = new Map<number, string>();
    const { network, us, contacts } = surrounded(
      40,
      () => undefined,
      () => 0,
      (i, asked) => {
        given.set(i, hex(asked.token));
        return 0;
      },
    );
    const done = put(network, us, version(1));
    expect(done.stored).toBeGreaterThanOrEqual(16);
    expect(done.stored).toBeLessThanOrEqual(20);
    expect(given.size).toBe(done.stored);
    expect([...given.values()].every((text) => text === hex(token))).toBe(true);
    const hosts = new Set(contacts.map((contact) => contact.endpoint.host));
    for (const { endpoint, outcome } of done.results) {
      expect([hosts.has(endpoint.host), outcome]).toEqual([true, 'stored']);
    }
  });

  test('[DHT-67] goes to nobody who was not asked first (bittorrent.org#16, #166)', () => {
    const { network, us, foreign } = surrounded(30, () => undefined);
    put(network, us, version(1));
    for (const { queries } of foreign) {
      const methods = queries.map((asked) => asked.method);
      if (methods.includes('put')) {
        expect(methods.indexOf('get')).toBeLessThan(methods.indexOf('put'));
        expect(methods.indexOf('get')).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test('[DHT-68] reports what became of it at every node (libtorrent#3578)', () => {
    const codes = [0, 302, 301, 206, 203, 205, -1];
    const { network, us, contacts } = surrounded(
      7,
      () => undefined,
      () => 0,
      (i) => codes[i]!,
    );
    const silent = endpointKey(contacts[6]!.endpoint);
    network.tap = (_, to, bytes) => {
      const message = decodeKrpc(bytes);
      const isPut = message.ok && message.kind === 'query' && message.query.method === 'put';
      return !(isPut && endpointKey(to) === silent);
    };
    const { results, stored } = put(network, us, version(1));
    expect(stored).toBe(1);
    const byHost = new Map(results.map((result) => [result.endpoint.host, result]));
    const outcomes = contacts.map(({ endpoint }) => {
      const { outcome, code } = byHost.get(endpoint.host)!;
      return code === undefined ? outcome : `${outcome} ${code}`;
    });
    expect(outcomes).toEqual([
      'stored',
      'rejected 302',
      'rejected 301',
      'rejected 206',
      'rejected 203',
      'rejected 205',
      'no answer',
    ]);
  });

  test('[DHT-68] from a stale seq tells what is newer (libtorrent#6029)', () => {
    const { network, us } = surrounded(
      8,
      (i) => (i === 5 ? fieldsOf(version(8)) : undefined),
      () => 0,
      (i) => (i === 5 ? 302 : 0),
    );
    const done = put(network, us, version(3));
    expect(done.seen?.seq).toBe(8n);
    expect(done.stored).toBe(7);
  });

  test('[DHT-69] of the same bytes again is no failure', () => {
    const item = version(4);
    const { network, us } = surrounded(
      8,
      (i) => (i < 3 ? fieldsOf(item) : i === 3 ? fieldsOf(version(4, 'other')) : undefined),
      () => 0,
      (i) => (i < 4 ? 302 : 0),
    );
    const { results, stored } = put(network, us, item);
    expect(results.filter(({ outcome }) => outcome === 'held')).toHaveLength(3);
    expect(results.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(1);
    expect(stored).toBe(7);
  });

  test('[DHT-69] leaves as the bytes it was given, from anybody', () => {
    const network = new TestNetwork(32);
    const hosts = network.grow(10);
    network.run(30_000);
    const item = signItem(key, { seq: 2, value: { b: 1, a: [2] }, salt: utf8('s') });
    expect(put(network, hosts[1]!, item).stored).toBe(9);
    const asked = { ...query, salt: utf8('s') };
    const got = get(network, hosts[8]!, asked).item!;
    expect(equal(got.raw, item.raw) && equal(got.signature!, item.signature)).toBe(true);
    const copy = { ...item, raw: got.raw, signature: got.signature! };
    expect(put(network, hosts[5]!, copy).stored).toBe(9);
  });

  test('[DHT-64] before the network is known waits for it (libtorrent#5058)', () => {
    const network = new TestNetwork(33);
    const hosts = network.grow(12);
    network.run(30_000);
    const fresh = network.add(address(50), { bootstrap: [hosts[0]!.endpoint] });
    const done = put(network, fresh, version(1)); // in the very first moment
    expect(done.stored).toBeGreaterThanOrEqual(8);
    expect(get(network, hosts[3]!).item?.seq).toBe(1n);
  });

  test('[DHT-64] with nobody there ends with an empty result, and soon', () => {
    const network = new TestNetwork(34);
    const alone = network.add(address(1));
    expect(put(network, alone, version(1))).toMatchObject({ stored: 0, results: [], tookMs: 0 });
    expect(get(network, alone)).toMatchObject({ authoritative: false, responders: 0 });
    const lost = network.add(address(2), { bootstrap: [address(77)] });
    expect(get(network, lost).tookMs).toBeLessThan(10_000);
  });

  test('[DHT-55] when all known nodes are gone, others are found and it runs again', () => {
    const network = new TestNetwork(35);
    const hosts = network.grow(12);
    network.run(60_000);
    const saved = hosts[4]!.node.save();
    for (const host of hosts) host.alive = false;
    const [router, holder] = [network.add(address(60)), network.add(address(61))] as const;
    holder.node.addNodes([router.endpoint], network.nowMs);
    network.drain(holder);
    network.run(5000);
    expect(put(network, holder, version(3)).stored).toBe(1);
    // It starts with a table of the dead, and asks at once.
    const us = network.add(address(62), { saved, bootstrap: [router.endpoint] });
    expect(us.node.stats()['nodes']).toBeGreaterThan(5);
    expect(get(network, us)).toMatchObject({ item: { seq: 3n } });
  });

  test('[DHT-22] of a value of 1,000 bytes with a salt works end to end', () => {
    const network = new TestNetwork(36);
    const hosts = network.grow(8);
    network.run(30_000);
    const salt = new Uint8Array(64).fill(5);
    const item = signItem(key, { seq: 1, value: new Uint8Array(996), salt });
    expect(put(network, hosts[2]!, item).stored).toBe(7);
    expect(get(network, hosts[6]!, { ...query, salt }).item?.raw).toEqual(item.raw);
    const raw = encode(concat(new Uint8Array(900), utf8('x')));
    expect(put(network, hosts[2]!, { immutable: raw }).stored).toBe(7);
    expect(get(network, hosts[6]!, { target: immutableTarget(raw) }).item?.raw).toEqual(raw);
  });
});

describe('limits', () => {
  test('[DHT-70] 64 run, 1,024 wait, more fail at once; all end', () => {
    const { network, us } = surrounded(3, () => undefined);
    const count = OPERATIONS_MAX + OPERATIONS_WAITING_MAX + 5;
    const ops = Array.from({ length: count }, () => nextOp++);
    for (const op of ops) us.node.get(op, query, network.nowMs);
    expect(us.node.stats()).toMatchObject({ operations: 64, operationsWaiting: 1024 });
    network.drain(us);
    const before = us.said.length;
    network.run(300_000, () => us.said.length - before === count - 5);
    const ended = new Set(us.said.map((said) => (said.type === 'got' ? said.op : 0)));
    expect(ops.every((op) => ended.has(op))).toBe(true);
    const failed = us.said.filter((said) => said.type === 'got' && said.responders === 0);
    expect(failed).toHaveLength(5);
  });

  test('[DHT-70] a thousand that wait in vain all end, without deep recursion', () => {
    const network = new TestNetwork(41);
    const us = network.add(address(1), { bootstrap: [address(9)] });
    for (let i = 0; i < 1000; i++) us.node.get(nextOp++, query, network.nowMs);
    network.drain(us);
    network.run(60_000, () => us.said.length >= 1000);
    expect(us.said.filter((said) => said.type === 'got')).toHaveLength(1000);
    expect(us.node.stats()).toMatchObject({ operations: 0, operationsWaiting: 0 });
  });

  test('[DHT-70] cancelled operations take no place from others', () => {
    const network = new TestNetwork(42);
    const us = network.add(address(1), { bootstrap: [address(9)] });
    for (let i = 0; i < 3000; i++) {
      us.node.get(1, query, network.nowMs);
      us.node.cancel(1);
    }
    us.node.get(2, query, network.nowMs);
    network.drain(us);
    expect(us.said).toEqual([]);
    expect(us.node.stats()).toMatchObject({ operations: 0, operationsWaiting: 1 });
  });

  test('[DHT-70] a cancelled operation says nothing more, and its room is given on', () => {
    const network = new TestNetwork(38);
    const hosts = network.grow(5);
    network.run(30_000);
    const us = hosts[2]!;
    const [first, second, third] = [nextOp++, nextOp++, nextOp++];
    us.node.get(first, query, network.nowMs);
    us.node.put(second, version(1), network.nowMs);
    us.node.get(third, query, network.nowMs);
    us.node.cancel(first);
    us.node.cancel(second);
    us.node.cancel(99_999);
    network.drain(us);
    network.run(30_000);
    const ended = us.said.flatMap((said) => ('op' in said ? [said.op] : []));
    expect(ended).toEqual([third]);
    expect(us.node.stats()).toMatchObject({ operations: 0, operationsWaiting: 0, pending: 0 });
  });

  test('[DHT-13] sixty gets at once respect the budget of destinations', () => {
    const network = new TestNetwork(39);
    const hosts = network.grow(80, {}, 20);
    network.run(60_000);
    const us = hosts[10]!;
    const fresh = new Map<string, number>();
    const firstAtMs: number[] = [];
    network.tap = (from, to) => {
      if (endpointKey(from) !== endpointKey(us.endpoint)) return true;
      const last = fresh.get(endpointKey(to)) ?? -Infinity;
      if (network.nowMs - last > 30_000) firstAtMs.push(network.nowMs);
      fresh.set(endpointKey(to), network.nowMs);
      return true;
    };
    for (let i = 0; i < 60; i++) {
      us.node.get(nextOp++, { target: network.prng.bytes(20) }, network.nowMs);
    }
    network.drain(us);
    const said = us.said.length;
    network.run(60_000, () => us.said.length - said >= 60);
    for (const atMs of firstAtMs) {
      const within = firstAtMs.filter((other) => other >= atMs && other < atMs + 1000);
      expect(within.length).toBeLessThanOrEqual(101);
    }
    expect(us.said.filter(({ type }) => type === 'got')).toHaveLength(60);
  });
});
