import { expect, test } from 'vitest';
import { loadVectors } from '../../vectors/load.ts';
import { hex, utf8 } from '../base/bytes.ts';
import { stretch } from './passphrase.ts';

interface Derived {
  readonly password: string;
  readonly salt: string;
  readonly t: number;
  readonly m_kib: number;
  readonly p: number;
  readonly len: number;
  readonly tag: string;
}

test('[VLT-22] Argon2id agrees with OpenSSL', async () => {
  const { derived_openssl: all } = loadVectors<{ derived_openssl: Derived[] }>(
    'misc/argon2id.json',
  );
  // libsodium runs on one lane and gives whole keys: ours are 32 bytes.
  const cases = all.filter((one) => one.p === 1 && one.len === 32 && one.salt.length === 16);
  expect(cases.length).toBeGreaterThan(1);
  for (const { password, salt, t, m_kib: kib, tag } of cases) {
    const cost = { passes: t, memoryBytes: kib * 1024 };
    expect(hex(await stretch(utf8(password), utf8(salt), cost))).toBe(tag);
  }
});
