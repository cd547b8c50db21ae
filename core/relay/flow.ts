/**
 * Flow: one way of one circuit through a relay: a queue of bounded size behind a token bucket
 * (RLY-7, RLY-8).
 *
 *   sender --push--> queue --next, shift--> far end --taken--> sender may send more
 *
 * What was pushed and not yet taken is at most the window; so a far end that reads nothing holds
 * back its own circuit and nothing else, and a relay never holds more than one window.
 * @module
 */
import { assert } from '../base/assert.ts';
import { BoundedQueue } from '../base/bounded.ts';
import type { Bucket } from '../base/bucket.ts';
import { WINDOW_BYTES } from './limits.ts';

/** Pieces in one queue: bytes may come one by one. */
export const PIECES_MAX = 4_096;

export class Flow {
  readonly #bucket: Bucket | undefined;
  readonly #window: number;
  readonly #pieces = new BoundedQueue<Uint8Array>(PIECES_MAX);
  /** Pushed and not taken; handed on and not taken. */
  #outstanding = 0;
  #passed = 0;

  /** @param bucket of the slot; absent where nothing is measured. */
  constructor(bucket?: Bucket, windowBytes = WINDOW_BYTES) {
    this.#bucket = bucket;
    this.#window = windowBytes;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Bytes that wait here. */
  get waiting(): number {
    return this.#outstanding - this.#passed;
  }

  /** False where the sender exceeds what it may send: it breaks the rules. */
  push(bytes: Uint8Array): boolean {
    if (this.#outstanding + bytes.length > this.#window) return false;
    if (!this.#pieces.push(bytes)) return false;
    this.#outstanding += bytes.length;
    return true;
  }

  /** What may leave now; undefined where nothing waits or the slot has used up its share. */
  next(nowMs: number): Uint8Array | undefined {
    const piece = this.#pieces.peek();
    if (piece === undefined) return undefined;
    return this.#bucket?.has(piece.length, nowMs) === false ? undefined : piece;
  }

  /** What `next` showed has been handed on. */
  shift(): void {
    const piece = this.#pieces.shift();
    assert(piece !== undefined, 'something waits');
    this.#bucket?.take(piece.length);
    this.#passed += piece.length;
  }

  /** The far end is done with so many bytes; false where it was never given so many. */
  taken(count: number): boolean {
    if (count > this.#passed) return false;
    this.#passed -= count;
    this.#outstanding -= count;
    return true;
  }

  /** When the bucket lets the next piece go; undefined where nothing waits for it. */
  readyAtMs(nowMs: number): number | undefined {
    const piece = this.#pieces.peek();
    if (piece === undefined || this.#bucket === undefined) return undefined;
    return this.#bucket.has(piece.length, nowMs) ? nowMs : this.#bucket.readyAtMs(piece.length);
  }
}
