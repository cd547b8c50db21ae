/**
 * Reader: the lookups for the record of one device at the other end.
 *
 *   start -> [e] or [e, e+1] --take--> asked --nothing there--> [e-1] ... -> done
 *
 * The record of this epoch is asked for; the last epoch's where there is none (at most once in
 * five minutes: nothing new comes there); the next one's only in the last five minutes, for a
 * publisher whose clock runs ahead. Generations never go back, not even over a restart: an old
 * record that somebody serves again is no record (DSC-18, DSC-19).
 * @module
 */
import type { RecordKeys } from './epoch.ts';
import type { FoundItem } from './item.ts';
import { openRecord, type PresenceRecord } from './record.ts';

/** How long before an epoch ends the next one is asked for too. */
export const LOOK_AHEAD_MS = 300_000;
/** How often the last epoch is asked for again. */
export const LOOK_BACK_EVERY_MS = 300_000;
/** No question about the last epoch so close to the end of this one: it would outlive it. */
export const ASK_TAIL_MS = 20_000;

export interface EpochClock {
  readonly epoch: number;
  /** Until the epoch ends. */
  readonly leftMs: number;
  readonly monoMs: number;
}

export type ReadOutcome =
  | { readonly outcome: 'found'; readonly record: PresenceRecord; readonly fresh: boolean }
  /** Not sealed under the keys of this pair, publisher and epoch, or malformed inside. */
  | { readonly outcome: 'forged' }
  /** Older than what we have read before. */
  | { readonly outcome: 'rolled back' };

export class Reader {
  #epochs: number[] = [];
  #lookedBack = { epoch: -1, atMs: 0 };

  constructor(
    /** Device signing key; undefined for an invite, whose device we do not know yet. */
    readonly device: Uint8Array | undefined,
    /** The newest generation ever read. */
    public generation: number,
    /** Many may write there, each with generations of their own: none is older than another. */
    private readonly isShared = false,
  ) {}

  /** Begins a lookup. */
  start(clock: EpochClock): void {
    this.#epochs = [clock.epoch];
    if (clock.leftMs <= LOOK_AHEAD_MS) this.#epochs.push(clock.epoch + 1);
  }

  stop(): void {
    this.#epochs = [];
  }

  /** The next epoch to ask for; undefined where all is asked. */
  peek(clock: EpochClock): number | undefined {
    while (this.#epochs.length > 0 && !isAllowed(this.#epochs[0]!, clock)) this.#epochs.shift();
    return this.#epochs[0];
  }

  /** That epoch is being asked for. */
  take(): void {
    this.#epochs.shift();
  }

  /** Nothing to use lies in `epoch`. */
  handleEmpty(epoch: number, clock: EpochClock): void {
    if (epoch !== clock.epoch || epoch === 0) return;
    const { epoch: last, atMs } = this.#lookedBack;
    if (last === epoch && clock.monoMs - atMs < LOOK_BACK_EVERY_MS) return;
    this.#lookedBack = { epoch, atMs: clock.monoMs };
    this.#epochs.push(epoch - 1);
  }

  /** Judges what was found under `keys`. */
  read(item: FoundItem, keys: RecordKeys): ReadOutcome {
    const opened = openRecord(item.value, keys.sealing);
    if (!opened.ok) return { outcome: 'forged' };
    const { record } = opened;
    const isOlder = record.generation < this.generation;
    if (isOlder && !this.isShared) return { outcome: 'rolled back' };
    const fresh = record.generation !== this.generation;
    this.generation = record.generation;
    return { outcome: 'found', record, fresh };
  }
}

/** May this epoch be asked for now? Checked when the question leaves, not when it was planned. */
function isAllowed(epoch: number, clock: EpochClock): boolean {
  const ahead = epoch - clock.epoch;
  if (ahead === 1) return clock.leftMs <= LOOK_AHEAD_MS;
  if (ahead === -1) return clock.leftMs > ASK_TAIL_MS;
  return ahead === 0;
}
