import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookKeys, Looks } from './look-alike.ts';

const alike = (one: string, other: string): boolean => {
  const keys = lookKeys(other);
  return lookKeys(one).some((key) => keys.includes(key));
};

describe('names that look alike', () => {
  const pairs = [
    ['\u0410na', 'Ana'], // Cyrillic
    ['PauI', 'Paul'], // a capital i
    ['\uff41na', 'Ana'], // wide
    ['\u{1d400}na', 'Ana'], // mathematical
    ['Bob0', 'Bobo'],
    ['rnark', 'mark'],
    ['Ana R', 'AnaR'],
    ['\u039f\u03bbeg', 'O\u03bbeg'], // Greek capital O
    ['A\u0301na', '\u00c1na'], // one character or two
  ];
  test.each(pairs)('[CON-11] %s and %s', (one, other) => {
    expect(alike(one, other)).toBe(true);
  });

  const different = [
    ['Ana', 'Anna'],
    ['Ana', 'Ana 2'],
    ['Ivan', 'Iwan'],
    ['\u00c1na', 'Ana'],
  ];
  test.each(different)('[CON-11] %s and %s look different', (one, other) => {
    expect(alike(one, other)).toBe(false);
  });

  test('[CON-11] any text has keys, looks like itself, and likeness goes both ways', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(alike(a, a)).toBe(true);
        expect(alike(a, b)).toBe(alike(b, a));
      }),
    );
  });
});

test('[CON-11] an index tells whose name a person looks like, as people come, change and go', () => {
  const looks = new Looks<{ name: string }>();
  const [ana, false_, bo] = [{ name: 'Ana' }, { name: '\u0410na' }, { name: 'Bo' }];
  for (const person of [ana, false_, bo]) looks.put(person);
  expect(looks.like(ana)).toBe(false_);
  expect(looks.like(false_)).toBe(ana);
  expect(looks.like(bo)).toBeUndefined();
  expect(looks.named('B\u043e')).toBe(bo);

  false_.name = 'Carl';
  looks.put(false_);
  expect(looks.like(ana)).toBeUndefined();
  expect(looks.named('\u0410na')).toBe(ana);
  looks.remove(ana);
  expect(looks.named('Ana')).toBeUndefined();
});
