/**
 * Whatever comes in, a node neither throws nor grows.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, type Encodable } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import { DhtNode } from './dht-node.ts';
import { encodeReply, decodeKrpc } from './krpc.ts';
import { idForHost } from './node-id.ts';
import { TestNetwork } from './test-network.ts';
import { outputsOf } from './test-wire.ts';

const RUNS = 300;

/** A dictionary that looks like KRPC: right keys, any values. */
const value: fc.Arbitrary<Encodable> = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ minLength: 20, maxLength: 20 }),
  fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }),
  fc.constantFrom('q', 'r', 'e', 'ping', 'get', 'put', 'find_node', 'get_peers', 'announce_peer'),
);
const names = ['id', 'target', 'info_hash', 'token', 'v', 'k', 'sig', 'seq', 'salt', 'cas', 'port'];
const more = ['nodes', 'nodes6', 'values', 'want', 'implied_port'];
const inner = fc.dictionary(fc.constantFrom(...names, ...more), value, { noNullPrototype: true });
const id20 = fc.uint8Array({ minLength: 20, maxLength: 20 });
const message = fc
  .record(
    {
      t: fc.oneof(fc.constant<Encodable>('tt'), value),
      y: fc.constantFrom('q', 'r', 'e', 'x'),
      q: fc.oneof(
        fc.constantFrom<Encodable>('ping', 'find_node', 'get_peers', 'get', 'put', 'announce_peer'),
        value,
      ),
      a: fc.tuple(id20, inner).map(([id, rest]) => ({ id, ...rest })),
      r: fc.tuple(id20, inner).map(([id, rest]) => ({ id, ...rest })),
      e: value,
      ip: value,
      ro: value,
    },
    { requiredKeys: ['t', 'y', 'q', 'a', 'r'] },
  )
  .map((fields) => encode(fields));

test('[DHT-5] no datagram makes a node throw or hold more than its limits', () => {
  const node = new DhtNode({ random: new Prng(1).bytes, nowMs: 0, bootstrap: [] });
  let nowMs = 0;
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), message),
      fc.nat(2000),
      fc.nat(65535),
      (bytes, i, port) => {
        nowMs += 7;
        node.handleDatagram({ ...TestNetwork.address(i), port }, bytes, nowMs);
        node.handleTimeout(nowMs);
        for (const out of outputsOf(node)) {
          if (out.type === 'send') expect(decodeKrpc(out.bytes).ok).toBe(true);
        }
      },
    ),
    { numRuns: 3000 },
  );
  const stats = node.stats();
  expect(stats['datagrams']).toBeGreaterThan(500);
  expect(stats['replies']).toBeGreaterThan(100);
  expect(stats).toMatchObject({ nodes: 0, operations: 0, outputs: 0 });
  expect(stats['pending']).toBeLessThanOrEqual(8);
});

/** Replies whose transaction is right and whose body is anything. */
test('[DHT-10] no answer to a question of ours makes a node throw or misbehave', () => {
  fc.assert(
    fc.property(fc.array(inner, { minLength: 1, maxLength: 12 }), fc.nat(), (bodies, seed) => {
      const random = new Prng(seed).bytes;
      const node = new DhtNode({ random, nowMs: 0, bootstrap: [TestNetwork.address(1)] });
      node.get(1, { target: random(20) }, 0);
      node.put(2, { immutable: encode('x') }, 0);
      let nowMs = 0;
      let next = 0;
      for (let step = 0; step < 400; step++) {
        for (const out of outputsOf(node)) {
          if (out.type !== 'send') continue;
          const asked = decodeKrpc(out.bytes);
          if (!asked.ok || asked.kind !== 'query') continue;
          const t = asked.transaction;
          const id = idForHost(out.to.host, random);
          const r = { ...bodies[next++ % bodies.length], id };
          node.handleDatagram(out.to, encode({ t, y: 'r', r }), nowMs);
          const twice = encodeReply(t, out.to, { id, token: random(4) });
          node.handleDatagram(out.to, twice, nowMs);
        }
        const { operations, operationsWaiting } = node.stats();
        if (operations === 0 && operationsWaiting === 0) break;
        nowMs = Math.max(nowMs, node.wakeAtMs() ?? nowMs);
        node.handleTimeout(nowMs);
      }
      expect(node.stats()).toMatchObject({ operations: 0, operationsWaiting: 0 });
    }),
    { numRuns: RUNS },
  );
});

test('[DHT-5] a mutated datagram of a living network hurts nobody', () => {
  const network = new TestNetwork(40);
  const hosts = network.grow(12);
  network.tap = (from, to, bytes) => {
    if (network.prng.chance(0.3)) {
      const mutated = bytes.slice();
      for (let i = network.prng.int(1, 4); i > 0; i--) {
        mutated[network.prng.int(0, mutated.length - 1)] = network.prng.int(0, 255);
      }
      network.deliver(from, to, mutated);
      return network.prng.chance(0.5);
    }
    return true;
  };
  for (let op = 1; op <= 40; op++) {
    const host = network.prng.pick(hosts);
    if (op % 2) host.node.put(op, { immutable: encode(network.prng.bytes(700)) }, network.nowMs);
    else host.node.get(op, { target: network.prng.bytes(20) }, network.nowMs);
    network.drain(host);
    network.run(2000);
  }
  network.tap = () => true;
  network.run(60_000);
  for (const { node } of hosts) {
    expect(node.stats()).toMatchObject({ operations: 0, operationsWaiting: 0 });
    expect(node.stats()['nodes']).toBeGreaterThan(5);
    expect(node.stats()['timers']).toBeLessThan(20);
  }
  expect(hosts.reduce((sum, { node }) => sum + node.stats()['malformed']!, 0)).toBeGreaterThan(5);
});
