/**
 * Finder: messages by a part of their text (VLT-25, VLT-32). The index is kept by search.ts.
 *
 *   3 letters and more   texts that the index does not know yet, one by one; then the trigram
 *                        index, from the newest on, until the page is full
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
/** Of what was stored a moment ago and is not in the index yet, the newest. */
export const TAIL_MESSAGES_MAX = 1000;
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
    const recent = this.#statement(wish, 'tail').iterate(...filters(wish), TAIL_MESSAGES_MAX);
    const tail = matching(recent as Iterable<TextRow>, wanted, limit);
    const known = this.#statement(wish, 'index')
      .pluck()
      .all(phrase, ...filters(wish), limit + 1);
    // The index may have caught up between the two questions.
    const rows = [...new Set([...tail, ...(known as number[])])];
    return { rows: rows.slice(0, limit), more: rows.length > limit };
  }

  #scan(wanted: string, wish: Wish): FoundRows {
    const { limit } = wish;
    let seen = 0;
    const all = this.#statement(wish, 'all').iterate(...filters(wish), SCAN_MESSAGES_MAX + 1);
    const bounded = function* (): Iterable<TextRow> {
      for (const row of all as Iterable<TextRow>) if (++seen <= SCAN_MESSAGES_MAX) yield row;
    };
    const rows = matching(bounded(), wanted, limit);
    const more = seen > SCAN_MESSAGES_MAX || rows.length > limit;
    return { rows: rows.slice(0, limit), more };
  }

  #statement(wish: Wish, source: keyof typeof SOURCES): Statement {
    const { conversation, outgoing, beforeMs, sinceMs } = wish;
    const given = [conversation, outgoing, beforeMs, sinceMs].map(isGiven);
    const shape = [source, ...given].join();
    const known = this.#statements.get(shape);
    if (known) return known;
    const { columns, from, id, order, where } = SOURCES[source];
    const wanted = [
      where,
      conversation && `+${id} IN (${OF_CONVERSATION})`,
      isGiven(outgoing) && 'e.ours = ?',
      isGiven(beforeMs) && 'e.stored_ms < ?',
      isGiven(sinceMs) && 'e.stored_ms >= ?',
    ].filter((part) => typeof part === 'string');
    const needsEvents = source === 'index' && given.slice(1).includes(true);
    const joined = needsEvents ? `${from} CROSS JOIN events e ON e.id = search.rowid` : from;
    // `LIMIT ?+0`: see reader.ts.
    const text =
      `SELECT ${columns} FROM ${joined} WHERE ${wanted.join(' AND ')} ` +
      `ORDER BY ${order} DESC LIMIT ?+0`;
    const statement = this.#db.prepare(text) as Statement;
    this.#statements.set(shape, statement);
    return statement;
  }
}

/** Where rows come from; `id` is that of the row in `events`. */
const SOURCES = {
  index: {
    columns: 'search.rowid',
    from: 'search',
    id: 'search.rowid',
    order: 'search.rowid',
    where: 'search MATCH ?',
  },
  tail: {
    columns: 'e.id, e.kind, e.bytes',
    from: 'feed f CROSS JOIN events e ON e.id = f.event',
    id: 'e.id',
    order: 'f.cursor',
    where:
      "f.type = 'message' AND f.cursor > " +
      "coalesce((SELECT value FROM meta WHERE key = 'search cursor'), 0)",
  },
  all: {
    columns: 'e.id, e.kind, e.bytes',
    from: 'events e',
    id: 'e.id',
    order: 'e.id',
    where: 'e.cursor IS NOT NULL',
  },
} as const;

/** Of rows, those whose text has it; one more than `limit` at most. */
function matching(rows: Iterable<TextRow>, wanted: string, limit: number): number[] {
  const lower = wanted.toLowerCase();
  const found: number[] = [];
  for (const { bytes, id, kind } of rows) {
    const text = textOf({ kind, body: decoded(bytes).body });
    if (text?.toLowerCase().includes(lower)) found.push(id);
    if (found.length > limit) break;
  }
  return found;
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
