import type { Message } from '@sotto/api/contract.ts';
import { describe, expect, test } from 'vitest';
import type { Pending, View } from '../../model/timeline.ts';
import { joins, keyOf, newestOwn, rowsOf, startsDay } from './rows.ts';

function message(cursor: number, change: Partial<Message> = {}): Message {
  const time = new Date(2026, 10, 21, 10, cursor).toISOString();
  return {
    event: `e${cursor}`,
    conversation: 'c_a',
    cursor: String(cursor),
    outgoing: false,
    author: 'Ana',
    kind: 'text',
    text: 'a',
    time,
    storedAt: time,
    state: 'received',
    read: true,
    gapBefore: false,
    fork: false,
    ...change,
  };
}
const pending: Pending = {
  clientId: 'p1',
  text: 'b',
  writtenAtMs: new Date(2026, 10, 21, 10, 9).getTime(),
  event: undefined,
  error: undefined,
};
const view = (change: Partial<View>): View => ({
  messages: [message(1)],
  pending: [pending],
  hasOlder: false,
  hasNewer: false,
  loaded: true,
  error: undefined,
  piece: 1,
  ...change,
});

test('what was just written stands behind the newest message, and nowhere else', () => {
  expect(rowsOf(view({})).map(keyOf)).toEqual(['e1', 'p1']);
  expect(rowsOf(view({ hasNewer: true })).map(keyOf)).toEqual(['e1']);
});

test('a row keeps its key when its message takes its place', () => {
  expect(keyOf({ ...pending, event: 'e2' })).toBe(keyOf(message(2)));
});

describe('joining', () => {
  test('one author within five minutes', () => {
    expect(joins(message(1), message(2))).toBe(true);
    expect(joins(message(1), message(6))).toBe(false);
    expect(joins(message(1), message(2, { outgoing: true }))).toBe(false);
    expect(joins(undefined, message(1))).toBe(false);
  });

  test('nothing joins over a gap or beside a fork', () => {
    expect(joins(message(1), message(2, { gapBefore: true }))).toBe(false);
    expect(joins(message(1), message(2, { fork: true }))).toBe(false);
  });
});

test('a day begins at its first row, by the time of this device', () => {
  const eve = message(1, { storedAt: new Date(2026, 10, 20, 23, 59).toISOString() });
  expect(startsDay(undefined, eve)).toBe(true);
  expect(startsDay(eve, message(2))).toBe(true);
  expect(startsDay(message(1), message(2))).toBe(false);
});

test('the newest of ours may be one that is not stored yet', () => {
  const mine = message(1, { outgoing: true });
  expect(newestOwn([mine, message(2)])).toBe(mine);
  expect(newestOwn([mine, message(2), pending])).toBe(pending);
  expect(newestOwn([message(2)])).toBeUndefined();
});
