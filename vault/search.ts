/**
 * Search: a trigram index over texts, kept up outside the hot path (VLT-25).
 *
 * The index follows the feed: rows after its own cursor are indexed in commits of their own.
 * @module
 */
import { textOf } from '@sotto/core/base/event.ts';
import type { Database, Statement } from './database.ts';
import { decoded } from './ledger.ts';

/** Texts indexed in one transaction: a few milliseconds of work. */
export const INDEX_BATCH = 100;

interface Row {
  readonly cursor: number;
  readonly id: number;
  readonly kind: string;
  readonly bytes: Buffer;
}

export class Search {
  readonly #next: Statement;
  readonly #add: Statement;
  readonly #done: Statement;
  readonly #from: Statement;
  readonly #run: (limit: number) => number;

  constructor(db: Database) {
    this.#next = db.prepare(
      'SELECT f.cursor, e.id, e.kind, e.bytes FROM feed f JOIN events e ON e.id = f.event ' +
        "WHERE f.cursor > ? AND f.type = 'message' ORDER BY f.cursor LIMIT ?",
    );
    this.#add = db.prepare('INSERT INTO search (rowid, text) VALUES (?, ?)');
    this.#from = db.prepare("SELECT value FROM meta WHERE key = 'search cursor'").pluck();
    this.#done = db.prepare(
      "INSERT INTO meta (key, value) VALUES ('search cursor', ?) " +
        'ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    const transaction = db.transaction((limit: number) => this.#index(limit));
    this.#run = (limit) => transaction.immediate(limit);
  }

  /** Indexes what is new, one transaction of at most `limit` texts; true where more is left. */
  catchUp(limit = INDEX_BATCH): boolean {
    return this.#run(limit) === limit;
  }

  #index(limit: number): number {
    const from = (this.#from.get() as number | undefined) ?? 0;
    const rows = this.#next.all(from, limit) as Row[];
    for (const { id, kind, bytes } of rows) {
      const text = textOf({ kind, body: decoded(bytes).body });
      if (text) this.#add.run(id, text);
    }
    if (rows.length > 0) this.#done.run(rows.at(-1)!.cursor);
    return rows.length;
  }
}
