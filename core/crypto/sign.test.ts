import { expect, test } from 'vitest';
import { casesOf, loadVectors, unhex } from '../../vectors/load.ts';
import { concat, hex, utf8 } from '../base/bytes.ts';
import { Secret } from './keys.ts';
import { LABELS } from './kdf.ts';
import { SigningKey, verify, verifyBare } from './sign.ts';

function keyOf(seed: Uint8Array): SigningKey {
  return new SigningKey(new Secret('identity', seed.slice()));
}

interface Rfc {
  ed25519: { seed: string; pub: string; msg: string; sig: string }[];
}

test('[CRY-5] signs as RFC 8032 7.1 shows', () => {
  const { ed25519 } = loadVectors<Rfc>('misc/rfc7748-rfc8032.json');
  expect(ed25519).toHaveLength(3);
  for (const { seed, pub, msg, sig } of ed25519) {
    const key = keyOf(unhex(seed));
    expect(hex(key.publicKey)).toBe(pub);
    expect(hex(key.signBare(unhex(msg)))).toBe(sig);
    expect(verifyBare(key.publicKey, unhex(msg), unhex(sig))).toBe(true);
  }
});

interface EddsaCase {
  msg: string;
  sig: string;
}

test('[CRY-8] verifies as all 151 Wycheproof cases of Ed25519 say', () => {
  type Group = { publicKey: { pk: string } };
  for (const { group, item } of casesOf<EddsaCase, Group>('ed25519_test.json')) {
    const verdict = verifyBare(unhex(group.publicKey.pk), unhex(item.msg), unhex(item.sig));
    expect(verdict, `case ${item.tcId}: ${item.comment}`).toBe(item.result === 'valid');
  }
});

interface Speccheck {
  cases: { message: string; pub_key: string; signature: string }[];
}

test('[CRY-8] takes one verdict on each edge case of "Taming the many EdDSAs"', () => {
  const { cases } = loadVectors<Speccheck>('misc/ed25519-speccheck.json');
  const verdicts = cases.map(({ message, pub_key, signature }) =>
    verifyBare(unhex(pub_key), unhex(message), unhex(signature)),
  );
  // 0-1 small-order key, 2 small-order R, 3 mixed order that the cofactorless equation admits,
  // 4-5 cofactored equation only, 6-7 S beyond the group order, 8-9 non-canonical R.
  expect(verdicts).toEqual([false, false, false, true, false, false, false, false, false, false]);
});

test('[CRY-4] a signature counts under its own label alone', () => {
  const key = keyOf(unhex('11'.repeat(32)));
  const bytes = utf8('what is signed');
  const signature = key.sign('device certificate', bytes);
  for (const label of Object.values(LABELS)) {
    expect(verify(key.publicKey, label, bytes, signature)).toBe(label === 'device certificate');
  }
  expect(verifyBare(key.publicKey, bytes, signature)).toBe(false);
  const prefixed = concat(utf8('sotto/1 device certificate\0'), bytes);
  expect(verifyBare(key.publicKey, prefixed, signature)).toBe(true);
});

test('[CRY-8] keys and signatures of other sizes are a plain false', () => {
  const key = keyOf(unhex('12'.repeat(32)));
  const signature = key.signBare(utf8('x'));
  for (const length of [0, 31, 33, 64]) {
    expect(verifyBare(new Uint8Array(length), utf8('x'), signature)).toBe(false);
  }
  for (const length of [0, 63, 65]) {
    expect(verifyBare(key.publicKey, utf8('x'), new Uint8Array(length))).toBe(false);
  }
});

test('a wiped key signs nothing that verifies', () => {
  const key = keyOf(unhex('13'.repeat(32)));
  key.wipe();
  expect(verifyBare(key.publicKey, utf8('x'), key.signBare(utf8('x')))).toBe(false);
});
