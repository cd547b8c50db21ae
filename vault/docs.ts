/**
 * Docs: small documents whose meaning core alone knows (VLT-15).
 * @module
 */
import type { Doc, DocChange, DocSpace } from '@sotto/core/base/vault.ts';
import type { Database, Statement } from './database.ts';

export class Docs {
  readonly #put: Statement;
  readonly #delete: Statement;
  readonly #all: Statement;

  constructor(db: Database) {
    this.#put = db.prepare(
      'INSERT INTO docs (space, key, value) VALUES (?, ?, ?) ' +
        'ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
    );
    this.#delete = db.prepare('DELETE FROM docs WHERE space = ? AND key = ?');
    this.#all = db.prepare('SELECT space, key, value FROM docs ORDER BY rowid');
  }

  change(changes: readonly DocChange[]): void {
    for (const { space, key, value } of changes) {
      if (value) this.#put.run(space, key, value);
      else this.#delete.run(space, key);
    }
  }

  all(): Doc[] {
    const rows = this.#all.all() as { space: DocSpace; key: Buffer; value: Buffer }[];
    return rows.map(({ space, key, value }) => ({
      space,
      key: new Uint8Array(key),
      value: new Uint8Array(value),
    }));
  }
}
