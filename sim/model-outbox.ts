/**
 * Model of the vault's outbox: who still has to receive which event, in order.
 * @module
 */
import { equal, hex } from '@sotto/core/base/bytes.ts';
import { OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX } from '@sotto/core/base/limits.ts';
import type { Envelope } from '@sotto/core/base/vault.ts';
import { type Journal, JournalMap } from './journal.ts';

/** One undelivered (event, device) pair. */
export interface OutboxEntry {
  readonly event: Uint8Array;
  readonly conversation: Uint8Array;
  /** Undefined for an event appended with no target: its contact's devices are not known yet. */
  readonly device: Uint8Array | undefined;
  readonly sealed: boolean;
  readonly bytes: number;
}

export interface OutboxRow extends OutboxEntry {
  readonly position: number;
  readonly envelope: Envelope | undefined;
}

export class ModelOutbox {
  readonly #journal: Journal;
  /** By device, then by event; '' is the place of events that wait for a device to be known. */
  readonly #queues = new Map<string, JournalMap<OutboxRow>>();
  readonly #sizes: JournalMap<{ events: number; bytes: number }>;
  readonly #positions: JournalMap<number>;
  /** Events cancelled once sealed, by device and envelope: they may have left before. */
  readonly #cancelled: JournalMap<Pick<OutboxRow, 'conversation' | 'event'>>;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#sizes = new JournalMap(journal);
    this.#positions = new JournalMap(journal);
    this.#cancelled = new JournalMap(journal);
  }

  get size(): number {
    let size = 0;
    for (const queue of this.#queues.values()) size += queue.size;
    return size;
  }

  hasRoom(device: Uint8Array, bytes: number): boolean {
    const size = this.#sizes.get(hex(device)) ?? EMPTY;
    return size.events < OUTBOX_MESSAGES_MAX && size.bytes + bytes <= OUTBOX_BYTES_MAX;
  }

  add(entry: OutboxEntry, envelope: Envelope | undefined): void {
    const position = (this.#positions.get('last') ?? 0) + 1;
    this.#positions.set('last', position);
    this.#put({ ...entry, position, envelope });
  }

  /** Rows of one device in order; without one, those that wait for a device to be known. */
  rows(device: Uint8Array | undefined): OutboxRow[] {
    const queue = this.#queues.get(queueKey(device));
    return queue ? [...queue.values()].sort((a, b) => a.position - b.position) : [];
  }

  all(): OutboxRow[] {
    const rows = [...this.#queues.values()].flatMap((queue) => [...queue.values()]);
    return rows.sort((a, b) => a.position - b.position);
  }

  /** Sets or takes away what was sealed for a row. */
  reseal(row: OutboxRow, envelope: Envelope | undefined): void {
    this.#queues.get(queueKey(row.device))!.set(hex(row.event), {
      ...row,
      sealed: envelope !== undefined,
      envelope,
    });
  }

  /** Events appended before any device was known are this device's from now on. */
  addressHomeless(conversation: Uint8Array, device: Uint8Array): void {
    for (const row of this.rows(undefined)) {
      if (!equal(row.conversation, conversation)) continue;
      this.remove(row);
      this.#put({ ...row, device });
    }
  }

  remove(row: OutboxRow): void {
    const queue = queueKey(row.device);
    this.#queues.get(queue)!.delete(hex(row.event));
    const size = this.#sizes.get(queue)!;
    this.#sizes.set(queue, { events: size.events - 1, bytes: size.bytes - row.bytes });
    this.#positions.set(`${queue}:${hex(row.event)}`, row.position);
  }

  /** Nothing of it is sent any more; what was sealed may have left, and is known by its id. */
  cancel(row: OutboxRow): void {
    this.remove(row);
    const { conversation, device, envelope, event } = row;
    if (envelope) this.#cancelled.set(lateKey(device!, envelope.envelope), { conversation, event });
  }

  /** The event that a device has by this envelope, also where it was cancelled; told once. */
  receipt(device: Uint8Array, envelope: Uint8Array): Uint8Array | undefined {
    for (const row of this.#queues.get(hex(device))?.values() ?? []) {
      if (!row.envelope || !equal(row.envelope.envelope, envelope)) continue;
      this.remove(row);
      return row.event;
    }
    const key = lateKey(device, envelope);
    const late = this.#cancelled.get(key);
    this.#cancelled.delete(key);
    return late?.event;
  }

  /** A device is no more: what waits for it alone waits for another one of its conversation. */
  retire(device: Uint8Array): void {
    for (const row of this.rows(device)) {
      this.remove(row);
      if (this.waitsFor(row.event)) continue;
      this.#put({ ...row, device: undefined, sealed: false, envelope: undefined });
    }
    for (const [key] of [...this.#cancelled.entries()]) {
      if (key.startsWith(hex(device))) this.#cancelled.delete(key);
    }
  }

  forget(conversation: Uint8Array): void {
    for (const row of this.all()) if (equal(row.conversation, conversation)) this.remove(row);
    for (const [key, late] of [...this.#cancelled.entries()]) {
      if (equal(late.conversation, conversation)) this.#cancelled.delete(key);
    }
  }

  /** Where an event stands in the queue of a device, or stood when it left. */
  positionOf(event: Uint8Array, device: Uint8Array): number | undefined {
    const row = this.#queues.get(hex(device))?.get(hex(event));
    return row?.position ?? this.#positions.get(`${hex(device)}:${hex(event)}`);
  }

  /** Does anybody still have to receive this event? */
  waitsFor(event: Uint8Array): boolean {
    const key = hex(event);
    for (const queue of this.#queues.values()) if (queue.has(key)) return true;
    return false;
  }

  #put(row: OutboxRow): void {
    const key = queueKey(row.device);
    let queue = this.#queues.get(key);
    if (!queue) {
      queue = new JournalMap(this.#journal);
      this.#queues.set(key, queue);
    }
    queue.set(hex(row.event), row);
    const size = this.#sizes.get(key) ?? EMPTY;
    this.#sizes.set(key, { events: size.events + 1, bytes: size.bytes + row.bytes });
  }
}

const EMPTY = { events: 0, bytes: 0 };

function queueKey(device: Uint8Array | undefined): string {
  return device ? hex(device) : '';
}

function lateKey(device: Uint8Array, envelope: Uint8Array): string {
  return `${hex(device)}:${hex(envelope)}`;
}
