import { expect, test } from 'vitest';
import { matchScore } from './match.ts';

const NAMES = [
  'Ana Ruiz',
  'Bo Andersson',
  'Lena',
  'José Ángel',
  'Иван Петров',
  '山田 太郎',
  'Diana',
];

function found(query: string): string[] {
  return NAMES.map((name) => ({ name, score: matchScore(name, query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}

test('parts of words are found, beginnings of names first', () => {
  expect(found('an')).toEqual(['Ana Ruiz', 'Bo Andersson', 'José Ángel', 'Diana']);
  expect(found('ana')).toEqual(['Ana Ruiz', 'Diana']);
  expect(found('ruiz ana')).toEqual(['Ana Ruiz']);
  expect(found('太')).toEqual(['山田 太郎']);
});

test('accents and case do not matter', () => {
  expect(found('JOSE')).toEqual(['José Ángel']);
  expect(found('ángel')).toEqual(['José Ángel']);
  expect(found('пет')).toEqual(['Иван Петров']);
});

test('one letter of four may be wrong, missing, too many or swapped; two of eight', () => {
  for (const query of ['ruis', 'rruiz', 'riuz', 'ruizz'])
    expect(found(query)).toEqual(['Ana Ruiz']);
  expect(found('anderson')).toEqual(['Bo Andersson']);
  expect(found('andressen')).toEqual(['Bo Andersson']);
  expect(found('amderssen')).toEqual(['Bo Andersson']);
});

test('what is too far off, and what has a word too many, is not found', () => {
  for (const query of ['bx', 'lxnx', 'ana xu', '???', 'zzzz']) expect(found(query)).toEqual([]);
});

test('the empty query matches everybody; a query without end ends', () => {
  expect(found(' ')).toHaveLength(NAMES.length);
  expect(matchScore('Ana', 'a'.repeat(1_000_000))).toBe(0);
  expect(matchScore('a'.repeat(100_000), 'b'.repeat(200))).toBe(0);
});
