import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import {
  base32,
  compare,
  concat,
  equal,
  fromBase32,
  fromHex,
  hex,
  readUintBE,
  uintBE,
  utf8,
  utf8Text,
} from './bytes.ts';

const someBytes = fc.uint8Array({ maxLength: 80 });

/** RFC 4648 base32 by its definition: 5 bits of the whole number at a time. */
function slowBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 5) * 5, '0');
  const groups = padded.match(/.{5}/g) ?? [];
  return groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(group, 2)]).join('');
}

describe('[ENC-7] base32', () => {
  // RFC 4648 10, without padding and in lower case.
  test.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('of "%s" is "%s"', (text, expected) => {
    expect(base32(utf8(text))).toBe(expected);
    expect(utf8Text(fromBase32(expected)!)).toBe(text);
  });

  test('agrees with its definition and comes back', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const text = base32(bytes);
        expect(text).toBe(slowBase32(bytes));
        expect(equal(fromBase32(text)!, bytes)).toBe(true);
      }),
    );
  });

  test('one byte string has one text: what decodes re-encodes to the same characters', () => {
    const letters = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567A01= ');
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
        const bytes = fromBase32(text);
        if (bytes) expect(base32(bytes)).toBe(text);
      }),
      { numRuns: 2000 },
    );
    // Unused bits set, a length that no bytes have, padding, upper case, a digit it lacks.
    for (const bad of ['mz', 'mzxr', 'a', 'abc', 'my======', 'MY', 'm0']) {
      expect(fromBase32(bad), bad).toBeUndefined();
    }
  });
});

describe('[ENC-8] hex and UTF-8', () => {
  test('hex is written in lower case and read in either', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        expect(hex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(equal(fromHex(hex(bytes))!, bytes)).toBe(true);
        expect(equal(fromHex(hex(bytes).toUpperCase())!, bytes)).toBe(true);
      }),
    );
    for (const bad of ['0', '0g', ' 00', '0x00', '００']) expect(fromHex(bad)).toBeUndefined();
  });

  test('text comes back from its UTF-8; what is no UTF-8 is no text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Text(utf8(text))).toBe(text);
      }),
    );
    // Lone continuation, overlong slash, surrogate half, beyond U+10FFFF, cut.
    for (const bad of ['80', 'c0af', 'eda080', 'f4908080', 'e282']) {
      expect(utf8Text(fromHex(bad)!), bad).toBeUndefined();
    }
    expect(utf8Text(fromHex('efbbbf41')!)).toBe('\ufeffA');
  });
});

describe('[ENC-6] unsigned numbers', () => {
  test('are big-endian of a fixed size', () => {
    expect(hex(uintBE(0x010203, 4))).toBe('00010203');
    expect(hex(uintBE(2 ** 48 - 1, 6))).toBe('ffffffffffff');
    expect(readUintBE(fromHex('aa00010203bb')!, 1, 4)).toBe(0x010203);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (size, seed) => {
        const value = seed % 2 ** (8 * size);
        expect(readUintBE(uintBE(value, size), 0, size)).toBe(value);
      }),
    );
  });

  test('that do not fit are our bug', () => {
    expect(() => uintBE(256, 1)).toThrow('uint fits');
    expect(() => uintBE(-1, 2)).toThrow('uint fits');
    expect(() => uintBE(1.5, 2)).toThrow('uint fits');
    expect(() => readUintBE(new Uint8Array(3), 0, 4)).toThrow('inside');
  });
});

test('concat joins copies in order', () => {
  const part = Uint8Array.of(1, 2);
  const joined = concat(part, new Uint8Array(0), Uint8Array.of(3));
  part[0] = 9;
  expect([...joined]).toEqual([1, 2, 3]);
  expect(concat()).toHaveLength(0);
});

test('compare orders as unsigned bytes do, the shorter of equals first', () => {
  fc.assert(
    fc.property(someBytes, someBytes, (a, b) => {
      expect(Math.sign(compare(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(equal(a, b)).toBe(compare(a, b) === 0);
    }),
  );
  expect(compare(Uint8Array.of(0xff), Uint8Array.of(0x7f, 0))).toBeGreaterThan(0);
  expect(compare(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
});
