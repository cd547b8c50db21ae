/**
 * Replay set: first flights that one gate has already let in (LNK-6).
 *
 * An entry is the first 16 bytes of H(Noise message), not of the flight around it: whoever holds
 * the gate secret could put a recorded message into a fresh flight. The set is bounded; only a
 * holder of the gate secret can fill it, and what he gains by pushing an entry out is that an old
 * message costs us a Diffie-Hellman again, since message 1 acts on nothing (LNK-14).
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { sha256 } from '../crypto/hash.ts';

/** Entries per gate; the oldest goes. */
export const REPLAY_ENTRIES_MAX = 65_536;
export const REPLAY_ENTRY_BYTES = 16;

export class ReplaySet {
  readonly #seen: BoundedMap<string, true>;

  /** @param saved entries that `admit` returned before a restart, oldest first. */
  constructor(saved: Iterable<Uint8Array> = [], limit = REPLAY_ENTRIES_MAX) {
    this.#seen = new BoundedMap(limit);
    for (const entry of saved) {
      if (entry.length === REPLAY_ENTRY_BYTES) this.#seen.set(keyOf(entry), true);
    }
  }

  get size(): number {
    return this.#seen.size;
  }

  /**
   * Counts this Noise message as seen.
   * @returns the entry to store before a reply leaves; undefined where it was seen before. What
   *   gets no reply needs no storing: after a restart it costs what it cost the first time.
   */
  admit(noise: Uint8Array): Uint8Array | undefined {
    const entry = sha256(noise).slice(0, REPLAY_ENTRY_BYTES);
    const key = keyOf(entry);
    if (this.#seen.has(key)) return undefined;
    this.#seen.set(key, true);
    return entry;
  }
}

function keyOf(entry: Uint8Array): string {
  return String.fromCharCode(...entry);
}
