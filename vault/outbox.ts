/**
 * Outbox: every (event, device) pair that has no receipt yet, with its sealed bytes (VLT-10).
 *
 *   without a target -- seal-waiting --> unsealed -- seal --> sealed -- receipt --> gone
 *                                           ^                    |
 *                                           +------- renew ------+
 *
 * Rows are listed in the order of their events, whenever they were sealed.
 * @module
 */
import type { Envelope, EnvelopeKind, OutboxEntry } from '@sotto/core/base/vault.ts';
import { hex } from '@sotto/core/base/bytes.ts';
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
      { id: number; eventRow: number; event: Buffer; bytes: number } | undefined;
    if (!row) return undefined;
    this.#count({ device }, -1, -row.bytes);
    this.#q.remove.run(row.id);
    return { eventRow: row.eventRow, event: new Uint8Array(row.event) };
  }

  /** Removes every row of an event. */
  drop(eventRow: number): void {
    this.#q.drop.run(eventRow);
    this.reload();
  }

  #count(owner: Owner, messages: number, bytes: number): void {
    const before = this.waiting(owner);
    const after = { messages: before.messages + messages, bytes: before.bytes + bytes };
    this.#waiting.set(ownerKey(owner), after);
  }

  /** Everything that waits, in order, without its bytes. */
  entries(): OutboxEntry[] {
    const rows = this.#q.entries.all() as (Omit<OutboxEntry, 'sealed'> & { sealed: number })[];
    return rows.map(({ event, conversation, device, sealed, bytes }) => ({
      event: new Uint8Array(event),
      conversation: new Uint8Array(conversation),
      device: device ? new Uint8Array(device) : undefined,
      sealed: sealed === 1,
      bytes,
    }));
  }
}

export function ownerKey({ device, conversation }: Owner): string {
  return device ? hex(device) : hex(conversation);
}

interface PageRow {
  readonly envelope: Buffer;
  readonly event: Buffer;
  readonly kind: EnvelopeKind;
  readonly ciphertext: Buffer;
}

const DEVICE = '(SELECT id FROM devices WHERE device = ?)';
const CONVERSATION = '(SELECT id FROM conversations WHERE conversation = ?)';

function statements(db: Database) {
  const sql = (source: string): Statement => db.prepare(source);
  return {
    count: sql(
      'SELECT count(*) AS messages, coalesce(sum(bytes), 0) AS bytes FROM outbox ' +
        `WHERE device = ${DEVICE}`,
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
        'AND (o.envelope IS NULL OR ? = 1)) ' +
        `OR (o.device IS NULL AND e.conversation = ${CONVERSATION}) ORDER BY o.event LIMIT ?`,
    ),
    unseal: sql(
      'UPDATE outbox SET envelope = NULL, kind = NULL, ciphertext = NULL ' +
        `WHERE device = ${DEVICE} AND envelope IS NOT NULL`,
    ),
    address: sql(
      `UPDATE outbox SET device = ${DEVICE} WHERE device IS NULL ` +
        `AND event IN (SELECT id FROM events WHERE conversation = ${CONVERSATION})`,
    ),
    seal: sql('UPDATE outbox SET envelope = ?, kind = ?, ciphertext = ? WHERE id = ?'),
    page: sql(
      'SELECT o.envelope, e.event, o.kind, o.ciphertext FROM outbox o ' +
        `JOIN events e ON e.id = o.event WHERE o.device = ${DEVICE} ` +
        'AND o.event > coalesce((SELECT id FROM events WHERE event = ?), 0) ' +
        'AND o.envelope IS NOT NULL ORDER BY o.event',
    ),
    byEnvelope: sql(
      'SELECT o.id, o.event AS eventRow, e.event, o.bytes FROM outbox o ' +
        `JOIN events e ON e.id = o.event WHERE o.envelope = ? AND o.device = ${DEVICE}`,
    ),
    remove: sql('DELETE FROM outbox WHERE id = ?'),
    drop: sql('DELETE FROM outbox WHERE event = ?'),
    entries: sql(
      'SELECT e.event, c.conversation, d.device, o.envelope IS NOT NULL AS sealed, o.bytes ' +
        'FROM outbox o JOIN events e ON e.id = o.event ' +
        'JOIN conversations c ON c.id = e.conversation LEFT JOIN devices d ON d.id = o.device ' +
        'ORDER BY o.event, o.id',
    ),
  };
}
