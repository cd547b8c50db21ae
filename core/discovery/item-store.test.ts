import { describe, expect, test } from 'vitest';
import { utf8 } from '../base/bytes.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { encode } from '../base/bencode.ts';
import { immutableTarget, mutableTarget, signItem, type SignedItem } from './item.ts';
import { ITEM_LIFETIME_MS, ITEMS_MAX, ITEMS_PER_NETWORK_MAX, ItemStore } from './item-store.ts';
import type { MutablePut } from './krpc.ts';
import { compareDistance } from './node-id.ts';

const ownId = new Uint8Array(20);
const key = new SigningKey(new Secret('record', new Uint8Array(32).fill(7)));
const target = mutableTarget(key.publicKey);
const HOST = '9.9.9.9';

function putOf(item: SignedItem, cas?: bigint): { raw: Uint8Array; mutable: MutablePut } {
  const { publicKey: k, signature: sig, seq, salt = new Uint8Array(0), raw } = item;
  return { raw, mutable: { k, sig, seq, salt, ...(cas !== undefined && { cas }) } };
}

function put(
  store: ItemStore,
  seq: number,
  value: string,
  cas?: bigint,
  nowMs = 0,
): number | undefined {
  return store.put(putOf(signItem(key, { seq, value }), cas), HOST, ownId, nowMs);
}

describe('a mutable item', () => {
  test('[DHT-33] goes up, never down', () => {
    const store = new ItemStore();
    expect(put(store, 5, 'five')).toBeUndefined();
    expect(put(store, 4, 'four')).toBe(302);
    expect(put(store, 5, 'other five')).toBe(302);
    expect(store.get(target, 1)).toMatchObject({ seq: 5n, raw: utf8('4:five') });
    expect(put(store, 6, 'six')).toBeUndefined();
    expect(store.get(target, 1)?.seq).toBe(6n);
    expect(store.size).toBe(1);
  });

  test('[DHT-33] the same seq with the same value renews the two hours', () => {
    const store = new ItemStore();
    put(store, 5, 'five');
    expect(put(store, 5, 'five', undefined, ITEM_LIFETIME_MS - 1)).toBeUndefined();
    expect(store.get(target, ITEM_LIFETIME_MS + 1)?.seq).toBe(5n);
  });

  test('[DHT-35] is gone two hours after its last put', () => {
    const store = new ItemStore();
    put(store, 5, 'five');
    expect(store.get(target, ITEM_LIFETIME_MS - 1)).toBeDefined();
    expect(store.get(target, ITEM_LIFETIME_MS)).toBeUndefined();
    store.expire(ITEM_LIFETIME_MS);
    expect([store.size, store.networks]).toEqual([0, 0]);
    expect(put(store, 1, 'older', undefined, ITEM_LIFETIME_MS)).toBeUndefined();
  });

  test('[DHT-34] cas is compared with the stored seq (bittorrent-dht#169)', () => {
    const store = new ItemStore();
    expect(put(store, 1, 'one', 77n)).toBeUndefined(); // nothing stored: ignored
    expect(put(store, 3, 'three', 2n)).toBe(301);
    expect(put(store, 3, 'three', 1n)).toBeUndefined();
    expect(put(store, 2, 'two', 3n)).toBe(302);
    expect(put(store, 2, 'two', 2n)).toBe(301);
  });

  test('[DHT-32] with a bad signature, too long a salt or value is refused by its code', () => {
    const store = new ItemStore();
    const good = putOf(signItem(key, { seq: 1, value: 'x' }));
    const refuse = (change: Partial<MutablePut>, raw = good.raw): number | undefined =>
      store.put({ raw, mutable: { ...good.mutable, ...change } }, HOST, ownId, 0);
    expect(refuse({ seq: 2n })).toBe(206);
    expect(refuse({ salt: utf8('salt') })).toBe(206);
    expect(refuse({}, utf8('1:y'))).toBe(206);
    expect(refuse({ salt: new Uint8Array(65) })).toBe(207);
    expect(refuse({}, encode(new Uint8Array(997)))).toBe(205);
    expect(store.size).toBe(0);
  });

  test('[DHT-33] keeps its own copy of the bytes', () => {
    const store = new ItemStore();
    const raw = utf8('5:hello');
    store.put({ raw }, HOST, ownId, 0);
    const at = immutableTarget(raw);
    raw.fill(0);
    expect(store.get(at, 0)?.raw).toEqual(utf8('5:hello'));
  });
});

describe('a full store', () => {
  const value = (i: number): { raw: Uint8Array } => ({ raw: encode(`item ${i}`) });
  const hostOf = (i: number): string => `20.${i % 250}.${Math.floor(i / 250)}.1`;

  test('[DHT-36] keeps the 700 items nearest to our id', () => {
    const store = new ItemStore();
    const all = Array.from({ length: 1500 }, (_, i) => value(i));
    const codes = all.map((item, i) => store.put(item, hostOf(i), ownId, i));
    expect(store.size).toBe(ITEMS_MAX);
    expect(codes.filter((code) => code === 202).length).toBeGreaterThan(100);
    const targets = all.map((item) => immutableTarget(item.raw));
    targets.sort((a, b) => compareDistance(ownId, a, b));
    for (const near of targets.slice(0, ITEMS_MAX)) expect(store.get(near, 1500)).toBeDefined();
  });

  test('[DHT-36] a network that floods it displaces its own items alone', () => {
    const store = new ItemStore();
    for (let i = 0; i < 50; i++) store.put(value(i), hostOf(i), ownId, 0);
    for (let i = 100; i < 5000; i++) store.put(value(i), `66.6.6.${i % 256}`, ownId, 0);
    expect(store.size).toBe(50 + ITEMS_PER_NETWORK_MAX);
    for (let i = 0; i < 50; i++) expect(store.get(immutableTarget(value(i).raw), 1)).toBeDefined();
  });
});
