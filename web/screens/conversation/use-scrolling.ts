/**
 * Scrolling of the feed: where it begins, staying at the newest, loading more at both ends, and
 * telling the daemon what was read.
 * @module
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useModel } from '../../model/context.ts';
import { isNewer, type Model } from '../../model/model.ts';
import type { Timeline } from '../../model/timeline.ts';
import { isStored, keyOf, type RowItem } from './rows.ts';

/** So near to an end more is asked for. */
const NEAR_ROWS = 80;
/** So near to the end counts as being there. */
const AT_END_PX = 48;
/** What is above the first unread message stays in sight. */
const ABOVE_PX = 96;
/** What stands below the newest message. */
const BELOW_PX = 12;
/** Who only passes by has not read. */
const READ_MS = 300;

interface Input {
  readonly list: RefObject<VirtualizerHandle | null>;
  readonly rows: readonly RowItem[];
  readonly timeline: Timeline;
  readonly at: string | undefined;
  /** Index of the first unread message, or -1. */
  readonly newLine: number;
}

export function useScrolling({ list, rows, timeline, at, newLine }: Input) {
  const [isAtEnd, setAtEnd] = useState(true);
  const stuck = useRef(true);
  const offsetBefore = useRef(0);
  const markRead = useMarkRead(list, rows, timeline);
  const firstKey = keyOf(rows[0]!);
  const firstBefore = useRef(firstKey);
  // Rows came or went before the first one: what is seen stays where it is.
  const shift = firstBefore.current !== firstKey;

  const toEnd = useCallback(() => {
    stuck.current = true;
    const { length } = list.current ? timelineRows(timeline) : { length: 0 };
    if (length > 0) list.current?.scrollToIndex(length - 1, { align: 'end', offset: BELOW_PX });
  }, [list, timeline]);

  const loadMore = useCallback(() => {
    const handle = list.current;
    if (!handle || handle.viewportSize === 0) return;
    const first = handle.findItemIndex(handle.scrollOffset);
    const last = handle.findItemIndex(handle.scrollOffset + handle.viewportSize);
    if (first < NEAR_ROWS) void timeline.older();
    if (timelineRows(timeline).length - last < NEAR_ROWS) void timeline.newer();
  }, [list, timeline]);

  // Where it begins. A piece of its own for each place: this runs once for each.
  useLayoutEffect(() => {
    const target = at === undefined ? -1 : rows.findIndex((row) => isAt(row, at));
    if (target >= 0) {
      stuck.current = false;
      list.current?.scrollToIndex(target, { align: 'center' });
    } else if (newLine >= 0) {
      stuck.current = false;
      list.current?.scrollToIndex(newLine, { align: 'start', offset: -ABOVE_PX });
    } else toEnd();
    // Only the place decides, not what comes later.
  }, [at, list]);

  useLayoutEffect(() => {
    firstBefore.current = firstKey;
    if (stuck.current) toEnd();
  }, [rows, firstKey, toEnd]);

  useEffect(() => {
    markRead();
    const timer = window.setTimeout(loadMore, READ_MS);
    return () => window.clearTimeout(timer);
  }, [rows, loadMore, markRead]);

  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current;
      if (!handle) return;
      const left = handle.scrollSize - handle.viewportSize - offset;
      const atEnd = left < AT_END_PX;
      // What grows below does not count as scrolling away, only going up does.
      if (atEnd) stuck.current = true;
      else if (offset < offsetBefore.current - 1) stuck.current = false;
      offsetBefore.current = offset;
      setAtEnd(atEnd || stuck.current);
      loadMore();
    },
    [list, loadMore],
  );

  const onResize = useCallback(() => {
    if (stuck.current) toEnd();
  }, [toEnd]);

  const jump = useCallback(() => {
    if (timeline.view.value.hasNewer) void timeline.open();
    else toEnd();
  }, [timeline, toEnd]);

  return { shift, isAtEnd, onScroll, onScrollEnd: markRead, onResize, jump };
}

function timelineRows(timeline: Timeline): { readonly length: number } {
  const { messages, pending } = timeline.view.value;
  return { length: messages.length + pending.length };
}

function isAt(row: RowItem, cursor: string): boolean {
  return isStored(row) && row.cursor === cursor;
}

/** Marks as read what was shown in a window that is seen and used. @returns what schedules it. */
function useMarkRead(
  list: RefObject<VirtualizerHandle | null>,
  rows: readonly RowItem[],
  timeline: Timeline,
): () => void {
  const model = useModel();
  const current = useRef(rows);
  const timer = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    current.current = rows;
  }, [rows]);
  const schedule = useCallback(() => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      const handle = list.current;
      if (!handle || document.visibilityState !== 'visible' || !document.hasFocus()) return;
      const last = handle.findItemIndex(handle.scrollOffset + handle.viewportSize - 1);
      readUpTo(model, timeline, current.current.slice(0, last + 1));
    }, READ_MS);
  }, [model, timeline, list]);
  useEffect(() => {
    window.addEventListener('focus', schedule);
    document.addEventListener('visibilitychange', schedule);
    return () => {
      window.clearTimeout(timer.current);
      window.removeEventListener('focus', schedule);
      document.removeEventListener('visibilitychange', schedule);
    };
  }, [schedule]);
  return schedule;
}

function readUpTo(model: Model, timeline: Timeline, seen: readonly RowItem[]): void {
  const { conversation } = timeline;
  const chat = model.conversations.value.get(conversation);
  const cursor = seen.findLast(isStored)?.cursor;
  if (!chat || chat.unread === 0 || cursor === undefined || !isNewer(cursor, chat.readUpTo)) return;
  // Where it fails, the next look tries again.
  model.client.call('messages.markRead', { to: conversation, cursor }).catch(() => undefined);
}
