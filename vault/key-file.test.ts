import { closeSync, existsSync, linkSync, openSync, readFileSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import {
  changePassphrase,
  createKeyFile,
  discardPartial,
  readKeyFile,
  wantsPassphrase,
} from './key-file.ts';
import { temporaryFolder } from './testing.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'key');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('[VLT-22] a raw key file is readable by its owner alone and gives the key back', async () => {
  await createKeyFile(path, KEY, undefined);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await readKeyFile(path, undefined)).toEqual(KEY);
  expect(readFileSync(path, 'utf8')).toBe(
    `sotto vault key 1\nraw ${hex(KEY)}\ncheck ${/check (.*)\n/.exec(readFileSync(path, 'utf8'))![1]}\n`,
  );
});

test('[VLT-22] a key file is never replaced by a new one', async () => {
  await createKeyFile(path, KEY, undefined);
  await expect(createKeyFile(path, new Uint8Array(32), undefined)).rejects.toThrow('EEXIST');
  expect(await readKeyFile(path, undefined)).toEqual(KEY);
});

test('[VLT-22] behind a passphrase the key is wrapped, and only the passphrase opens it', async () => {
  await createKeyFile(path, KEY, utf8('correct horse'));
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/^sotto vault key 1\nargon2id 3 65536 [0-9a-f]{32}\nsealed /);
  expect(text).not.toContain(hex(KEY));
  expect(await readKeyFile(path, utf8('correct horse'))).toEqual(KEY);
  await expect(readKeyFile(path, utf8('battery'))).rejects.toMatchObject({
    code: 'wrong passphrase',
  });
  await expect(readKeyFile(path, undefined)).rejects.toMatchObject({ code: 'passphrase needed' });
});

test('[VLT-22] another passphrase wraps the same key', async () => {
  await createKeyFile(path, KEY, utf8('old'));
  await changePassphrase(path, utf8('old'), utf8('new'));
  await expect(readKeyFile(path, utf8('old'))).rejects.toMatchObject({ code: 'wrong passphrase' });
  expect(await readKeyFile(path, utf8('new'))).toEqual(KEY);
  await expect(changePassphrase(path, utf8('old'), undefined)).rejects.toThrow();
  await changePassphrase(path, utf8('new'), undefined);
  expect(await readKeyFile(path, undefined)).toEqual(KEY);
});

test('[VLT-22] a flipped bit anywhere in a key file is found, and so is its end missing', async () => {
  await createKeyFile(path, KEY, undefined);
  const good = readFileSync(path);
  for (let at = 0; at < good.length; at++) {
    const bent = Uint8Array.from(good);
    bent[at]! ^= 1 << (at & 7);
    writeFileSync(path, bent);
    await expect(readKeyFile(path, undefined)).rejects.toMatchObject({ code: 'damaged key' });
  }
  for (let length = 0; length < good.length; length++) {
    writeFileSync(path, good.subarray(0, length));
    await expect(readKeyFile(path, undefined)).rejects.toMatchObject({ code: 'damaged key' });
  }
});

test('[VLT-22] a leftover of a start that died is no obstacle', async () => {
  writeFileSync(`${path}.partial`, 'half');
  await createKeyFile(path, KEY, undefined);
  expect(await readKeyFile(path, undefined)).toEqual(KEY);
});

test('[VLT-22] the file says whether it wants a passphrase; none and half a one want none', async () => {
  expect(wantsPassphrase(path)).toBe(false);
  await createKeyFile(path, KEY, undefined);
  expect(wantsPassphrase(path)).toBe(false);
  await changePassphrase(path, undefined, utf8('secret'));
  expect(wantsPassphrase(path)).toBe(true);
  writeFileSync(path, readFileSync(path).subarray(0, 40));
  expect(wantsPassphrase(path)).toBe(false);
});

test('[VLT-22] the file that a change replaces is overwritten, for it may hold the key', async () => {
  await createKeyFile(path, KEY, undefined);
  const before = openSync(path, 'r');
  await changePassphrase(path, undefined, utf8('secret'));
  expect(readFileSync(before).every((byte) => byte === 0)).toBe(true);
  closeSync(before);
});

test('[VLT-22] what a killed change left is removed, and never the key file under its name', async () => {
  await createKeyFile(path, KEY, utf8('secret'));
  writeFileSync(`${path}.partial`, `raw ${hex(KEY)}`);
  const left = openSync(`${path}.partial`, 'r');
  discardPartial(path);
  expect(existsSync(`${path}.partial`)).toBe(false);
  expect(readFileSync(left).every((byte) => byte === 0)).toBe(true);
  closeSync(left);
  // A start that was killed between giving the second name and taking the first.
  linkSync(path, `${path}.partial`);
  discardPartial(path);
  expect(existsSync(`${path}.partial`)).toBe(false);
  expect(await readKeyFile(path, utf8('secret'))).toEqual(KEY);
  discardPartial(path);
});
