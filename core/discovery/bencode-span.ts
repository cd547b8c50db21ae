/**
 * The very bytes of a value inside a bencoded message, for what is hashed or signed: decoding and
 * encoding again would repair unsorted keys that BEP 44 wants refused (DHT-11).
 * @module
 */
import { assert } from '../base/assert.ts';

const CHAR_COLON = 0x3a;
const CHAR_D = 0x64;
const CHAR_E = 0x65;
const CHAR_I = 0x69;
const CHAR_L = 0x6c;

/**
 * The encoded value at `message[outer][inner]`, a view into `message`.
 * @param message a dictionary with a dictionary at `outer`, as `decode` has accepted it: this walk
 * does not check again.
 */
export function rawField(
  message: Uint8Array,
  outer: string,
  inner: string,
): Uint8Array | undefined {
  const dict = field(message, outer);
  assert(dict?.[0] === CHAR_D, 'the outer value was read as a dictionary');
  return field(dict, inner);
}

/** The same of a byte string that `decode` has read from `message`: its length is before it. */
export function rawString(message: Uint8Array, value: Uint8Array): Uint8Array {
  const at = value.byteOffset - message.byteOffset;
  return message.subarray(at - `${value.length}:`.length, at + value.length);
}

function field(dict: Uint8Array, name: string): Uint8Array | undefined {
  let at = 1;
  while (dict[at] !== CHAR_E) {
    const valueAt = skip(dict, at);
    const end = skip(dict, valueAt);
    if (isKey(dict, at, valueAt, name)) return dict.subarray(valueAt, end);
    at = end;
  }
  return undefined;
}

/** Is the key in [from, to) `name`? Names here have fewer than ten bytes: one digit of length. */
function isKey(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== 2 + name.length) return false;
  const at = from + 2;
  for (let i = 0; i < name.length; i++) {
    if (bytes[at + i] !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The offset after the value that starts at `at`. */
function skip(bytes: Uint8Array, at: number): number {
  let depth = 0;
  do {
    const token = bytes[at];
    if (token === CHAR_I) {
      at = bytes.indexOf(CHAR_E, at) + 1;
    } else if (token === CHAR_L || token === CHAR_D) {
      depth++;
      at++;
    } else if (token === CHAR_E) {
      depth--;
      at++;
    } else {
      let length = 0;
      for (; bytes[at] !== CHAR_COLON; at++) length = 10 * length + bytes[at]! - 0x30;
      at += 1 + length;
    }
  } while (depth > 0);
  return at;
}
