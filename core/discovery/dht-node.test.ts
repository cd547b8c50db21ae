import { describe, expect, test } from 'vitest';
import { encode, type Encodable } from '../base/bencode.ts';
import { equal, hex, utf8 } from '../base/bytes.ts';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { DhtNode } from './dht-node.ts';
import { decodeKrpc, encodeQuery, encodeReply } from './krpc.ts';
import { idForHost, isCompliant } from './node-id.ts';
import { ROUTER_PAUSE_MS_MAX, ROUTER_PAUSE_MS_MIN } from './realm.ts';
import { TestNetwork, type TestHost } from './test-network.ts';
import { ask, codeOf, foreignNode, outputsOf, replyOf } from './test-wire.ts';

const target = new Uint8Array(20).fill(0x55);
const address = (i: number): Endpoint => TestNetwork.address(i);

function lone(options: Partial<ConstructorParameters<typeof DhtNode>[0]> = {}): DhtNode {
  return new DhtNode({ random: new Prng(1).bytes, nowMs: 0, bootstrap: [], ...options });
}

function isReady(host: TestHost): boolean {
  return host.said.some((said) => said.type === 'ready');
}

describe('answers', () => {
  /** A node that has just asked one router. */
  function asking() {
    const router = address(1);
    const node = lone({ bootstrap: [router] });
    const [out] = outputsOf(node);
    if (out?.type !== 'send') throw new Error('no query');
    const query = decodeKrpc(out.bytes);
    if (!query.ok || query.kind !== 'query') throw new Error('no query');
    const id = idForHost(router.host, new Prng(2).bytes);
    const reply = encodeReply(query.transaction, address(9), { id, nodes: [] });
    return { node, router, reply, transaction: query.transaction, id };
  }

  test('[DHT-6] count from the address and port that was asked, once', () => {
    const { node, router, reply } = asking();
    for (const from of [address(2), { ...router, port: router.port + 1 }]) {
      expect(node.handleDatagram(from, reply, 10)).toBe(true);
    }
    expect(node.stats()).toMatchObject({ nodes: 0, strays: 2, pending: 1 });
    node.handleDatagram(router, reply, 10);
    outputsOf(node);
    expect(node.stats()).toMatchObject({ nodes: 1, strays: 2 });
    node.handleDatagram(router, reply, 11);
    expect(node.stats()).toMatchObject({ nodes: 1, strays: 3 });
  });

  test('[DHT-6] carry a transaction of four random bytes', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const node = lone({ random: new Prng(seed).bytes, bootstrap: [address(1)] });
      const [out] = outputsOf(node);
      const query = out?.type === 'send' ? decodeKrpc(out.bytes) : undefined;
      if (!query?.ok || query.kind !== 'query') throw new Error('no query');
      expect(query.transaction).toHaveLength(4);
      seen.add(hex(query.transaction));
    }
    expect(seen.size).toBe(20);
  });

  test('[DHT-7] that come late or to nothing are dropped', () => {
    const { node, router, reply, id } = asking();
    for (let at = node.wakeAtMs(); at !== undefined && at < 6000; at = node.wakeAtMs()) {
      node.handleTimeout(at);
      outputsOf(node);
    }
    node.handleDatagram(router, reply, 6000);
    node.handleDatagram(router, encodeReply(utf8('none'), address(9), { id }), 6000);
    node.handleDatagram(router, encode({ e: [203, 'x'], t: 'none', y: 'e' }), 6000);
    expect(node.stats()).toMatchObject({ nodes: 0, strays: 3 });
  });

  test('[DHT-5] that are replies of somebody else’s protocol are left alone', () => {
    const node = lone();
    expect(node.handleDatagram(address(1), new Prng(3).bytes(600), 0)).toBe(false);
    expect(node.handleDatagram(address(1), utf8('de'), 0)).toBe(false);
    expect(node.handleDatagram(address(1), utf8('d1:y1:xe'), 0)).toBe(true);
    expect(node.stats()).toMatchObject({ datagrams: 1, malformed: 1 });
  });
});

describe('a query', () => {
  test('[DHT-8] that makes no sense is told so', () => {
    const node = lone();
    const errorTo = (message: { readonly [key: string]: Encodable }): number | undefined => {
      node.handleDatagram(address(3), encode({ t: 'tt', y: 'q', ...message }), 0);
      const [out] = outputsOf(node);
      const answer = out?.type === 'send' ? decodeKrpc(out.bytes) : undefined;
      return answer?.ok && answer.kind === 'error' ? answer.code : undefined;
    };
    expect(errorTo({ q: 'ping', a: { id: 'short' } })).toBe(203);
    expect(errorTo({ q: 'find_node', a: { id: target } })).toBe(203);
    expect(errorTo({ q: 'hello', a: { id: target } })).toBe(204);
    expect(errorTo({ q: 'ping', a: { id: target }, t: '' })).toBeUndefined();
  });

  test('[DHT-17] from an id that breaks BEP 42 is answered (bittorrent.org#98)', () => {
    const from = address(4);
    const id = idForHost('8.8.8.8', new Prng(4).bytes);
    expect(isCompliant(id, from.host)).toBe(false);
    const node = lone();
    const answer = ask(node, { method: 'find_node', target, want: [] }, { from, id });
    expect(replyOf(answer).contacts).toEqual([]);
  });

  test('[DHT-9] from port 0 or 1, or from no public address, is dropped', () => {
    const node = lone();
    for (const from of [
      { host: '9.9.9.9', port: 0 },
      { host: '9.9.9.9', port: 1 },
      { host: '192.168.1.5', port: 6881 },
      { host: '127.0.0.1', port: 6881 },
      { host: '198.18.0.1', port: 6881 },
      { host: '2a00::5', port: 6881 },
    ]) {
      expect(ask(node, { method: 'ping' }, { from })).toBeUndefined();
    }
    expect(node.stats()['unusable']).toBe(6);
    const lab = lone({ allowReserved: true });
    const from = { host: '198.18.0.1', port: 6881 };
    expect(codeOf(ask(lab, { method: 'ping' }, { from }))).toBe(0);
  });

  test('[DHT-12] too often from one address gets no answer', () => {
    const node = lone();
    let answers = 0;
    for (let i = 0; i < 500; i++) {
      const from = { host: '9.9.9.9', port: 2000 + i };
      if (ask(node, { method: 'find_node', target, want: [] }, { from, nowMs: 10 })) answers++;
    }
    expect(answers).toBe(50);
    expect(node.stats()['limited']).toBe(450);
    expect(ask(node, { method: 'ping' }, { from: address(5), nowMs: 10 })).toBeDefined();
  });

  test('[DHT-29] gets no answer while we are read-only, and ours say ro', () => {
    const node = lone({ readOnly: true, bootstrap: [address(1)] });
    const [out] = outputsOf(node);
    const query = out?.type === 'send' ? decodeKrpc(out.bytes) : undefined;
    expect(query).toMatchObject({ ok: true, readOnly: true });
    expect(ask(node, { method: 'ping' })).toBeUndefined();
    node.handleDatagram(address(2), encode({ t: 'tt', y: 'q', q: 'x' }), 0);
    expect(outputsOf(node)).toEqual([]);
    node.setReadOnly(false);
    expect(codeOf(ask(node, { method: 'ping' }))).toBe(0);
  });

  test('[DHT-54] brings its sender into the table once it answered a ping, unless it said ro', () => {
    for (const readOnly of [false, true]) {
      const network = new TestNetwork(5);
      const us = network.add(address(1));
      const stranger = foreignNode(network, address(2), () => ({}));
      const knock = encodeQuery(utf8('kk'), stranger.id, readOnly, { method: 'ping' });
      for (let i = 0; i < 5; i++) network.deliver(address(2), us.endpoint, knock);
      network.run(3000);
      const pings = stranger.queries.filter((query) => query.method === 'ping');
      expect(pings).toHaveLength(readOnly ? 0 : 1);
      expect(us.node.stats()['nodes']).toBe(readOnly ? 0 : 1);
    }
  });

  test('[DHT-54] of many strangers pings eight at a time, and none twice a minute', () => {
    const node = lone();
    let pings = 0;
    for (let round = 0; round < 3; round++) {
      for (let i = 1; i < 40; i++) {
        const from = address(i);
        const id = idForHost(from.host, new Prng(i).bytes);
        node.handleDatagram(from, encodeQuery(utf8('kk'), id, false, { method: 'ping' }), round);
        for (const out of outputsOf(node)) {
          const message = out.type === 'send' ? decodeKrpc(out.bytes) : undefined;
          if (message?.ok && message.kind === 'query') pings++;
        }
      }
    }
    expect(pings).toBe(8);
  });
});

describe('entering the network', () => {
  test('[DHT-51] a node knows others and says so, once', () => {
    const network = new TestNetwork(6);
    const hosts = network.grow(20);
    network.run(120_000);
    for (const host of hosts) {
      expect(host.said.filter((said) => said.type === 'ready')).toHaveLength(1);
      expect(host.node.stats()['nodes']).toBeGreaterThan(8);
    }
  });

  test('[DHT-4, DHT-14] it learns its address, takes an id that fits it, and tells the others', () => {
    const network = new TestNetwork(7);
    const hosts = network.grow(12);
    network.run(60_000);
    for (const { node, endpoint, said } of hosts) {
      expect(node.external('v4')).toEqual(endpoint);
      expect(isCompliant(node.ids.v4!, endpoint.host)).toBe(true);
      expect(said).toContainEqual({ type: 'external', endpoint });
      expect(node.votes('v4').length).toBeGreaterThan(1);
    }
    const us = hosts[11]!;
    network.run(60_000);
    const knowing = hosts.filter(({ node }) => {
      const query = { method: 'find_node', target: us.node.ids.v4!, want: [] } as const;
      const reply = replyOf(ask(node, query, { nowMs: network.nowMs }));
      return reply.contacts.some(({ id }) => equal(id, us.node.ids.v4!));
    });
    expect(knowing.length).toBeGreaterThan(8);
  });

  test('[DHT-49, DHT-50] routers are asked once, then ever more rarely (bootstrap-dht#24)', () => {
    const network = new TestNetwork(8);
    const askedAtMs: number[] = [];
    const router = address(50);
    network.strangers.set(endpointKey(router), () => askedAtMs.push(network.nowMs));
    const us = network.add(address(1), { bootstrap: [router] });
    network.run(60 * 60_000);
    // A search asks twice at most; what counts is the pause between searches.
    const searches = askedAtMs.filter((at, i) => i === 0 || at - askedAtMs[i - 1]! > 3000);
    expect(searches.length).toBeGreaterThan(12);
    expect(searches.length).toBeLessThan(20);
    const pauses = searches.slice(1).map((at, i) => at - searches[i]!);
    expect(pauses[0]).toBeGreaterThanOrEqual(ROUTER_PAUSE_MS_MIN);
    // The first pause lasts as long as the search in it, at least.
    expect(pauses[1]).toBeGreaterThan(pauses[0]!);
    for (let i = 2; i < 6; i++) expect(pauses[i]).toBeGreaterThan(1.5 * pauses[i - 1]!);
    // A quarter more at random, and the search itself.
    expect(Math.max(...pauses)).toBeLessThan(1.3 * ROUTER_PAUSE_MS_MAX);
    expect(isReady(us)).toBe(false);
  });

  test('[DHT-49] with saved nodes no router is asked (transmission#7176, monotorrent#669)', () => {
    const network = new TestNetwork(9);
    const hosts = network.grow(15);
    network.run(60_000);
    const saved = hosts[4]!.node.save();
    let asked = 0;
    const router = address(90);
    network.strangers.set(endpointKey(router), () => asked++);
    const again = network.add(address(60), { saved, bootstrap: [router] });
    network.run(5000, () => isReady(again));
    network.run(60_000);
    expect([isReady(again), asked]).toEqual([true, 0]);
    expect(again.node.stats()['nodes']).toBeGreaterThan(8);
  });

  test('[DHT-49] where all saved nodes are dead, routers follow at once', () => {
    const network = new TestNetwork(10);
    const hosts = network.grow(15);
    network.run(60_000);
    const saved = hosts[4]!.node.save();
    for (const host of hosts) host.alive = false;
    const router = network.add(address(70));
    const again = network.add(address(61), { saved, bootstrap: [router.endpoint] });
    expect(network.run(20_000, () => isReady(again))).toBeLessThan(6000);
  });

  test('[DHT-48] id and address last as long as the address does', () => {
    const network = new TestNetwork(11);
    const hosts = network.grow(10);
    network.run(60_000);
    const { node, endpoint } = hosts[5]!;
    const again = lone({ saved: node.save() });
    expect(again.ids).toEqual(node.ids);
    expect(again.external('v4')).toEqual(endpoint);
    expect(lone({ saved: utf8('rubbish') }).stats()['nodes']).toBe(0);
    // The same table behind another address: a new id, after enough votes.
    hosts[5]!.alive = false;
    const moved = network.add(address(80), { saved: node.save() });
    network.run(60_000);
    expect(moved.node.external('v4')).toEqual(moved.endpoint);
    expect(moved.node.ids.v4).not.toEqual(node.ids.v4);
    expect(isCompliant(moved.node.ids.v4!, moved.endpoint.host)).toBe(true);
  });

  test('[DHT-51] hints are as good as routers', () => {
    const network = new TestNetwork(12);
    const hosts = network.grow(6);
    const late = network.add(address(40));
    network.run(10_000);
    expect(isReady(late)).toBe(false);
    late.node.addNodes([hosts[2]!.endpoint, { host: '10.0.0.1', port: 7 }], network.nowMs);
    network.drain(late);
    network.run(2000, () => isReady(late));
    expect(isReady(late)).toBe(true);
    expect(late.node.stats()['nodes']).toBeGreaterThan(2);
  });

  test('[DHT-53] a young network fills its tables by itself', () => {
    const network = new TestNetwork(13);
    const hosts = network.grow(4, {}, 5);
    network.run(60_000);
    for (const { node } of hosts) expect(node.stats()['nodes']).toBe(3);
  });

  test('[DHT-47] IPv4 and IPv6 are two networks with an id and a table each', () => {
    const network = new TestNetwork(14);
    network.grow(6);
    const routers6 = network.add({ host: '2a00:1::1', port: 6881 }, { families: ['v6'] });
    const bootstrap = [address(1), routers6.endpoint];
    const node = lone({ families: ['v4', 'v6'], bootstrap });
    const wants = outputsOf(node).flatMap((out) => {
      const message = out.type === 'send' ? decodeKrpc(out.bytes) : undefined;
      if (!message?.ok || message.kind !== 'query' || message.query.method !== 'find_node')
        return [];
      return [{ to: out.type === 'send' && out.to.host, want: message.query.want, id: message.id }];
    });
    expect(wants).toEqual([
      { to: address(1).host, want: ['v4'], id: node.ids.v4 },
      { to: '2a00:1::1', want: ['v6'], id: node.ids.v6 },
    ]);
    expect(node.ids.v4).not.toEqual(node.ids.v6);
    const only = lone();
    expect(Object.keys(only.ids)).toEqual(['v4']);
  });
});

describe('what others say of nodes', () => {
  test('[DHT-9] impossible, private and own addresses are never asked', () => {
    const network = new TestNetwork(15);
    const asked = new Set<string>();
    network.tap = (_, to) => {
      asked.add(endpointKey(to));
      return true;
    };
    const us = network.add(address(1), { bootstrap: [address(2), address(3), address(4)] });
    const id = (): Uint8Array => network.prng.bytes(20);
    const lies = [
      { id: id(), endpoint: { host: '9.9.9.9', port: 1 } },
      { id: id(), endpoint: { host: '192.168.1.1', port: 80 } },
      { id: id(), endpoint: { host: '127.0.0.1', port: 80 } },
      { id: id(), endpoint: { host: '224.0.0.1', port: 80 } },
      { id: id(), endpoint: us.endpoint },
    ];
    const honest = { id: id(), endpoint: address(30) };
    for (let i = 2; i <= 4; i++) {
      foreignNode(network, address(i), () => ({ nodes: [...lies, honest] }));
    }
    network.run(30_000);
    expect(asked.has(endpointKey(honest.endpoint))).toBe(true);
    for (const lie of lies.slice(0, 4)) expect(asked).not.toContain(endpointKey(lie.endpoint));
    // Ourselves at most before the vote, and never into the table.
    expect(us.node.external('v4')).toEqual(us.endpoint);
    asked.clear();
    us.node.get(1, { target }, network.nowMs);
    network.drain(us);
    network.run(30_000);
    expect(asked.size).toBeGreaterThan(2);
    expect(asked).not.toContain(endpointKey(us.endpoint));
    expect(us.node.stats()['nodes']).toBe(3);
  });

  test('[DHT-14] one liar about our address changes nothing', () => {
    const network = new TestNetwork(16);
    const hosts = network.grow(8);
    network.run(30_000);
    const us = hosts[7]!;
    const { id } = foreignNode(network, address(40), () => undefined);
    network.strangers.set(endpointKey(address(40)), (from, bytes) => {
      const message = decodeKrpc(bytes);
      if (!message.ok || message.kind !== 'query') return;
      network.deliver(address(40), from, encodeReply(message.transaction, address(99), { id }));
    });
    us.node.addNodes([address(40)], network.nowMs);
    network.drain(us);
    network.run(60_000);
    expect(us.node.external('v4')).toEqual(us.endpoint);
  });
});

describe('over time', () => {
  test('[DHT-52] a network at rest is almost silent, and stays known to itself', () => {
    const network = new TestNetwork(17);
    const hosts = network.grow(25);
    network.run(10 * 60_000);
    const before = hosts.map((host) => host.sent);
    network.run(30 * 60_000);
    const perMinute = hosts.map((host, i) => (host.sent - before[i]!) / 30);
    for (const rate of perMinute) expect(rate).toBeLessThan(8);
    for (const { node } of hosts) {
      expect(node.stats()['nodes']).toBeGreaterThan(12);
      expect(node.stats()['timers']).toBeLessThan(12);
    }
  });

  test('[DHT-16] the dead leave the tables', () => {
    const network = new TestNetwork(18);
    const hosts = network.grow(30);
    network.run(60_000);
    for (const host of hosts.slice(0, 15)) host.alive = false;
    network.run(40 * 60_000);
    const dead = new Set(hosts.slice(0, 15).map((host) => endpointKey(host.endpoint)));
    for (const { node } of hosts.slice(15)) {
      const query = { method: 'find_node', target, want: [] } as const;
      const { contacts } = replyOf(ask(node, query, { nowMs: network.nowMs }));
      expect(contacts.length).toBeGreaterThan(3);
      for (const { endpoint } of contacts) expect(dead).not.toContain(endpointKey(endpoint));
    }
  });

  test('[DHT-19] nor does a sleep in the middle of a question', () => {
    const network = new TestNetwork(20);
    const hosts = network.grow(8);
    network.run(60_000);
    const us = hosts[3]!;
    const named = (): number => {
      const query = { method: 'find_node', target, want: [] } as const;
      return replyOf(ask(us.node, query, { nowMs: network.nowMs })).contacts.length;
    };
    const before = named();
    expect(before).toBeGreaterThan(5);
    us.node.get(1, { target }, network.nowMs);
    network.drain(us);
    us.alive = false;
    network.run(60_000);
    us.alive = true;
    network.run(1000);
    expect(us.node.stats()['silences']).toBeGreaterThan(2);
    expect(named()).toBe(before);
  });

  test('[DHT-19] an hour without network costs no node, and the return is noticed', () => {
    const network = new TestNetwork(19);
    const hosts = network.grow(20);
    network.run(60_000);
    const us = hosts[9]!;
    const before = us.node.stats()['nodes']!;
    const here = endpointKey(us.endpoint);
    network.tap = (from, to) => endpointKey(from) !== here && endpointKey(to) !== here;
    network.run(60 * 60_000);
    expect(us.node.stats()['nodes']).toBe(before);
    expect(us.node.stats()['doubted']).toBeLessThan(3);
    network.tap = () => true;
    us.node.get(1, { target }, network.nowMs);
    network.drain(us);
    network.run(20_000, () => us.said.some((said) => said.type === 'got'));
    expect(us.said.find((said) => said.type === 'got')).toMatchObject({ authoritative: true });
  });
});
