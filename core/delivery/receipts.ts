/**
 * Receipts of one link: envelope ids that this device has stored and has not yet said so. The
 * first goes out at once; those that follow closely share a message (DEL-7).
 * @module
 */
import { RECEIPT_IDS_MAX } from './wire.ts';

/** Receipts within this time of the last message wait for each other. */
export const GATHER_MS = 2;

export class Receipts {
  #waiting: Uint8Array[] = [];
  #sentAtMs = -Infinity;
  #dueAtMs: number | undefined;

  wakeAtMs(): number | undefined {
    return this.#dueAtMs;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(envelope: Uint8Array, nowMs: number): void {
    this.#waiting.push(envelope);
    this.#dueAtMs ??= Math.max(nowMs, this.#sentAtMs + GATHER_MS);
  }

  /** The ids to say now, at most RECEIPT_IDS_MAX; call until it yields undefined. */
  take(nowMs: number): Uint8Array[] | undefined {
    const due = this.#dueAtMs !== undefined && nowMs >= this.#dueAtMs;
    if (this.#waiting.length === 0 || (!due && this.#waiting.length < RECEIPT_IDS_MAX)) {
      return undefined;
    }
    const ids = this.#waiting.splice(0, RECEIPT_IDS_MAX);
    this.#sentAtMs = nowMs;
    this.#dueAtMs = this.#waiting.length > 0 ? nowMs : undefined;
    return ids;
  }

  /** The link had no room: these ids wait for the next `writable`. */
  putBack(ids: readonly Uint8Array[]): void {
    this.#waiting.unshift(...ids);
    this.#dueAtMs = undefined;
  }

  /** The link has room again. */
  handleWritable(nowMs: number): void {
    if (this.#waiting.length > 0) this.#dueAtMs = nowMs;
  }
}
