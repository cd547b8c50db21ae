import { expect, test } from 'vitest';
import fc from 'fast-check';
import { casesOf, unhex } from '../../vectors/load.ts';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { aeadOpen, aeadSeal, open, seal } from './aead.ts';

interface AeadCase {
  key: string;
  iv: string;
  aad: string;
  msg: string;
  ct: string;
  tag: string;
}

test('[CRY-5] seals and opens as all 325 Wycheproof cases of ChaCha20-Poly1305 say', () => {
  let wrongNonces = 0;
  for (const { item } of casesOf<AeadCase, object>('chacha20_poly1305_test.json')) {
    const [key, nonce, aad] = [unhex(item.key), unhex(item.iv), unhex(item.aad)];
    const sealed = unhex(item.ct + item.tag);
    if (nonce.length !== 12) {
      // Another nonce size is our bug, not the sender's.
      expect(() => aeadOpen(key, nonce, aad, sealed), `case ${item.tcId}`).toThrow('aead key');
      wrongNonces++;
      continue;
    }
    const opened = aeadOpen(key, nonce, aad, sealed);
    if (item.result === 'valid') {
      expect(opened && hex(opened), `case ${item.tcId}`).toBe(item.msg);
      expect(hex(aeadSeal(key, nonce, aad, unhex(item.msg)))).toBe(item.ct + item.tag);
    } else {
      expect(opened, `case ${item.tcId}: ${item.comment}`).toBeUndefined();
    }
  }
  expect(wrongNonces).toBe(9);
});

test('[CRY-6] seal puts a fresh random nonce in front, 28 bytes more than the plaintext', () => {
  const random = new Prng(1).bytes;
  const key = random(32);
  const first = seal(key, unhex('00ff'), random);
  const second = seal(key, unhex('00ff'), random);
  expect(first.length).toBe(30);
  expect(hex(first.subarray(0, 12))).not.toBe(hex(second.subarray(0, 12)));
  expect(hex(open(key, first)!)).toBe('00ff');
});

test('[CRY-6] one changed bit, another key, other context or a cut opens nothing', () => {
  const random = new Prng(2).bytes;
  const key = random(32);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 16 }),
      fc.nat(),
      (plaintext, aad, at) => {
        const sealed = seal(key, plaintext, random, aad);
        expect(open(key, sealed, aad)).toEqual(new Uint8Array(plaintext));
        const bent = sealed.slice();
        bent[at % bent.length]! ^= 1 << (at & 7);
        expect(open(key, bent, aad)).toBeUndefined();
        expect(open(random(32), sealed, aad)).toBeUndefined();
        expect(open(key, sealed, new Uint8Array([...aad, 0]))).toBeUndefined();
        expect(open(key, sealed.subarray(0, at % sealed.length), aad)).toBeUndefined();
      },
    ),
  );
});
