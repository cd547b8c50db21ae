/**
 * Store: the files of a vault in their folder, and how they come to be (VLT-22, VLT-23).
 *
 *   vault.db (-wal, -shm)   the encrypted database
 *   key                     what opens it (key-file.ts)
 *   vault.lock              an empty database, locked while a process has the vault open
 *
 * A new vault is written as `vault.new`, then its key, then the new name is put in place. So
 * neither half is ever made anew beside an old other half:
 *
 *   vault.db  key   vault.new   what happens
 *   yes       yes   any         opened
 *   yes       no    any         refused: key missing
 *   no        yes   yes         a start died between key and name: the name is put in place
 *   no        yes   no          refused: vault missing
 *   no        no    any         created
 *
 * A log without its database is half a vault: refused, as vault missing or as key missing, for
 * SQLite would throw the log away and begin anew.
 * @module
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import SQLite from 'better-sqlite3-multiple-ciphers';
import { type ConnectionOptions, connect, type Database } from './database.ts';
import { createKeyFile, readKeyFile, syncFolder, VAULT_KEY_BYTES } from './key-file.ts';
import { pathsOf } from './paths.ts';
import { createIdentity } from './prekeys.ts';
import { randomBytes } from './random.ts';
import { refusalOf, VaultRefusedError } from './refusal.ts';
import { migrate } from './schema.ts';

/** A larger vault is not read whole at every start; its pages are checked as they are read. */
const QUICK_CHECK_BYTES_MAX = 4 * 1024 * 1024;

const OWNER_ONLY = 0o600;

export interface Store {
  readonly db: Database;
  readonly key: Uint8Array;
  close(): void;
}

/**
 * Opens the vault of a folder, or creates it where there is none.
 * @throws VaultRefusedError, with nothing changed on disk.
 */
export async function openStore(
  folder: string,
  passphrase?: Uint8Array,
  options: ConnectionOptions = {},
): Promise<Store> {
  let lock: Database | undefined;
  try {
    lock = takeLock(pathsOf(folder).lock);
    const key = await keyFor(folder, passphrase);
    const db = connect(pathsOf(folder).vault, key, options);
    const close = () => {
      db.close();
      lock?.close();
    };
    try {
      migrate(db);
      quickCheck(db, pathsOf(folder).vault);
    } catch (error) {
      db.close();
      throw error;
    }
    return { db, key, close };
  } catch (error) {
    lock?.close();
    const refusal = refusalOf(error);
    throw refusal ? new VaultRefusedError(refusal) : error;
  }
}

/** The kernel lets go of it when the process ends, however it ends. */
function takeLock(path: string): Database {
  const lock = new SQLite(path, { timeout: 0 });
  try {
    chmodSync(path, OWNER_ONLY);
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function keyFor(folder: string, passphrase: Uint8Array | undefined): Promise<Uint8Array> {
  const { vault, fresh, key } = pathsOf(folder);
  const hasVault = existsSync(vault);
  const hasLog = existsSync(`${vault}-wal`);
  if (existsSync(key)) {
    if (!hasVault && (hasLog || !existsSync(fresh))) throw new VaultRefusedError('vault missing');
    const bytes = await readKeyFile(key, passphrase);
    if (!hasVault) putInPlace(folder, bytes);
    if (statSync(vault).size === 0) throw new VaultRefusedError('damaged');
    return bytes;
  }
  if (hasVault || hasLog) throw new VaultRefusedError('key missing');
  const bytes = randomBytes(VAULT_KEY_BYTES);
  createFresh(fresh, bytes);
  await createKeyFile(key, bytes, passphrase);
  putInPlace(folder, bytes);
  return bytes;
}

/** Writes a whole new vault under its temporary name. */
function createFresh(path: string, key: Uint8Array): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  const db = connect(path, key);
  try {
    chmodSync(path, OWNER_ONLY); // the log and the shared memory take the mode of the database
    db.transaction(() => {
      migrate(db);
      createIdentity(db);
    }).immediate();
  } finally {
    db.close(); // checkpoints and removes the log
  }
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

function putInPlace(folder: string, key: Uint8Array): void {
  const { vault, fresh } = pathsOf(folder);
  connect(fresh, key).close(); // the key fits it
  renameSync(fresh, vault);
  syncFolder(folder);
}

function quickCheck(db: Database, path: string): void {
  if (statSync(path).size > QUICK_CHECK_BYTES_MAX) return;
  const result = db.pragma('quick_check(1)', { simple: true });
  if (result !== 'ok') throw new VaultRefusedError('damaged');
}
