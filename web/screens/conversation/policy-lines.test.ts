import type { Message } from '@sotto/api/contract.ts';
import { describe, expect, test } from 'vitest';
import { policyLines, type Change } from './policy-lines.ts';
import type { RowItem } from './rows.ts';

function at(minute: number): string {
  return new Date(2026, 10, 21, 10, minute).toISOString();
}
const row = (minute: number): RowItem =>
  ({ event: `e${minute}`, cursor: String(minute), storedAt: at(minute) }) as unknown as Message;
const change = (minute: number, by: Change['by'] = 'us'): Change => ({
  at: at(minute),
  by,
  policy: 'hidden',
});
const whole = { hasOlder: false, hasNewer: false };

describe('a change of the rule', () => {
  const rows = [row(10), row(20), row(30)];

  test('stands before the first row that was stored after it', () => {
    const lines = policyLines(rows, [change(15), change(16, 'them'), change(25)], whole);
    expect(lines.before.get('e20')).toEqual([change(15), change(16, 'them')]);
    expect(lines.before.get('e30')).toEqual([change(25)]);
    expect(lines.before.size).toBe(2);
    expect(lines.after).toEqual([]);
  });

  test('stands behind the newest row, unless newer ones are not in memory', () => {
    expect(policyLines(rows, [change(35)], whole).after).toEqual([change(35)]);
    expect(policyLines(rows, [change(35)], { ...whole, hasNewer: true }).after).toEqual([]);
  });

  test('stands before the oldest row, unless older ones are not in memory', () => {
    expect(policyLines(rows, [change(5)], whole).before.get('e10')).toEqual([change(5)]);
    const cut = policyLines(rows, [change(5), change(15)], { ...whole, hasOlder: true });
    expect([...cut.before]).toEqual([['e20', [change(15)]]]);
  });

  test('stands alone where nothing was written', () => {
    expect(policyLines([], [change(5)], whole)).toEqual({
      before: new Map(),
      after: [change(5)],
    });
  });
});
