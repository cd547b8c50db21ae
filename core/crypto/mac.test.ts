import { expect, test } from 'vitest';
import fc from 'fast-check';
import { casesOf, unhex } from '../../vectors/load.ts';
import { hex } from '../base/bytes.ts';
import { equalSecret, hmac, HmacKey } from './mac.ts';

interface MacCase {
  key: string;
  msg: string;
  tag: string;
}

test('[CRY-5] HMAC-SHA256 is what all 174 Wycheproof cases say', () => {
  for (const { group, item } of casesOf<MacCase, { tagSize: number }>('hmac_sha256_test.json')) {
    const tag = hmac(unhex(item.key), unhex(item.msg)).subarray(0, group.tagSize / 8);
    const isShort = item.key.length <= 128;
    const again = isShort && new HmacKey(unhex(item.key)).mac(unhex(item.msg));
    expect(again && hex(again).startsWith(hex(tag)), `key ${item.tcId}`).toBe(isShort);
    const matches = equalSecret(tag, unhex(item.tag));
    expect(matches, `case ${item.tcId}: ${item.comment}`).toBe(item.result === 'valid');
  }
});

test('parts are authenticated as their concatenation', () => {
  const key = unhex('0b'.repeat(20));
  expect(hmac(key, unhex('4869'), unhex('20546865726'.concat('5')))).toEqual(
    hmac(key, unhex('48692054686572'.concat('65'))),
  );
  // RFC 4231, test case 1.
  expect(hex(hmac(key, unhex('4869205468657265')))).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  );
});

test('a prepared key gives the same tags, however long the message and in whatever parts', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.uint8Array({ maxLength: 1500 }), { maxLength: 4 }),
      (key, parts) => {
        const prepared = new HmacKey(key);
        for (const message of [parts, parts.slice(1), parts]) {
          expect(hex(prepared.mac(...message))).toBe(hex(hmac(key, ...message)));
        }
      },
    ),
  );
});

test('equalSecret is true for equal bytes alone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
      const other = bytes.slice();
      expect(equalSecret(bytes, other)).toBe(true);
      other[at % other.length]! ^= 1 << (at & 7);
      expect(equalSecret(bytes, other)).toBe(false);
      expect(equalSecret(bytes, bytes.subarray(1))).toBe(false);
    }),
  );
  expect(equalSecret(new Uint8Array(0), new Uint8Array(0))).toBe(true);
});
