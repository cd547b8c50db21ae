/**
 * Our node among thousands of others: who learns what we look for, and what liars can do.
 */
import { describe, expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { mutableTarget, signItem } from './item.ts';
import { GET_WIDTH } from './item-search.ts';
import { MASK_EXTRA_BITS } from './lookup.ts';
import { sharedBits } from './node-id.ts';
import { BUCKET_NODES_MAX } from './routing-table.ts';
import { decodeSaved } from './saved.ts';
import { Crowd, type CrowdNode, type CrowdOptions } from './test-crowd.ts';
import { resultOf, TestNetwork, type TestHost } from './test-network.ts';

/** A crowd, and some nodes of ours that have found their place in it. */
class Town {
  readonly network: TestNetwork;
  readonly crowd: Crowd;
  readonly hosts: TestHost[];
  #nextOp = 1;

  constructor(seed: number, ours: number, options: CrowdOptions) {
    this.network = new TestNetwork(seed);
    this.crowd = new Crowd(this.network, options);
    this.hosts = Array.from({ length: ours }, (_, i) => {
      const bootstrap = this.crowd.starts(3);
      return this.network.add({ host: `5.${i}.3.9`, port: 6881 }, { bootstrap });
    });
    this.network.run(20_000);
  }

  key(): SigningKey {
    return new SigningKey(new Secret('record', this.network.prng.bytes(32)));
  }

  put(host: TestHost, key: SigningKey, seq: number) {
    const op = this.#nextOp++;
    const value = this.network.prng.bytes(760);
    host.node.put(op, signItem(key, { seq, value }), this.network.nowMs);
    this.network.drain(host);
    this.network.run(60_000, () => resultOf(host, 'put-done', op) !== undefined);
    return resultOf(host, 'put-done', op)!;
  }

  get(host: TestHost, key: SigningKey) {
    const op = this.#nextOp++;
    host.node.get(op, { publicKey: key.publicKey }, this.network.nowMs);
    this.network.drain(host);
    const tookMs = this.network.run(60_000, () => resultOf(host, 'got', op) !== undefined);
    return { tookMs, ...resultOf(host, 'got', op)! };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('privacy of lookups', () => {
  const town = new Town(31, 6, { nodes: 3000 });
  const { crowd, hosts } = town;

  test('[DHT-72] hardly anybody outside the closest set learns the target of a get', () => {
    const outside = { asked: [] as number[], told: [] as number[] };
    const times: number[] = [];
    for (let i = 0; i < 30; i++) {
      const key = town.key();
      const target = mutableTarget(key.publicKey);
      const closest = new Set(crowd.closest(target, GET_WIDTH));
      const [asked, told] = [new Set<CrowdNode>(), new Set<CrowdNode>()];
      crowd.heard = (node, query) => {
        if (!('target' in query) || closest.has(node)) return;
        if (sharedBits(query.target, target) >= 3) asked.add(node);
        if (equal(query.target, target)) told.add(node);
      };
      times.push(town.get(hosts[i % 6]!, key).tookMs);
      outside.asked.push(asked.size);
      outside.told.push(told.size);
    }
    // All that are asked for the way learnt the target before; nobody waits longer for it.
    expect(mean(outside.asked)).toBeGreaterThan(8);
    expect(mean(outside.told)).toBeLessThan(mean(outside.asked) / 2);
    expect(mean(outside.told)).toBeLessThan(GET_WIDTH / 2);
    expect(mean(times)).toBeLessThan(400);
  });

  test('[DHT-71] who shows the way sees three bits more than it shares, and noise', () => {
    const seen: string[] = [];
    for (const host of hosts) {
      const key = town.key();
      const target = mutableTarget(key.publicKey);
      crowd.heard = (node, query) => {
        if (query.method !== 'find_node') return;
        const bits = sharedBits(query.target, target);
        if (bits < MASK_EXTRA_BITS) return; // upkeep
        expect(bits).toBeLessThan(sharedBits(node.id, target) + MASK_EXTRA_BITS + 12);
        seen.push(hex(query.target));
      };
      town.get(host, key);
    }
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('[DHT-72] a put and a get still meet, all newest items are found', () => {
    for (let i = 0; i < 6; i++) {
      const key = town.key();
      expect(town.put(hosts[i]!, key, 1).stored).toBeGreaterThanOrEqual(16);
      const got = town.get(hosts[(i + 3) % 6]!, key);
      expect([got.item?.seq, got.authoritative]).toEqual([1n, true]);
    }
  });
});

test('[DHT-59] soon after its start a node knows the far half of all ids too', () => {
  const { hosts } = new Town(33, 4, { nodes: 1500 });
  for (const { node } of hosts) {
    const { id, nodes } = decodeSaved(node.save()).v4!;
    expect(nodes.filter((other) => sharedBits(other.id, id) === 0)).toHaveLength(BUCKET_NODES_MAX);
  }
});

describe('liars, three in ten, who lie in every way', () => {
  const town = new Town(32, 4, { nodes: 1500, liars: 0.3 });
  const { network, hosts } = town;

  test('[DHT-75] what was put is found, mostly the newest, and nothing forged', () => {
    let found = 0;
    for (let i = 0; i < 10; i++) {
      const key = town.key();
      const [writer, reader] = [hosts[i % 4]!, hosts[(i + 1) % 4]!];
      const { results } = town.put(writer, key, 1);
      expect(results.length).toBeGreaterThanOrEqual(16);
      town.put(writer, key, 2);
      const got = town.get(reader, key);
      // The first version is no forgery; who has read the second takes it no more (DSC-18).
      expect([undefined, 1n, 2n]).toContain(got.item?.seq);
      if (got.item?.seq === 2n) found++;
    }
    expect(found).toBeGreaterThanOrEqual(8);
    const stats = hosts.map(({ node }) => node.stats());
    const sum = (name: string): number => stats.reduce((all, each) => all + each[name]!, 0);
    expect(sum('invalidItems')).toBeGreaterThan(0);
    expect(sum('strays')).toBeGreaterThan(100);
  });

  test('[DHT-78] however much they look, they do not come to know liars above all', () => {
    for (let i = 0; i < 120; i++) town.get(hosts[i % 4]!, town.key());
    const lies = new Set(town.crowd.nodes.filter(({ lie }) => lie).map((n) => n.endpoint.host));
    const shares = hosts.map(({ node }) => {
      const { nodes } = decodeSaved(node.save()).v4!;
      return nodes.filter(({ endpoint }) => lies.has(endpoint.host)).length / nodes.length;
    });
    expect(mean(shares)).toBeLessThan(0.4);
  });

  test('[DHT-76] nothing of it stays: no query, timer or datagram waits', () => {
    network.run(20_000);
    for (const { node } of hosts) {
      const stats = node.stats();
      expect(stats['pending']).toBeLessThanOrEqual(2); // upkeep
      expect(stats['operations']).toBe(0);
      expect(stats['timers']).toBeLessThan(10);
    }
  });
});
