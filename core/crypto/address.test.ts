import { expect, test } from 'vitest';
import fc from 'fast-check';
import { hex, utf8 } from '../base/bytes.ts';
import { deviceAddress } from './address.ts';
import { sha256 } from './hash.ts';

test('[CRY-10] a device address is a UUID of version 8 from the hash of the signing key', () => {
  const key = new Uint8Array(32).fill(7);
  const digest = hex(sha256(utf8('sotto/1 device address\0'), key));
  const plain = deviceAddress(key).replaceAll('-', '');
  expect(plain.slice(0, 12)).toBe(digest.slice(0, 12));
  expect(plain.slice(13, 16)).toBe(digest.slice(13, 16));
  expect(plain.slice(17)).toBe(digest.slice(17, 32));
});

test('[CRY-10] every key has a UUID text of its own', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(key, key, (one, other) => {
      expect(deviceAddress(one)).toMatch(form);
      expect(deviceAddress(one) === deviceAddress(other)).toBe(hex(one) === hex(other));
    }),
  );
  expect(() => deviceAddress(new Uint8Array(31))).toThrow('32 bytes');
});
