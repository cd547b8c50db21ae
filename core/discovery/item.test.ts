import { describe, expect, test } from 'vitest';
import { loadVectors, unhex } from '../../vectors/load.ts';
import { hex, utf8, utf8Text } from '../base/bytes.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import {
  immutableTarget,
  mutableTarget,
  SALT_BYTES_MAX,
  SEQ_MAX,
  signedBytes,
  signItem,
  VALUE_BYTES_MAX,
  verifyFound,
  verifyItem,
  type SignedItem,
} from './item.ts';

interface Vector {
  readonly name: string;
  readonly v_bencoded: string;
  readonly seq?: number;
  readonly salt?: string | null;
  readonly sign_buffer?: string;
  readonly public_key?: string;
  readonly target: string;
  readonly signature?: string;
}
const { cases } = loadVectors<{ cases: Vector[] }>('beps/bep44-items.json');
const mutable = cases.filter((item) => item.signature !== undefined);
const key = new SigningKey(new Secret('record', new Uint8Array(32).fill(7)));

function itemOf(vector: Vector): SignedItem {
  return {
    publicKey: unhex(vector.public_key!),
    salt: utf8(vector.salt ?? ''),
    seq: BigInt(vector.seq!),
    signature: unhex(vector.signature!),
    raw: utf8(vector.v_bencoded),
  };
}

describe('vectors of BEP 44', () => {
  test('[DHT-20] are there', () => expect(mutable).toHaveLength(2));

  test.each(mutable)('[DHT-20, DHT-24] $name', (vector) => {
    const item = itemOf(vector);
    expect(utf8Text(signedBytes(item.salt!, item.seq, item.raw))).toBe(vector.sign_buffer);
    expect(verifyItem(item)).toBe(true);
    expect(hex(mutableTarget(item.publicKey, item.salt))).toBe(vector.target);
    for (const wrong of [
      { seq: item.seq + 1n },
      { raw: utf8('12:Hello World?') },
      { salt: utf8('other') },
      { signature: item.signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) },
      { signature: item.signature.subarray(1) },
      { publicKey: item.publicKey.subarray(1) },
    ]) {
      expect(verifyItem({ ...item, ...wrong })).toBe(false);
    }
  });

  test('[DHT-20] an immutable target hashes the bencoded value (bittorrent-dht#74)', () => {
    const vector = cases.find((item) => item.name === 'immutable')!;
    expect(hex(immutableTarget(utf8(vector.v_bencoded)))).toBe(vector.target);
    expect(hex(immutableTarget(utf8('Hello World!')))).not.toBe(vector.target);
  });
});

test('[DHT-24] an empty salt signs and targets like none', () => {
  const value = { a: [1, 'x'] };
  const plain = signItem(key, { seq: 4, value });
  const empty = signItem(key, { seq: 4n, value, salt: new Uint8Array(0) });
  expect(empty).toEqual(plain);
  expect('salt' in empty).toBe(false);
  expect(mutableTarget(key.publicKey, new Uint8Array(0))).toEqual(mutableTarget(key.publicKey));
});

test('[DHT-22, DHT-23] the limits of value, salt and seq hold at their edges', () => {
  const value = new Uint8Array(VALUE_BYTES_MAX - 4);
  expect(signItem(key, { seq: SEQ_MAX, value }).raw).toHaveLength(VALUE_BYTES_MAX);
  expect(() => signItem(key, { seq: 1, value: new Uint8Array(VALUE_BYTES_MAX) })).toThrow();
  expect(() => signItem(key, { seq: SEQ_MAX + 1n, value })).toThrow();
  expect(() => signItem(key, { seq: -1, value })).toThrow();
  const salt = new Uint8Array(SALT_BYTES_MAX);
  expect(verifyItem(signItem(key, { seq: 1, value, salt }))).toBe(true);
  expect(() => signItem(key, { seq: 1, value, salt: new Uint8Array(65) })).toThrow();
});

describe('what a node returned', () => {
  const salt = utf8('foobar');
  const item = signItem(key, { seq: 3, value: 'v', salt });
  const query = { publicKey: key.publicKey, salt };
  const fields = { raw: item.raw, k: key.publicKey, sig: item.signature, seq: 3n };

  test('[DHT-21] needs no salt in the reply: we know ours (bittorrent-dht#176, #190, #199)', () => {
    expect(verifyFound(query, fields)).toMatchObject({ seq: 3n, raw: item.raw });
    const { k, ...withoutKey } = fields;
    expect(k).toBeDefined();
    expect(verifyFound(query, withoutKey)).toBeDefined();
  });

  test('[DHT-60] counts for nothing where key, salt, seq, value or signature differ', () => {
    const other = new SigningKey(new Secret('record', new Uint8Array(32).fill(8)));
    const wrongs = [
      { k: other.publicKey },
      { k: new Uint8Array(31) },
      { seq: 4n },
      { sig: new Uint8Array(64) },
      { sig: new Uint8Array(63) },
      { raw: utf8('1:w') },
      { raw: utf8('d1:b0:1:a0:e') },
      { raw: new Uint8Array(0) },
    ];
    for (const wrong of wrongs) expect(verifyFound(query, { ...fields, ...wrong })).toBeUndefined();
    expect(verifyFound({ publicKey: key.publicKey }, fields)).toBeUndefined();
    expect(verifyFound(query, { raw: item.raw })).toBeUndefined();
    const forged = { ...fields, k: other.publicKey, sig: other.signBare(item.raw) };
    expect(verifyFound(query, forged)).toBeUndefined();
  });

  test('[DHT-20] an immutable item must hash to its target', () => {
    const raw = utf8('5:hello');
    expect(verifyFound({ target: immutableTarget(raw) }, { raw })).toEqual({
      value: utf8('hello'),
      raw,
    });
    expect(verifyFound({ target: immutableTarget(raw) }, { raw: utf8('5:jello') })).toBeUndefined();
    expect(verifyFound({ target: new Uint8Array(0) }, { raw })).toBeUndefined();
  });

  test('[DHT-22] a value beyond 1,000 bytes is refused even where its hash fits', () => {
    const raw = utf8(`997:${'x'.repeat(997)}`);
    expect(verifyFound({ target: immutableTarget(raw) }, { raw })).toBeUndefined();
  });
});
