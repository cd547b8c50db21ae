import { expect, test } from 'vitest';
import { readQuery, withFilter } from './query.ts';

const PEOPLE = [
  { conversation: 'c_1', name: 'Ana Ruiz' },
  { conversation: 'c_2', name: 'Bo' },
  { conversation: 'c_3', name: 'Ana' },
];
const NOW = new Date(2026, 10, 21, 14, 2);
const read = (typed: string) => readQuery(typed, PEOPLE, NOW);

test('words alone are looked for as they are', () => {
  const { text, ...rest } = read('  see  you: at 6 ');
  expect(text).toBe('see you: at 6');
  expect(Object.values(rest).every((value) => value === undefined)).toBe(true);
  expect(read('x'.repeat(999)).text).toHaveLength(256);
});

test('filters may stand anywhere and are no words', () => {
  expect(read('plan from:me')).toMatchObject({ text: 'plan', from: 'me' });
  expect(read('From:THEM plan in:bo now')).toMatchObject({
    text: 'plan now',
    from: 'them',
    within: PEOPLE[1],
  });
  expect(read('inform:me')).toMatchObject({ text: 'inform:me', from: undefined });
});

test('a person is named by a part of the name, or whole in quotes', () => {
  expect(read('in:rui').within).toBe(PEOPLE[0]);
  expect(read('in:"Ana Ruiz" x')).toMatchObject({ text: 'x', within: PEOPLE[0] });
  expect(read('in:Ana').within).toBe(PEOPLE[2]);
  expect(read('from:bo')).toMatchObject({ from: 'them', within: PEOPLE[1] });
});

test('days are calendar days of this computer; the last filter of a kind counts', () => {
  expect(read('before:2026-11-03').before).toEqual(new Date(2026, 10, 3));
  expect(read('after:2026-11').after).toEqual(new Date(2026, 10, 1));
  expect(read('after:2025').after).toEqual(new Date(2025, 0, 1));
  expect(read('before:today after:yesterday')).toMatchObject({
    before: new Date(2026, 10, 21),
    after: new Date(2026, 10, 20),
  });
  expect(read('before:2025 before:2026').before).toEqual(new Date(2026, 0, 1));
});

test('what is not finished, or is nothing, is neither a filter nor a word', () => {
  expect(read('plan in:')).toMatchObject({
    text: 'plan',
    within: undefined,
    unfinished: { filter: 'in', value: '' },
  });
  for (const typed of ['before:20', 'before:2026-02-31', 'after:2026-13', 'after:soon', 'in:zzz']) {
    const query = read(typed);
    expect(query.text).toBe('');
    expect([query.before, query.after, query.within]).toEqual([undefined, undefined, undefined]);
    expect(query.unfinished?.value).toBe(typed.split(':')[1]);
  }
  expect(read('in:"Ana Ru').within).toBe(PEOPLE[0]);
});

test('a button puts its filter in place of one of its kind, and takes it out', () => {
  expect(withFilter('plan', 'from', 'me')).toBe('from:me plan');
  expect(withFilter('from:me plan', 'from', 'them')).toBe('from:them plan');
  expect(withFilter('from:me in:bo plan', 'from', undefined)).toBe('in:bo plan');
  expect(withFilter('in: ', 'in', 'Ana "R" Ruiz')).toBe('in:"Ana  R  Ruiz" ');
  expect(read(withFilter('x', 'in', 'Ana Ruiz')).within).toBe(PEOPLE[0]);
});
