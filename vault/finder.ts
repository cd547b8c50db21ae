/**
 * Finder: messages by a part of their text (VLT-25, VLT-32). The index is kept by search.ts.
 *
 *   3 letters and more   the trigram index, from the newest on, until the page is full
 *   fewer                the newest SCAN_MESSAGES_MAX texts, one by one
 *
 * Rows grow with the time of storing, so the newest are found first without sorting what a common
 * word finds. Whether a row is of a conversation is asked of its index alone.
 * @module
 */
import { textOf } from '@sotto/core/base/event.ts';
import type { Database, Statement } from './database.ts';
import { decoded } from './ledger.ts';

/** Texts looked at one by one where a search is too short for the index. */
export const SCAN_MESSAGES_MAX = 5000;
const TRIGRAM = 3;

export interface Wish {
  /** Part of the text; upper and lower case are the same. */
  readonly text: string;
  readonly conversation?: Uint8Array | undefined;
  /** Only ours, or only those of others. */
  readonly outgoing?: boolean | undefined;
  /** Only what was stored before, or at or after, this time. */
  readonly beforeMs?: number | undefined;
  readonly sinceMs?: number | undefined;
  readonly limit: number;
}

export interface FoundRows {
  /** Rows of `events`, newest first. */
  readonly rows: readonly number[];
  /** There are more, or there may be. */
  readonly more: boolean;
}

export class Finder {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>(); // one for each shape of a wish

  constructor(db: Database) {
    this.#db = db;
  }

  find(wish: Wish): FoundRows {
    const wanted = wish.text.trim();
    if (wanted === '' || wish.limit < 1) return { rows: [], more: false };
    // The index reads a query up to its first NUL.
    const isIndexed = [...wanted].length >= TRIGRAM && !wanted.includes('\0');
    return isIndexed ? this.#lookUp(wanted, wish) : this.#scan(wanted, wish);
  }

  #lookUp(wanted: string, wish: Wish): FoundRows {
    const phrase = `"${wanted.replaceAll('"', '""')}"`;
    const { limit } = wish;
    const rows = this.#statement(wish, true)
      .pluck()
      .all(phrase, ...filters(wish), limit + 1);
    return { rows: (rows as number[]).slice(0, limit), more: rows.length > limit };
  }

  #scan(wanted: string, wish: Wish): FoundRows {
    const lower = wanted.toLowerCase();
    const rows: number[] = [];
    let seen = 0;
    const texts = this.#statement(wish, false).iterate(...filters(wish), SCAN_MESSAGES_MAX + 1);
    for (const { bytes, id, kind } of texts as Iterable<TextRow>) {
      if (++seen > SCAN_MESSAGES_MAX || rows.length > wish.limit) break;
      const text = textOf({ kind, body: decoded(bytes).body });
      if (text?.toLowerCase().includes(lower)) rows.push(id);
    }
    const more = seen > SCAN_MESSAGES_MAX || rows.length > wish.limit;
    return { rows: rows.slice(0, wish.limit), more };
  }

  #statement({ conversation, outgoing, beforeMs, sinceMs }: Wish, isIndexed: boolean): Statement {
    const given = [conversation, outgoing, beforeMs, sinceMs].map(isGiven);
    const shape = [isIndexed, ...given].join();
    const known = this.#statements.get(shape);
    if (known) return known;
    const id = isIndexed ? 'search.rowid' : 'e.id';
    const where = [
      isIndexed ? 'search MATCH ?' : 'e.cursor IS NOT NULL',
      conversation && `+${id} IN (${OF_CONVERSATION})`,
      isGiven(outgoing) && 'e.ours = ?',
      isGiven(beforeMs) && 'e.stored_ms < ?',
      isGiven(sinceMs) && 'e.stored_ms >= ?',
    ].filter((part) => typeof part === 'string');
    const needsEvents = given.slice(1).includes(true);
    const from = isIndexed
      ? `search ${needsEvents ? 'CROSS JOIN events e ON e.id = search.rowid' : ''}`
      : 'events e';
    const columns = isIndexed ? id : 'e.id, e.kind, e.bytes';
    // `LIMIT ?+0`: see reader.ts.
    const source =
      `SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ` +
      `ORDER BY ${id} DESC LIMIT ?+0`;
    const statement = this.#db.prepare(source) as Statement;
    this.#statements.set(shape, statement);
    return statement;
  }
}

interface TextRow {
  readonly id: number;
  readonly kind: string;
  readonly bytes: Buffer;
}

/** Answered by the index `events_by_cursor` alone. */
const OF_CONVERSATION =
  'SELECT id FROM events WHERE cursor IS NOT NULL AND conversation = ' +
  '(SELECT id FROM conversations WHERE conversation = ?)';

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

function filters({ beforeMs, conversation, outgoing, sinceMs }: Wish): (Uint8Array | number)[] {
  const values = [conversation, outgoing === undefined ? undefined : Number(outgoing)];
  return [...values, beforeMs, sinceMs].filter((value) => value !== undefined);
}
