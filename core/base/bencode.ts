/**
 * Bencode (BEP 3), the one encoding of everything we say: DHT messages, records, frames, events.
 *
 *   i<decimal>e            integer, int64, no leading zeros, no -0
 *   <length>:<bytes>       byte string
 *   l<values>e             list
 *   d<string><value>...e   dictionary, keys sorted as raw bytes, none twice
 *
 * Strict by default: what decodes re-encodes to the same bytes, so a signature over decoded
 * content is a signature over the bytes seen. Foreign KRPC messages may come with unsorted keys;
 * `lenient` admits those and nothing else (docs/spec/encoding.md ENC-1 to ENC-5).
 * @module
 */
import { assert } from './assert.ts';
import { utf8 } from './bytes.ts';
import { DEPTH_MAX, LIST_MAX } from './limits.ts';

/** A dictionary has no prototype; its keys are raw bytes written as latin-1 characters. */
export interface Dict {
  [key: string]: Bvalue;
}
export type Bvalue = number | bigint | Uint8Array | Bvalue[] | Dict;
/** What `encode` takes: as `Bvalue`, with text for UTF-8 bytes; undefined entries are left out. */
export type Encodable =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [key: string]: Encodable | undefined };

export type BencodeFault =
  | 'truncated'
  | 'trailing bytes'
  | 'bad integer'
  | 'bad length'
  | 'bad token'
  | 'unsorted keys'
  | 'duplicate key'
  | 'too deep'
  | 'too many';
export type Decoded = { ok: true; value: Bvalue } | { ok: false; reason: BencodeFault };

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** Decimal digits that a double holds exactly. */
const EXACT_DIGITS = 15;

/**
 * The canonical bytes of a value. Keys are latin-1 texts (one character, one byte).
 * @throws AssertionError on a number that is no int64 or a key beyond latin-1: our bug.
 */
export function encode(value: Encodable): Uint8Array<ArrayBuffer> {
  const writer = new Writer(sizeOf(value));
  writer.value(value);
  return writer.bytes;
}

type EncodableDict = { readonly [key: string]: Encodable | undefined };

const CHAR_E = 0x65;
const CHAR_I = 0x69;
const CHAR_L = 0x6c;
const CHAR_D = 0x64;
const CHAR_0 = 0x30;
const CHAR_9 = 0x39;
const CHAR_MINUS = 0x2d;
const CHAR_COLON = 0x3a;

/** How many bytes a value becomes, so that it is written once and in place. */
function sizeOf(value: Encodable): number {
  if (value instanceof Uint8Array) return sizeOfString(value.length);
  if (typeof value === 'string') return sizeOfString(sizeOfUtf8(value));
  if (typeof value === 'number' || typeof value === 'bigint') return String(value).length + 2;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value as readonly Encodable[]) size += sizeOf(item);
    return size;
  }
  const dict = value as EncodableDict;
  for (const key of Object.keys(dict)) {
    const item = dict[key];
    if (item !== undefined) size += sizeOfString(key.length) + sizeOf(item);
  }
  return size;
}

/** UTF-16 order equals byte order for latin-1 keys. Most dictionaries are written in it. */
function sortedKeys(dict: EncodableDict): string[] {
  const keys = Object.keys(dict);
  return keys.every((key, i) => i === 0 || keys[i - 1]! < key) ? keys : keys.sort();
}

function sizeOfString(length: number): number {
  return String(length).length + 1 + length;
}

function sizeOfUtf8(text: string): number {
  return isAscii(text) ? text.length : utf8(text).length;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  value(value: Encodable): void {
    if (value instanceof Uint8Array) this.#string(value);
    else if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'number' || typeof value === 'bigint') this.#integer(value);
    else if (Array.isArray(value)) {
      this.#byte(CHAR_L);
      for (const item of value as readonly Encodable[]) this.value(item);
      this.#byte(CHAR_E);
    } else this.#dict(value as EncodableDict);
  }

  #integer(value: number | bigint): void {
    const fits =
      typeof value === 'number'
        ? Number.isSafeInteger(value) && !Object.is(value, -0)
        : value >= INT64_MIN && value <= INT64_MAX;
    assert(fits, 'bencoded integers are int64');
    this.#byte(CHAR_I);
    this.#latin1(String(value));
    this.#byte(CHAR_E);
  }

  #string(bytes: Uint8Array): void {
    this.#length(bytes.length);
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #text(text: string): void {
    if (!isAscii(text)) return this.#string(utf8(text));
    this.#length(text.length);
    this.#latin1(text);
  }

  #dict(dict: EncodableDict): void {
    this.#byte(CHAR_D);
    for (const key of sortedKeys(dict)) {
      const item = dict[key];
      if (item === undefined) continue;
      this.#length(key.length);
      this.#latin1(key);
      this.value(item);
    }
    this.#byte(CHAR_E);
  }

  #length(length: number): void {
    this.#latin1(String(length));
    this.#byte(CHAR_COLON);
  }

  #latin1(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      assert(code < 256, 'dictionary keys are bytes');
      this.#byte(code);
    }
  }

  #byte(byte: number): void {
    this.bytes[this.#at++] = byte;
  }
}

/**
 * Reads one value that fills `bytes` exactly. Never throws. Byte strings are views into `bytes`.
 * @param options.lenient admits unsorted (never duplicate) keys, for KRPC from other software.
 */
export function decode(bytes: Uint8Array, options: { lenient?: boolean } = {}): Decoded {
  const reader = new Reader(bytes, options.lenient === true);
  const value = reader.value(0);
  if (value === undefined) return { ok: false, reason: reader.fault };
  if (reader.at !== bytes.length) return { ok: false, reason: 'trailing bytes' };
  return { ok: true, value };
}

/** One pass over the bytes; `undefined` means `fault` tells why. */
class Reader {
  at = 0;
  fault: BencodeFault = 'truncated';

  constructor(
    private readonly bytes: Uint8Array,
    private readonly lenient: boolean,
  ) {}

  value(depth: number): Bvalue | undefined {
    if (depth > DEPTH_MAX) return this.fail('too deep');
    const token = this.bytes[this.at];
    if (token === undefined) return this.fail('truncated');
    if (token === CHAR_I) return this.integer();
    if (token === CHAR_L) return this.list(depth);
    if (token === CHAR_D) return this.dict(depth);
    if (token >= CHAR_0 && token <= CHAR_9) return this.string();
    return this.fail('bad token');
  }

  private fail(reason: BencodeFault): undefined {
    this.fault = reason;
    return undefined;
  }

  /**
   * Steps over decimal digits and the `end` after them; at most 19, so that nothing exceeds int64
   * by much.
   * @returns how many digits; undefined where there is no plain number.
   */
  private digits(end: number): number | undefined {
    const from = this.at;
    while (true) {
      const c = this.bytes[this.at];
      if (c === undefined) return this.fail('truncated');
      if (c === end) break;
      if (c < CHAR_0 || c > CHAR_9) return this.fail('bad integer');
      if (this.at - from >= 19) return this.fail('bad integer');
      this.at++;
    }
    const count = this.at - from;
    if (count === 0 || (count > 1 && this.bytes[from] === CHAR_0)) return this.fail('bad integer');
    this.at++;
    return count;
  }

  /** The number of `count` digits at `from`; exact up to `EXACT_DIGITS`. */
  private number(from: number, count: number): number {
    let value = 0;
    for (let i = from; i < from + count; i++) value = value * 10 + (this.bytes[i]! - CHAR_0);
    return value;
  }

  private integer(): number | bigint | undefined {
    this.at++;
    const negative = this.bytes[this.at] === CHAR_MINUS;
    if (negative) this.at++;
    const from = this.at;
    const count = this.digits(CHAR_E);
    if (count === undefined) return undefined;
    if (count <= EXACT_DIGITS) {
      const value = this.number(from, count);
      if (negative && value === 0) return this.fail('bad integer');
      return negative ? -value : value;
    }
    const magnitude = BigInt(this.text(from, count));
    const value = negative ? -magnitude : magnitude;
    if (value > INT64_MAX || value < INT64_MIN) return this.fail('bad integer');
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }

  private string(): Uint8Array | undefined {
    const length = this.length();
    if (length === undefined) return undefined;
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  /** Of the string whose bytes follow, all of them. */
  private length(): number | undefined {
    const at = this.at;
    const count = this.digits(CHAR_COLON);
    if (count === undefined) {
      if (this.fault === 'bad integer') this.fault = 'bad length';
      return undefined;
    }
    // More digits than are exact are more bytes than there are.
    const length = this.number(at, count);
    return length > this.bytes.length - this.at ? this.fail('truncated') : length;
  }

  /** Bytes as latin-1 characters. */
  private text(from: number, count: number): string {
    let text = '';
    for (let i = from; i < from + count; i++) text += String.fromCharCode(this.bytes[i]!);
    return text;
  }

  private list(depth: number): Bvalue[] | undefined {
    this.at++;
    const items: Bvalue[] = [];
    while (this.bytes[this.at] !== CHAR_E) {
      if (items.length >= LIST_MAX) return this.fail('too many');
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    this.at++;
    return items;
  }

  private dict(depth: number): Dict | undefined {
    this.at++;
    const dict = Object.create(null) as Dict;
    let previous: string | undefined;
    let count = 0;
    while (this.bytes[this.at] !== CHAR_E) {
      if (++count > LIST_MAX) return this.fail('too many');
      const token = this.bytes[this.at];
      if (token === undefined) return this.fail('truncated');
      if (token < CHAR_0 || token > CHAR_9) return this.fail('bad token');
      const length = this.length();
      if (length === undefined) return undefined;
      if (length > 256) return this.fail('bad length');
      const key = this.text(this.at, length);
      this.at += length;
      if (key in dict) return this.fail('duplicate key');
      if (!this.lenient && previous !== undefined && key < previous) {
        return this.fail('unsorted keys');
      }
      previous = key;
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      dict[key] = item;
    }
    this.at++;
    return dict;
  }
}

// Typed readers: each returns undefined where the value has another shape, so that a decoder is a
// chain of plain checks and no cast.

export function isDict(value: Bvalue | undefined): value is Dict {
  return typeof value === 'object' && !(value instanceof Uint8Array) && !Array.isArray(value);
}

export function asDict(value: Bvalue | undefined): Dict | undefined {
  return isDict(value) ? value : undefined;
}

/** A byte string; of exactly `length` bytes if given. */
export function asBytes(value: Bvalue | undefined, length?: number): Uint8Array | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  return length === undefined || value.length === length ? value : undefined;
}

/** An integer within [min, max]. */
export function asInt(value: Bvalue | undefined, min: number, max: number): number | undefined {
  return typeof value === 'number' && value >= min && value <= max ? value : undefined;
}

export function asList(value: Bvalue | undefined): Bvalue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
