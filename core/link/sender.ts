/**
 * Sender: bodies of one link on their way to the peer's memory (LNK-24 to LNK-27).
 *
 *   push -> [base ... cursor ... next)      base    first frame not acknowledged
 *                                           cursor  next frame to write on the present path
 *
 * Frames stay until acknowledged, so that a new path goes on where the peer says (LNK-34).
 * A frame may leave once its charge, counted over the life of the link, is within the peer's limit.
 * @module
 */
import { assert } from '../base/assert.ts';
import { CONTENT_BYTES_MAX, FRAME } from './frame.ts';
import { BODY_BYTES_MAX, FRAME_CHARGE_BYTES, type LinkLimits } from './limits.ts';

export interface OutFrame {
  readonly type: typeof FRAME.data | typeof FRAME.part;
  readonly number: number;
  readonly content: Uint8Array;
  /** Charge of all frames up to and with this one. */
  readonly endCharge: number;
  /** Where it ended on the path that carried it last. */
  position: number;
}

export class Sender {
  readonly #bufferBytes: number;
  #frames: OutFrame[] = [];
  /** Index of `base` in `#frames`; what lies before is free to go. */
  #head = 0;
  #base = 0;
  #cursor = 0;
  /** One more than the highest number ever written. */
  #written = 0;
  #next = 0;
  #charge = 0;
  #ackedCharge = 0;
  #peerLimit: number;
  #refused = false;

  constructor(limits: LinkLimits) {
    this.#bufferBytes = limits.sendBufferBytes;
    this.#peerLimit = limits.windowBytes;
  }

  /** Frames written and not acknowledged. */
  get unacknowledged(): number {
    return this.#written - this.#base;
  }

  /** Frames held, written or not. */
  get held(): number {
    return this.#next - this.#base;
  }

  /** Takes over `body`; false, and nothing taken, where the buffer has no room for it. */
  push(body: Uint8Array): boolean {
    assert(body.length > 0 && body.length <= BODY_BYTES_MAX, 'a body is 1 byte to 64 KiB');
    const fragments = Math.ceil(body.length / CONTENT_BYTES_MAX);
    const charge = body.length + fragments * FRAME_CHARGE_BYTES;
    if (this.#charge - this.#ackedCharge + charge > this.#bufferBytes) {
      this.#refused = true;
      return false;
    }
    for (let at = 0; at < body.length; at += CONTENT_BYTES_MAX) {
      const content = body.subarray(at, at + CONTENT_BYTES_MAX);
      this.#charge += content.length + FRAME_CHARGE_BYTES;
      this.#frames.push({
        type: at + CONTENT_BYTES_MAX < body.length ? FRAME.part : FRAME.data,
        number: this.#next++,
        content,
        endCharge: this.#charge,
        position: 0,
      });
    }
    return true;
  }

  /** The next frame that may be written, if there is one. */
  peek(): OutFrame | undefined {
    if (this.#cursor >= this.#next) return undefined;
    const frame = this.#frames[this.#head + this.#cursor - this.#base]!;
    return frame.endCharge <= this.#peerLimit ? frame : undefined;
  }

  /** The frame that `peek` showed was written; `position` is the path's after it. */
  wrote(position: number): void {
    this.#frames[this.#head + this.#cursor - this.#base]!.position = position;
    this.#cursor++;
    this.#written = Math.max(this.#written, this.#cursor);
  }

  /**
   * Takes the ack and limit of a frame from the peer. Older values than known mean nothing.
   * @returns the path position that is acknowledged, 0 where nothing new is; undefined where the
   *   peer acknowledges what was never written.
   */
  acknowledge(ack: number, limit: number): number | undefined {
    if (ack > this.#written) return undefined;
    if (limit > this.#peerLimit) this.#peerLimit = limit;
    if (ack <= this.#base) return 0;
    const last = this.#frames[this.#head + ack - 1 - this.#base]!;
    this.#ackedCharge = last.endCharge;
    this.#head += ack - this.#base;
    this.#base = ack;
    this.#cursor = Math.max(this.#cursor, ack);
    if (this.#head > 64 && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return last.position;
  }

  /**
   * A new path: everything from `expects` on is written again.
   * @returns false where the peer expects what was never written.
   */
  rewind(expects: number): boolean {
    if (expects > this.#written) return false;
    // The peer may have acknowledged more on the old path after it named a number.
    if (expects > this.#base) this.acknowledge(expects, 0);
    this.#cursor = this.#base;
    for (let i = this.#head; i < this.#frames.length; i++) this.#frames[i]!.position = 0;
    return true;
  }

  /** True once after a refused `push`, when half of the buffer is free again. */
  takeRoomAgain(): boolean {
    const free = (this.#charge - this.#ackedCharge) * 2 <= this.#bufferBytes;
    if (!this.#refused || !free) return false;
    this.#refused = false;
    return true;
  }
}
