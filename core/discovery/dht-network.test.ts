/**
 * Whole networks of our node in virtual time: loss, dead nodes, small worlds, colluders.
 */
import { describe, expect, test } from 'vitest';
import { endpointKey } from '../base/endpoint.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { mutableTarget, signItem } from './item.ts';
import { idForHost, idSharing, isCompliant, type Contact } from './node-id.ts';
import { resultOf, TestNetwork, type TestHost } from './test-network.ts';
import { foreignNode } from './test-wire.ts';

let nextOp = 1;

function keyOf(network: TestNetwork): SigningKey {
  return new SigningKey(new Secret('record', network.prng.bytes(32)));
}

function put(network: TestNetwork, host: TestHost, key: SigningKey, seq: number) {
  const op = nextOp++;
  const value = network.prng.bytes(760);
  host.node.put(op, signItem(key, { seq, value }), network.nowMs);
  network.drain(host);
  const tookMs = network.run(60_000, () => resultOf(host, 'put-done', op) !== undefined);
  return { value, tookMs, ...resultOf(host, 'put-done', op)! };
}

function get(network: TestNetwork, host: TestHost, key: SigningKey) {
  const op = nextOp++;
  host.node.get(op, { publicKey: key.publicKey }, network.nowMs);
  network.drain(host);
  const tookMs = network.run(60_000, () => resultOf(host, 'got', op) !== undefined);
  return { tookMs, ...resultOf(host, 'got', op)! };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

test('[DHT-60, DHT-67] 100 nodes, a fifth dead, 5 % loss: every newest item is returned', () => {
  const network = new TestNetwork(101);
  const hosts = network.grow(100, {}, 20);
  network.run(60_000);
  network.loss = 0.05;
  for (const host of hosts) host.alive = !network.prng.chance(0.2);
  const live = hosts.filter((host) => host.alive);
  const gets: number[] = [];
  for (let i = 0; i < 10; i++) {
    const key = keyOf(network);
    for (let seq = 1; seq <= 3; seq++) {
      const stored = put(network, network.prng.pick(live), key, seq);
      expect(stored.stored).toBeGreaterThanOrEqual(14);
      const got = get(network, network.prng.pick(live), key);
      expect([got.item?.seq, got.item?.value]).toEqual([BigInt(seq), stored.value]);
      gets.push(got.tookMs);
    }
  }
  // Round trips are 50 to 90 ms here; the dead cost timeouts, but never one after the other.
  expect(median(gets)).toBeLessThan(1500);
  expect(Math.max(...gets)).toBeLessThan(4000);
});

test('[DHT-67] an item outlives half of the nodes that hold it', () => {
  const network = new TestNetwork(102);
  const hosts = network.grow(60, {}, 20);
  network.run(60_000);
  const key = keyOf(network);
  const { results } = put(network, hosts[7]!, key, 1);
  for (const { endpoint } of results.slice(0, results.length / 2)) {
    network.hosts.get(endpointKey(endpoint))!.alive = false;
  }
  const asker = hosts.find((host) => host.alive && host !== hosts[7])!;
  expect(get(network, asker, key).item?.seq).toBe(1n);
});

test('[DHT-47] an item put by a dual-stack node is found in either network', () => {
  const network = new TestNetwork(105);
  const v4 = network.grow(10);
  const v6: TestHost[] = [];
  for (let i = 0; i < 10; i++) {
    const bootstrap = v6.slice(0, 1).map((host) => host.endpoint);
    const endpoint = { host: `2a0${i}:${i + 1}::1`, port: 6881 };
    v6.push(network.add(endpoint, { families: ['v6'], bootstrap }));
    network.run(100);
  }
  network.run(30_000);
  // One node with two sockets: it speaks from its IPv4 or its IPv6 address.
  const both = network.add(TestNetwork.address(90), {
    families: ['v4', 'v6'],
    bootstrap: [v4[0]!.endpoint, v6[0]!.endpoint],
  });
  network.giveAddress(both, { host: '2a0f:9::1', port: 6881 });
  network.run(20_000);
  const key = keyOf(network);
  const { results } = put(network, both, key, 1);
  const families = results.map(({ endpoint }) => endpoint.host.includes(':'));
  expect([families.filter(Boolean).length, families.filter((isV6) => !isV6).length]).toEqual([
    10, 10,
  ]);
  expect(get(network, v4[5]!, key).item?.seq).toBe(1n);
  expect(get(network, v6[5]!, key).item?.seq).toBe(1n);
  expect(get(network, both, key)).toMatchObject({ authoritative: true });
  expect(isCompliant(both.node.ids.v6!, '2a0f:9::1')).toBe(true);
  expect(isCompliant(both.node.ids.v4!, both.endpoint.host)).toBe(true);
});

describe('small worlds', () => {
  test.each([2, 3, 5, 10, 30])('[DHT-43] among %i nodes a get takes a few round trips', (count) => {
    const network = new TestNetwork(110 + count);
    const hosts = network.grow(count);
    network.run(30_000);
    const key = keyOf(network);
    const stored = put(network, hosts[0]!, key, 1);
    expect(stored.stored).toBeGreaterThanOrEqual(Math.min(count - 1, 16));
    const got = get(network, hosts.at(-1)!, key);
    expect([got.item?.seq, got.authoritative]).toEqual([1n, true]);
    expect(got.tookMs).toBeLessThan(5 * 2 * (network.latencyMs + network.jitterMs));
  });

  test('[DHT-40] the dead of a small world are waited for together, and then no more', () => {
    const network = new TestNetwork(140);
    const hosts = network.grow(10);
    network.run(30_000);
    for (const host of hosts.slice(3, 9)) host.alive = false;
    const [a, , b] = hosts as [TestHost, TestHost, TestHost];
    const key = keyOf(network);
    put(network, a, key, 1);
    const first = get(network, b, key);
    expect(first.item?.seq).toBe(1n);
    expect(first.tookMs).toBeLessThan(1600);
    get(network, b, key);
    const second = get(network, b, key);
    expect(second.item?.seq).toBe(1n);
    expect(second.tookMs).toBeLessThan(600);
  });

  test('[DHT-42] in a world of three a lost datagram does not hide the only copies', () => {
    const network = new TestNetwork(150);
    const hosts = network.grow(3);
    network.run(60_000);
    network.loss = 0.1;
    let found = 0;
    for (let i = 0; i < 50; i++) {
      const key = keyOf(network);
      put(network, hosts[0]!, key, 1);
      if (get(network, hosts[1]!, key).item) found++;
    }
    expect(found).toBeGreaterThanOrEqual(48);
  });
});

test('[DHT-44] a wall of colluders around a key cannot hide the item behind it', () => {
  const network = new TestNetwork(160);
  const hosts = network.grow(60, {}, 20);
  network.run(60_000);
  const key = keyOf(network);
  const target = mutableTarget(key.publicKey);
  // Chosen ids closer to the target than any honest node; they answer at once, take every put,
  // name each other, and return nothing.
  const wall: Contact[] = Array.from({ length: 40 }, (_, i) => ({
    id: idSharing(target, 30 + i, network.prng.bytes),
    endpoint: { host: `200.${i}.1.1`, port: 6881 },
  }));
  const near = (i: number): Contact[] => [...wall.slice(i, i + 6), ...wall.slice(0, 2)];
  for (const [i, { id, endpoint }] of wall.entries()) {
    expect(isCompliant(id, endpoint.host)).toBe(false);
    foreignNode(network, endpoint, () => ({ nodes: near(i), token: new Uint8Array(4) }), { id });
  }
  // They make themselves known to everybody.
  for (const host of hosts) {
    host.node.addNodes(
      wall.slice(0, 5).map((contact) => contact.endpoint),
      network.nowMs,
    );
    network.drain(host);
  }
  network.run(10_000);
  const { results } = put(network, hosts[3]!, key, 1);
  const walled = results.filter(({ endpoint }) => endpoint.host.startsWith('200.'));
  expect([walled.length, results.length >= 16]).toEqual([0, true]);
  for (const host of hosts.slice(20, 25)) expect(get(network, host, key).item?.seq).toBe(1n);
});

test('[DHT-45] many ids behind one address are one node to a lookup', () => {
  const network = new TestNetwork(170);
  const hosts = network.grow(30, {}, 20);
  network.run(60_000);
  const key = keyOf(network);
  // BEP 42 leaves eight prefixes to an address; nobody chooses much, but may take many ports.
  const host = '201.7.7.7';
  const asked = new Set<string>();
  const crowd: Contact[] = Array.from({ length: 64 }, (_, i) => ({
    id: idForHost(host, network.prng.bytes),
    endpoint: { host, port: 5000 + i },
  }));
  for (const { id, endpoint } of crowd) {
    foreignNode(
      network,
      endpoint,
      () => {
        asked.add(endpointKey(endpoint));
        return { nodes: crowd.slice(0, 30), token: new Uint8Array(4) };
      },
      { id },
    );
  }
  const us = hosts[9]!;
  us.node.addNodes([crowd[0]!.endpoint], network.nowMs);
  network.drain(us);
  network.run(10_000);
  asked.clear();
  get(network, us, key);
  expect(asked.size).toBeLessThanOrEqual(1);
});
