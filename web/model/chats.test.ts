import type { Conversation } from '@sotto/api/contract.ts';
import { expect, test } from 'vitest';
import { neighbour, orderedChats, shownChats, unreadNeighbour } from './chats.ts';

function chat(name: string, minute?: number, change: Partial<Conversation> = {}): Conversation {
  const storedAt = new Date(Date.UTC(2026, 0, 1, 0, minute ?? 0)).toISOString();
  const last = { storedAt } as Conversation['last'];
  return {
    conversation: name,
    id: '',
    name,
    state: 'connected',
    online: false,
    route: 'waiting',
    policy: 'auto',
    unread: 0,
    waiting: 0,
    readUpTo: '0',
    ...(minute === undefined ? {} : { last: last! }),
    ...change,
  };
}

const ALL = [
  chat('old', 1),
  chat('unread', 5, { unread: 2 }),
  chat('new'),
  chat('blocked', 9, { state: 'blocked' }),
  chat('echo', 3, { route: 'local', unread: 1 }),
  chat('newest'),
];
const order = orderedChats(new Map(ALL.map((one) => [one.conversation, one])));
const names = (chats: readonly Conversation[]): string[] => chats.map(({ name }) => name);

test('who came last stands on top, then the chat that moved last', () => {
  expect(names(order)).toEqual(['newest', 'new', 'blocked', 'unread', 'echo', 'old']);
});

test('who was blocked without a word does not stand on top', () => {
  const stranger = chat('stranger', undefined, { state: 'blocked' });
  const all = [chat('old', 1), stranger, chat('new')];
  const ordered = orderedChats(new Map(all.map((one) => [one.conversation, one])));
  expect(names(ordered)).toEqual(['new', 'old', 'stranger']);
});

test('a filter shows its own, and the open chat although it was just read', () => {
  expect(names(shownChats(order, 'all', undefined))).toHaveLength(6);
  expect(names(shownChats(order, 'unread', undefined))).toEqual(['unread', 'echo']);
  expect(names(shownChats(order, 'unread', 'new'))).toEqual(['new', 'unread', 'echo']);
  expect(names(shownChats(order, 'people', undefined))).toEqual(['newest', 'new', 'unread', 'old']);
});

test('previous and next end at the ends, and begin there', () => {
  expect(neighbour(order, 'new', 1)?.name).toBe('blocked');
  expect(neighbour(order, 'new', -1)?.name).toBe('newest');
  expect(neighbour(order, 'newest', -1)).toBeUndefined();
  expect(neighbour(order, undefined, 1)?.name).toBe('newest');
  expect(neighbour(order, 'gone', -1)?.name).toBe('old');
  expect(neighbour([], undefined, 1)).toBeUndefined();
});

test('the next unread one is found around the ends, never the open one', () => {
  expect(unreadNeighbour(order, 'unread', 1)?.name).toBe('echo');
  expect(unreadNeighbour(order, 'echo', 1)?.name).toBe('unread');
  expect(unreadNeighbour(order, 'unread', -1)?.name).toBe('echo');
  expect(unreadNeighbour(order, undefined, 1)?.name).toBe('unread');
  expect(unreadNeighbour(order, undefined, -1)?.name).toBe('echo');
  expect(unreadNeighbour(shownChats(order, 'people', undefined), 'unread', 1)).toBeUndefined();
});
