import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Directory, FORGET_MS, PER_NETWORK_MAX, REMEMBERED_MAX } from './directory.ts';
import type { RelayAddress } from './entry.ts';

const prng = new Prng(62);
const NOW = 1.7e12;
const at = (host: string, port = 443): RelayAddress => ({
  endpoint: { host, port },
  key: prng.bytes(32),
  udp: true,
  tcp: true,
});
const hosts = (directory: Directory): string[] =>
  directory.all.map(({ address }) => address.endpoint.host);

test('[RLY-29] ⚑ who floods the DHT with relays displaces none, and has two of a network', () => {
  const directory = new Directory(prng.bytes);
  const added = ['93.184.1.1', '93.184.2.2', '93.184.3.3'].map((host) => {
    return directory.add(at(host), NOW);
  });
  expect(added).toEqual([true, true, false]);
  expect(directory.all).toHaveLength(PER_NETWORK_MAX);
  for (let i = 0; i < 100; i++) directory.add(at(`${100 + i}.7.1.1`), NOW);
  expect(directory.all).toHaveLength(REMEMBERED_MAX);
  expect(hosts(directory).slice(0, 2)).toEqual(['93.184.1.1', '93.184.2.2']);
});

test('[RLY-29] a relay that moved, and a place with another relay, are one entry each', () => {
  const directory = new Directory(prng.bytes);
  const relay = at('93.184.1.1');
  directory.add(relay, NOW);
  const [{ name, rank }] = directory.all as [(typeof directory.all)[0]];
  directory.add({ ...relay, endpoint: { host: '94.1.1.1', port: 443 } }, NOW);
  expect(directory.all).toMatchObject([{ name, rank }]);
  expect(hosts(directory)).toEqual(['94.1.1.1']);
  const other = at('94.1.1.1');
  directory.add(other, NOW);
  expect(directory.has(name)).toBe(false);
  expect(directory.all.map(({ address }) => address.key)).toEqual([other.key]);
  expect([directory.isAt(other), directory.isAt(at('94.1.1.1', 444))]).toEqual([true, false]);
});

test('[RLY-29] what was not seen for two weeks is forgotten', () => {
  const directory = new Directory(prng.bytes);
  directory.add(at('93.184.1.1'), NOW);
  directory.add(at('94.1.1.1'), NOW);
  const [first] = directory.all;
  directory.saw(first!.name, NOW + 1_000);
  expect(directory.expire(NOW + FORGET_MS - 1)).toBe(false);
  expect(directory.expire(NOW + FORGET_MS)).toBe(true);
  expect(hosts(directory)).toEqual(['93.184.1.1']);
  expect(directory.drop(first!.name)).toBe(true);
  expect(directory.all).toEqual([]);
});
