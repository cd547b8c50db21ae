/**
 * Hour search: once per start, where every lookup has failed, the 48 hours around are searched for
 * records of those met last. Either clock may be far wrong; their addresses help all the same.
 * It is the one exception from asking for e-1 to e+1 alone (DSC-26). Least wanted of all work.
 * With an odd clock the hours since the last one agreed on come first, and again later (DSC-42).
 * @module
 */
import type { Reader } from './presence-reader.ts';
import type { Rendezvous } from './rendezvous.ts';

/** After the start; quick lookups have failed several times by then. */
export const SEARCH_AFTER_MS = 180_000;
export const SEARCH_EPOCHS = 24;
/** The same where the clock is odd: not even the day is known. */
export const ODD_SEARCH_AFTER_MS = 15_000;
export const ODD_SEARCH_AGAIN_MS = 2 * 3_600_000;
/** Hours after the last one agreed on: two weeks without power. */
export const ODD_SEARCH_EPOCHS = 336;
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

  /**
   * Plans the search: those met last first, near epochs first, one device each.
   * @param agreed the last hour agreed on, where the clock is odd: first come the hours after it.
   */
  begin(all: readonly Rendezvous[], epoch: number, agreed?: number): void {
    const contacts = all
      .filter((at) => at.access.kind === 'pair' && at.needsLook())
      .sort((a, b) => b.metEpoch - a.metEpoch)
      .slice(0, SEARCH_CONTACTS_MAX);
    this.#tasks = [];
    if (agreed !== undefined) {
      for (let on = 0; on <= ODD_SEARCH_EPOCHS; on++) {
        if (Math.abs(agreed + on - epoch) <= 1) continue; // asked for already
        for (const at of contacts) {
          this.#tasks.push({ at, reader: at.readers[0]!, epoch: agreed + on });
        }
      }
    }
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
