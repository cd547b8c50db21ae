import { expect, test } from 'vitest';
import { hex, utf8 } from '../base/bytes.ts';
import { sha1, sha256, sha3, sha512 } from './hash.ts';

// FIPS 180-4 and FIPS 202, the NIST example "abc".
const ABC = {
  sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
    '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  sha3: '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
};

test.each([
  ['SHA-1', sha1, ABC.sha1],
  ['SHA-256', sha256, ABC.sha256],
  ['SHA-512', sha512, ABC.sha512],
  ['SHA3-256', sha3, ABC.sha3],
])('[CRY-5] %s of "abc", whole and in parts', (_, hash, expected) => {
  expect(hex(hash(utf8('abc')))).toBe(expected);
  expect(hex(hash(utf8('a'), utf8(''), utf8('bc')))).toBe(expected);
});
