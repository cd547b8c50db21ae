import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { compareDistance, idForHost, idSharing, isCompliant, type Contact } from './node-id.ts';
import {
  BUCKET_NODES_MAX,
  BUCKET_SPARES_MAX,
  GOOD_MS,
  isGood,
  MISSES_LONELY_MAX,
  RECHECK_MS,
  REFRESH_MS,
  RoutingTable,
} from './routing-table.ts';

const random = new Prng(9).bytes;
const ownId = random(20);

/** A node that shares `bits` bits with us, in a /16 of its own. */
function contact(i: number, bits = 0): Contact {
  const host = `${30 + (i % 100)}.${i >> 4}.0.9`;
  return { id: idSharing(ownId, bits, random), endpoint: { host, port: 6881 } };
}

function full(nowMs = 0): { table: RoutingTable; nodes: Contact[] } {
  const table = new RoutingTable(ownId);
  const nodes = Array.from({ length: BUCKET_NODES_MAX }, (_, i) => contact(i));
  for (const node of nodes) expect(table.answered(node, nowMs)).toBe(true);
  return { table, nodes };
}

describe('a bucket', () => {
  test('[DHT-15] holds eight; newcomers wait as spares and push nobody out', () => {
    const { table, nodes } = full();
    for (let i = 20; i < 60; i++) expect(table.answered(contact(i), 1)).toBe(false);
    expect(table.size).toBe(BUCKET_NODES_MAX);
    expect(table.spares).toBe(BUCKET_SPARES_MAX);
    expect([...table.nodes()].map((node) => node.endpoint)).toEqual(nodes.map((n) => n.endpoint));
    expect(table.answered(contact(70, 1), 1)).toBe(true);
    expect(table.wants(contact(71))).toBe(false);
    expect(table.wants(contact(72, 3))).toBe(true);
  });

  test('[DHT-16] gives the place of a node that missed twice to a spare', () => {
    const { table, nodes } = full();
    const spare = contact(30);
    table.answered(spare, 5);
    expect(table.missed(nodes[2]!.endpoint)).toBe(false);
    expect(table.size).toBe(BUCKET_NODES_MAX);
    expect(table.missed(nodes[2]!.endpoint)).toBe(true);
    const hosts = [...table.nodes()].map((node) => node.endpoint.host);
    expect(hosts).toContain(spare.endpoint.host);
    expect(hosts).not.toContain(nodes[2]!.endpoint.host);
    expect(table.spares).toBe(0);
  });

  test('[DHT-16] lets a newcomer replace a node that missed once; an answer forgives', () => {
    const { table, nodes } = full();
    table.missed(nodes[0]!.endpoint);
    table.answered(nodes[0]!, 5);
    expect(table.answered(contact(40), 6)).toBe(false);
    table.missed(nodes[0]!.endpoint);
    expect(table.answered(contact(41), 7)).toBe(true);
    expect(table.size).toBe(BUCKET_NODES_MAX);
  });
});

describe('[DHT-78] who is found in a closest set', () => {
  test('takes the place of somebody met on the way, one after the other', () => {
    const { table, nodes } = full();
    const found = Array.from({ length: BUCKET_NODES_MAX }, (_, i) => contact(20 + i));
    for (const node of found.slice(0, 3)) table.found(node, 1);
    const hosts = (): Set<string> => new Set([...table.nodes()].map((n) => n.endpoint.host));
    const hostsOf = (of: readonly Contact[]): string[] => of.map((node) => node.endpoint.host);
    // Who has been up long stays longest.
    expect(hosts()).toEqual(new Set(hostsOf([...nodes.slice(0, 5), ...found.slice(0, 3)])));
    for (const node of found) table.found(node, 2);
    expect(hosts()).toEqual(new Set(hostsOf(found)));
    table.found(contact(40), 3);
    expect(hosts()).toEqual(new Set(hostsOf(found)));
  });

  test('gives way after one miss to another who is found, and to nobody else', () => {
    const { table, nodes } = full();
    for (const node of nodes) table.found(node, 1);
    table.missed(nodes[0]!.endpoint);
    expect(table.answered(contact(30), 2)).toBe(false);
    table.found(contact(31), 3);
    expect(table.has(nodes[0]!.endpoint)).toBe(false);
    expect(table.size).toBe(BUCKET_NODES_MAX);
  });

  test('is neither ourselves nor a second one of an address', () => {
    const { table, nodes } = full();
    table.found({ id: ownId, endpoint: contact(30).endpoint }, 1);
    table.found({ id: contact(1).id, endpoint: { ...nodes[1]!.endpoint, port: 7 } }, 1);
    expect([...table.nodes()].map((node) => node.endpoint)).toEqual(nodes.map((n) => n.endpoint));
  });
});

test('[DHT-16] without a spare a node stays for eight misses', () => {
  const { table, nodes } = full();
  for (let miss = 1; miss < MISSES_LONELY_MAX; miss++) {
    expect(table.missed(nodes[0]!.endpoint)).toBe(false);
  }
  expect(table.missed(nodes[0]!.endpoint)).toBe(true);
  expect(table.has(nodes[0]!.endpoint)).toBe(false);
  expect(table.missed(nodes[0]!.endpoint)).toBe(false);
});

test('[DHT-16] good: answered within 15 minutes, or asked us if it ever answered', () => {
  const table = new RoutingTable(ownId);
  const [a, b, c] = [contact(1), contact(2), contact(3)];
  table.answered(a, 0);
  table.answered(b, 0);
  table.restore(c);
  const node = (of: Contact) => [...table.nodes()].find((n) => n.endpoint === of.endpoint)!;
  expect(isGood(node(a), GOOD_MS - 1)).toBe(true);
  expect(isGood(node(a), GOOD_MS)).toBe(false);
  table.queried(b, GOOD_MS);
  expect(isGood(node(b), GOOD_MS + 1)).toBe(true);
  table.queried(c, GOOD_MS);
  expect(isGood(node(c), GOOD_MS + 1)).toBe(false); // never answered
  expect(table.closestGood(ownId, 8, GOOD_MS + 1)).toEqual([node(b)]);
  expect(table.closest(ownId, 8)).toHaveLength(3);
});

test('[DHT-16] upkeep comes to the saved first, then after 14 minutes, after a miss in 10 s', () => {
  const table = new RoutingTable(ownId);
  const [a, b] = [contact(1), contact(2)];
  table.answered(a, 1000);
  expect(table.nextDue()).toMatchObject({ atMs: 1000 + REFRESH_MS });
  table.restore(b);
  const due = table.nextDue()!;
  expect(due).toMatchObject({ node: { endpoint: b.endpoint }, atMs: -Infinity });
  due.node.checkedAtMs = 2000;
  table.missed(b.endpoint);
  expect(table.nextDue()).toMatchObject({ atMs: 2000 + RECHECK_MS });
});

test('[DHT-17] a node whose id breaks BEP 42 is kept and listed (anacrolix/torrent#46)', () => {
  const table = new RoutingTable(ownId);
  const endpoint = { host: '9.9.9.9', port: 6881 };
  const outlaw = { id: idForHost('8.8.8.8', random), endpoint };
  expect(isCompliant(outlaw.id, endpoint.host)).toBe(false);
  expect(table.wants(outlaw)).toBe(true);
  expect(table.answered(outlaw, 0)).toBe(true);
  expect(table.closestGood(outlaw.id, 8, 1)).toMatchObject([outlaw]);
});

test('[DHT-18] one node per public address, one per /24 or /64 in a bucket', () => {
  const table = new RoutingTable(ownId);
  const at = (host: string, port: number, bits = 0): Contact => ({
    id: idSharing(ownId, bits, random),
    endpoint: { host, port },
  });
  expect(table.answered(at('9.9.9.9', 1000), 0)).toBe(true);
  expect(table.answered(at('9.9.9.9', 1001, 4), 0)).toBe(false);
  expect(table.answered(at('9.9.9.8', 1000), 0)).toBe(false);
  expect(table.answered(at('9.9.9.8', 1000, 4), 0)).toBe(true);
  expect(table.answered(at('9.9.8.8', 1000), 0)).toBe(true);
  expect(table.answered(at('2a00:1::1', 1000), 0)).toBe(true);
  expect(table.answered(at('2a00:1::ffff:2', 1000), 0)).toBe(false);
  expect(table.answered(at('2a00:1:0:1::2', 1000), 0)).toBe(true);
  // A private network has one address range and many nodes in it.
  expect(table.answered(at('10.0.0.1', 1000, 9), 0)).toBe(true);
  expect(table.answered(at('10.0.0.1', 1001, 9), 0)).toBe(true);
});

test('[DHT-4] a node that renamed itself is one node; we ourselves are none', () => {
  const table = new RoutingTable(ownId);
  const first = contact(1);
  table.answered(first, 0);
  table.answered({ ...first, id: idSharing(ownId, 7, random) }, 1);
  expect(table.size).toBe(1);
  expect(table.answered({ id: ownId, endpoint: { host: '9.9.9.9', port: 2 } }, 1)).toBe(false);
  expect(table.wants({ id: ownId, endpoint: { host: '9.9.9.9', port: 2 } })).toBe(false);
});

test('[DHT-4] with another id of ours everybody is sorted anew', () => {
  const table = new RoutingTable(ownId);
  for (let i = 0; i < 40; i++) table.answered(contact(i, i % 6), 0);
  const before = table.size;
  const other = random(20);
  table.rebase(other);
  expect(table.size).toBeLessThanOrEqual(before);
  expect(table.size).toBeGreaterThan(BUCKET_NODES_MAX);
  const near = table.closest(other, 10);
  const sorted = [...near].sort((a, b) => compareDistance(other, a.id, b.id));
  expect(near).toEqual(sorted);
});

test('[DHT-15] the nearest nodes come first, those with a miss last', () => {
  const table = new RoutingTable(ownId);
  for (let i = 0; i < 64; i++) table.answered(contact(i, i % 8), 0);
  const target = random(20);
  const all = table.closest(target, 100);
  expect(table.closest(target, 4)).toEqual(all.slice(0, 4));
  table.missed(all[0]!.endpoint);
  const after = table.closest(target, 100);
  expect(after.at(-1)).toBe(all[0]);
  expect(after.slice(0, -1)).toEqual(all.slice(1));
  expect(table.closestGood(target, 8, 1)).toEqual(all.slice(1, 9));
});

test('[DHT-72] tells from our neighbourhood how close the closest to any target are', () => {
  const table = new RoutingTable(ownId);
  expect(table.reach(8)).toBeUndefined();
  for (let i = 0; i < 3; i++) {
    table.answered({ id: random(20), endpoint: { host: `10.0.0.${i}`, port: 1 } }, 0);
  }
  expect(table.reach(8)).toBe(1); // three nodes in all: everybody is close
  // As in a network of 4,096: of every bit shared, half as many as of the one before.
  for (let bits = 4; bits < 12; bits++) {
    const count = Math.min(BUCKET_NODES_MAX, 2 ** (11 - bits));
    for (let i = 0; i < count; i++) {
      const endpoint = { host: `10.${bits}.0.${i}`, port: 1 };
      table.answered({ id: idSharing(ownId, bits, random), endpoint }, 0);
    }
  }
  expect(table.reach(8)).toBeGreaterThan(8 / 4096 / 2);
  expect(table.reach(8)).toBeLessThan((8 / 4096) * 2);
  // Nodes that break BEP 42 may be where they like, and do not count.
  const before = table.reach(8);
  for (let i = 0; i < 8; i++) table.answered(contact(i, 60 + i), 0);
  expect(table.reach(8)).toBe(before);
});
