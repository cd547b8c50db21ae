/**
 * Attempt board: which outgoing handshake a datagram or a stream's bytes may answer.
 *
 * TCP attempts are found by their stream; UDP attempts by the endpoint they were sent to, so that
 * a datagram from anywhere else costs nothing here.
 * @module
 */
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import type { Attempt, Won } from './attempt.ts';
import type { StreamId } from './contract.ts';

/** What an attempt came to; called once. */
export interface Outcome<Result> {
  readonly won: (won: Won<Result>) => void;
  readonly lost: () => void;
}

interface Entry {
  readonly attempt: object;
  datagram(bytes: Uint8Array, nowMs: number): boolean;
  opened(nowMs: number): void;
  bytes(bytes: Uint8Array, nowMs: number): void;
  closed(): void;
}

/** The part of an attempt that says where its answer comes from. */
type Placed = Pick<Attempt<{ remoteId: number }>, 'stream' | 'route'>;

export class AttemptBoard {
  readonly #byEndpoint = new Map<string, Set<Entry>>();
  readonly #byStream = new Map<StreamId, Entry>();

  /** Attempts under way. */
  get size(): number {
    let size = this.#byStream.size;
    for (const entries of this.#byEndpoint.values()) size += entries.size;
    return size;
  }

  add<Result extends { remoteId: number }>(
    attempt: Attempt<Result>,
    outcome: Outcome<Result>,
  ): void {
    const settle = (won: Won<Result> | undefined): boolean => {
      if (won !== undefined || attempt.lost) this.remove(attempt);
      if (won !== undefined) outcome.won(won);
      else if (attempt.lost) outcome.lost();
      return won !== undefined;
    };
    const entry: Entry = {
      attempt,
      datagram: (bytes, nowMs) => settle(attempt.handleDatagram(bytes, nowMs)),
      opened: (nowMs) => {
        attempt.handleOpened(nowMs);
        settle(undefined);
      },
      bytes: (bytes, nowMs) => void settle(attempt.handleBytes(bytes, nowMs)),
      closed: () => {
        attempt.handleClosed();
        settle(undefined);
      },
    };
    if (attempt.stream !== undefined) {
      this.#byStream.set(attempt.stream, entry);
      return;
    }
    const key = endpointKey(attempt.route.endpoint);
    const entries = this.#byEndpoint.get(key) ?? new Set();
    this.#byEndpoint.set(key, entries.add(entry));
  }

  remove(attempt: Placed): void {
    if (attempt.stream !== undefined) {
      this.#byStream.delete(attempt.stream);
      return;
    }
    const key = endpointKey(attempt.route.endpoint);
    const entries = this.#byEndpoint.get(key);
    for (const entry of entries ?? []) if (entry.attempt === attempt) entries!.delete(entry);
    if (entries?.size === 0) this.#byEndpoint.delete(key);
  }

  /** True where the datagram was the reply that an attempt waited for. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    for (const entry of this.#byEndpoint.get(endpointKey(from)) ?? []) {
      if (entry.datagram(bytes, nowMs)) return true;
    }
    return false;
  }

  handleOpened(stream: StreamId, nowMs: number): void {
    this.#byStream.get(stream)?.opened(nowMs);
  }

  /** False where the stream is no attempt's. */
  handleBytes(stream: StreamId, bytes: Uint8Array, nowMs: number): boolean {
    const entry = this.#byStream.get(stream);
    entry?.bytes(bytes, nowMs);
    return entry !== undefined;
  }

  handleClosed(stream: StreamId): void {
    this.#byStream.get(stream)?.closed();
  }
}
