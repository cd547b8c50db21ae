/**
 * Messages: what becomes of an event after it was stored: delivered, cancelled, applied, read,
 * forgotten (VLT-10, VLT-12, VLT-15, VLT-17, VLT-18).
 * @module
 */
import type { StoredEvent } from '@sotto/core/base/vault.ts';
import type { Database, Statement } from './database.ts';
import type { Feed } from './feed.ts';
import { CANCELLED, decoded, DELIVERED } from './ledger.ts';
import type { OutboxTable } from './outbox.ts';

/** Control events told by one `load`; the rest wait until these are applied. */
export const UNAPPLIED_MAX = 10_000;

interface Row {
  readonly id: number;
  readonly state: number;
  readonly ours: number;
  readonly receipts: number;
  readonly cursor: number | null;
}

type Counted = Pick<Row, 'cursor' | 'state'> & { readonly waiting: number };

export class Messages {
  readonly #feed: Feed;
  readonly #outbox: OutboxTable;
  readonly #q: ReturnType<typeof statements>;

  constructor(db: Database, feed: Feed, outbox: OutboxTable) {
    this.#feed = feed;
    this.#outbox = outbox;
    this.#q = statements(db);
  }

  /**
   * A device has stored these.
   * @returns events that now count as delivered: they have reached every device of theirs, or one
   *   where they were cancelled.
   */
  receipt(
    device: Uint8Array,
    envelopes: readonly Uint8Array[],
    by: { route: string; wallMs: number },
  ): Uint8Array[] {
    const delivered: Uint8Array[] = [];
    for (const envelope of envelopes) {
      const receipted = this.#outbox.receipt(device, envelope);
      if (!receipted) continue;
      const row = this.#q.receipt.get(by.route, receipted.eventRow) as Counted;
      if (row.waiting > 0 || row.state === DELIVERED) continue;
      this.#deliver(receipted.eventRow, row.cursor, by.wallMs);
      delivered.push(receipted.event);
    }
    return delivered;
  }

  /**
   * Stops sending an event of ours. It is cancelled where nobody said that it had reached them, and
   * until somebody does; else delivered.
   * @returns the event where it counts as delivered now; undefined where nobody waits for it.
   */
  cancel(event: Uint8Array, wallMs: number): Uint8Array[] | undefined {
    const row = this.#q.find.get(event) as Row | undefined;
    if (!row || row.ours === 0 || row.state === DELIVERED) return undefined;
    if (row.state === CANCELLED) return [];
    this.#outbox.cancel(row.id);
    if (row.receipts > 0) {
      this.#deliver(row.id, row.cursor, wallMs);
      return [event];
    }
    this.#q.setState.run(CANCELLED, null, row.id);
    if (row.cursor !== null) this.#feed.append('state', row.id);
    return [];
  }

  apply(events: readonly Uint8Array[]): void {
    for (const event of events) this.#q.apply.run(event);
  }

  /** Control events whose effect no document holds yet, oldest first. */
  unapplied(): StoredEvent[] {
    const rows = this.#q.unapplied.all(UNAPPLIED_MAX) as { event: Buffer; bytes: Buffer }[];
    return rows.map(({ event, bytes }) => ({ id: new Uint8Array(event), event: decoded(bytes) }));
  }

  markRead(conversation: Uint8Array, cursor: number): void {
    this.#q.markRead.run(conversation, cursor);
  }

  /**
   * Deletes a conversation. What stays is how far each author had counted: a device that wrote
   * on from one again would contradict itself.
   */
  forget(conversation: Uint8Array): void {
    this.#feed.keepFloor();
    this.#q.forgetSearch.run(conversation);
    this.#q.optimizeSearch.run(); // or the letters would stay in the index until it is merged
    this.#q.forgetFeed.run(conversation);
    this.#q.forgetOutbox.run(conversation);
    this.#q.forgetEvents.run(conversation);
    this.#q.forgetAuthors.run(conversation);
    this.#outbox.reload();
  }

  #deliver(row: number, cursor: number | null, wallMs: number): void {
    this.#q.setState.run(DELIVERED, wallMs, row);
    if (cursor !== null) this.#feed.append('state', row);
  }
}

const OF_CONVERSATION =
  'SELECT id FROM events ' +
  'WHERE conversation = (SELECT id FROM conversations WHERE conversation = ?)';

function statements(db: Database) {
  const sql = (source: string): Statement => db.prepare(source);
  return {
    find: sql('SELECT id, state, ours, receipts, cursor FROM events WHERE event = ?'),
    receipt: sql(
      'UPDATE events SET receipts = receipts + 1, waiting = max(waiting - 1, 0), route = ? ' +
        'WHERE id = ? RETURNING state, waiting, cursor',
    ),
    setState: sql('UPDATE events SET state = ?, delivered_ms = ?, waiting = 0 WHERE id = ?'),
    apply: sql('UPDATE events SET applied = 1 WHERE event = ?'),
    unapplied: sql('SELECT event, bytes FROM events WHERE applied = 0 ORDER BY id LIMIT ?'),
    markRead: sql(
      'INSERT INTO conversations (conversation, read_cursor) VALUES (?, ?) ON CONFLICT ' +
        '(conversation) DO UPDATE SET read_cursor = max(read_cursor, excluded.read_cursor)',
    ),
    forgetSearch: sql(`DELETE FROM search WHERE rowid IN (${OF_CONVERSATION})`),
    optimizeSearch: sql("INSERT INTO search (search) VALUES ('optimize')"),
    forgetFeed: sql(`DELETE FROM feed WHERE event IN (${OF_CONVERSATION})`),
    forgetOutbox: sql(`DELETE FROM outbox WHERE event IN (${OF_CONVERSATION})`),
    forgetEvents: sql(
      'DELETE FROM events ' +
        'WHERE conversation = (SELECT id FROM conversations WHERE conversation = ?)',
    ),
    forgetAuthors: sql(
      'UPDATE authors SET shown_from = next ' +
        'WHERE conversation = (SELECT id FROM conversations WHERE conversation = ?)',
    ),
  };
}
