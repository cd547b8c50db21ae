/**
 * Outbox of one peer device: brings every sealed envelope to the device over whatever link is
 * up, in order, until the device has said that it is stored (DEL-2 to DEL-6).
 *
 *              linkUp                    receipts make room
 *   idle ----------------> loading -----> sending <-----+
 *    ^                       ^  | vault pages  |        |
 *    |  linkDown             |  +--------------+--------+
 *    +-----------------------+   carried, and no receipt for RESEND_AFTER_MS: all in flight again
 *
 * The vault holds the truth; this holds only a window of it. Freshly sealed envelopes are sent at
 * once where nothing older waits (`fresh`), else they are read back from the vault in their turn.
 *
 * Sans-IO: call one `handle*`, drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { earliest } from '../base/time.ts';
import type { Envelope } from '../base/vault.ts';

/** Envelopes and bytes sent and not yet receipted. */
export const WINDOW_ENVELOPES = 512;
export const WINDOW_BYTES = 1024 * 1024;
/** After a page that the disk refused. */
export const PAGE_RETRY_MS = 5_000;
/** Bytes asked of the vault in one page. */
export const PAGE_BYTES = 256 * 1024;
/** The far side had this long to store and say so; its disk may be full, so ask again. */
export const RESEND_AFTER_MS = 30_000;

export type OutboxOutput =
  /** Write this envelope to the link; answer false from the link with `handleBlocked`. */
  | { type: 'send'; envelope: Envelope }
  /** Read unreceipted envelopes from the vault after this event. */
  | { type: 'page'; after: Uint8Array | undefined; limitBytes: number };

export class Outbox {
  #linked = false;
  #blocked = false;
  /** To be sent, oldest first. */
  #queue: Envelope[] = [];
  #queueBytes = 0;
  /** Bytes of what was sent on this link and not yet receipted, by envelope id, oldest first. */
  readonly #flying = new Map<string, number>();
  #flyingBytes = 0;
  /** When to ask whether what flies has to go out again; each receipt of the oldest puts it off. */
  #lookAtMs: number | undefined;
  /** The newest event handed to the queue: pages go on after it. */
  #loadedTo: Uint8Array | undefined;
  /** The vault may hold envelopes after `#loadedTo`. */
  #more = false;
  #paging = false;
  /** Counts links and restarts: a page asked for before is stale. */
  #round = 0;
  #pageRound = 0;
  #retryAtMs: number | undefined;
  #out: OutboxOutput[] = [];

  poll(): OutboxOutput | undefined {
    return this.#out.shift();
  }

  /** When the oldest in flight may have waited too long, or a page is to be tried again. */
  wakeAtMs(): number | undefined {
    if (!this.#linked) return undefined;
    return earliest(this.#flying.size > 0 ? this.#lookAtMs : undefined, this.#retryAtMs);
  }

  get inFlight(): number {
    return this.#flying.size;
  }

  /** Envelopes held in memory, sent or not. */
  get held(): number {
    return this.#flying.size + this.#queue.length;
  }

  /** A link to the device is usable: everything unreceipted goes out again, oldest first. */
  handleLinkUp(nowMs: number): void {
    this.#linked = true;
    this.#restart(nowMs);
  }

  handleLinkDown(): void {
    this.#linked = false;
    this.#clear();
  }

  /** The vault committed new envelopes for this device, in order. */
  handleFresh(envelopes: readonly Envelope[], nowMs: number): void {
    if (!this.#linked) return;
    if (this.#more || this.#paging || this.#queueBytes >= WINDOW_BYTES) {
      this.#more = true;
    } else {
      this.#enqueue(envelopes);
    }
    this.#pump(nowMs);
  }

  /** Every session of this device was renewed: what we held is void, the vault has the new. */
  handleRenewed(nowMs: number): void {
    if (this.#linked) this.#restart(nowMs);
  }

  /** The disk refused the page: ask again in a while. */
  handlePageFailed(nowMs: number): void {
    this.#paging = false;
    this.#retryAtMs = nowMs + PAGE_RETRY_MS;
  }

  /** A receipt came, and the disk did not take it: what it was for is sent again in a while. */
  handleReceiptLost(nowMs: number): void {
    if (this.#linked) this.#retryAtMs = nowMs + PAGE_RETRY_MS;
  }

  /** Answer to `page`. */
  handlePage(envelopes: readonly Envelope[], more: boolean, nowMs: number): void {
    const stale = this.#pageRound !== this.#round;
    this.#paging = false;
    if (!this.#linked) return;
    if (stale) {
      this.#more = true;
    } else {
      this.#more = this.#more || more;
      this.#enqueue(envelopes);
    }
    this.#pump(nowMs);
  }

  /** The device has stored these for good. */
  handleReceipt(ids: readonly Uint8Array[], nowMs: number): void {
    for (const id of ids) {
      const key = hex(id);
      // That of a later one shows that the oldest was carried: its own time goes on.
      const isOldest = this.#flying.keys().next().value === key;
      if (isOldest) this.#lookAtMs = nowMs + RESEND_AFTER_MS;
      this.#land(key);
    }
    this.#pump(nowMs);
  }

  /** The link had no room for the envelope just polled: it is first again once there is room. */
  handleBlocked(envelope: Envelope): void {
    this.#blocked = true;
    const unsent = this.#out.filter((output) => output.type === 'send');
    this.#out = this.#out.filter((output) => output.type !== 'send');
    const back = [envelope, ...unsent.map((output) => output.envelope)];
    for (const { envelope: id } of back) this.#land(hex(id));
    this.#queue.unshift(...back);
    for (const { ciphertext } of back) this.#queueBytes += ciphertext.length;
  }

  /** A person took the event back: what of it has not left stays here. */
  handleCancelled(event: Uint8Array): void {
    this.#queue = this.#queue.filter((envelope) => {
      if (!equal(envelope.event, event)) return true;
      this.#queueBytes -= envelope.ciphertext.length;
      return false;
    });
  }

  handleWritable(nowMs: number): void {
    this.#blocked = false;
    this.#pump(nowMs);
  }

  /**
   * @param idleSinceMs since when the far side has all that the link was given; undefined while a
   *   part is under way. Nothing goes again before: what is slow would only become slower.
   */
  handleTimeout(nowMs: number, idleSinceMs: number | undefined): void {
    const wakeAtMs = this.wakeAtMs();
    if (wakeAtMs === undefined || nowMs < wakeAtMs) return;
    const isRetry = nowMs >= (this.#retryAtMs ?? Infinity);
    const dueMs = (idleSinceMs ?? nowMs) + RESEND_AFTER_MS;
    if (isRetry || nowMs >= dueMs) this.#restart(nowMs);
    else this.#lookAtMs = dueMs;
  }

  /** It flies no more. */
  #land(key: string): void {
    this.#flyingBytes -= this.#flying.get(key) ?? 0;
    this.#flying.delete(key);
  }

  #restart(nowMs: number): void {
    this.#clear();
    this.#more = true;
    this.#pump(nowMs);
  }

  #clear(): void {
    this.#round++;
    this.#retryAtMs = undefined;
    this.#queue = [];
    this.#queueBytes = 0;
    this.#flying.clear();
    this.#flyingBytes = 0;
    this.#lookAtMs = undefined;
    this.#loadedTo = undefined;
    this.#more = false;
    this.#blocked = false;
    this.#out = [];
  }

  #enqueue(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      this.#queue.push(envelope);
      this.#queueBytes += envelope.ciphertext.length;
      this.#loadedTo = envelope.event;
    }
  }

  #pump(nowMs: number): void {
    if (!this.#linked) return;
    while (!this.#blocked && this.#queue.length > 0 && this.#hasRoom()) {
      const envelope = this.#queue.shift()!;
      const bytes = envelope.ciphertext.length;
      this.#queueBytes -= bytes;
      if (this.#flying.size === 0) this.#lookAtMs = nowMs + RESEND_AFTER_MS;
      this.#flying.set(hex(envelope.envelope), bytes);
      this.#flyingBytes += bytes;
      this.#out.push({ type: 'send', envelope });
    }
    if (this.#more && !this.#paging && this.#queueBytes < PAGE_BYTES / 2) {
      this.#more = false;
      this.#paging = true;
      this.#pageRound = this.#round;
      this.#out.push({ type: 'page', after: this.#loadedTo, limitBytes: PAGE_BYTES });
    }
  }

  #hasRoom(): boolean {
    return this.#flying.size < WINDOW_ENVELOPES && this.#flyingBytes < WINDOW_BYTES;
  }
}
