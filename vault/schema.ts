/**
 * Schema: its version, and how an older file becomes a current one (VLT-24).
 *
 * The version stands in SQLite's `user_version`. Each migration runs in one transaction with the
 * new version, so a crash leaves the old schema or the new one. A newer file is refused.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import type { Database } from './database.ts';
import { V1 } from './migrations/v1.ts';
import { VaultRefusedError } from './refusal.ts';

/** The statements that lead from version `i` to `i + 1`. Only ever appended to. */
export const MIGRATIONS: readonly string[] = [V1];

/**
 * Brings the schema up to date.
 * @throws VaultRefusedError where the file is newer than we are.
 */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  const found = db.pragma('user_version', { simple: true });
  assert(typeof found === 'number', 'user_version is a number');
  if (found > migrations.length) throw new VaultRefusedError('newer schema');
  for (let version = found; version < migrations.length; version++) {
    db.transaction(() => {
      db.exec(migrations[version]!);
      db.pragma(`user_version = ${version + 1}`);
    }).immediate();
  }
}
