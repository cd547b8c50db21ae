/**
 * Receiver: numbered frames of one link become bodies again (LNK-24, LNK-25, LNK-27).
 *
 * Each number is taken once and in order, whatever path carried it. The peer may have `windowBytes`
 * of charge with our consumer; credit for it moves the limit that our frames tell.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import { FRAME, type Frame } from './frame.ts';
import { BODY_BYTES_MAX, FRAME_CHARGE_BYTES, type LinkLimits } from './limits.ts';

export type Received =
  | { type: 'body'; body: Uint8Array; charge: number }
  | { type: 'part' }
  /** Known already: an earlier path brought it. */
  | { type: 'repeated' }
  /** A number is missing: the path lost something, and ends. */
  | { type: 'gap' }
  /** Beyond the limit we told, or a body beyond its limit: the peer breaks the rules. */
  | { type: 'violation' };

export class Receiver {
  readonly #window: number;
  #expected = 0;
  #received = 0;
  #delivered = 0;
  #credited = 0;
  #told: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  constructor(limits: LinkLimits) {
    this.#window = limits.windowBytes;
    this.#told = limits.windowBytes;
  }

  /** Number of the frame that comes next. */
  get expected(): number {
    return this.#expected;
  }

  /** Takes one DATA or PART frame. */
  take(frame: Frame): Received {
    if (frame.number < this.#expected) return { type: 'repeated' };
    if (frame.number > this.#expected) return { type: 'gap' };
    const received = this.#received + frame.content.length + FRAME_CHARGE_BYTES;
    const bodyBytes = this.#partBytes + frame.content.length;
    if (received > this.#told || bodyBytes > BODY_BYTES_MAX) return { type: 'violation' };
    this.#expected++;
    this.#received = received;
    if (frame.type === FRAME.part) {
      this.#parts.push(frame.content);
      this.#partBytes = bodyBytes;
      return { type: 'part' };
    }
    const whole = this.#parts.length === 0;
    const body = whole ? frame.content : concat(...this.#parts, frame.content);
    this.#parts = [];
    this.#partBytes = 0;
    const charge = received - this.#delivered;
    this.#delivered = received;
    return { type: 'body', body, charge };
  }

  /** The consumer is done with this much of what bodies were charged. */
  credit(charge: number): void {
    this.#credited += charge;
    assert(this.#credited <= this.#delivered, 'credit is for what was delivered');
  }

  /** The limit to write into a frame: it counts as told. */
  tellLimit(): number {
    this.#told = this.#credited + this.#window;
    return this.#told;
  }

  /** A quarter of the window is free and the peer does not know. */
  get limitDue(): boolean {
    return (this.#credited + this.#window - this.#told) * 4 >= this.#window;
  }
}
