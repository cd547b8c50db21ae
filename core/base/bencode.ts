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
import { concat, utf8 } from './bytes.ts';
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

/**
 * The canonical bytes of a value. Keys are latin-1 texts (one character, one byte).
 * @throws AssertionError on a number that is no int64 or a key beyond latin-1: our bug.
 */
export function encode(value: Encodable): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concat(...parts);
}

const END = utf8('e');
const LIST = utf8('l');
const DICT = utf8('d');

function write(value: Encodable, parts: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const fits =
      typeof value === 'number'
        ? Number.isSafeInteger(value) && !Object.is(value, -0)
        : value >= INT64_MIN && value <= INT64_MAX;
    assert(fits, 'bencoded integers are int64');
    parts.push(utf8(`i${value}e`));
  } else if (typeof value === 'string') {
    writeString(utf8(value), parts);
  } else if (value instanceof Uint8Array) {
    writeString(value, parts);
  } else if (Array.isArray(value)) {
    parts.push(LIST);
    for (const item of value as readonly Encodable[]) write(item, parts);
    parts.push(END);
  } else {
    const dict = value as { readonly [key: string]: Encodable | undefined };
    parts.push(DICT);
    // UTF-16 order equals byte order for latin-1 keys.
    for (const key of Object.keys(dict).sort()) {
      const item = dict[key];
      if (item === undefined) continue;
      writeString(latin1(key), parts);
      write(item, parts);
    }
    parts.push(END);
  }
}

function writeString(bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(utf8(`${bytes.length}:`), bytes);
}

function latin1(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    assert(code < 256, 'dictionary keys are bytes');
    bytes[i] = code;
  }
  return bytes;
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

const CHAR_E = 0x65;
const CHAR_I = 0x69;
const CHAR_L = 0x6c;
const CHAR_D = 0x64;
const CHAR_0 = 0x30;
const CHAR_9 = 0x39;
const CHAR_MINUS = 0x2d;
const CHAR_COLON = 0x3a;

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

  /** Decimal digits up to `end`; at most 19, so that nothing exceeds int64 by much. */
  private digits(end: number): bigint | undefined {
    const from = this.at;
    while (true) {
      const c = this.bytes[this.at];
      if (c === undefined) return this.fail('truncated');
      if (c === end) break;
      if (c < CHAR_0 || c > CHAR_9) return this.fail('bad integer');
      if (this.at - from >= 19) return this.fail('bad integer');
      this.at++;
    }
    const length = this.at - from;
    if (length === 0 || (length > 1 && this.bytes[from] === CHAR_0))
      return this.fail('bad integer');
    let small = 0;
    if (length <= 15) {
      for (let i = from; i < this.at; i++) small = small * 10 + (this.bytes[i]! - CHAR_0);
      this.at++;
      return BigInt(small);
    }
    let text = '';
    for (let i = from; i < this.at; i++) text += String.fromCharCode(this.bytes[i]!);
    this.at++;
    return BigInt(text);
  }

  private integer(): number | bigint | undefined {
    this.at++;
    const negative = this.bytes[this.at] === CHAR_MINUS;
    if (negative) this.at++;
    const magnitude = this.digits(CHAR_E);
    if (magnitude === undefined) return undefined;
    if (negative && magnitude === 0n) return this.fail('bad integer');
    const value = negative ? -magnitude : magnitude;
    if (value > INT64_MAX || value < INT64_MIN) return this.fail('bad integer');
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }

  private string(): Uint8Array | undefined {
    const length = this.digits(CHAR_COLON);
    if (length === undefined) {
      if (this.fault === 'bad integer') this.fault = 'bad length';
      return undefined;
    }
    if (length > BigInt(this.bytes.length - this.at)) return this.fail('truncated');
    const from = this.at;
    this.at += Number(length);
    return this.bytes.subarray(from, this.at);
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
      const keyBytes = this.string();
      if (keyBytes === undefined) return undefined;
      if (keyBytes.length > 256) return this.fail('bad length');
      let key = '';
      for (const byte of keyBytes) key += String.fromCharCode(byte);
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
