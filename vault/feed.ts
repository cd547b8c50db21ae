/**
 * Feed: the numbered list of everything screens should look at again (VLT-16).
 *
 * Cursors only grow, and none is used twice even where a conversation is forgotten. Rows are
 * written in the transaction that changes the message, so the feed is never behind nor ahead.
 * @module
 */
import type { Database, Statement } from './database.ts';
import type { FeedRow } from './view.ts';

export class Feed {
  #cursor = 0;
  readonly #last: Statement;
  readonly #append: Statement;
  readonly #floor: Statement;

  constructor(db: Database) {
    this.#last = db
      .prepare(
        'SELECT max(coalesce((SELECT max(cursor) FROM feed), 0), ' +
          "coalesce((SELECT value FROM meta WHERE key = 'feed floor'), 0))",
      )
      .pluck();
    this.#append = db.prepare('INSERT INTO feed (cursor, type, event) VALUES (?, ?, ?)');
    this.#floor = db.prepare(
      "INSERT INTO meta (key, value) VALUES ('feed floor', ?) " +
        'ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.reload();
  }

  /** Reads the counter again: after a rollback. */
  reload(): void {
    this.#cursor = this.#last.get() as number;
  }

  /** The cursor of the row that is appended next. */
  next(): number {
    return ++this.#cursor;
  }

  /** Adds the row with that cursor. `event` is the number of a row of `events`. */
  append(type: FeedRow['type'], event: number, cursor = this.next()): void {
    this.#append.run(cursor, type, event);
  }

  /** Before rows are deleted: the cursors they had are not used again. */
  keepFloor(): void {
    this.#floor.run(this.#cursor);
  }
}
