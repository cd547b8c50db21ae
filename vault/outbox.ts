/**
 * Outbox: every (event, device) pair that has no receipt yet, with its sealed bytes (VLT-10), and
 * those that were cancelled once sealed, by their id alone: they may have left before (VLT-12).
 *
 *   without a target -- seal-waiting --> unsealed -- seal --> sealed -- receipt --> gone
 *                                           ^                    |                   ^
 *                                           +------- renew ------+-- cancel --> id --+
 *
 * Rows are listed in the order of their events, whenever they were sealed.
 * @module
 */
import type { Envelope, EnvelopeKind, WaitingEvents } from '@sotto/core/base/vault.ts';
import { concat, hex } from '@sotto/core/base/bytes.ts';
import type { Database, Statement } from './database.ts';

/** What waits for one device. */
export interface Waiting {
  readonly messages: number;
  readonly bytes: number;
}

/** Whose limit a row counts for: a device, or a conversation whose devices are not known. */
export type Owner =
  | { readonly device: Uint8Array; readonly conversation?: undefined }
  | { readonly device?: undefined; readonly conversation: Uint8Array };

/** A row that is to be sealed. */
export interface Unsealed {
  readonly id: number;
  readonly eventRow: number;
  readonly event: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Receipted {
  readonly eventRow: number;
  readonly event: Uint8Array;
}

/** Envelopes of one page at most, whatever their size. */
const PAGE_ENVELOPES_MAX = 1024;

export class OutboxTable {
  readonly #q: ReturnType<typeof statements>;
  /** By device, or by conversation where no device is known; as many as were ever sealed for. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(db: Database) {
    this.#q = statements(db);
  }

  /** Forgets the counts: after a rollback, or a change of many rows. */
  reload(): void {
    this.#waiting.clear();
  }

  /** What waits for an owner; outside a transaction too. */
  waiting(owner: Owner): Waiting {
    const key = ownerKey(owner);
    const known = this.#waiting.get(key);
    if (known) return known;
    const counted = (
      owner.device
        ? this.#q.count.get(owner.device)
        : this.#q.countUnaddressed.get(owner.conversation)
    ) as Waiting;
    this.#waiting.set(key, counted);
    return counted;
  }

  /** Adds an event for a device, sealed or not; without a device it waits for one. */
  add(eventRow: number, owner: Owner, bytes: number, sealed?: Envelope): void {
    if (owner.device) this.#q.addDevice.run(owner.device);
    this.#count(owner, 1, bytes);
    const { envelope = null, kind = null, ciphertext = null } = sealed ?? {};
    this.#q.add.run(eventRow, owner.device ?? null, bytes, envelope, kind, ciphertext);
  }

  /** Rows of a device in order: those unsealed, or all; outside a transaction too. */
  toSeal(
    device: Uint8Array,
    conversation: Uint8Array,
    options: { all: boolean; limit: number },
  ): Unsealed[] {
    const { all, limit } = options;
    const rows = this.#q.toSeal.all(device, all ? 1 : 0, conversation, limit) as Unsealed[];
    return rows.map((row) => ({ ...row, event: new Uint8Array(row.event) }));
  }

  /** Drops what was sealed for a device: all of it is sealed anew. */
  unseal(device: Uint8Array): void {
    this.#q.unseal.run(device);
  }

  /** Events of a conversation without any target are for this device from now on. */
  address(conversation: Uint8Array, device: Uint8Array): void {
    this.#q.addDevice.run(device);
    this.#q.address.run(device, conversation);
    this.#waiting.delete(ownerKey({ device }));
    this.#waiting.delete(ownerKey({ conversation }));
  }

  /** A device is no more: what waits for it alone waits for another one of its conversation. */
  retire(device: Uint8Array): void {
    this.#q.unaddress.run(device);
    this.#q.waitLess.run(device);
    this.#q.dropDevice.run(device);
    this.reload();
  }

  seal(id: number, sealed: Envelope): void {
    this.#q.seal.run(sealed.envelope, sealed.kind, sealed.ciphertext, id);
  }

  /** Sealed envelopes of a device after an event, within `limitBytes` but at least one. */
  page(
    device: Uint8Array,
    after: Uint8Array | undefined,
    limitBytes: number,
  ): { envelopes: Envelope[]; more: boolean } {
    const envelopes: Envelope[] = [];
    let bytes = 0;
    const rows = this.#q.page.iterate(device, after ?? null) as Iterable<PageRow>;
    for (const row of rows) {
      bytes += row.ciphertext.length;
      const full = bytes > limitBytes || envelopes.length >= PAGE_ENVELOPES_MAX;
      if (full && envelopes.length > 0) return { envelopes, more: true };
      envelopes.push({
        envelope: new Uint8Array(row.envelope),
        event: new Uint8Array(row.event),
        device,
        kind: row.kind,
        ciphertext: new Uint8Array(row.ciphertext),
      });
    }
    return { envelopes, more: false };
  }

  /** Removes a receipted row; undefined where the device has no such envelope waiting. */
  receipt(device: Uint8Array, envelope: Uint8Array): Receipted | undefined {
    const row = this.#q.byEnvelope.get(envelope, device) as
      { id: number; eventRow: number; event: Buffer; bytes: number; cancelled: number } | undefined;
    if (!row) return undefined;
    if (row.cancelled === 0) this.#count({ device }, -1, -row.bytes);
    this.#q.remove.run(row.id);
    return { eventRow: row.eventRow, event: new Uint8Array(row.event) };
  }

  /** Nothing of an event is sent any more; what was sealed may have left, and keeps its id. */
  cancel(eventRow: number): void {
    this.#q.dropUnsealed.run(eventRow);
    this.#q.keepIds.run(eventRow);
    this.reload();
  }

  #count(owner: Owner, messages: number, bytes: number): void {
    const before = this.waiting(owner);
    const after = { messages: before.messages + messages, bytes: before.bytes + bytes };
    this.#waiting.set(ownerKey(owner), after);
  }

  /**
   * Every event that waits for somebody. Row by row: all rows of ten full outboxes at once are more
   * than the worker may hold.
   */
  events(): WaitingEvents[] {
    const all: { conversation: Uint8Array; ids: Uint8Array[] }[] = [];
    let place: number | undefined;
    for (const row of this.#q.events.iterate() as Iterable<EventRow>) {
      if (row.place !== place)
        all.push({ conversation: new Uint8Array(row.conversation), ids: [] });
      place = row.place;
      all.at(-1)!.ids.push(row.event);
    }
    return all.map(({ conversation, ids }) => ({ conversation, events: concat(...ids) }));
  }
}

export function ownerKey({ device, conversation }: Owner): string {
  return device ? hex(device) : hex(conversation);
}

interface EventRow {
  readonly place: number;
  readonly conversation: Buffer;
  readonly event: Buffer;
}

interface PageRow {
  readonly envelope: Buffer;
  readonly event: Buffer;
  readonly kind: EnvelopeKind;
  readonly ciphertext: Buffer;
}

/** True of a row that is to be sent: of one that was cancelled no ciphertext is left. */
export const WAITS = '(envelope IS NULL OR ciphertext IS NOT NULL)';
const DEVICE = '(SELECT id FROM devices WHERE device = ?)';
const CONVERSATION = '(SELECT id FROM conversations WHERE conversation = ?)';

function statements(db: Database) {
  const sql = (source: string): Statement => db.prepare(source);
  return {
    count: sql(
      'SELECT count(*) AS messages, coalesce(sum(bytes), 0) AS bytes FROM outbox ' +
        `WHERE device = ${DEVICE} AND ${WAITS}`,
    ),
    countUnaddressed: sql(
      'SELECT count(*) AS messages, coalesce(sum(o.bytes), 0) AS bytes FROM outbox o ' +
        'JOIN events e ON e.id = o.event ' +
        `WHERE o.device IS NULL AND e.conversation = ${CONVERSATION}`,
    ),
    addDevice: sql('INSERT INTO devices (device) VALUES (?) ON CONFLICT DO NOTHING'),
    add: sql(
      'INSERT INTO outbox (event, device, bytes, envelope, kind, ciphertext) ' +
        `VALUES (?, ${DEVICE}, ?, ?, ?, ?)`,
    ),
    toSeal: sql(
      'SELECT o.id, o.event AS eventRow, e.event, e.bytes FROM outbox o ' +
        `JOIN events e ON e.id = o.event WHERE (o.device = ${DEVICE} ` +
        `AND (o.envelope IS NULL OR (? = 1 AND ${WAITS}))) ` +
        `OR (o.device IS NULL AND e.conversation = ${CONVERSATION}) ORDER BY o.event LIMIT ?`,
    ),
    unseal: sql(
      'UPDATE outbox SET envelope = NULL, kind = NULL, ciphertext = NULL ' +
        `WHERE device = ${DEVICE} AND ciphertext IS NOT NULL`,
    ),
    unaddress: sql(
      'UPDATE outbox SET device = NULL, envelope = NULL, kind = NULL, ciphertext = NULL ' +
        `WHERE device = ${DEVICE} AND ${WAITS} ` +
        'AND (SELECT waiting FROM events WHERE id = outbox.event) = 1',
    ),
    waitLess: sql(
      'UPDATE events SET waiting = waiting - 1 ' +
        `WHERE id IN (SELECT event FROM outbox WHERE device = ${DEVICE} AND ${WAITS})`,
    ),
    dropDevice: sql(`DELETE FROM outbox WHERE device = ${DEVICE}`),
    address: sql(
      `UPDATE outbox SET device = ${DEVICE} WHERE device IS NULL ` +
        `AND event IN (SELECT id FROM events WHERE conversation = ${CONVERSATION})`,
    ),
    seal: sql('UPDATE outbox SET envelope = ?, kind = ?, ciphertext = ? WHERE id = ?'),
    page: sql(
      'SELECT o.envelope, e.event, o.kind, o.ciphertext FROM outbox o ' +
        `JOIN events e ON e.id = o.event WHERE o.device = ${DEVICE} ` +
        'AND o.event > coalesce((SELECT id FROM events WHERE event = ?), 0) ' +
        'AND o.ciphertext IS NOT NULL ORDER BY o.event',
    ),
    byEnvelope: sql(
      'SELECT o.id, o.event AS eventRow, e.event, o.bytes, o.ciphertext IS NULL AS cancelled ' +
        'FROM outbox o JOIN events e ON e.id = o.event ' +
        `WHERE o.envelope = ? AND o.device = ${DEVICE}`,
    ),
    remove: sql('DELETE FROM outbox WHERE id = ?'),
    dropUnsealed: sql('DELETE FROM outbox WHERE event = ? AND envelope IS NULL'),
    keepIds: sql('UPDATE outbox SET kind = NULL, ciphertext = NULL WHERE event = ?'),
    events: sql(
      'SELECT c.id AS place, c.conversation, e.event FROM ' +
        `(SELECT DISTINCT event FROM outbox WHERE ${WAITS}) o JOIN events e ON e.id = o.event ` +
        'JOIN conversations c ON c.id = e.conversation ORDER BY c.id, e.id',
    ),
  };
}
