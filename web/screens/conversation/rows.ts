/**
 * Rows of the list of messages: a message that is stored, or one that is on its way to be; and
 * what a row must know of those beside it.
 * @module
 */
import type { Message } from '@sotto/api/contract.ts';
import type { Pending, View } from '../../model/timeline.ts';

export type RowItem = Message | Pending;

/** Messages of one author within this time join. */
const JOIN_MS = 5 * 60_000;

/** All rows, oldest first. What was just written stands behind the newest message only. */
export function rowsOf({ messages, pending, hasNewer }: View): readonly RowItem[] {
  return pending.length === 0 || hasNewer ? messages : [...messages, ...pending];
}

export function isStored(item: RowItem): item is Message {
  return 'cursor' in item;
}

/** Stays the same as long as the row does. */
export function keyOf(item: RowItem): string {
  return isStored(item) ? item.event : (item.event ?? item.clientId);
}

/** When it was stored here, or written here; orders the rows, unlike the clocks of others. */
export function timeOf(item: RowItem): Date {
  return new Date(isStored(item) ? item.storedAt : item.writtenAtMs);
}

/** Where one bubble follows the other without a gap between them. */
export function joins(before: RowItem | undefined, item: RowItem): boolean {
  if (!before || isOwn(before) !== isOwn(item)) return false;
  if (isStored(item) && (item.gapBefore || item.fork)) return false;
  const beforeMs = timeOf(before).getTime();
  const ownMs = timeOf(item).getTime();
  return ownMs - beforeMs < JOIN_MS && sameDay(beforeMs, ownMs);
}

/** A row whose day is another one than that of the row before. */
export function startsDay(before: RowItem | undefined, item: RowItem): boolean {
  return !before || !sameDay(timeOf(before).getTime(), timeOf(item).getTime());
}

export function isOwn(item: RowItem): boolean {
  return !isStored(item) || item.outgoing;
}

/** The newest of ours: its state has its word under it. */
export function newestOwn(rows: readonly RowItem[]): RowItem | undefined {
  return rows.findLast(isOwn);
}

/** The newest of ours that waits: why it does is told under it. */
export function newestWaiting(rows: readonly RowItem[]): RowItem | undefined {
  return rows.findLast((row) => isStored(row) && row.outgoing && row.state === 'waiting');
}

function sameDay(a: number, b: number): boolean {
  const first = new Date(a);
  const second = new Date(b);
  return (
    first.getDate() === second.getDate() &&
    first.getMonth() === second.getMonth() &&
    first.getFullYear() === second.getFullYear()
  );
}
