import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  columnsOf,
  isolated,
  padded,
  plainField,
  safeJson,
  truncated,
  visible,
} from './safe-text.ts';

/** All that could act on a terminal or reorder its line. */
const ACTS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/u;
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('[CLI-20] hostile text', () => {
  test.each([
    ['\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['\u001b]0;title\u0007', '\\u{1b}]0;title\\u{7}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['a\rb\nc\td\be', 'a\\u{d}b\\u{a}c\\u{9}d\\u{8}e'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['\u2067x\u2069', '\\u{2067}x\\u{2069}'],
    ['An\u200ba', 'An\\u{200b}a'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['Zoë 東京 👩‍👩‍👧 می‌خواهم', 'Zoë 東京 👩‍👩‍👧 می‌خواهم'],
  ])('%j becomes visible', (text, shown) => {
    expect(visible(text, true)).toBe(shown);
  });

  test('where the locale is not UTF-8 all but ASCII is spelled out', () => {
    expect(visible('Zoë қ\u001b', false)).toBe('Zo\\u{eb} \\u{49b}\\u{1b}');
  });

  test('whatever comes, nothing acts; twice is the same as once', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, utf8) => {
        const shown = visible(text, utf8);
        expect(shown).not.toMatch(ACTS);
        expect(visible(shown, utf8)).toBe(shown);
        if (!utf8) expect(shown).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  test('right-to-left text cannot reorder its neighbours', () => {
    expect(isolated('שלום')).toBe('\u2068שלום\u2069');
    expect(isolated('Ana')).toBe('Ana');
  });

  test('a field of --plain is one field of one line, and can be read back', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, utf8) => {
        const field = plainField(text, utf8);
        expect(field).not.toMatch(ACTS);
        expect(unescaped(field)).toBe(text);
      }),
    );
  });

  test('JSON says the same, in characters that do not act', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, utf8) => {
        const json = safeJson({ text }, utf8);
        expect(json).not.toMatch(ACTS);
        expect(JSON.parse(json)).toEqual({ text });
        if (!utf8) expect(json).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

function unescaped(field: string): string {
  const letters: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  return field.replace(/\\(?:u\{([0-9a-f]+)\}|(.))/gu, (_, code: string, letter: string) =>
    code ? String.fromCodePoint(parseInt(code, 16)) : letters[letter]!,
  );
}

describe('[CLI-20] names keep whole letters', () => {
  test.each([
    ['Ana', 8, 'Ana'],
    ['Ana Maria Ruiz', 8, 'Ana Mar…'],
    ['東京東京東京', 8, '東京東…'],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 4, '…'],
    ['e\u0301e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301…'],
  ])('%s in %d columns', (text, columns, shown) => {
    expect(truncated(text, columns, true)).toBe(shown);
  });

  test('in ASCII the mark is three dots', () => {
    expect(truncated('Ana Maria Ruiz', 8, false)).toBe('Ana M...');
  });

  test('never longer than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 30 }), (text, n) => {
        expect(columnsOf(truncated(text, n, true))).toBeLessThanOrEqual(n);
        expect(columnsOf(padded(text, n))).toBeGreaterThanOrEqual(n);
      }),
    );
  });
});
