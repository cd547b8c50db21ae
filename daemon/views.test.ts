import { expect, test } from 'vitest';
import { StreamEvent } from '@sotto/api/contract.ts';
import { ZERO_HASH } from '@sotto/core/base/event.ts';
import { messageOf, peekOf, timeText } from './views.ts';

test('[EVT-5] every time that may be stored has a text that the contract takes', () => {
  expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(timeText(1_790_000_000_123)).toBe('2026-09-21T14:13:20.123Z');
  const latest = '9999-12-31T23:59:59.999Z';
  expect(timeText(Date.parse(latest))).toBe(latest);
  for (const timeMs of [Date.parse(latest) + 1, 8.64e15, 8.64e15 + 1, Number.MAX_SAFE_INTEGER]) {
    expect(timeText(timeMs)).toBe(latest);
    const stored = {
      id: ZERO_HASH.subarray(0, 16),
      conversation: ZERO_HASH.subarray(0, 16),
      author: ZERO_HASH,
      cursor: 1,
      outgoing: false,
      kind: 'text',
      text: 'hello',
      timeMs,
      storedMs: 0,
      state: 'received' as const,
      deliveredMs: undefined,
      route: undefined,
      sequence: 1,
      gapBefore: false,
      fork: false,
    };
    const data = messageOf(stored, { author: 'Eve', readUpTo: 0 });
    expect(() => StreamEvent.parse({ v: 1, type: 'message', cursor: '1', data })).not.toThrow();
    const peek = peekOf({ kind: 'invite', id: 'sotto:x', expiresMs: timeMs, known: undefined });
    expect(peek).toMatchObject({ expiresAt: latest });
  }
});
