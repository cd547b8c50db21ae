import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { connect, isRecent } from './database.ts';
import type { OpenRefusal } from './refusal.ts';
import { MIGRATIONS, migrate } from './schema.ts';
import { pathsOf } from './paths.ts';
import { openStore } from './store.ts';
import { temporaryFolder } from './testing.ts';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function create(passphrase?: Uint8Array): Promise<void> {
  (await openStore(folder, passphrase)).close();
}

/** Opening is refused with this code and leaves every byte as it was. */
async function expectRefused(code: OpenRefusal, passphrase?: Uint8Array): Promise<void> {
  const files = () =>
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm') && name !== 'vault.lock')
      .map((name) => [name, readFileSync(join(folder, name)).toString('hex')]);
  const before = files();
  await expect(openStore(folder, passphrase)).rejects.toMatchObject({ code });
  expect(files()).toEqual(before);
}

test('[VLT-21] a vault is a WAL database with the settings that the page names', async () => {
  const { db, close } = await openStore(folder);
  const settings = [
    'journal_mode',
    'synchronous',
    'secure_delete',
    'temp_store',
    'cell_size_check',
  ];
  expect(settings.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 2, 1, 2, 1]);
  expect(db.pragma('cipher', { simple: true })).toBe('aegis');
  close();
  expect(readFileSync(pathsOf(folder).vault).subarray(0, 15).toString()).not.toBe(
    'SQLite format 3',
  );
});

test('[VLT-21] every file of a vault is for its owner alone', async () => {
  const { close } = await openStore(folder);
  const modes = readdirSync(folder).map((name) => [
    name,
    statSync(join(folder, name)).mode & 0o777,
  ]);
  expect(new Map(modes as [string, number][])).toEqual(
    new Map(
      ['key', 'vault.db', 'vault.db-shm', 'vault.db-wal', 'vault.lock'].map((n) => [n, 0o600]),
    ),
  );
  close();
});

test('[VLT-21] SQLite before 3.51.3 is refused', () => {
  expect(['3.51.3', '3.52.0', '4.0.0'].map(isRecent)).toEqual([true, true, true]);
  expect(['3.51.2', '3.50.9', '2.99.99', ''].map(isRecent)).toEqual([false, false, false, false]);
});

test('[VLT-23] a vault without its key is refused', async () => {
  await create();
  rmSync(pathsOf(folder).key);
  await expectRefused('key missing');
});

test('[VLT-23] a key without its vault is refused', async () => {
  await create();
  rmSync(pathsOf(folder).vault);
  await expectRefused('vault missing');
});

test('[VLT-23] a log without its vault is refused, and kept', async () => {
  const { fresh, key, vault } = pathsOf(folder);
  const { db, close } = await openStore(folder);
  db.prepare("INSERT INTO docs (space, key, value) VALUES ('gate', x'01', x'02')").run();
  const log = readFileSync(`${vault}-wal`);
  close(); // a kill would have left the log
  writeFileSync(`${vault}-wal`, log);
  renameSync(vault, join(folder, 'moved away'));
  await expectRefused('vault missing');
  writeFileSync(fresh, 'half a vault');
  await expectRefused('vault missing');
  rmSync(key);
  await expectRefused('key missing');
});

test('[VLT-23] a start that died before the vault got its name is finished', async () => {
  const { fresh, vault } = pathsOf(folder);
  await create();
  renameSync(vault, fresh);
  await create();
  expect([existsSync(fresh), existsSync(vault)]).toEqual([false, true]);
});

test('[VLT-23] a start that died before the key was written begins anew', async () => {
  const { fresh } = pathsOf(folder);
  writeFileSync(fresh, 'half a vault');
  await create();
  expect(existsSync(fresh)).toBe(false);
});

test('[VLT-23] the key of another vault does not open this one', async () => {
  await create();
  const { key } = pathsOf(folder);
  const other = temporaryFolder();
  (await openStore(other)).close();
  copyFileSync(pathsOf(other).key, key);
  rmSync(other, { recursive: true });
  await expectRefused('damaged');
});

test('[VLT-23] what is no database is refused, and so is an empty file', async () => {
  await create();
  const { vault } = pathsOf(folder);
  writeFileSync(vault, 'hello '.repeat(1000));
  await expectRefused('damaged');
  truncateSync(vault, 0);
  await expectRefused('damaged');
});

test('[VLT-23] a truncated vault is refused', async () => {
  await create();
  const { vault } = pathsOf(folder);
  truncateSync(vault, statSync(vault).size - 4096);
  await expectRefused('damaged');
});

test('[VLT-23] passphrases: needed, wrong, right', async () => {
  await create(utf8('right'));
  await expectRefused('passphrase needed');
  await expectRefused('wrong passphrase', utf8('wrong'));
  (await openStore(folder, utf8('right'))).close();
});

test('[VLT-23] a folder that cannot be written is a disk error', async () => {
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file');
  await expect(openStore(folder)).rejects.toMatchObject({ code: 'disk error' });
});

test('[VLT-24] a vault of a newer version is refused', async () => {
  const { db, close } = await openStore(folder);
  db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  close();
  await expectRefused('newer schema');
});

test('[VLT-24] an older vault is brought up to date with what it holds', async () => {
  const { db, close } = await openStore(folder);
  db.prepare("INSERT INTO docs (space, key, value) VALUES ('gate', x'01', x'02')").run();
  const next = 'CREATE TABLE later (a) STRICT;'.replace('(a)', '(a INTEGER)');
  const more = "INSERT INTO later SELECT length(value) FROM docs; UPDATE docs SET value = x'03';";
  const migrations = [...MIGRATIONS, next + more];
  migrate(db, migrations);
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1);
  expect(db.prepare('SELECT hex(value) FROM docs').pluck().get()).toBe('03');
  expect(db.prepare('SELECT a FROM later').pluck().get()).toBe(1);
  migrate(db, migrations);
  expect(db.prepare('SELECT count(*) FROM later').pluck().get()).toBe(1);
  close();
});

test('[VLT-24] a migration that fails leaves the old schema', async () => {
  const { db, key, close } = await openStore(folder);
  const migrations = [...MIGRATIONS, 'CREATE TABLE later (a INTEGER) STRICT; SELECT nonsense;'];
  expect(() => migrate(db, migrations)).toThrow('nonsense');
  close();
  const again = connect(pathsOf(folder).vault, key);
  expect(again.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  const tables = again.prepare("SELECT name FROM sqlite_schema WHERE name = 'later'").all();
  expect(tables).toEqual([]);
  again.close();
});
