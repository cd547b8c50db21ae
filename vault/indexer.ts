/**
 * Indexer: brings the search index up to date when there is time for it (VLT-25).
 * @module
 */
import { faultOf } from './refusal.ts';
import type { Search } from './search.ts';

/** A new text is looked at so long after it was stored, together with those that came since. */
export const INDEX_AFTER_MS = 500;

export class Indexer {
  readonly #search: Search;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(search: Search) {
    this.#search = search;
  }

  /** There may be something new. */
  wake(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => this.#work(), INDEX_AFTER_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #work(): void {
    this.#timer = undefined;
    if (this.#closed) return;
    let more = false;
    try {
      more = this.#search.catchUp();
    } catch (error) {
      if (faultOf(error) === undefined) throw error; // a full disk: the next wake tries again
    }
    // Requests go first: between two commits of the index the queue is served.
    if (more) this.#timer = setTimeout(() => this.#work(), 0).unref();
  }
}
