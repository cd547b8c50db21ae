/**
 * Opened: ids of envelopes whose event is stored, so that a resent one is receipted again without
 * opening it: libsignal gives no plaintext twice (VLT-5).
 *
 * OPENED_MAX of a device are remembered, the newest, and up to PRUNE_EVERY more; after a start each
 * device is pruned with its first envelope, for few send that many before the next. That is safe: a
 * sender has at most OUTBOX_MESSAGES_MAX envelopes unreceipted, and resends them oldest first; an
 * older one than we remember is answered 'undecryptable', its sender renews, and the event under
 * it is found stored.
 * @module
 */
import { BoundedMap } from '@sotto/core/base/bounded.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import { OUTBOX_MESSAGES_MAX } from '@sotto/core/base/limits.ts';
import type { Database, Statement } from './database.ts';

/** Envelopes remembered of one device. */
export const OPENED_MAX = 2 * OUTBOX_MESSAGES_MAX;
/** Envelopes of a device between two prunings. */
const PRUNE_EVERY = 1024;
/** Devices whose envelopes are counted; one that is forgotten is pruned sooner. */
const COUNTED_MAX = 1024;

export class Opened {
  readonly #max: number;
  /** Envelopes added since the start, by hex of the device. */
  readonly #added = new BoundedMap<string, number>(COUNTED_MAX);
  readonly #has: Statement;
  readonly #addDevice: Statement;
  readonly #add: Statement;
  readonly #prune: Statement;
  readonly #forget: Statement;

  constructor(db: Database, max = OPENED_MAX) {
    this.#max = max;
    const device = '(SELECT id FROM devices WHERE device = ?)';
    this.#has = db
      .prepare(`SELECT 1 FROM opened WHERE device = ${device} AND envelope = ?`)
      .pluck();
    this.#addDevice = db.prepare('INSERT INTO devices (device) VALUES (?) ON CONFLICT DO NOTHING');
    this.#add = db.prepare(`INSERT INTO opened (device, envelope, age) VALUES (${device}, ?, ?)`);
    this.#forget = db.prepare(`DELETE FROM opened WHERE device = ${device}`);
    this.#prune = db.prepare(
      `DELETE FROM opened WHERE device = ${device} AND age <= ` +
        `(SELECT age FROM opened WHERE device = ${device} ORDER BY age DESC LIMIT 1 OFFSET ?)`,
    );
  }

  /** Outside a transaction too. */
  has(device: Uint8Array, envelope: Uint8Array): boolean {
    return this.#has.get(device, envelope) !== undefined;
  }

  /** @param age grows with time: a larger one is newer. */
  add(device: Uint8Array, envelope: Uint8Array, age: number): void {
    this.#addDevice.run(device);
    this.#add.run(device, envelope, age);
    const key = hex(device);
    const added = this.#added.get(key) ?? 0;
    if (added % PRUNE_EVERY === 0) this.#prune.run(device, device, this.#max);
    this.#added.set(key, added + 1);
  }

  /** What a device sent and resends is judged by its session and its events alone from now on. */
  forget(device: Uint8Array): void {
    this.#forget.run(device);
  }
}
