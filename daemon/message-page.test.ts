import { describe, expect, test } from 'vitest';
import type { Message } from '@sotto/vault/view.ts';
import { readPage, type PageBounds } from './message-page.ts';

/** Messages 2, 4, 6 ... 20, each stored at the time of its cursor. */
const ALL = Array.from({ length: 10 }, (_, i) => 2 * (i + 1));

type Asked = Parameters<Parameters<typeof readPage>[0]['messages']>[0];

/** As vault/reader.ts does it. */
function messages({ before = Infinity, limit, since }: Asked): Message[] {
  const found =
    since === undefined
      ? ALL.filter((cursor) => cursor < before).slice(-limit)
      : ALL.filter((cursor) => cursor > since).slice(0, limit);
  return found.map((cursor) => ({ cursor, storedMs: cursor }) as Message);
}

function page(limit: number, bounds: PageBounds = {}): [number[], boolean, boolean] {
  const found = readPage({ messages }, new Uint8Array(16), limit, bounds);
  return [found.messages.map(({ cursor }) => cursor), found.more, found.newer];
}

describe('[API-31] a page of a conversation', () => {
  test('is the newest, or ends right before or begins right after a cursor', () => {
    expect(page(3)).toEqual([[16, 18, 20], true, false]);
    expect(page(10)).toEqual([ALL, false, false]);
    expect(page(3, { before: 16 })).toEqual([[10, 12, 14], true, true]);
    expect(page(3, { before: 7 })).toEqual([[2, 4, 6], false, true]);
    expect(page(3, { after: 6 })).toEqual([[8, 10, 12], true, true]);
    expect(page(3, { after: 15 })).toEqual([[16, 18, 20], true, false]);
    expect(page(3, { before: 2 })).toEqual([[], false, true]);
    expect(page(3, { after: 20 })).toEqual([[], true, false]);
  });

  test('has a cursor in its middle, and is full where either side has enough', () => {
    expect(page(5, { around: 10 })).toEqual([[6, 8, 10, 12, 14], true, true]);
    expect(page(4, { around: 10 })).toEqual([[6, 8, 10, 12], true, true]);
    expect(page(1, { around: 10 })).toEqual([[10], true, true]);
    expect(page(5, { around: 2 })).toEqual([[2, 4, 6, 8, 10], false, true]);
    expect(page(5, { around: 20 })).toEqual([[12, 14, 16, 18, 20], true, false]);
    expect(page(50, { around: 10 })).toEqual([ALL, false, false]);
    // Forgotten, or never there: what stood around it.
    expect(page(4, { around: 11 })).toEqual([[6, 8, 10, 12], true, true]);
  });

  test('goes no further back than a time', () => {
    expect(page(3, { sinceMs: 18 })).toEqual([[18, 20], false, false]);
    expect(page(3, { sinceMs: 14 })).toEqual([[16, 18, 20], true, false]);
    expect(page(3, { sinceMs: 16 })).toEqual([[16, 18, 20], false, false]);
    expect(page(3, { before: 12, sinceMs: 8 })).toEqual([[8, 10], false, true]);
    expect(page(3, { after: 2, sinceMs: 99 })).toEqual([[], false, true]);
  });
});
