/**
 * Scrolling of the feed: where it begins, staying at the newest, and loading more at both ends.
 * @module
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { Timeline } from '../../model/timeline.ts';
import { isStored, keyOf, type RowItem } from './rows.ts';
import { useMarkRead } from './use-mark-read.ts';

/** So near to an end more is asked for. */
const NEAR_ROWS = 80;
/** So near to the end counts as being there. */
const AT_END_PX = 48;
/** What is above the first unread message stays in sight. */
const ABOVE_PX = 96;
/** What stands below the newest message. */
const BELOW_PX = 12;
/** What was opened is drawn before more is asked for. */
const LOAD_AFTER_MS = 300;
/** Drawn ahead of who turns round (see `useAhead`). */
const AHEAD_ROWS = 45;
const AHEAD_STEP_ROWS = 15;

export interface ScrollInput {
  readonly list: RefObject<VirtualizerHandle | null>;
  readonly rows: readonly RowItem[];
  readonly timeline: Timeline;
  readonly at: string | undefined;
  /** Index of the first unread message, or -1. */
  readonly newLine: number;
}

export function useScrolling({ list, rows, timeline, at, newLine }: ScrollInput) {
  const [isAtEnd, setAtEnd] = useState(true);
  const offsetBefore = useRef(0);
  const leftBefore = useRef(0);
  const markRead = useMarkRead(list, rows, timeline);
  const loadMore = useLoadMore(list, rows, timeline);
  const { stuck, toEnd } = useBeginning({ list, rows, timeline, at, newLine });
  const shift = useShift(rows);
  const ahead = useAhead(rows, shift);

  const written = writtenLast(rows);
  useLayoutEffect(() => {
    // Who writes is led to what they wrote.
    if (stuck.current || written !== undefined) toEnd();
  }, [rows, written, stuck, toEnd]);
  useEffect(markRead, [rows, markRead]);

  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current;
      if (!handle) return;
      const left = handle.scrollSize - handle.viewportSize - offset;
      const atEnd = left < AT_END_PX;
      const isUp = offset < offsetBefore.current - 1;
      // What grows below does not count as scrolling away, only going up does.
      if (atEnd) stuck.current = true;
      else if (isUp) stuck.current = false;
      // Rows that came in above move the offset, and not what is seen.
      const isDown = left < leftBefore.current - 1;
      offsetBefore.current = offset;
      leftBefore.current = left;
      setAtEnd(atEnd || stuck.current);
      ahead.look(isDown ? handle.findItemIndex(offset + handle.viewportSize) : undefined);
      loadMore();
    },
    [list, loadMore, stuck, ahead],
  );
  const onScrollEnd = useCallback(() => {
    ahead.look(undefined);
    ahead.rest();
    markRead();
  }, [ahead, markRead]);
  const onResize = useCallback(() => {
    if (stuck.current) toEnd();
  }, [stuck, toEnd]);
  const jump = useCallback(() => {
    if (timeline.view.value.hasNewer) void timeline.open();
    else toEnd();
  }, [timeline, toEnd]);
  return { shift, ahead: ahead.rows, isAtEnd, onScroll, onScrollEnd, onResize, jump };
}

/** Key of the newest row where it was just written here. */
function writtenLast(rows: readonly RowItem[]): string | undefined {
  const last = rows.at(-1);
  return last && !isStored(last) && last.error === undefined ? last.clientId : undefined;
}

/** Where it begins, and whether it stays at the newest. */
function useBeginning({ list, rows, at, newLine }: ScrollInput) {
  const stuck = useRef(true);
  const count = useRef(rows.length);
  useLayoutEffect(() => {
    count.current = rows.length;
  }, [rows]);
  const toEnd = useCallback(() => {
    stuck.current = true;
    list.current?.scrollToIndex(count.current - 1, { align: 'end', offset: BELOW_PX });
  }, [list]);
  const first = useRef({ rows, newLine });
  useLayoutEffect(() => {
    first.current = { rows, newLine };
  }, [rows, newLine]);
  // Only the place decides, not what comes later.
  useLayoutEffect(() => {
    const { rows: all, newLine: unread } = first.current;
    const target = all.findIndex((row) => at !== undefined && isStored(row) && row.cursor === at);
    if (target >= 0) {
      stuck.current = false;
      list.current?.scrollToIndex(target, { align: 'center' });
    } else if (unread >= 0) {
      stuck.current = false;
      list.current?.scrollToIndex(unread, { align: 'start', offset: -ABOVE_PX });
    } else toEnd();
  }, [at, list, toEnd]);
  return { stuck, toEnd };
}

/** @returns what asks for more where an end is near. */
function useLoadMore(
  list: RefObject<VirtualizerHandle | null>,
  rows: readonly RowItem[],
  timeline: Timeline,
): () => void {
  const loadMore = useCallback(() => {
    const handle = list.current;
    if (!handle || handle.viewportSize === 0) return;
    const { messages, hasNewer } = timeline.view.value;
    const first = handle.findItemIndex(handle.scrollOffset);
    const last = handle.findItemIndex(handle.scrollOffset + handle.viewportSize);
    // One after the other: while rows come in above, the list holds on to its end.
    if (hasNewer && messages.length - last < NEAR_ROWS) void timeline.newer();
    else if (first < NEAR_ROWS) void timeline.older();
  }, [list, timeline]);
  useEffect(() => {
    const timer = window.setTimeout(loadMore, LOAD_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [rows, loadMore]);
  return loadMore;
}

/** True where rows came or went before the first one: what is seen then stays where it is. */
function useShift(rows: readonly RowItem[]): boolean {
  const first = keyOf(rows[0]!);
  const before = useRef(first);
  const shift = before.current !== first;
  useLayoutEffect(() => {
    before.current = first;
  }, [first]);
  return shift;
}

const NOTHING: readonly number[] = [];

/**
 * After rows came before the first one, the list draws ahead in the old direction only until it
 * rests. Who turns round before that would see blank rows: these are drawn for them.
 */
function useAhead(rows: readonly RowItem[], shift: boolean) {
  const [step, setStep] = useState(-1);
  const shifted = useRef(false);
  useLayoutEffect(() => {
    if (shift) shifted.current = true;
  }, [shift, rows]);
  const look = useCallback((last: number | undefined) => {
    const isNeeded = shifted.current && last !== undefined;
    setStep(isNeeded ? Math.floor(last / AHEAD_STEP_ROWS) : -1);
  }, []);
  const rest = useCallback(() => {
    shifted.current = false;
  }, []);
  const from = step * AHEAD_STEP_ROWS;
  const count = step < 0 ? 0 : Math.min(AHEAD_ROWS, rows.length - from);
  const drawn = useRef(NOTHING);
  if (count <= 0) drawn.current = NOTHING;
  else if (drawn.current[0] !== from || drawn.current.length !== count) {
    drawn.current = Array.from({ length: count }, (_, i) => from + i);
  }
  const parts = useRef({ look, rest, rows: NOTHING });
  parts.current.rows = drawn.current;
  return parts.current;
}
