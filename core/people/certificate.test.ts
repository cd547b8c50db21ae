import { expect, test } from 'vitest';
import fc from 'fast-check';
import { asBytes, asDict, decode, encode, type Dict, type Encodable } from '../base/bencode.ts';
import { concat, equal, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { CERTIFICATE_BYTES_MAX, issueCertificate, readCertificate } from './certificate.ts';

const random = new Prng(9).bytes;
const signingKey = (): SigningKey => new SigningKey(new Secret('identity', random(32)));
const ana = signingKey();
const anasDevice = signingKey();
const mallory = signingKey();
const noise = random(32);
const signal = concat(Uint8Array.of(5), random(32));
const keys = { noise, signal, number: 1, capabilities: ['admit'] };
const certificate = issueCertificate(keys, ana, anasDevice);

function verdict(bytes: Uint8Array): string {
  const read = readCertificate(bytes);
  return read.ok ? 'ok' : read.reason;
}

/** The certificate with its body changed and signed again by whoever is given. */
function resigned(
  change: (body: Dict) => { [key: string]: Encodable | undefined },
  identity = ana,
  device = anasDevice,
): Uint8Array {
  const outer = decode(certificate.bytes);
  const body = decode(asBytes(outer.ok ? asDict(outer.value)?.['b'] : undefined)!);
  const changed = encode(change((body.ok ? asDict(body.value) : undefined)!));
  return encode({
    b: changed,
    d: device.sign('device certificate', changed),
    i: identity.sign('device certificate', changed),
  });
}

test('[IDN-9] names one person and three keys of one device, and reads back', () => {
  const read = readCertificate(certificate.bytes);
  expect(read.ok && read.certificate).toEqual(certificate);
  expect(hex(certificate.identity)).toBe(hex(ana.publicKey));
  expect(hex(certificate.device)).toBe(hex(anasDevice.publicKey));
  expect([certificate.noise, certificate.signal]).toEqual([noise, signal]);
  expect([certificate.number, certificate.capabilities]).toEqual([1, ['admit']]);
  expect(certificate.bytes.length).toBeLessThan(400);
});

test("[IDN-10] somebody who certifies another person's device as his own is refused", () => {
  // Mallory wants messages for him to end at Ana's device. He has her public keys only.
  const body = (dict: Dict): Dict => ({ ...dict, i: mallory.publicKey });
  expect(verdict(resigned(body, mallory, mallory))).toBe('device signature');
  // Nor can he use the signature that her device made for her own certificate.
  const outer = decode(certificate.bytes);
  const hers = (outer.ok ? asDict(outer.value) : undefined)!;
  const forged = decode(resigned(body, mallory, mallory));
  const his = (forged.ok ? asDict(forged.value) : undefined)!;
  expect(verdict(encode({ ...his, d: asBytes(hers['d'])! }))).toBe('device signature');
});

test('[IDN-10] a device that the identity did not sign for is refused', () => {
  const body = (dict: Dict): Dict => ({ ...dict, d: mallory.publicKey });
  expect(verdict(resigned(body, mallory, mallory))).toBe('identity signature');
});

test('[IDN-10] a signature under another label does not count', () => {
  const outer = decode(certificate.bytes);
  const dict = (outer.ok ? asDict(outer.value) : undefined)!;
  const body = asBytes(dict['b'])!;
  const wrong = ana.sign('device list entry', body);
  expect(verdict(encode({ ...dict, i: wrong }))).toBe('identity signature');
});

test('[IDN-11] unknown keys stay signed and are ignored; other differences are refused', () => {
  expect(verdict(resigned((body) => ({ ...body, zz: 'later' })))).toBe('ok');
  expect(verdict(resigned((body) => ({ ...body, v: 2 })))).toBe('newer version');
  const bad: { [key: string]: Encodable | undefined }[] = [
    { n: 0 },
    { n: 2 ** 31 },
    { n: undefined },
    { v: 0 },
    { x: random(31) },
    { s: concat(Uint8Array.of(6), random(32)) },
    { s: random(32) },
    { d: ana.publicKey },
    { c: ['b', 'a'] },
    { c: ['a', 'a'] },
    { c: ['Admit'] },
    { c: ['a'.repeat(17)] },
    { c: [...'abcdefghijklmnopq'] },
    { c: 'admit' },
  ];
  for (const change of bad) {
    expect(verdict(resigned((body) => ({ ...body, ...change }))), JSON.stringify(change)).toBe(
      'malformed',
    );
  }
  expect(verdict(new Uint8Array(0))).toBe('malformed');
  expect(verdict(encode({ b: 'x' }))).toBe('malformed');
  expect(verdict(new Uint8Array(CERTIFICATE_BYTES_MAX + 1))).toBe('too long');
});

test('[IDN-11] no changed byte passes, and no bytes throw', () => {
  fc.assert(
    fc.property(fc.nat(certificate.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, x) => {
      const bent = certificate.bytes.slice();
      bent[at]! ^= x;
      expect(verdict(bent)).not.toBe('ok');
      expect(verdict(certificate.bytes.subarray(0, at))).toBe('malformed');
    }),
    { numRuns: 400 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => verdict(bytes) !== 'ok'));
});

test('what is read does not change with the bytes it was read from', () => {
  const bytes = certificate.bytes.slice();
  const read = readCertificate(bytes);
  bytes.fill(0);
  expect(read.ok && equal(read.certificate.bytes, certificate.bytes)).toBe(true);
  expect(read.ok && hex(read.certificate.device)).toBe(hex(anasDevice.publicKey));
});
