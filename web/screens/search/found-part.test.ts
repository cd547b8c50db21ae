import { expect, test } from 'vitest';
import { foundPart } from './found-part.ts';

const marked = (text: string, wanted: string): string =>
  foundPart(text, wanted)
    .map((piece) => (piece.isFound ? `[${piece.text}]` : piece.text))
    .join('');

test('every place is marked, in any case', () => {
  expect(marked('See you at six, see?', 'SEE')).toBe('[See] you at six, [see]?');
  expect(marked('ΣΊΣΥΦΟΣ', 'σίσυφος')).toBe('[ΣΊΣΥΦΟΣ]');
});

test('what is looked for is text, not a pattern', () => {
  expect(marked('a.c abc (x|y)* \\d', '.')).toBe('a[.]c abc (x|y)* \\d');
  expect(marked('a.c abc (x|y)* \\d', '(x|y)*')).toBe('a.c abc [(x|y)*] \\d');
  expect(marked('1-2/3 [4]', '-2/3 [')).toBe('1[-2/3 []4]');
});

test('a long text is shown around the first place, lines as spaces', () => {
  const text = `${'before '.repeat(50)}here\nit is${' after'.repeat(80)}`;
  const shown = marked(text, 'here it');
  expect(shown).toMatch(/^…before (before )*\[here it\] is after/);
  expect(shown.length).toBeLessThan(260);
  expect(shown.endsWith('…')).toBe(true);
});

test('nothing found shows the beginning; pairs of surrogates stay whole', () => {
  expect(marked('hello', 'x')).toBe('hello');
  expect(marked('hello', ' ')).toBe('hello');
  for (const piece of foundPart('😀'.repeat(400) + 'x' + '😀'.repeat(400), 'x')) {
    expect(piece.text).not.toMatch(/[\ud800-\udfff]/u);
  }
});
