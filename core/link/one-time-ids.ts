/**
 * One-time ids: the first 32 bytes of a flight, where they name something and work once (LNK-34,
 * LNK-62). One map finds what they name: no trial of every link, no state for bytes that name none.
 * @module
 */
import { equal, readUintBE } from '../base/bytes.ts';

/** A part that a map finds fast: every datagram of a stranger is looked up. A number holds it. */
const KEY_BYTES = 6;

export class OneTimeIds<Named> {
  readonly #byKey = new Map<number, { readonly id: Uint8Array; readonly named: Named }>();

  get size(): number {
    return this.#byKey.size;
  }

  add(ids: readonly Uint8Array[], named: Named): void {
    for (const id of ids) this.#byKey.set(keyOf(id), { id, named });
  }

  /** It works until it is removed. */
  find(id: Uint8Array): Named | undefined {
    const found = this.#byKey.get(keyOf(id));
    return found && equal(found.id, id) ? found.named : undefined;
  }

  remove(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#byKey.delete(keyOf(id));
  }
}

function keyOf(id: Uint8Array): number {
  return readUintBE(id, 0, KEY_BYTES);
}
