import { expect, test } from 'vitest';
import { casesOf, loadVectors, unhex } from '../../vectors/load.ts';
import { hex } from '../base/bytes.ts';
import { dh, dhPublicKey } from './dh.ts';

interface Rfc {
  x25519: { k: string; u: string; out: string }[];
  x25519_iterated: Record<string, string>;
}
const rfc = loadVectors<Rfc>('misc/rfc7748-rfc8032.json');

test('[CRY-5] agrees with both vectors of RFC 7748 5.2', () => {
  expect(rfc.x25519).toHaveLength(2);
  for (const { k, u, out } of rfc.x25519) expect(hex(dh(unhex(k), unhex(u))!)).toBe(out);
});

test('[CRY-5] agrees with RFC 7748 after 1 and after 1,000 rounds', () => {
  let k = unhex(`09${'00'.repeat(31)}`);
  let u = k;
  for (let round = 1; round <= 1000; round++) {
    const next = dh(k, u)!;
    u = k;
    k = next;
    const expected = rfc.x25519_iterated[String(round)];
    if (expected !== undefined) expect(hex(k)).toBe(expected);
  }
  expect(Object.keys(rfc.x25519_iterated)).toEqual(['1', '1000']);
});

interface XdhCase {
  public: string;
  private: string;
  shared: string;
}

test('[CRY-7] computes what all 518 Wycheproof cases say and refuses every all-zero result', () => {
  let refused = 0;
  for (const { item } of casesOf<XdhCase, object>('x25519_test.json')) {
    const shared = dh(unhex(item.private), unhex(item.public));
    if (item.flags.includes('ZeroSharedSecret')) {
      expect(shared, `case ${item.tcId}: ${item.comment}`).toBeUndefined();
      refused++;
    } else {
      expect(shared && hex(shared), `case ${item.tcId}: ${item.comment}`).toBe(item.shared);
    }
  }
  expect(refused).toBe(31);
});

test('[CRY-7] a public key of another size is refused, a scalar of another size is our bug', () => {
  const scalar = unhex('01'.repeat(32));
  expect(dh(scalar, new Uint8Array(31))).toBeUndefined();
  expect(dh(scalar, new Uint8Array(33))).toBeUndefined();
  expect(() => dh(new Uint8Array(31), new Uint8Array(32))).toThrow('32 bytes');
});

test('both ends of an exchange get the same bytes', () => {
  const [a, b] = [unhex('07'.repeat(32)), unhex('2a'.repeat(32))];
  expect(dh(a, dhPublicKey(b))).toEqual(dh(b, dhPublicKey(a)));
});
