/**
 * Reader: what screens ask the vault, on a read-only connection of their own (VLT-16 to VLT-18,
 * VLT-25). Every method is synchronous and sees all that was committed before it.
 * @module
 */
import { KNOCK_KIND, textOf } from '@sotto/core/base/event.ts';
import { connect, type Database, type Statement } from './database.ts';
import { Finder, type Wish } from './finder.ts';
import { decoded, STATES, viewOf } from './ledger.ts';
import { WAITS } from './outbox.ts';
import type { FeedEntry, FeedRow, Message } from './view.ts';

/** Rows of one answer at most. */
export const PAGE_MESSAGES_MAX = 500;

export interface Page {
  readonly conversation: Uint8Array;
  /** Messages with a smaller cursor, the newest of them. */
  readonly before?: number | undefined;
  /** Messages with a larger cursor, the oldest of them. */
  readonly since?: number | undefined;
  readonly limit: number;
}

export interface ConversationRow {
  readonly conversation: Uint8Array;
  readonly unread: number;
  readonly readCursor: number;
  readonly last: Message;
}

export interface Found {
  readonly found: readonly Message[];
  /** There are more, or there may be. */
  readonly more: boolean;
}

export interface OutboxCount {
  /** Undefined for messages whose recipient has no known device yet. */
  readonly device: Uint8Array | undefined;
  readonly messages: number;
  readonly bytes: number;
  /** Of these: not sealed yet, for want of a session or a bundle. */
  readonly unsealed: number;
}

export class VaultReader {
  readonly #db: Database;
  readonly #finder: Finder;
  readonly #q: ReturnType<typeof statements>;

  /** @param key 32 bytes; not kept. */
  constructor(path: string, key: Uint8Array) {
    this.#db = connect(path, key, { readonly: true });
    this.#finder = new Finder(this.#db);
    this.#q = statements(this.#db);
  }

  close(): void {
    this.#db.close();
  }

  /** Conversations with messages, the one that moved last first. */
  conversations(): ConversationRow[] {
    type Row = MessageRow & { unread: number; readCursor: number };
    const found: ConversationRow[] = [];
    // One row after the other: all of them at once would outlive the young heap.
    for (const row of this.#q.conversations.iterate() as Iterable<Row>) {
      const { readCursor, unread } = row;
      const last = message(row);
      found.push({ conversation: last.conversation, unread, readCursor, last });
    }
    return found;
  }

  /** Everything of a conversation up to and with this cursor is read; 0 where nothing is. */
  readUpTo(conversation: Uint8Array): number {
    return (this.#q.readUpTo.get(conversation) as number | undefined) ?? 0;
  }

  /** A page of a conversation in the order of showing; without a bound, the newest. */
  messages({ conversation, before, since, limit }: Page): Message[] {
    const rows = Math.min(limit, PAGE_MESSAGES_MAX);
    if (since !== undefined) {
      return (this.#q.since.all(conversation, since, rows) as MessageRow[]).map(message);
    }
    const newest = this.#q.before.all(conversation, before ?? Number.MAX_SAFE_INTEGER, rows);
    return (newest as MessageRow[]).map(message).reverse();
  }

  /** A message by its event id, if it is shown. */
  message(id: Uint8Array): Message | undefined {
    const row = this.#q.byId.get(id) as MessageRow | undefined;
    return row && message(row);
  }

  /** What is new after a cursor, oldest first. */
  feedAfter(cursor: number, limit: number): FeedEntry[] {
    const rows = this.#q.feed.all(cursor, Math.min(limit, PAGE_MESSAGES_MAX));
    return (rows as (MessageRow & { feedCursor: number; type: FeedRow['type'] })[]).map((row) => {
      const shown = message(row);
      return { cursor: row.feedCursor, type: row.type, event: shown.id, message: shown };
    });
  }

  /** The cursor to start from for somebody who wants only what comes. */
  lastCursor(): number {
    return this.#q.lastCursor.get() as number;
  }

  /**
   * Messages with a part of their text, those stored last first. Texts of the last second or so
   * may not be found yet.
   */
  search(wish: Wish): Found {
    const limit = Math.min(wish.limit, PAGE_MESSAGES_MAX);
    const { more, rows } = this.#finder.find({ ...wish, limit });
    return { found: rows.map((row) => message(this.#q.byRow.get(row) as MessageRow)), more };
  }

  /** Unread messages of a conversation. */
  unread(conversation: Uint8Array): number {
    return (this.#q.unread.get(conversation) as number | undefined) ?? 0;
  }

  /** What waits in a conversation, for each device. */
  outboxCounts(conversation: Uint8Array): OutboxCount[] {
    const rows = this.#q.outbox.all(conversation) as (OutboxCount & { device: Buffer | null })[];
    return rows.map((row) => ({
      ...row,
      device: row.device ? new Uint8Array(row.device) : undefined,
    }));
  }
}

interface MessageRow {
  readonly event: Buffer;
  readonly conversation: Buffer;
  readonly bytes: Buffer;
  readonly storedMs: number;
  readonly ours: number;
  readonly state: number;
  readonly deliveredMs: number | null;
  readonly route: string | null;
  readonly fork: number;
  readonly gap: number;
  readonly cursor: number;
}

function message(row: MessageRow): Message {
  const { author, sequence, kind, timeMs, body } = decoded(row.bytes);
  return {
    id: viewOf(row.event),
    conversation: viewOf(row.conversation),
    author,
    sequence,
    outgoing: row.ours === 1,
    // Who asked to be let in said something: people read it like any other text.
    kind: kind === KNOCK_KIND ? 'text' : kind,
    text: textOf({ kind, body }),
    timeMs,
    storedMs: row.storedMs,
    state: STATES[row.state]!,
    deliveredMs: row.deliveredMs ?? undefined,
    route: row.route ?? undefined,
    gapBefore: row.gap === 1,
    fork: row.fork === 1,
    cursor: row.cursor,
  };
}

const COLUMNS = `
  e.event, c.conversation, e.bytes, e.stored_ms AS storedMs, e.ours, e.state,
  e.delivered_ms AS deliveredMs, e.route, e.fork, e.cursor,
  e.sequence > a.shown_from AND NOT EXISTS (
    SELECT 1 FROM events p WHERE p.author = e.author AND p.sequence = e.sequence - 1
  ) AS gap`;
const JOINS = `
  JOIN authors a ON a.id = e.author JOIN conversations c ON c.id = e.conversation`;
const CONVERSATION = '(SELECT id FROM conversations WHERE conversation = ?)';
const UNREAD =
  '(SELECT count(*) FROM events u WHERE u.conversation = c.id AND u.cursor > c.read_cursor ' +
  'AND u.ours = 0)';

// `LIMIT ?+0`: SQLite looks at the value of a bare `LIMIT ?` when it plans, and so would plan the
// statement anew at every run, which costs more than to run it.
function statements(db: Database) {
  const sql = (source: string): Statement => db.prepare(source);
  return {
    conversations: sql(
      `SELECT ${COLUMNS}, ${UNREAD} AS unread, c.read_cursor AS readCursor ` +
        `FROM events e ${JOINS} WHERE e.id IN (SELECT (SELECT l.id FROM events l ` +
        'WHERE l.conversation = x.id AND l.cursor IS NOT NULL ORDER BY l.cursor DESC LIMIT 1) ' +
        'FROM conversations x) ORDER BY e.cursor DESC',
    ),
    readUpTo: sql('SELECT read_cursor FROM conversations WHERE conversation = ?').pluck(),
    since: sql(
      `SELECT ${COLUMNS} FROM events e ${JOINS} WHERE e.conversation = ${CONVERSATION} ` +
        'AND e.cursor > ? ORDER BY e.cursor LIMIT ?+0',
    ),
    before: sql(
      `SELECT ${COLUMNS} FROM events e ${JOINS} WHERE e.conversation = ${CONVERSATION} ` +
        'AND e.cursor < ? ORDER BY e.cursor DESC LIMIT ?+0',
    ),
    byId: sql(
      `SELECT ${COLUMNS} FROM events e ${JOINS} WHERE e.event = ? AND e.cursor IS NOT NULL`,
    ),
    feed: sql(
      `SELECT ${COLUMNS}, f.cursor AS feedCursor, f.type FROM feed f JOIN events e ` +
        `ON e.id = f.event ${JOINS} WHERE f.cursor > ? ORDER BY f.cursor LIMIT ?+0`,
    ),
    lastCursor: sql(
      'SELECT max(coalesce((SELECT max(cursor) FROM feed), 0), ' +
        "coalesce((SELECT value FROM meta WHERE key = 'feed floor'), 0))",
    ).pluck(),
    byRow: sql(`SELECT ${COLUMNS} FROM events e ${JOINS} WHERE e.id = ?`),
    unread: sql(`SELECT ${UNREAD} FROM conversations c WHERE c.conversation = ?`).pluck(),
    outbox: sql(
      'SELECT d.device, count(*) AS messages, sum(o.bytes) AS bytes, ' +
        'sum(o.envelope IS NULL) AS unsealed FROM outbox o JOIN events e ON e.id = o.event ' +
        `LEFT JOIN devices d ON d.id = o.device WHERE e.conversation = ${CONVERSATION} ` +
        `AND ${WAITS} GROUP BY o.device`,
    ),
  };
}
