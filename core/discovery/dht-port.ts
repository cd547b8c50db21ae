/**
 * Dht port: what the front door and those who knock at it want of the DHT: one answer to each
 * question, later, unless the question is taken back. Who hands it out routes the answers.
 * @module
 */
import type { FoundItem, ItemQuery } from './item.ts';
import type { PutItem } from './operations.ts';

export interface Got {
  readonly item?: FoundItem | undefined;
  /** How many nodes answered; with none, nothing is known. */
  readonly responders: number;
}
export interface Stored {
  /** How many nodes hold our bytes now. */
  readonly stored: number;
  /** The newest item that the get before the put saw. */
  readonly seen?: FoundItem | undefined;
}
/** Takes a question back: no answer follows. */
export type TakeBack = () => void;

export interface DhtPort {
  get(query: ItemQuery, done: (got: Got) => void): TakeBack;
  put(item: PutItem, done: (put: Stored) => void): TakeBack;
}

/** A port whose questions can all be taken back at once. */
export class ScopedDht implements DhtPort {
  readonly #open = new Map<number, TakeBack>();
  #next = 1;

  constructor(private readonly dht: DhtPort) {}

  get underWay(): number {
    return this.#open.size;
  }

  get(query: ItemQuery, done: (got: Got) => void): TakeBack {
    return this.#watch<Got>((answer) => this.dht.get(query, answer), done);
  }

  put(item: PutItem, done: (put: Stored) => void): TakeBack {
    return this.#watch<Stored>((answer) => this.dht.put(item, answer), done);
  }

  takeAllBack(): void {
    for (const takeBack of this.#open.values()) takeBack();
    this.#open.clear();
  }

  #watch<T>(ask: (answer: (result: T) => void) => TakeBack, done: (result: T) => void): TakeBack {
    const id = this.#next++;
    // The answer may come before the question returns.
    let answered = false;
    const takeBack = ask((result) => {
      answered = true;
      this.#open.delete(id);
      done(result);
    });
    if (!answered) this.#open.set(id, takeBack);
    return () => {
      if (this.#open.delete(id)) takeBack();
    };
  }
}
