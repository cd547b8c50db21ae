import { expect, test } from 'vitest';
import { fromHex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { formatId } from './id-text.ts';
import { fingerprintHalf, readSafetyNumber, safetyNumber } from './safety-number.ts';
import { loadVectors } from '../../vectors/load.ts';

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
});

interface Case {
  readonly one: string;
  readonly oneId: string;
  readonly other: string;
  readonly otherId: string;
  readonly number: string;
}

test("[IDN-18] libsignal's own Fingerprint makes the same numbers of keys and IDs", () => {
  const { cases } = loadVectors<{ cases: readonly Case[] }>('identity/safety-number.json');
  expect(cases.length).toBe(16);
  for (const { number, one, oneId, other, otherId } of cases) {
    const [a, b] = [fromHex(one)!, fromHex(other)!];
    expect([formatId(a), formatId(b)]).toEqual([oneId, otherId]);
    expect(safetyNumber(a, b)).toBe(number);
    expect(safetyNumber(b, a)).toBe(number);
  }
});

test('[IDN-19] digits are read through spaces, dashes, lines and other widths', () => {
  const number = '0123456789'.repeat(6);
  const groups = number.match(/.{5}/g)!;
  for (const text of [
    number,
    groups.join(' '),
    ` ${groups.join('\n')}\t`,
    groups.join(' - '),
    groups.join('\u2009\u2013\u200b'),
    number.replaceAll('1', '\uff11'),
  ]) {
    expect(readSafetyNumber(text)).toBe(number);
  }
  for (const text of ['', '   ', 'abc', `${number}x`, `${number}.`, number.replace('0', 'O')]) {
    expect(readSafetyNumber(text)).toBeUndefined();
  }
});
