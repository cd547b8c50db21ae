/**
 * Model of what the vault shows: events numbered and chained per author, held behind gaps, shown
 * in order, and the append-only feed that tells of it.
 * @module
 */
import { equal, hex } from '@sotto/core/base/bytes.ts';
import { encodeEvent, type Event, textOf, ZERO_HASH } from '@sotto/core/base/event.ts';
import { FORK_BODIES_MAX } from '@sotto/core/base/limits.ts';
import type { EventDraft, HeldAuthor, StoredEvent } from '@sotto/core/base/vault.ts';
import { eventId } from '@sotto/core/crypto/event-id.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { type Journal, JournalMap } from './journal.ts';

export type MessageState = 'waiting' | 'delivered' | 'cancelled' | 'received';

export interface ShownMessage {
  readonly id: Uint8Array;
  readonly conversation: Uint8Array;
  readonly author: Uint8Array;
  readonly sequence: number;
  readonly outgoing: boolean;
  readonly text: string | undefined;
  readonly state: MessageState;
  readonly gapBefore: boolean;
  readonly fork: boolean;
  readonly cursor: number;
}

export interface FeedEntry {
  readonly cursor: number;
  readonly type: 'message' | 'state';
  readonly event: Uint8Array;
}

export interface EventRow extends StoredEvent {
  readonly bytes: Uint8Array;
  readonly state: MessageState;
  /** Place in the feed; undefined while held behind a gap, and for hidden kinds. */
  readonly cursor: number | undefined;
}

export interface Received {
  readonly row: EventRow;
  readonly fork: boolean;
  readonly held: HeldAuthor | undefined;
}

/** Control events whose effect is seen elsewhere: never shown. */
const HIDDEN_KINDS: readonly string[] = ['pair', 'profile'];

/** Ends the key of an author early: what all authors of a conversation begin with. */
const NOBODY = new Uint8Array(0);

interface Held {
  readonly sequence: number;
  readonly id: string;
}

export class ModelTimeline {
  readonly #events: JournalMap<EventRow>;
  /** Event ids by conversation, author and sequence; more than one is a fork. */
  readonly #bySequence: JournalMap<readonly string[]>;
  /** By conversation and author: the highest sequence shown or passed over. */
  readonly #shownTo: JournalMap<number>;
  /** By conversation and author: the highest sequence that was forgotten. */
  readonly #forgotten: JournalMap<number>;
  /** By conversation and our device: hash of our latest event. */
  readonly #latest: JournalMap<Uint8Array>;
  readonly #held: JournalMap<readonly Held[]>;
  readonly #feed: JournalMap<FeedEntry>;
  readonly #read: JournalMap<number>;
  readonly #counters: JournalMap<number>;
  /** Stored since the last commit. */
  readonly #pending = new Set<string>();

  constructor(journal: Journal) {
    this.#events = new JournalMap(journal);
    this.#bySequence = new JournalMap(journal);
    this.#shownTo = new JournalMap(journal);
    this.#forgotten = new JournalMap(journal);
    this.#latest = new JournalMap(journal);
    this.#held = new JournalMap(journal);
    this.#feed = new JournalMap(journal);
    this.#read = new JournalMap(journal);
    this.#counters = new JournalMap(journal);
  }

  get size(): number {
    return this.#events.size;
  }

  get(id: Uint8Array): EventRow | undefined {
    return this.#events.get(hex(id));
  }

  /** After a commit or a crash: nothing is pending. */
  settle(): void {
    this.#pending.clear();
  }

  isDurable(id: Uint8Array): boolean {
    return this.#events.has(hex(id)) && !this.#pending.has(hex(id));
  }

  /** Adds an event of ours behind the one before. */
  append(device: Uint8Array, draft: EventDraft): EventRow {
    const author = authorKey(draft.conversation, device);
    const sequence = (this.#shownTo.get(author) ?? 0) + 1;
    const event: Event = {
      conversation: draft.conversation,
      author: device,
      sequence,
      timeMs: draft.timeMs,
      kind: draft.kind,
      body: draft.body,
      refs: draft.refs,
      previous: this.#latest.get(author) ?? ZERO_HASH,
    };
    const row = this.#store(event, encodeEvent(event), 'waiting');
    this.#latest.set(author, sha256(row.bytes));
    this.#shownTo.set(author, sequence);
    this.#show(row.id);
    return row;
  }

  /**
   * Adds an event of somebody else; held where earlier ones of its author are missing. Undefined
   * where it is here already, or was and has been forgotten, or is one too many of its sequence.
   */
  receive(event: Event, bytes: Uint8Array): Received | undefined {
    if (this.#events.has(hex(eventId(event)))) return undefined;
    const author = authorKey(event.conversation, event.author);
    if (event.sequence <= (this.#forgotten.get(author) ?? 0)) return undefined;
    const siblings = this.#bySequence.get(`${author}:${event.sequence}`)?.length ?? 0;
    if (siblings >= FORK_BODIES_MAX) return undefined;
    const fork = siblings > 0;
    const row = this.#store(event, bytes.slice(), 'received');
    const shownTo = this.#shownTo.get(author) ?? 0;
    if (event.sequence > shownTo + 1) {
      const held = [
        ...(this.#held.get(author) ?? []),
        { sequence: event.sequence, id: hex(row.id) },
      ];
      this.#held.set(
        author,
        held.sort((a, b) => a.sequence - b.sequence),
      );
    } else {
      this.#show(row.id);
      this.#shownTo.set(author, Math.max(shownTo, event.sequence));
      this.#showHeld(author, 0);
    }
    return { row, fork, held: this.#heldAuthor(author) };
  }

  release(conversation: Uint8Array, author: Uint8Array, sequence: number): void {
    this.#showHeld(authorKey(conversation, author), sequence);
  }

  /** The highest sequence of an author that was shown or passed over. */
  shownTo(conversation: Uint8Array, author: Uint8Array): number {
    return this.#shownTo.get(authorKey(conversation, author)) ?? 0;
  }

  heldAuthors(): HeldAuthor[] {
    return [...this.#held.entries()].map(([author]) => this.#heldAuthor(author)!);
  }

  setState(id: Uint8Array, state: MessageState): void {
    const row = { ...this.#events.get(hex(id))!, state };
    this.#events.set(hex(id), row);
    if (row.cursor !== undefined) this.#feedAdd('state', id);
  }

  markRead(conversation: Uint8Array, cursor: number): void {
    const key = hex(conversation);
    this.#read.set(key, Math.max(cursor, this.#read.get(key) ?? 0));
  }

  unread(conversation: Uint8Array): number {
    const mark = this.#read.get(hex(conversation)) ?? 0;
    return this.messages(conversation).filter((one) => !one.outgoing && one.cursor > mark).length;
  }

  /** What a person sees, in the order in which it appeared: of one conversation, or of all. */
  messages(conversation?: Uint8Array): ShownMessage[] {
    const shown: ShownMessage[] = [];
    for (const row of this.#events.values()) {
      if (row.cursor === undefined) continue;
      if (conversation && !equal(row.event.conversation, conversation)) continue;
      shown.push(this.#view(row, row.cursor));
    }
    return shown.sort((a, b) => a.cursor - b.cursor);
  }

  feedAfter(cursor: number): FeedEntry[] {
    const rows = [...this.#feed.values()].filter((row) => row.cursor > cursor);
    return rows.sort((a, b) => a.cursor - b.cursor);
  }

  /** Deletes the events of a conversation; numbers and cursors are not used again. */
  forget(conversation: Uint8Array): void {
    for (const [id, { event }] of [...this.#events.entries()]) {
      if (!equal(event.conversation, conversation)) continue;
      const author = authorKey(conversation, event.author);
      this.#events.delete(id);
      this.#bySequence.delete(`${author}:${event.sequence}`);
      this.#held.delete(author);
    }
    for (const [author, sequence] of this.#shownTo.entries()) {
      if (author.startsWith(authorKey(conversation, NOBODY))) this.#forgotten.set(author, sequence);
    }
    for (const [key, { event }] of [...this.#feed.entries()]) {
      if (!this.#events.has(hex(event))) this.#feed.delete(key);
    }
  }

  #view(row: EventRow, cursor: number): ShownMessage {
    const { event, id, state } = row;
    const author = authorKey(event.conversation, event.author);
    const { sequence } = event;
    return {
      id,
      conversation: event.conversation,
      author: event.author,
      sequence,
      outgoing: state !== 'received',
      text: textOf(event),
      state,
      gapBefore:
        sequence > (this.#forgotten.get(author) ?? 0) + 1 &&
        !this.#bySequence.has(`${author}:${sequence - 1}`),
      fork: this.#bySequence.get(`${author}:${sequence}`)!.length > 1,
      cursor,
    };
  }

  #store(event: Event, bytes: Uint8Array, state: MessageState): EventRow {
    const id = eventId(event);
    const row: EventRow = { id, event, bytes, state, cursor: undefined };
    this.#events.set(hex(id), row);
    this.#pending.add(hex(id));
    const at = `${authorKey(event.conversation, event.author)}:${event.sequence}`;
    this.#bySequence.set(at, [...(this.#bySequence.get(at) ?? []), hex(id)]);
    return row;
  }

  /** Shows held events up to a sequence, and all that follow without a gap. */
  #showHeld(author: string, upTo: number): void {
    let rest = this.#held.get(author) ?? [];
    if (rest.length === 0) return;
    let shownTo = this.#shownTo.get(author) ?? 0;
    while (rest.length > 0 && rest[0]!.sequence <= Math.max(upTo, shownTo + 1)) {
      const { sequence, id } = rest[0]!;
      this.#show(this.#events.get(id)!.id);
      shownTo = Math.max(shownTo, sequence);
      rest = rest.slice(1);
    }
    this.#shownTo.set(author, shownTo);
    if (rest.length > 0) this.#held.set(author, rest);
    else this.#held.delete(author);
  }

  #heldAuthor(author: string): HeldAuthor | undefined {
    const first = this.#held.get(author)?.[0];
    if (!first) return undefined;
    const { event } = this.#events.get(first.id)!;
    return { conversation: event.conversation, author: event.author, sequence: first.sequence };
  }

  #show(id: Uint8Array): void {
    const row = this.#events.get(hex(id))!;
    if (HIDDEN_KINDS.includes(row.event.kind)) return;
    this.#events.set(hex(id), { ...row, cursor: this.#feedAdd('message', id) });
  }

  #feedAdd(type: FeedEntry['type'], event: Uint8Array): number {
    const cursor = (this.#counters.get('cursor') ?? 0) + 1;
    this.#counters.set('cursor', cursor);
    this.#feed.set(`${cursor}`, { cursor, type, event });
    return cursor;
  }
}

function authorKey(conversation: Uint8Array, author: Uint8Array): string {
  return `${hex(conversation)}:${hex(author)}`;
}
