/**
 * Mutations: what hostile or damaged bytes look like. Some know bytes only, some take bencode
 * apart: values of another type, entries left out, repeated, swapped, strings of another length,
 * deep nesting, very many elements.
 * @module
 */
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import type { Prng } from '@sotto/core/base/prng.ts';
import { spansOf, type Span } from './spans.ts';

/** An input worth starting from. */
export interface Entry {
  readonly bytes: Uint8Array;
  spans?: readonly Span[] | undefined;
}

export interface MutatorOptions {
  readonly bytesMax: number;
  /** Pieces that mean something to the target. */
  readonly words: readonly Uint8Array[];
  /** Where bencode begins in its inputs; undefined where there is none. */
  readonly bencodeAt: number | undefined;
}

const BYTES = [...utf8('0123456789-:ilde'), 0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xfe, 0xff];
const VALUES = [
  ...['i0e', 'i1e', 'i-1e', 'i2e', 'i255e', 'i256e', 'i65536e', 'i4294967296e', 'i-0e', 'i00e'],
  ...['i9007199254740991e', 'i9007199254740992e', 'i9223372036854775807e', 'ie', 'i-e', 'i1'],
  ...['i9223372036854775808e', 'i-9223372036854775808e', 'i-9223372036854775809e'],
  ...['i99999999999999999999e', '0:', '1:a', '2:ab', '00:', '01:a', '-1:', '-5:', '99:', '1'],
  ...['4294967296:', '9999999999999999999:', 'le', 'de', 'l', 'd', 'e', 'li1ee', 'l1:ae', ':'],
  ...['d1:ai1ee', 'd1:bi1e1:ai2ee', 'd1:ai1e1:ai2ee', 'di1ei2ee', 'd1:ae', 'i1.5e', 'x'],
  `${'l'.repeat(17)}${'e'.repeat(17)}`,
  `${'d1:a'.repeat(17)}i1e${'e'.repeat(17)}`,
  `l${'i1e'.repeat(1025)}e`,
  `d${Array.from({ length: 1025 }, (_, i) => `4:${1000 + i}i1e`).join('')}e`,
].map(utf8);
/** The last values are long ones, and rare. */
const LONG = 2;
/** A value that a dictionary's entry can be given and still be bencode. */
const SOUND = VALUES.filter((value) => spansOf(value, 0).at(-1)?.to === value.length);
const LENGTHS = [
  0, 1, 2, 3, 4, 8, 15, 16, 17, 18, 19, 20, 21, 31, 32, 33, 63, 64, 65, 255, 256, 257,
];
const INT16 = [0, 1, 2, 63, 64, 65, 127, 128, 255, 256, 1024, 16363, 16384, 16385, 32768, 65535];
const REPEATS_MAX = 1100;

export class Mutator {
  readonly #prng: Prng;
  readonly #options: MutatorOptions;

  constructor(prng: Prng, options: MutatorOptions) {
    this.#prng = prng;
    this.#options = options;
  }

  /** `entry` changed in `times` places; `other` lends pieces. */
  mutate(entry: Entry, other: Entry, times: number): Uint8Array {
    const { bencodeAt, bytesMax } = this.#options;
    let bytes = entry.bytes;
    for (let i = 0; i < times; i++) {
      // Spans of an entry are found once; those of what it has become are worth it rarely.
      const structured = bencodeAt !== undefined && this.#prng.chance(i === 0 ? 0.7 : 0.1);
      const spans = structured ? this.#spans(i === 0 ? entry : { bytes }) : [];
      bytes = spans.length > 0 ? this.#structure(bytes, spans, other) : this.#plain(bytes, other);
    }
    return bytes.length > bytesMax ? bytes.slice(0, bytesMax) : bytes;
  }

  /** Bytes from nowhere. */
  noise(): Uint8Array {
    const { prng } = { prng: this.#prng };
    const bytes = prng.bytes(prng.int(0, prng.chance(0.1) ? 512 : 48));
    if (prng.chance(0.5)) for (let i = 0; i < bytes.length; i++) bytes[i] = prng.pick(BYTES);
    return bytes;
  }

  /** A structure from nowhere, out of words and odd values. */
  invented(): Uint8Array {
    if (this.#options.bencodeAt === undefined) return this.#words();
    const head = this.#prng.bytes(this.#options.bencodeAt);
    return concat(head, this.#value(this.#prng.int(1, 4)));
  }

  #spans(entry: Entry): readonly Span[] {
    return (entry.spans ??= spansOf(entry.bytes, this.#options.bencodeAt!));
  }

  #words(): Uint8Array {
    const { words } = this.#options;
    const count = this.#prng.int(1, 8);
    return concat(...Array.from({ length: count }, () => this.#oneOf(words)));
  }

  #oneOf(words: readonly Uint8Array[]): Uint8Array {
    return words.length > 0 && this.#prng.chance(0.8) ? this.#prng.pick(words) : this.noise();
  }

  #value(depth: number): Uint8Array {
    const { words } = this.#options;
    const kind = depth === 0 ? this.#prng.int(0, 2) : this.#prng.int(0, 6);
    if (kind === 0) return this.#odd(VALUES);
    if (kind === 1) return this.#string(this.#prng.bytes(this.#prng.pick(LENGTHS)));
    if (kind === 2) return this.#string(this.#oneOf(words));
    const parts: Uint8Array[] = [];
    for (let i = this.#prng.int(0, 6); i > 0; i--) {
      if (kind > 3) parts.push(this.#string(this.#oneOf(words)));
      parts.push(this.#value(depth - 1));
    }
    return concat(utf8(kind > 3 ? 'd' : 'l'), ...parts, utf8('e'));
  }

  #odd(values: readonly Uint8Array[]): Uint8Array {
    const { length } = values;
    const among = this.#prng.chance(0.01) ? length : length - LONG;
    return values[this.#prng.int(0, among - 1)]!;
  }

  #string(bytes: Uint8Array): Uint8Array {
    return concat(utf8(`${bytes.length}:`), bytes);
  }

  #structure(bytes: Uint8Array, spans: readonly Span[], other: Entry): Uint8Array {
    const { prng } = { prng: this.#prng };
    const span = prng.pick(spans);
    const put = (from: number, to: number, ...parts: readonly Uint8Array[]): Uint8Array =>
      concat(bytes.subarray(0, from), ...parts, bytes.subarray(to));
    const own = bytes.subarray(span.from, span.to);
    switch (prng.int(0, 9)) {
      case 0:
        return put(span.from, span.to, this.#odd(VALUES));
      case 1:
      case 2:
        return put(span.from, span.to, this.#odd(SOUND));
      case 3:
        return put(span.pair, span.to);
      case 4:
        return put(span.to, span.to, bytes.subarray(span.pair, span.to));
      case 5: {
        const { from, pair, to } = prng.pick(spans);
        if (pair < span.to && span.pair < to) return put(span.from, span.to, utf8('le'));
        const [first, second] =
          pair < span.pair ? [{ pair, to, from }, span] : [span, { pair, to }];
        const between = bytes.subarray(first.to, second.pair);
        const [one, two] = [first, second].map((at) => bytes.subarray(at.pair, at.to));
        return put(first.pair, second.to, two!, between, one!);
      }
      case 6:
        return this.#resized(bytes, span);
      case 7: {
        const times = prng.pick([1, 2, 12, 16, 20]);
        return put(span.from, span.to, utf8('l'.repeat(times)), own, utf8('e'.repeat(times)));
      }
      case 8:
        return this.#many(bytes, span);
      default: {
        const lent = this.#spans(other);
        if (lent.length === 0) return put(span.from, span.to, this.#value(2));
        const { from, to } = prng.pick(lent);
        return put(span.from, span.to, other.bytes.subarray(from, to));
      }
    }
  }

  /** Another length of a string, with a prefix that says so; or another integer. */
  #resized(bytes: Uint8Array, span: Span): Uint8Array {
    const { prng } = { prng: this.#prng };
    const around = (middle: Uint8Array): Uint8Array =>
      concat(bytes.subarray(0, span.from), middle, bytes.subarray(span.to));
    if (span.kind !== 'bytes') {
      const value = prng.chance(0.5) ? prng.int(-2, 300) : prng.int(-(2 ** 52), 2 ** 52);
      return around(utf8(`i${value}e`));
    }
    const content = bytes.subarray(span.content, span.to);
    if (content.length > 0 && prng.chance(0.4)) {
      const bent = content.slice();
      bent[prng.int(0, bent.length - 1)] = prng.pick(BYTES);
      return around(this.#string(bent));
    }
    const near = content.length + prng.int(-2, 2);
    const length = Math.max(0, prng.chance(0.5) ? near : prng.pick(LENGTHS));
    const resized = new Uint8Array(length);
    resized.set(content.subarray(0, length));
    return around(this.#string(prng.chance(0.1) ? prng.bytes(this.#big()) : resized));
  }

  /** An element many times: as often as lists may have it, and more. */
  #many(bytes: Uint8Array, span: Span): Uint8Array {
    const { prng } = { prng: this.#prng };
    const own = prng.chance(0.5) ? bytes.subarray(span.from, span.to) : this.#odd(SOUND);
    const room = Math.max(1, this.#options.bytesMax - bytes.length);
    const most = Math.min(REPEATS_MAX, Math.floor(room / own.length));
    const times = prng.chance(0.97) ? prng.int(1, Math.min(most + 1, 20)) : prng.int(1, most + 1);
    const list = concat(utf8('l'), ...new Array<Uint8Array>(times).fill(own), utf8('e'));
    return concat(bytes.subarray(0, span.from), list, bytes.subarray(span.to));
  }

  #big(): number {
    return this.#prng.int(0, this.#options.bytesMax);
  }

  #plain(bytes: Uint8Array, other: Entry): Uint8Array {
    const { prng } = { prng: this.#prng };
    if (bytes.length === 0) return this.noise();
    const at = prng.int(0, bytes.length - 1);
    const upTo = Math.min(bytes.length, at + prng.int(1, prng.chance(0.2) ? 256 : 8));
    const put = (to: number, ...parts: readonly Uint8Array[]): Uint8Array =>
      concat(bytes.subarray(0, at), ...parts, bytes.subarray(to));
    switch (prng.int(0, 11)) {
      case 0: {
        const bent = bytes.slice();
        bent[at]! ^= 1 << prng.int(0, 7);
        return bent;
      }
      case 1:
      case 2: {
        const bent = bytes.slice();
        bent[at] = prng.chance(0.5) ? prng.pick(BYTES) : prng.int(0, 255);
        return bent;
      }
      case 3:
        return put(at, prng.bytes(prng.int(1, 8)));
      case 4:
        return put(upTo);
      case 5:
        return put(upTo, bytes.subarray(at, upTo), bytes.subarray(at, upTo));
      case 6:
        return put(at, this.#oneOf(this.#options.words));
      case 7: {
        const word = this.#oneOf(this.#options.words);
        return put(Math.min(bytes.length, at + word.length), word);
      }
      case 8: {
        const from = prng.int(0, other.bytes.length);
        return put(bytes.length, other.bytes.subarray(from));
      }
      case 9:
        return bytes.slice(0, at);
      case 10: {
        const value = prng.pick(INT16);
        return put(Math.min(bytes.length, at + 2), Uint8Array.of(value >> 8, value & 255));
      }
      default:
        return this.#stretched(bytes, at, upTo);
    }
  }

  /** A piece over and over: rarely up to the longest input there is. */
  #stretched(bytes: Uint8Array, at: number, upTo: number): Uint8Array {
    const piece = bytes.subarray(at, upTo);
    const room = this.#prng.chance(0.01) ? this.#big() : this.#prng.int(0, 64);
    const filled = new Uint8Array(room);
    for (let i = 0; i < room; i++) filled[i] = piece[i % piece.length]!;
    return concat(bytes.subarray(0, at), filled, bytes.subarray(upTo));
  }
}
