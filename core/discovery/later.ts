/**
 * What can wait until everything said so far has been fetched: the answer that somebody waits for
 * is handed out before the next questions are thought of.
 * @module
 */
import { BoundedQueue } from '../base/bounded.ts';

/** Above what the queries under way can leave to do; beyond that nothing waits. */
export const LATER_MAX = 1024;

export class Later {
  readonly #actions = new BoundedQueue<() => void>(LATER_MAX);

  get length(): number {
    return this.#actions.length;
  }

  put(action: () => void): void {
    if (!this.#actions.push(action)) action();
  }

  /** Does what has waited longest. @returns false where nothing did. */
  next(): boolean {
    const action = this.#actions.shift();
    action?.();
    return action !== undefined;
  }
}
