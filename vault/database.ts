/**
 * The encrypted SQLite file: how a connection is opened, and with which settings (VLT-21).
 *
 *   setting          value      because
 *   cipher           aegis      each page sealed with AEGIS-256: a flipped bit is found
 *   key              raw        32 bytes; a passphrase is stretched by us (key-file.ts)
 *   journal_mode     WAL        readers never wait for the writer
 *   synchronous      FULL       a commit that was replied to survives a power cut
 *   secure_delete    ON         what is deleted is overwritten
 *   temp_store       MEMORY     no plaintext spills into a temporary file
 *   cell_size_check  ON         a damaged page is found when it is read
 * @module
 */
import SQLite from 'better-sqlite3-multiple-ciphers';
import { VaultRefusedError } from './refusal.ts';

export type Database = SQLite.Database;
export type Statement = SQLite.Statement<unknown[]>;

/** The oldest SQLite without the WAL-reset bug (sqlite.org/wal.html#walresetbug). */
export const SQLITE_VERSION_MIN = [3, 51, 3] as const;
/**
 * Page cache of each connection, in KiB: what a list of 500 chats reads stays in it. It grows with
 * what is read, and a small vault never fills it.
 */
const CACHE_KIB = 4096;
const RAW = 'raw:';
const HEX_DIGITS = '0123456789abcdef';

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** FULL but for the control of the power-cut test, which must lose rows. */
  readonly synchronous?: 'FULL' | 'NORMAL';
}

/**
 * Opens a file with its key and makes sure that the key fits.
 * @throws VaultRefusedError or an SQLite error that `refusalOf` maps.
 */
export function connect(path: string, key: Uint8Array, options: ConnectionOptions = {}): Database {
  const readonly = options.readonly ?? false;
  const db = new SQLite(path, { readonly, fileMustExist: readonly, timeout: 2000 });
  try {
    db.pragma("cipher = 'aegis'");
    useKey(db, key);
    refuseOldSqlite(db);
    db.pragma('temp_store = MEMORY');
    db.pragma('cell_size_check = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    if (!readonly) {
      db.pragma('secure_delete = ON');
      db.pragma('journal_mode = WAL');
      db.pragma(`synchronous = ${options.synchronous ?? 'FULL'}`);
    }
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Not by SQL: statements end up in error texts. No copy of the key is left but SQLite's own. */
function useKey(db: Database, key: Uint8Array): void {
  const text = Buffer.alloc(RAW.length + 2 * key.length);
  text.write(RAW, 'latin1');
  for (const [i, byte] of key.entries()) {
    text[RAW.length + 2 * i] = HEX_DIGITS.charCodeAt(byte >> 4);
    text[RAW.length + 2 * i + 1] = HEX_DIGITS.charCodeAt(byte & 15);
  }
  db.key(text);
  text.fill(0);
}

/** @throws VaultRefusedError where this SQLite is older than `SQLITE_VERSION_MIN`. */
function refuseOldSqlite(db: Database): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string;
  if (!isRecent(version)) throw new VaultRefusedError('sqlite too old');
}

/** True for a version text of at least `SQLITE_VERSION_MIN`. */
export function isRecent(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [i, least] of SQLITE_VERSION_MIN.entries()) {
    if ((parts[i] ?? 0) !== least) return (parts[i] ?? 0) > least;
  }
  return true;
}
