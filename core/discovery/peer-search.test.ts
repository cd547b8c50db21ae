import { expect, test } from 'vitest';
import { endpointKey } from '../base/endpoint.ts';
import { decodeKrpc, encodeReply } from './krpc.ts';
import {
  ANNOUNCE_NODES_MAX,
  NAMED_PEERS_MAX,
  PEER_OPERATIONS_MAX,
  type PeersOutput,
} from './peer-search.ts';
import { TestNetwork, type TestHost } from './test-network.ts';

function grown(count = 40): { net: TestNetwork; hosts: TestHost[] } {
  const net = new TestNetwork(81);
  const hosts = net.grow(count);
  net.run(20_000);
  return { net, hosts };
}

function peersOf(host: TestHost, op: number): PeersOutput | undefined {
  return host.said.find((said): said is PeersOutput => said.type === 'peers' && said.op === op);
}

/** Tells a node something and lets it happen. */
function after(net: TestNetwork, host: TestHost, act: () => void): void {
  act();
  net.drain(host);
  net.run(20_000);
}

test('[DHT-79, DHT-80] who announces is found under the port that it named, and by no other hash', () => {
  const { net, hosts } = grown();
  const [relay, asker] = [hosts[7]!, hosts[31]!];
  const hash = net.prng.bytes(20);
  after(net, relay, () => relay.node.announce(1, hash, { v4: 443 }, net.nowMs));
  const announced = peersOf(relay, 1)!;
  expect(announced.announced).toBe(ANNOUNCE_NODES_MAX);
  after(net, asker, () => asker.node.findPeers(2, hash, net.nowMs));
  const found = peersOf(asker, 2)!;
  const place = endpointKey({ ...relay.endpoint, port: 443 });
  expect(found.peers.map(({ endpoint }) => endpointKey(endpoint))).toEqual([place]);
  expect(found.peers[0]!.voices).toBeGreaterThan(2);
  expect([found.announced, asker.node.stats()['peerSearches']]).toEqual([0, 0]);
  after(net, asker, () => asker.node.findPeers(3, net.prng.bytes(20), net.nowMs));
  expect(peersOf(asker, 3)!.peers).toEqual([]);
  expect(peersOf(asker, 3)!.responders).toBeGreaterThan(7);
});

test('[DHT-79] only who is near the hash is told it', () => {
  const { net, hosts } = grown(200);
  const asker = hosts[100]!;
  const hash = net.prng.bytes(20);
  const told = new Set<string>();
  net.tap = (from, to, bytes) => {
    const read = decodeKrpc(bytes);
    const isAsked = read.ok && read.kind === 'query' && read.query.method === 'get_peers';
    if (isAsked && from.host === asker.endpoint.host) told.add(endpointKey(to));
    return true;
  };
  after(net, asker, () => asker.node.findPeers(1, hash, net.nowMs));
  expect(told.size).toBeGreaterThan(7);
  expect(told.size).toBeLessThan(25);
});

test('[DHT-79] ⚑ a node that names a thousand has one voice, and room for fifty', () => {
  const { net, hosts } = grown();
  const [relay, asker] = [hosts[7]!, hosts[31]!];
  const hash = net.prng.bytes(20);
  after(net, relay, () => relay.node.announce(1, hash, { v4: 443 }, net.nowMs));
  const crowd = Array.from({ length: 60 }, (_, i) => ({ host: `93.184.1.${i}`, port: 443 }));
  let liar: string | undefined;
  net.tap = (from, to, bytes) => {
    const read = decodeKrpc(bytes);
    if (!read.ok || read.kind !== 'query' || read.query.method !== 'get_peers') return true;
    liar ??= endpointKey(to);
    if (endpointKey(to) !== liar) return true;
    const { node } = net.hosts.get(liar)!;
    const fields = { id: node.ids.v4!, nodes: [], token: hash.slice(0, 8), peers: crowd };
    net.deliver(to, from, encodeReply(read.transaction, from, fields));
    return false;
  };
  after(net, asker, () => asker.node.findPeers(2, hash, net.nowMs));
  const { peers } = peersOf(asker, 2)!;
  const lies = peers.filter(({ endpoint }) => endpoint.host.startsWith('93.184.1.'));
  expect(lies).toHaveLength(NAMED_PEERS_MAX);
  expect(lies.every(({ voices }) => voices === 1)).toBe(true);
  const true_ = peers.find(({ endpoint }) => endpoint.host === relay.endpoint.host);
  expect(true_!.voices).toBeGreaterThan(1);
});

test('[DHT-81] with nobody there, too many at once or a cancelled one', () => {
  const lonely = new TestNetwork(82);
  const alone = lonely.add(TestNetwork.address(1));
  after(lonely, alone, () => alone.node.findPeers(1, lonely.prng.bytes(20), lonely.nowMs));
  expect(peersOf(alone, 1)).toMatchObject({ peers: [], responders: 0, announced: 0 });

  const { net, hosts } = grown(20);
  const asker = hosts[3]!;
  after(net, asker, () => {
    for (let op = 0; op <= PEER_OPERATIONS_MAX; op++) {
      asker.node.findPeers(op, net.prng.bytes(20), net.nowMs);
    }
    expect(asker.node.stats()['peerSearches']).toBe(PEER_OPERATIONS_MAX);
    asker.node.cancel(0);
  });
  expect(peersOf(asker, 0)).toBeUndefined();
  expect(peersOf(asker, PEER_OPERATIONS_MAX)!.responders).toBe(0);
  expect(peersOf(asker, 1)!.responders).toBeGreaterThan(0);
  expect(asker.node.stats()['peerSearches']).toBe(0);
});

test('[DHT-80] of a family without a port nobody hears', () => {
  const { net, hosts } = grown(20);
  const relay = hosts[3]!;
  after(net, relay, () => relay.node.announce(1, net.prng.bytes(20), { v6: 443 }, net.nowMs));
  expect(peersOf(relay, 1)).toMatchObject({ announced: 0, responders: 0 });
});
