/**
 * Where the values of a bencoded text lie, so that mutations can take it apart by its structure.
 * @module
 */

/** `from` to `to` of one value; of a dictionary's entry also where its key begins. */
export interface Span {
  readonly kind: 'int' | 'bytes' | 'list' | 'dict';
  readonly from: number;
  readonly to: number;
  /** Where the content of a byte string begins. */
  readonly content: number;
  /** Where the key begins, for the value of a dictionary's entry; else `from`. */
  readonly pair: number;
  readonly depth: number;
}

const SPANS_MAX = 4096;

/** Every value of the bencoded text that begins at `at`; none where it is no bencode. */
export function spansOf(bytes: Uint8Array, at: number): Span[] {
  const spans: Span[] = [];
  return valueEnd(bytes, at, at, 0, spans) === undefined ? [] : spans;
}

function valueEnd(
  bytes: Uint8Array,
  at: number,
  pair: number,
  depth: number,
  spans: Span[],
): number | undefined {
  const token = bytes[at];
  if (token === undefined || depth > 32 || spans.length > SPANS_MAX) return undefined;
  const add = (kind: Span['kind'], to: number, content = at): number => {
    spans.push({ kind, from: at, to, content, pair, depth });
    return to;
  };
  if (token === 0x69) {
    const end = bytes.indexOf(0x65, at);
    return end < 0 ? undefined : add('int', end + 1);
  }
  if (token !== 0x6c && token !== 0x64) {
    const string = stringAt(bytes, at);
    return string && add('bytes', string.to, string.content);
  }
  let next = at + 1;
  while (bytes[next] !== 0x65) {
    const key = next;
    if (token === 0x64) {
      const name = stringAt(bytes, next);
      if (!name) return undefined;
      next = name.to;
    }
    const end = valueEnd(bytes, next, token === 0x64 ? key : next, depth + 1, spans);
    if (end === undefined) return undefined;
    next = end;
  }
  return add(token === 0x6c ? 'list' : 'dict', next + 1);
}

function stringAt(bytes: Uint8Array, at: number): { content: number; to: number } | undefined {
  let length = 0;
  let i = at;
  for (; bytes[i] !== 0x3a; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    length = 10 * length + digit;
  }
  const content = i + 1;
  return i > at && content + length <= bytes.length ? { content, to: content + length } : undefined;
}
