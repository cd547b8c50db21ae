import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import {
  PEER_HASHES_MAX,
  PEER_LIFETIME_MS,
  PEERS_PER_HASH_MAX,
  PEERS_PER_REPLY_MAX,
  PeerStore,
} from './peer-store.ts';

const hash = (i: number): Uint8Array =>
  Uint8Array.from({ length: 20 }, (_, at) => i >> (8 * (at % 3)));
const random = new Prng(3).bytes;

test('[DHT-37] a new port of one public address replaces the old (libtorrent#6819, #7771)', () => {
  const store = new PeerStore();
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, 0);
  store.announce(hash(1), { host: '9.9.9.9', port: 2000 }, 1);
  expect(store.sample(hash(1), 'v4', random, 2)).toEqual([{ host: '9.9.9.9', port: 2000 }]);
});

test('[DHT-37] a peer is gone after 45 minutes', () => {
  const store = new PeerStore();
  store.announce(hash(1), { host: '9.9.9.9', port: 1000 }, 0);
  expect(store.sample(hash(1), 'v4', random, PEER_LIFETIME_MS - 1)).toHaveLength(1);
  expect(store.sample(hash(1), 'v4', random, PEER_LIFETIME_MS)).toHaveLength(0);
  store.expire(PEER_LIFETIME_MS);
  expect([store.hashes, store.peers]).toEqual([0, 0]);
});

test('[DHT-37] 500 hashes with 100 peers each, no more', () => {
  const store = new PeerStore();
  for (let i = 0; i < 700; i++) store.announce(hash(i), { host: '9.9.9.9', port: 1000 }, 0);
  expect(store.hashes).toBe(PEER_HASHES_MAX);
  for (let i = 0; i < 250; i++) store.announce(hash(699), { host: `9.9.8.${i}`, port: 1000 }, 0);
  expect(store.peers).toBe(PEER_HASHES_MAX - 1 + PEERS_PER_HASH_MAX);
});

test('[DHT-39] a reply holds a random sample of one family', () => {
  const store = new PeerStore();
  for (let i = 0; i < 70; i++) store.announce(hash(1), { host: `9.9.8.${i}`, port: 1000 }, 0);
  for (let i = 1; i <= 30; i++) store.announce(hash(1), { host: `2a00::${i}`, port: 1000 }, 0);
  const first = store.sample(hash(1), 'v4', random, 1);
  expect(new Set(first.map(({ host }) => host)).size).toBe(PEERS_PER_REPLY_MAX.v4);
  expect(first.every(({ host }) => host.startsWith('9.'))).toBe(true);
  expect(store.sample(hash(1), 'v4', random, 1)).not.toEqual(first);
  expect(store.sample(hash(1), 'v6', random, 1)).toHaveLength(PEERS_PER_REPLY_MAX.v6);
  expect(store.sample(hash(2), 'v4', random, 1)).toEqual([]);
});
