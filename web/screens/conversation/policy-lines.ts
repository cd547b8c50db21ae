/**
 * Policy lines: where in a conversation it says that somebody changed its rule. A line stands
 * between the messages that were stored before and after the change; the route itself comes and
 * goes without one.
 * @module
 */
import type { Route } from '@sotto/api/contract.ts';
import type { View } from '../../model/timeline.ts';
import { keyOf, timeOf, type RowItem } from './rows.ts';

export type Change = Route['changes'][number];

interface PolicyLines {
  /** By the key of the row before which they stand. */
  readonly before: ReadonlyMap<string, readonly Change[]>;
  /** Behind the newest row. */
  readonly after: readonly Change[];
}

/** @param changes oldest first. */
export function policyLines(
  rows: readonly RowItem[],
  changes: readonly Change[],
  { hasOlder, hasNewer }: Pick<View, 'hasOlder' | 'hasNewer'>,
): PolicyLines {
  const before = new Map<string, readonly Change[]>();
  const after: Change[] = [];
  for (const change of changes) {
    const index = firstSince(rows, Date.parse(change.at));
    const row = rows[index];
    // Beyond what is in memory it stands among rows that are not.
    if (row === undefined) {
      if (!hasNewer) after.push(change);
    } else if (index > 0 || !hasOlder) {
      const key = keyOf(row);
      before.set(key, [...(before.get(key) ?? []), change]);
    }
  }
  return { before, after };
}

/** Index of the first row at or after a time: there may be thousands. */
function firstSince(rows: readonly RowItem[], timeMs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(rows[middle]!).getTime() < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
