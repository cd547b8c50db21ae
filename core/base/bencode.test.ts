import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadVectors, unhex } from '../../vectors/load.ts';
import {
  asBytes,
  asDict,
  asInt,
  asList,
  decode,
  encode,
  isDict,
  type Bvalue,
  type Encodable,
} from './bencode.ts';
import { concat, equal, utf8, utf8Text } from './bytes.ts';
import { DEPTH_MAX, LIST_MAX } from './limits.ts';

interface Case {
  readonly name: string;
  readonly hex: string;
  readonly expect: 'valid' | 'noncanonical' | 'invalid' | 'trailing';
  readonly value?: unknown;
}

const { cases } = loadVectors<{ cases: Case[] }>('beps/bencode-cases.json');

/** As the vectors write values: texts for byte strings, `123n` for what a double cannot hold. */
function plain(value: Bvalue): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return utf8Text(value);
  if (Array.isArray(value)) return value.map(plain);
  if (isDict(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

describe('vectors of libtorrent', () => {
  test('[ENC-1] are all there', () => {
    expect(cases.length).toBe(60);
  });

  test.each(cases)('[ENC-1, ENC-2] $name', ({ hex, expect: expected, value }) => {
    const bytes = unhex(hex);
    const decoded = decode(bytes);
    expect(decoded.ok).toBe(expected === 'valid');
    if (!decoded.ok) return;
    if (value !== undefined) expect(plain(decoded.value)).toEqual(value);
    expect(encode(decoded.value)).toEqual(bytes);
  });

  test.each(cases)('[ENC-3] lenient admits unsorted keys alone: $name', (item) => {
    const unsorted = item.expect === 'noncanonical' && /^unsorted/.test(item.name);
    const decoded = decode(unhex(item.hex), { lenient: true });
    // "unsorted 1" of the vectors holds a key twice.
    const twice = !decoded.ok && decoded.reason === 'duplicate key';
    expect(decoded.ok || twice).toBe(item.expect === 'valid' || unsorted || twice);
  });
});

const encodable: fc.Arbitrary<Encodable> = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) }),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value;

test('[ENC-1] what encodes decodes, and what decodes re-encodes to the same bytes', () => {
  fc.assert(
    fc.property(encodable, (value) => {
      const bytes = encode(value);
      const decoded = decode(bytes);
      expect(decoded.ok && equal(encode(decoded.value), bytes)).toBe(true);
    }),
  );
});

test('[ENC-1] a flipped or cut byte never gives two writings of one value', () => {
  fc.assert(
    fc.property(encodable, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
      const bytes = encode(value);
      bytes[at % bytes.length]! ^= flip;
      for (const candidate of [bytes, bytes.subarray(0, at % bytes.length)]) {
        const decoded = decode(candidate);
        if (decoded.ok) expect(encode(decoded.value)).toEqual(candidate);
      }
    }),
  );
});

test('[ENC-2] any bytes decode or are refused with a reason, leniently too', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const lenient of [false, true]) {
        const decoded = decode(bytes, { lenient });
        expect(decoded.ok || decoded.reason.length > 0).toBe(true);
      }
    }),
  );
});

function nested(depth: number): Uint8Array {
  return concat(utf8('l'.repeat(depth)), utf8('e'.repeat(depth)));
}

test('[ENC-4] nesting ends at 16', () => {
  expect(decode(nested(DEPTH_MAX + 1)).ok).toBe(true);
  expect(decode(nested(DEPTH_MAX + 2))).toEqual({ ok: false, reason: 'too deep' });
  expect(decode(nested(1024))).toEqual({ ok: false, reason: 'too deep' });
});

test('[ENC-4] lists and dictionaries end at 1,024 entries, keys at 256 bytes', () => {
  expect(decode(utf8(`l${'0:'.repeat(LIST_MAX)}e`)).ok).toBe(true);
  expect(decode(utf8(`l${'0:'.repeat(5119)}e`))).toEqual({ ok: false, reason: 'too many' });
  const keys = Array.from({ length: LIST_MAX + 1 }, (_, i) => `4:${String(i).padStart(4, '0')}0:`);
  expect(decode(utf8(`d${keys.slice(1).join('')}e`)).ok).toBe(true);
  expect(decode(utf8(`d${keys.join('')}e`))).toEqual({ ok: false, reason: 'too many' });
  expect(decode(utf8(`d256:${'k'.repeat(256)}0:e`)).ok).toBe(true);
  expect(decode(utf8(`d257:${'k'.repeat(257)}0:e`))).toEqual({ ok: false, reason: 'bad length' });
});

test('[ENC-4] a string of a million bytes is a view, not a copy', () => {
  const bytes = concat(utf8('1000000:'), new Uint8Array(1_000_000));
  const decoded = decode(bytes);
  expect(decoded.ok && asBytes(decoded.value, 1_000_000)?.buffer === bytes.buffer).toBe(true);
});

test('[ENC-5] a field of another type or range counts as absent', () => {
  const decoded = decode(utf8('d1:ai5e1:bl1:xe1:c3:abc1:dd1:zi0eee'));
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  expect(asInt(dict!['a'], 0, 5)).toBe(5);
  expect(asInt(dict!['a'], 0, 4)).toBeUndefined();
  expect(asInt(dict!['c'], 0, 4)).toBeUndefined();
  expect(asList(dict!['b'])).toHaveLength(1);
  expect(asList(dict!['d'])).toBeUndefined();
  expect(asBytes(dict!['c'], 3)).toEqual(utf8('abc'));
  expect(asBytes(dict!['c'], 2)).toBeUndefined();
  expect(asBytes(dict!['a'])).toBeUndefined();
  expect(asDict(dict!['d'])?.['z']).toBe(0);
  expect(asDict(dict!['b'])).toBeUndefined();
});

test('[ENC-5] no key is special', () => {
  const decoded = decode(utf8('d9:__proto__i1ee'));
  const dict = decoded.ok ? asDict(decoded.value)! : {};
  expect(Object.getPrototypeOf(dict)).toBeNull();
  expect(Object.keys(dict)).toEqual(['__proto__']);
  expect('toString' in dict).toBe(false);
});

test('[ENC-1] what is no int64 or no byte key is our own bug', () => {
  for (const value of [1.5, -0, 2 ** 60, NaN, 2n ** 63n, { '\u0100': 1 }]) {
    expect(() => encode(value)).toThrow();
  }
  expect(encode({ b: undefined, a: 'x' })).toEqual(utf8('d1:a1:xe'));
});
