import { expect, test } from 'vitest';
import { fromHex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { formatId } from './id-text.ts';
import { fingerprintHalf, safetyNumber } from './safety-number.ts';

test("[IDN-18] the construction is Signal's: its published number comes out", () => {
  // signalapp/libsignal, rust/protocol/src/fingerprint.rs, version 1 test vector.
  const alice = fromHex('0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868')!;
  const bob = fromHex('05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b')!;
  const halves = [
    fingerprintHalf(alice, utf8('+14152222222')),
    fingerprintHalf(bob, utf8('+14153333333')),
  ];
  expect(halves.sort().join('')).toBe(
    '300354477692869396892869876765458257569162576843440918079131',
  );
});

test('[IDN-18] 60 digits, the same for both, another for every other pair', () => {
  const random = new Prng(3).bytes;
  const [one, other, third] = [random(32), random(32), random(32)];
  const number = safetyNumber(one, other);
  expect(number).toMatch(/^\d{60}$/);
  expect(safetyNumber(other, one)).toBe(number);
  expect(safetyNumber(one, third)).not.toBe(number);
  expect(number).toContain(fingerprintHalf(one, utf8(formatId(one))));
});
