/**
 * Receipts of one link: envelope ids that this device has stored and has not yet said so. The
 * first goes out at once; those that follow closely share a message (DEL-7). How many wait for a
 * far side that takes none is limited: it asks again for what is left out (DEL-6, DEL-11).
 * @module
 */
import { hex } from '../base/bytes.ts';
import { RECEIPT_IDS_MAX } from './wire.ts';

/** Receipts within this time of the last message wait for each other. */
export const GATHER_MS = 2;
/** Ids that wait for a far side that takes none: twice what an honest one has in flight. */
export const RECEIPTS_WAITING_MAX = 1024;

export class Receipts {
  /** By hex, in the order they came. */
  #waiting = new Map<string, Uint8Array>();
  #sentAtMs = -Infinity;
  #dueAtMs: number | undefined;

  wakeAtMs(): number | undefined {
    return this.#dueAtMs;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  add(envelope: Uint8Array, nowMs: number): void {
    const key = hex(envelope);
    if (this.#waiting.has(key) || this.#waiting.size >= RECEIPTS_WAITING_MAX) return;
    this.#waiting.set(key, envelope.slice()); // a view would hold the whole message
    this.#dueAtMs ??= Math.max(nowMs, this.#sentAtMs + GATHER_MS);
  }

  /** The ids to say now, at most RECEIPT_IDS_MAX; call until it yields undefined. */
  take(nowMs: number): Uint8Array[] | undefined {
    const due = this.#dueAtMs !== undefined && nowMs >= this.#dueAtMs;
    if (this.waiting === 0 || (!due && this.waiting < RECEIPT_IDS_MAX)) return undefined;
    const first = [...this.#waiting].slice(0, RECEIPT_IDS_MAX);
    for (const [key] of first) this.#waiting.delete(key);
    this.#sentAtMs = nowMs;
    this.#dueAtMs = this.waiting > 0 ? nowMs : undefined;
    return first.map(([, id]) => id);
  }

  /** The link had no room: these ids wait for the next `writable`. */
  putBack(ids: readonly Uint8Array[]): void {
    const back = ids.map((id): [string, Uint8Array] => [hex(id), id]);
    this.#waiting = new Map([...back, ...this.#waiting]);
    this.#dueAtMs = undefined;
  }

  /** The link has room again. */
  handleWritable(nowMs: number): void {
    if (this.waiting > 0) this.#dueAtMs = nowMs;
  }
}
