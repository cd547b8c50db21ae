/**
 * Hour search: once per start, where every lookup has failed, the 48 hours around are searched for
 * records of those met last. Either clock may be far wrong; their addresses help all the same.
 * It is the one exception from asking for e-1 to e+1 alone (DSC-26). Least wanted of all work.
 * @module
 */
import type { Reader } from './presence-reader.ts';
import type { Rendezvous } from './rendezvous.ts';

/** After the start; quick lookups have failed several times by then. */
export const SEARCH_AFTER_MS = 180_000;
export const SEARCH_EPOCHS = 24;
export const SEARCH_CONTACTS_MAX = 3;

export interface SearchTask {
  readonly at: Rendezvous;
  readonly reader: Reader;
  readonly epoch: number;
}

export class HourSearch {
  #tasks: SearchTask[] = [];

  get left(): number {
    return this.#tasks.length;
  }

  /** Plans the search: those met last first, near epochs first, one device each. */
  begin(all: readonly Rendezvous[], epoch: number): void {
    const contacts = all
      .filter((at) => at.access.kind === 'pair' && at.needsLook())
      .sort((a, b) => b.metEpoch - a.metEpoch)
      .slice(0, SEARCH_CONTACTS_MAX);
    for (const at of contacts) {
      const reader = at.readers[0]!;
      for (let away = 2; away <= SEARCH_EPOCHS; away++) {
        if (epoch >= away) this.#tasks.push({ at, reader, epoch: epoch - away });
        this.#tasks.push({ at, reader, epoch: epoch + away });
      }
    }
  }

  peek(): SearchTask | undefined {
    return this.#tasks[0];
  }

  take(): void {
    this.#tasks.shift();
  }

  /** They were found, or need not be any more. */
  drop(at: Rendezvous): void {
    this.#tasks = this.#tasks.filter((task) => task.at !== at);
  }

  /** The clock has moved: the plan is void. */
  end(): void {
    this.#tasks = [];
  }
}
