import type { Conversation, Hit, Peek } from '@sotto/api/contract.ts';
import { expect, test } from 'vitest';
import { EN } from '../../text/en/index.ts';
import type { TextKey } from '../../text/text.ts';
import { findsOf, looksPasted, type Tab } from './finds.ts';
import { readQuery } from './query.ts';

const CHATS = ['Ana Ruiz', 'Bo', 'Nettie', 'Diana'].map(
  (name, at) => ({ conversation: `c_${at}`, name }) as Conversation,
);
const HIT = { message: { event: 'e1' }, name: 'Bo' } as Hit;
const PEEK: Peek = { kind: 'id', id: 'sotto:x' };
const say = (key: TextKey): string => EN[key];

function keys(typed: string, tab: Tab = 'all', pasted?: { peek: Peek; text: string }): string[] {
  const query = readQuery(typed, CHATS, new Date(0));
  const hits = query.text === '' ? [] : [HIT];
  return findsOf({ chats: CHATS, hits, pasted }, query, tab, say).map(({ key }) => key);
}

test('before anything is typed: people in their order, then where one can go', () => {
  expect(keys('').slice(0, 5)).toEqual(['c_0', 'c_1', 'c_2', 'c_3', 'search.command.add']);
  expect(keys('', 'messages')).toEqual([]);
});

test('people, then commands, then messages; those who fit best first', () => {
  expect(keys('net')).toEqual(['c_2', 'search.command.network', 'e1']);
  expect(keys('ana')).toEqual(['c_0', 'c_3', 'e1']);
  expect(keys('ana', 'people')).toEqual(['c_0', 'c_3']);
  expect(keys('ana', 'messages')).toEqual(['e1']);
});

test('a filter is about messages: people and commands step back', () => {
  expect(keys('net from:me')).toEqual(['e1']);
  expect(keys('after:2026 ana')).toEqual(['e1']);
});

test('a filter that wants a person offers people to finish it', () => {
  expect(keys('plan in:')).toEqual(['filter c_0', 'filter c_1', 'filter c_2', 'filter c_3']);
  expect(keys('plan in:zzzz')).toEqual([]);
});

test('what was pasted stands first', () => {
  expect(keys('sotto:x', 'all', { peek: PEEK, text: 'sotto:x' })[0]).toBe('pasted');
});

test('[CON-13] a new invite of somebody who was not met yet is used, and not only led past', () => {
  const chats = [
    { ...CHATS[0]!, state: 'added' },
    { ...CHATS[1]!, state: 'connected' },
  ] as const;
  const deed = (peek: Peek): string | undefined => {
    const pasted = { peek, text: 'sotto:x' };
    const [first] = findsOf(
      { chats, hits: [], pasted },
      readQuery('', chats, new Date(0)),
      'all',
      say,
    );
    return first?.kind === 'pasted' ? first.deed : undefined;
  };
  expect(deed({ ...PEEK, kind: 'invite', known: 'c_0' })).toBe('use');
  expect(deed({ ...PEEK, kind: 'invite', known: 'c_1' })).toBe('open');
  expect(deed({ ...PEEK, known: 'c_0' })).toBe('open');
  expect(deed({ ...PEEK, kind: 'invite' })).toBe('add');
});

test('an ID is known by its beginning, or by its length', () => {
  for (const text of ['sotto:abcd', 'Add me: SOTTO:ABCD', 'abcd efgh '.repeat(5)]) {
    expect(looksPasted(text)).toBe(true);
  }
  for (const text of ['', 'ana', 'see you at six in the park', 'x'.repeat(90) + '!']) {
    expect(looksPasted(text)).toBe(false);
  }
});
