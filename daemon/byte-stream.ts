/**
 * What TCP and UDX have in common as the driver sees them: reliable ordered bytes.
 *
 *   opening --connected--> open --remote end, reset, time-out--> closed
 *      `---refused, time-out--> closed        close(): flush, then closed, in silence
 *                                               reset(): closed at once
 *
 * Nothing here throws for what a network does; every trouble is one `closed` with its reason.
 * @module
 */

/** Told to the owner; after `closed`, or after its own `close()`, it hears no more. */
export interface StreamListener {
  opened(): void;
  bytes(bytes: Uint8Array): void;
  /** All that was written has left this process's own queue. */
  writable(): void;
  closed(reason: string): void;
}

export interface ByteStream {
  write(bytes: Uint8Array): void;
  /** Flushes what was written, then closes; gives up after FLUSH_MS. */
  close(): void;
  /** Cuts it off: the other end, if it hears it, learns at once. */
  reset(): void;
  /** Bytes written and not yet handed to the kernel or to UDX. */
  queuedBytes(): number;
}

/** A dial that has no answer for so long has failed. */
export const DIAL_MS = 10_000;
/** A peer that takes nothing any more may hold back a close for so long. */
export const FLUSH_MS = 3_000;
/** Credits keep core far below; past it the stream is cut. */
export const QUEUED_BYTES_MAX = 4 * 1024 * 1024;

/** The same memory as a plain array: core knows no Buffer. */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A listener that falls silent after `closed`, so that each stream ends exactly once. */
export class Once implements StreamListener {
  #listener: StreamListener | undefined;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  opened(): void {
    this.#listener?.opened();
  }

  bytes(bytes: Uint8Array): void {
    this.#listener?.bytes(bytes);
  }

  writable(): void {
    this.#listener?.writable();
  }

  closed(reason: string): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(reason);
  }

  mute(): void {
    this.#listener = undefined;
  }
}
