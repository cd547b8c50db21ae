import { hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { casesOf, unhex } from '../../vectors/load.ts';
import { hex, utf8 } from '../base/bytes.ts';
import { domain, jointKdf, kdf, LABELS, labelledHash } from './kdf.ts';
import { Secret } from './keys.ts';
import { hmac } from './mac.ts';
import { sha256 } from './hash.ts';

interface HkdfCase {
  ikm: string;
  salt: string;
  info: string;
  size: number;
  okm: string;
}

/** RFC 5869 written out with our HMAC: slow, readable, and held to the same vectors. */
function hkdf(salt: Uint8Array, key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const prk = hmac(salt.length > 0 ? salt : new Uint8Array(32), key);
  const blocks: number[] = [];
  let block = new Uint8Array(0);
  for (let i = 1; blocks.length < length; i++) {
    block = hmac(prk, block, info, new Uint8Array([i]));
    blocks.push(...block);
  }
  return new Uint8Array(blocks.slice(0, length));
}

test('[CRY-5] HKDF-SHA256 is what all 86 Wycheproof cases say, in both writings', () => {
  let tooLong = 0;
  for (const { item } of casesOf<HkdfCase, object>('hkdf_sha256_test.json')) {
    const [key, salt, info] = [unhex(item.ikm), unhex(item.salt), unhex(item.info)];
    if (item.result === 'invalid') {
      expect(item.size).toBeGreaterThan(255 * 32);
      expect(() => hkdfSync('sha256', key, salt, info, item.size)).toThrow();
      tooLong++;
      continue;
    }
    expect(hex(hkdf(salt, key, info, item.size)), `case ${item.tcId}`).toBe(item.okm);
    const platform = new Uint8Array(hkdfSync('sha256', key, salt, info, item.size));
    expect(hex(platform), `case ${item.tcId}`).toBe(item.okm);
  }
  expect(tooLong).toBe(3);
});

test('[CRY-3] jointKdf is kdf of its secrets, one behind the other', () => {
  const [one, two, info] = [utf8('one'), utf8('two'), utf8('info')];
  const secrets = [new Secret('gate', one.slice()), new Secret('pair', two.slice())];
  expect(jointKdf(secrets, 'pq', info)).toEqual(kdf(utf8('onetwo'), 'pq', info));
  expect(secrets.map((secret) => hex(secret.reveal()))).toEqual([hex(one), hex(two)]);
});

test('[CRY-3] kdf is HKDF with an empty salt and the label in front of the info', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (key, info, length) => {
        const context = new Uint8Array([...utf8('sotto/1 record key'), 0, ...info]);
        const expected = hkdf(new Uint8Array(0), key, context, length);
        expect(kdf(key, 'record key', info, length)).toEqual(expected);
      },
    ),
  );
});

test('[CRY-3] one key gives unrelated bytes under every label', () => {
  const key = utf8('one key');
  const labels = Object.values(LABELS);
  const seen = new Set(labels.map((label) => hex(kdf(key, label))));
  expect(seen.size).toBe(labels.length);
  expect(labels.length).toBeGreaterThan(10);
});

test('[CRY-3] no label is the beginning of another once its zero byte stands behind it', () => {
  const domains = Object.values(LABELS).map((label) => hex(domain(label)));
  for (const one of domains) {
    for (const other of domains) expect(one !== other && other.startsWith(one)).toBe(false);
  }
});

test('[CRY-3] a labelled hash is SHA-256 over domain and parts', () => {
  const expected = sha256(utf8('sotto/1 conversation\0ab'));
  expect(labelledHash('conversation', utf8('a'), utf8('b'))).toEqual(expected);
});
