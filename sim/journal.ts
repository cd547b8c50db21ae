/**
 * Maps that can go back: the model of a disk. Every change notes how to undo it; a commit forgets
 * the notes, a crash follows them. Values are never changed in place.
 * @module
 */

export class Journal {
  #undo: (() => void)[] = [];

  /** Where we are: hand it to `rollback` to undo everything since. */
  mark(): number {
    return this.#undo.length;
  }

  note(undo: () => void): void {
    this.#undo.push(undo);
  }

  commit(): void {
    this.#undo = [];
  }

  rollback(mark = 0): void {
    while (this.#undo.length > mark) this.#undo.pop()!();
  }
}

/** A map under a journal. Its order is that of insertion only as long as nothing is undone. */
export class JournalMap<V> {
  readonly #map = new Map<string, V>();

  constructor(private readonly journal: Journal) {}

  get size(): number {
    return this.#map.size;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  has(key: string): boolean {
    return this.#map.has(key);
  }

  set(key: string, value: V): void {
    this.#noteOld(key);
    this.#map.set(key, value);
  }

  delete(key: string): void {
    if (!this.#map.has(key)) return;
    this.#noteOld(key);
    this.#map.delete(key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.#map.entries();
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }

  #noteOld(key: string): void {
    const map = this.#map;
    const old = map.get(key);
    this.journal.note(old === undefined ? () => map.delete(key) : () => map.set(key, old));
  }
}
