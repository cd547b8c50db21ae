/**
 * The log of a run: everything that entered a node or left it, as one running hash, so that two
 * runs of a seed can be compared by 64 characters. With a printer it is also readable.
 *
 *   hash = SHA-256(hash before, next block of entries)
 * @module
 */
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';

const BLOCK_BYTES = 64 * 1024;

export type Printer = (line: string) => void;

export class EventLog {
  #hash = new Uint8Array(32);
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #length = 0;
  #entries = 0;
  readonly #print: Printer | undefined;

  constructor(print?: Printer) {
    this.#print = print;
  }

  get entries(): number {
    return this.#entries;
  }

  /** True where somebody reads along: building long texts for nobody costs time. */
  get traced(): boolean {
    return this.#print !== undefined;
  }

  /** Adds an entry: a short text and the bytes it is about. */
  add(atMs: number, text: string, bytes?: Uint8Array): void {
    this.#entries++;
    this.#absorb(utf8(`${atMs} ${text}\n`));
    if (bytes) this.#absorb(bytes);
    if (this.#print) this.#print(line(atMs, text, bytes));
  }

  /** A line for the reader alone: it does not count towards the hash. */
  remark(atMs: number, text: string): void {
    if (this.#print) this.#print(line(atMs, text, undefined));
  }

  /** Hex of the hash over everything added so far. */
  digest(): string {
    return hex(sha256(this.#hash, this.#block.subarray(0, this.#length)));
  }

  #absorb(bytes: Uint8Array): void {
    if (this.#length + bytes.length > BLOCK_BYTES) {
      this.#hash = sha256(this.#hash, this.#block.subarray(0, this.#length));
      this.#length = 0;
    }
    if (bytes.length > BLOCK_BYTES) {
      this.#hash = sha256(this.#hash, bytes);
    } else {
      this.#block.set(bytes, this.#length);
      this.#length += bytes.length;
    }
  }
}

function line(atMs: number, text: string, bytes: Uint8Array | undefined): string {
  const size = bytes ? ` [${bytes.length}]` : '';
  return `${(atMs / 1000).toFixed(3).padStart(9)} ${text}${size}`;
}
