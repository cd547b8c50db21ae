/**
 * Extends: second hops that a client wants of one relay, asked for no faster than relays allow
 * (RLY-12). What comes faster a relay drops without a word, and whoever asked would learn it 3 s
 * later: so each waits here for its turn.
 * @module
 */
import { Bucket } from '../base/bucket.ts';
import type { Hop } from './extensions.ts';
import { EXTEND_EVERY_MS, EXTENDS_PER_MINUTE } from './limits.ts';
import type { CircuitId } from './wire.ts';

/** On the way two words may come closer together than they left. */
const MARGIN_MS = 100;
/** One less than the relay lets pass at once, for the same reason. */
const BURST = EXTENDS_PER_MINUTE - 1;

export class Extends {
  /** In the order of their turns; each is a circuit of the client's, which bounds them. */
  readonly #waiting = new Map<CircuitId, Hop>();
  // A relay counts by address: a new link begins nothing anew.
  readonly #minute = new Bucket(EXTENDS_PER_MINUTE / 60, BURST, 0);
  #nextAtMs = 0;

  wait(circuit: CircuitId, hop: Hop): void {
    this.#waiting.set(circuit, hop);
  }

  /** True where it had waited: the relay knows nothing of it. */
  forget(circuit: CircuitId): boolean {
    return this.#waiting.delete(circuit);
  }

  /** Whose turn it is; undefined where nobody waits, or not long enough. */
  next(nowMs: number): readonly [CircuitId, Hop] | undefined {
    const first = this.#waiting.entries().next().value;
    if (first === undefined || nowMs < this.#nextAtMs) return undefined;
    if (!this.#minute.has(1, nowMs)) {
      this.#nextAtMs = this.#minute.readyAtMs(1);
      return undefined;
    }
    this.#minute.take(1);
    this.#nextAtMs = nowMs + EXTEND_EVERY_MS + MARGIN_MS;
    this.#waiting.delete(first[0]);
    return first;
  }

  wakeAtMs(): number | undefined {
    return this.#waiting.size > 0 ? this.#nextAtMs : undefined;
  }
}
