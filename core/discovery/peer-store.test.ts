import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { addressFilter } from './address-filter.ts';
import {
  PEER_HASHES_MAX,
  PEER_LIFETIME_MS,
  PEERS_PER_HASH_MAX,
  PEERS_PER_REPLY_MAX,
  SAMPLE_INTERVAL_S,
  SAMPLES_MAX,
  PeerStore,
} from './peer-store.ts';

const hash = (i: number): Uint8Array =>
  Uint8Array.from({ length: 20 }, (_, at) => i >> (8 * (at % 3)));
const random = new Prng(3).bytes;

test('[DHT-37] a new port of one public address replaces the old (libtorrent#6819, #7771)', () => {
  const store = new PeerStore();
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, false, 0);
  store.announce(hash(1), { host: '9.9.9.9', port: 2000 }, false, 1);
  expect(store.sample(hash(1), 'v4', random, 2)).toEqual([{ host: '9.9.9.9', port: 2000 }]);
});

test('[DHT-37] a peer is gone after 45 minutes', () => {
  const store = new PeerStore();
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, false, 0);
  expect(store.sample(hash(1), 'v4', random, PEER_LIFETIME_MS - 1)).toHaveLength(1);
  expect(store.sample(hash(1), 'v4', random, PEER_LIFETIME_MS)).toHaveLength(0);
  store.expire(PEER_LIFETIME_MS);
  expect([store.hashes, store.peers]).toEqual([0, 0]);
});

test('[DHT-37] 500 hashes with 100 peers each, no more', () => {
  const store = new PeerStore();
  for (let i = 0; i < 700; i++) store.announce(hash(i), { host: '9.9.9.9', port: 1000 }, false, 0);
  expect(store.hashes).toBe(PEER_HASHES_MAX);
  for (let i = 0; i < 250; i++)
    store.announce(hash(699), { host: `9.9.8.${i}`, port: 1000 }, false, 0);
  expect(store.peers).toBe(PEER_HASHES_MAX - 1 + PEERS_PER_HASH_MAX);
});

test('[DHT-39] a reply holds a random sample of one family', () => {
  const store = new PeerStore();
  for (let i = 0; i < 70; i++)
    store.announce(hash(1), { host: `9.9.8.${i}`, port: 1000 }, false, 0);
  for (let i = 1; i <= 30; i++)
    store.announce(hash(1), { host: `2a00::${i}`, port: 1000 }, false, 0);
  const first = store.sample(hash(1), 'v4', random, 1);
  expect(new Set(first.map(({ host }) => host)).size).toBe(PEERS_PER_REPLY_MAX.v4);
  expect(first.every(({ host }) => host.startsWith('9.'))).toBe(true);
  expect(store.sample(hash(1), 'v4', random, 1)).not.toEqual(first);
  expect(store.sample(hash(1), 'v6', random, 1)).toHaveLength(PEERS_PER_REPLY_MAX.v6);
  expect(store.sample(hash(2), 'v4', random, 1)).toEqual([]);
});

test('[DHT-57] a scrape counts addresses, seeds and others apart; nobody known, no filters', () => {
  const store = new PeerStore();
  expect(store.scrape(hash(1), 0)).toBeUndefined();
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, false, 0);
  store.announce(hash(1), { host: '9.9.9.8', port: 1000 }, true, 0);
  store.announce(hash(1), { host: '2a00::1', port: 1000 }, true, 0);
  const both = { seeds: addressFilter(['9.9.9.8', '2a00::1']), peers: addressFilter(['9.9.9.9']) };
  expect(store.scrape(hash(1), 1)).toEqual(both);
  // It has finished: the same address under another port is a seed now, and counts once.
  store.announce(hash(1), { host: '9.9.9.9', port: 2000 }, true, 2);
  expect(store.scrape(hash(1), 3)!.peers).toEqual(addressFilter([]));
  expect(store.scrape(hash(1), PEER_LIFETIME_MS + 2)).toBeUndefined();
});

test('[DHT-58] with noseed those who have everything are left out, as far as others are there', () => {
  const store = new PeerStore();
  store.announce(hash(1), { host: '9.9.9.8', port: 1000 }, true, 0);
  const sample = () => store.sample(hash(1), 'v4', random, 1, { noseed: true });
  expect(sample()).toHaveLength(1);
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, false, 0);
  expect(sample()).toEqual([{ host: '9.9.9.9', port: 1000 }]);
});

test('[DHT-56] a sample of the hashes stays the same for an hour, and tells how many there are', () => {
  const store = new PeerStore();
  expect(store.samples(random, 0)).toEqual({ num: 0, hashes: [] });
  const hourMs = SAMPLE_INTERVAL_S * 1000;
  for (let i = 0; i < 60; i++) {
    store.announce(hash(i), { host: '9.9.9.9', port: 1000 }, false, hourMs);
    store.announce(hash(i), { host: '2a00::1', port: 1000 }, false, hourMs);
  }
  const first = store.samples(random, hourMs);
  expect([first.num, first.hashes.length]).toEqual([60, SAMPLES_MAX]);
  expect(new Set(first.hashes.map(hex)).size).toBe(SAMPLES_MAX);
  expect(store.samples(random, hourMs + 1000).hashes).toEqual(first.hashes);
  for (let i = 0; i < 60; i++) {
    store.announce(hash(i), { host: '9.9.9.9', port: 1000 }, false, 2 * hourMs);
  }
  expect(store.samples(random, 2 * hourMs).hashes).not.toEqual(first.hashes);
});
