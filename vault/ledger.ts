/**
 * Ledger: events of a conversation, in the order of each author (VLT-3, VLT-8, VLT-9).
 *
 *              next sequence
 *   arrives ----------------> shown   <---- gap closes, or release ---- held
 *      |                                                                  ^
 *      +-------------------- ahead of the next sequence ------------------+
 *
 * Everything here runs inside the transaction of a batch, but for the reads that say so.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { equal } from '@sotto/core/base/bytes.ts';
import { decodeEvent, type Event, ZERO_HASH } from '@sotto/core/base/event.ts';
import { FORK_BODIES_MAX } from '@sotto/core/base/limits.ts';
import type { HeldAuthor, StoredEvent } from '@sotto/core/base/vault.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import type { Database, Statement } from './database.ts';
import type { Feed } from './feed.ts';
import { HIDDEN_KINDS, type MessageState } from './view.ts';

/** States as the `state` column has them. */
export const STATES: readonly MessageState[] = ['waiting', 'delivered', 'cancelled', 'received'];
export const WAITING = 0;
export const DELIVERED = 1;
export const CANCELLED = 2;
export const RECEIVED = 3;

/** Where an author's next event goes: its sequence, and the hash of the one before. */
export interface Head {
  readonly next: number;
  readonly hash: Uint8Array;
}

interface AuthorRow {
  readonly id: number;
  readonly conversation: number;
  readonly shownFrom: number;
  readonly next: number;
}

interface NewEvent {
  readonly id: Uint8Array;
  readonly event: Event;
  readonly bytes: Uint8Array;
  readonly storedMs: number;
}

interface OwnEvent extends NewEvent {
  /** Rows that it gets in the outbox. */
  readonly waiting: number;
  /** SHA-256 of the bytes. */
  readonly hash: Uint8Array;
  readonly clientId: Uint8Array;
}

export type Arrival = {
  /** Number of the newest row of events. */
  readonly row: number;
} & ({ stored: false } | { stored: true; fork: boolean; held: HeldAuthor | undefined });

export class Ledger {
  readonly #feed: Feed;
  readonly #q: ReturnType<typeof statements>;

  constructor(db: Database, feed: Feed) {
    this.#feed = feed;
    this.#q = statements(db);
  }

  /** Outside a transaction too: where our next event in this conversation goes. */
  head(conversation: Uint8Array, device: Uint8Array): Head {
    const row = this.#q.head.get(conversation, device) as
      { next: number; head: Buffer | null } | undefined;
    return { next: row?.next ?? 1, hash: row?.head ?? ZERO_HASH };
  }

  /** Outside a transaction too: the event that was stored under this client id. */
  byClient(clientId: Uint8Array): StoredEvent | undefined {
    const row = this.#q.byClient.get(clientId) as { event: Buffer; bytes: Buffer } | undefined;
    return row && { id: new Uint8Array(row.event), event: decoded(row.bytes) };
  }

  /** Appends an event of ours; its sequence is the one `head` gave. Returns its row number. */
  append(entry: OwnEvent): number {
    const author = this.#author(entry.event);
    assert(author.next === entry.event.sequence, 'our events are numbered without a gap');
    const row = this.#insert(entry, author, WAITING, false);
    this.#q.advance.run(author.next + 1, entry.hash, author.id);
    return row;
  }

  /** Stores an event of somebody else, shown or held, if it is new and may have its place. */
  receive(entry: NewEvent): Arrival {
    const { event, id } = entry;
    const author = this.#author(event);
    if (this.#q.byId.get(id) !== undefined || event.sequence < author.shownFrom) {
      return this.#dropped();
    }
    const siblings = this.#q.siblings.all(author.id, event.sequence) as Sibling[];
    if (siblings.length >= FORK_BODIES_MAX) return this.#dropped();
    const before = this.#q.neighbours.all(author.id, event.sequence - 1) as Neighbour[];
    const after = this.#q.neighbours.all(author.id, event.sequence + 1) as Neighbour[];
    const odd = [...siblings, ...contradicted(entry, before, after)];
    const held = event.sequence > author.next;
    const row = this.#insert(entry, author, RECEIVED, held);
    if (odd.length > 0) this.#markFork(row, odd);
    if (event.sequence === author.next) {
      if (after.length > 0) this.#showContiguous(author, event.sequence + 1);
      else this.#q.setNext.run(event.sequence + 1, author.id);
    }
    return { stored: true, row, fork: odd.length > 0, held: this.#gap(author, event) };
  }

  /** Shows what is held up to `sequence`, and whatever then follows without a gap. */
  release(conversation: Uint8Array, device: Uint8Array, sequence: number): void {
    const author = this.#q.findAuthor.get(conversation, device) as AuthorRow | undefined;
    if (!author) return;
    const rows = this.#q.heldUpTo.all(author.id, sequence) as Sibling[];
    if (rows.length === 0) return;
    for (const row of rows) this.#reveal(row);
    this.#showContiguous(author, rows.at(-1)!.sequence + 1);
  }

  /** Every author with held events, for `load`. */
  held(): HeldAuthor[] {
    const rows = this.#q.allHeld.all() as (Omit<HeldAuthor, 'sequence'> & { sequence: number })[];
    return rows.map(({ conversation, author, sequence }) => ({
      conversation: new Uint8Array(conversation),
      author: new Uint8Array(author),
      sequence,
    }));
  }

  #dropped(): Arrival {
    return { stored: false, row: this.#q.newest.get() as number };
  }

  #gap(author: AuthorRow, event: Event): HeldAuthor | undefined {
    const sequence = this.#q.lowestHeld.get(author.id) as number | null;
    if (sequence === null) return undefined;
    return { conversation: event.conversation, author: event.author, sequence };
  }

  #author(event: Event): AuthorRow {
    const { conversation, author: device } = event;
    const found = this.#q.findAuthor.get(conversation, device) as AuthorRow | undefined;
    if (found) return found;
    this.#q.addConversation.run(conversation);
    this.#q.addDevice.run(device);
    this.#q.addAuthor.run(conversation, device);
    return this.#q.findAuthor.get(conversation, device) as AuthorRow;
  }

  #insert(entry: NewEvent | OwnEvent, author: AuthorRow, state: number, held: boolean): number {
    const { id, event, bytes, storedMs } = entry;
    const ours = state === WAITING;
    const applied = ours || event.kind === 'text';
    const cursor = held || HIDDEN_KINDS.includes(event.kind) ? null : this.#feed.next();
    const result = this.#q.insert.run(
      id,
      author.conversation,
      author.id,
      event.sequence,
      event.kind,
      bytes,
      storedMs,
      ours ? 1 : 0,
      held ? 1 : 0,
      applied ? 1 : 0,
      state,
      'clientId' in entry ? entry.clientId : null,
      'waiting' in entry ? entry.waiting : 0,
      cursor,
    );
    const row = Number(result.lastInsertRowid);
    if (cursor !== null) this.#feed.append('message', row, cursor);
    return row;
  }

  #reveal({ id, kind }: Sibling): void {
    const cursor = HIDDEN_KINDS.includes(kind) ? null : this.#feed.next();
    this.#q.reveal.run(cursor, id);
    if (cursor !== null) this.#feed.append('message', id, cursor);
  }

  #showContiguous(author: AuthorRow, from: number): void {
    let next = from;
    for (;;) {
      const rows = this.#q.siblings.all(author.id, next) as Sibling[];
      if (rows.length === 0) break;
      for (const row of rows) if (row.held) this.#reveal(row);
      next++;
    }
    this.#q.setNext.run(next, author.id);
  }

  /** Each row is marked, and the feed told of it, once: or many would cost their square. */
  #markFork(row: number, siblings: readonly Sibling[]): void {
    this.#q.markFork.run(row);
    for (const sibling of siblings) {
      if (sibling.fork) continue;
      this.#q.markFork.run(sibling.id);
      if (sibling.cursor !== null) this.#feed.append('state', sibling.id);
    }
  }
}

interface Sibling {
  readonly id: number;
  readonly sequence: number;
  readonly kind: string;
  readonly held: number;
  readonly fork: number;
  readonly cursor: number | null;
}

interface Neighbour extends Sibling {
  readonly bytes: Buffer;
}

/** Neighbours whose hash, or whose hash of the event before, is not what it must be. */
function contradicted(
  { event, bytes }: NewEvent,
  before: readonly Neighbour[],
  after: readonly Neighbour[],
): Neighbour[] {
  const hash = after.length > 0 ? sha256(bytes) : ZERO_HASH;
  return [
    ...before.filter((row) => !equal(sha256(row.bytes), event.previous)),
    ...after.filter((row) => !equal(decoded(row.bytes).previous, hash)),
  ];
}

/** The event of bytes that were checked when they were stored. */
export function decoded(bytes: Uint8Array): Event {
  const result = decodeEvent(viewOf(bytes));
  assert(result.ok, 'a stored event decodes');
  return result.event;
}

/** The bytes of a row as a plain array: a Buffer's own methods behave otherwise. No copy. */
export function viewOf({ buffer, byteLength, byteOffset }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const AUTHOR_OF =
  'conversation = (SELECT id FROM conversations WHERE conversation = ?) ' +
  'AND device = (SELECT id FROM devices WHERE device = ?)';

const SIBLING = 'id, sequence, kind, held, fork, cursor';

function statements(db: Database) {
  const sql = (source: string): Statement => db.prepare(source);
  return {
    head: sql(`SELECT next, head FROM authors WHERE ${AUTHOR_OF}`),
    byClient: sql('SELECT event, bytes FROM events WHERE client = ?'),
    newest: sql('SELECT coalesce(max(id), 0) FROM events').pluck(),
    byId: sql('SELECT id FROM events WHERE event = ?').pluck(),
    findAuthor: sql(
      `SELECT id, conversation, shown_from AS shownFrom, next FROM authors WHERE ${AUTHOR_OF}`,
    ),
    addConversation: sql(
      'INSERT INTO conversations (conversation) VALUES (?) ON CONFLICT DO NOTHING',
    ),
    addDevice: sql('INSERT INTO devices (device) VALUES (?) ON CONFLICT DO NOTHING'),
    addAuthor: sql(
      'INSERT INTO authors (conversation, device) VALUES (' +
        '(SELECT id FROM conversations WHERE conversation = ?), ' +
        '(SELECT id FROM devices WHERE device = ?))',
    ),
    advance: sql('UPDATE authors SET next = ?, head = ? WHERE id = ?'),
    setNext: sql('UPDATE authors SET next = ? WHERE id = ?'),
    insert: sql(
      'INSERT INTO events (event, conversation, author, sequence, kind, bytes, stored_ms, ours, ' +
        'held, applied, state, client, waiting, cursor) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    reveal: sql('UPDATE events SET held = 0, cursor = ? WHERE id = ?'),
    markFork: sql('UPDATE events SET fork = 1 WHERE id = ?'),
    siblings: sql(
      `SELECT ${SIBLING} FROM events WHERE author = ? AND sequence = ? LIMIT ${FORK_BODIES_MAX}`,
    ),
    neighbours: sql(
      `SELECT ${SIBLING}, bytes FROM events WHERE author = ? AND sequence = ? ` +
        `LIMIT ${FORK_BODIES_MAX}`,
    ),
    heldUpTo: sql(
      `SELECT ${SIBLING} FROM events ` +
        'WHERE author = ? AND held = 1 AND sequence <= ? ORDER BY sequence, id',
    ),
    lowestHeld: db
      .prepare('SELECT min(sequence) FROM events WHERE author = ? AND held = 1')
      .pluck(),
    allHeld: sql(
      'SELECT c.conversation, d.device AS author, min(e.sequence) AS sequence FROM events e ' +
        'JOIN authors a ON a.id = e.author JOIN devices d ON d.id = a.device ' +
        'JOIN conversations c ON c.id = a.conversation WHERE e.held = 1 GROUP BY a.id',
    ),
  };
}
