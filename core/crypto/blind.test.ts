import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadVectors, unhex } from '../../vectors/load.ts';
import { hex, utf8 } from '../base/bytes.ts';
import { blindingFactor, blindPublicKey, blindSecret, signBlinded } from './blind.ts';
import { Secret } from './keys.ts';
import { SigningKey, verifyBare } from './sign.ts';

interface TorVectors {
  ED25519_SECRET_KEYS: string[];
  ED25519_PUBLIC_KEYS: string[];
  ED25519_BLINDING_PARAMS: string[];
  ED25519_BLINDED_SECRET_KEYS: string[];
  ED25519_BLINDED_PUBLIC_KEYS: string[];
  ED25519_SELF_SIGNATURES: string[];
}
const tor = loadVectors<TorVectors>('tor/ed25519_vectors.json');
const cases = tor.ED25519_SECRET_KEYS.map((seed, i) => ({
  seed: unhex(seed),
  publicKey: unhex(tor.ED25519_PUBLIC_KEYS[i]!),
  factor: unhex(tor.ED25519_BLINDING_PARAMS[i]!),
  blindedSecret: tor.ED25519_BLINDED_SECRET_KEYS[i]!,
  blindedPublic: tor.ED25519_BLINDED_PUBLIC_KEYS[i]!,
  selfSignature: tor.ED25519_SELF_SIGNATURES[i]!,
}));

test("[CRY-9] blinds public and secret keys as all ten of Tor's vectors say", () => {
  expect(cases).toHaveLength(10);
  for (const { seed, publicKey, factor, blindedPublic, blindedSecret } of cases) {
    expect(hex(blindPublicKey(publicKey, factor)!)).toBe(blindedPublic);
    const secret = blindSecret(new Secret('identity', seed), factor);
    expect(hex(secret.reveal())).toBe(blindedSecret);
  }
});

test("[CRY-5] signs without blinding as Tor's vectors say", () => {
  for (const { seed, publicKey, selfSignature } of cases) {
    const key = new SigningKey(new Secret('identity', seed));
    expect(hex(key.signBare(publicKey))).toBe(selfSignature);
  }
});

test('[CRY-9] what a blinded key signs is plain Ed25519: libsodium verifies it', () => {
  const message = utf8('a door pointer');
  for (const { seed, factor, blindedPublic } of cases) {
    const signature = signBlinded(blindSecret(new Secret('identity', seed), factor), message);
    expect(verifyBare(unhex(blindedPublic), message, signature)).toBe(true);
    expect(verifyBare(unhex(blindedPublic), utf8('another'), signature)).toBe(false);
  }
});

test('[CRY-9] the factor is SHA3-256 over the bytes that rend-spec-v3 names', () => {
  const { publicKey } = cases[0]!;
  const base =
    '(15112221349535400772501151409588531511454012693041857206046113283949847762202, ' +
    '46316835694926478169428394003475163141307993866256225615783033603165251855960)';
  const expected = createHash('sha3-256')
    .update(Buffer.from('Derive temporary signing key\0', 'latin1'))
    .update(publicKey)
    .update(Buffer.from(base, 'latin1'))
    .update(Buffer.from('key-blind', 'latin1'))
    // Period 16,903 of 1,440 minutes: the example of rend-spec-v3 2.2.1.
    .update(Buffer.from('000000000000420700000000000005a0', 'hex'))
    .digest('hex');
  expect(hex(blindingFactor(publicKey, { number: 16_903, minutes: 1440 }))).toBe(expected);
});

test('[CRY-9] two periods give two keys; what is no key gives none', () => {
  const { publicKey } = cases[1]!;
  const day = (number: number): string =>
    hex(blindPublicKey(publicKey, blindingFactor(publicKey, { number, minutes: 1440 }))!);
  expect(day(1)).not.toBe(day(2));
  const factor = cases[0]!.factor;
  const smallOrder = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa';
  const mixedOrder = 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d';
  const offCurve = `02${'00'.repeat(31)}`;
  for (const bad of [smallOrder, mixedOrder, offCurve, '00', 'ff'.repeat(32)]) {
    expect(blindPublicKey(unhex(bad), factor), bad).toBeUndefined();
  }
});
