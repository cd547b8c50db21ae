import { describe, expect, test } from 'vitest';
import { matchesOf, wantedAt } from './emoji-match.ts';

describe('what is looked for', () => {
  test('a colon at the start of a word and two letters, before the cursor', () => {
    expect(wantedAt('Hello :smi', 10)).toEqual({ from: 6, to: 10, query: 'smi' });
    expect(wantedAt(':Sm and more', 3)).toEqual({ from: 0, to: 3, query: 'sm' });
    expect(wantedAt('(:+1', 4)).toEqual({ from: 1, to: 4, query: '+1' });
  });

  test('times, addresses and short words are none', () => {
    for (const text of ['at 10:30', 'http://ab', ':s', ': smile', 'a:smile', '::']) {
      expect(wantedAt(text, text.length), text).toBeUndefined();
    }
  });
});

test('the same word first, then those that begin with it, then those that have it', () => {
  const all = [
    { emoji: 'A', label: '', codes: ['heart_smile'] },
    { emoji: 'B', label: '', codes: ['smiley'] },
    { emoji: 'C', label: '', codes: ['grin', 'smile'] },
    { emoji: 'D', label: '', codes: ['sad'] },
  ];
  expect(matchesOf(all, 'smile').map(({ emoji }) => emoji)).toEqual(['C', 'B', 'A']);
});
