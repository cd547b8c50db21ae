/**
 * Roving focus in the feed: one stop of the Tab key, arrows from message to message. The rows
 * around the focused one stay drawn, and it stays drawn itself however far one scrolls.
 * @module
 */
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type FocusEvent,
  type KeyboardEvent,
  type Ref,
  type RefObject,
} from 'react';
import { flushSync } from 'react-dom';
import type { VirtualizerHandle } from 'virtua';
import { isOwn, keyOf, type RowItem } from './rows.ts';

/** Puts the focus on a message. False where there is none. */
export type Reach = (which: 'newest' | 'own') => boolean;

/** Drawn on either side of the focused row. */
const AROUND_ROWS = 30;
/** A row that was far away takes some frames to be drawn. */
const TRIES_MAX = 30;
/** So long the row that a key led to is kept in sight. */
const MOVED_MS = 1_500;
const NOT_KEPT: readonly number[] = [];

interface Input {
  readonly list: RefObject<VirtualizerHandle | null>;
  readonly feed: RefObject<HTMLDivElement | null>;
  readonly rows: readonly RowItem[];
  readonly reach: Ref<Reach>;
}

export function useRoving({ list, feed, rows, reach }: Input) {
  /** The row that had the focus last; the newest one where it is gone. */
  const [activeKey, setActiveKey] = useState<string>();
  const [hasFocus, setHasFocus] = useState(false);
  const movedAtMs = useRef(-MOVED_MS);
  const latest = useRef(rows);
  latest.current = rows;
  const active = useMemo(
    () => (activeKey === undefined ? -1 : rows.findLastIndex((row) => keyOf(row) === activeKey)),
    [rows, activeKey],
  );
  const stop = active >= 0 ? active : rows.length - 1;
  const kept = useMemo(
    () => (hasFocus && active >= 0 ? around(active, rows.length) : NOT_KEPT),
    [hasFocus, active, rows.length],
  );

  const focusKey = useFocusKey(list, feed, latest);

  const moveTo = useCallback(
    (index: number) => {
      const all = latest.current;
      const row = all[Math.min(Math.max(index, 0), all.length - 1)];
      if (!row) return;
      const key = keyOf(row);
      movedAtMs.current = performance.now();
      flushSync(() => {
        setActiveKey(key);
        setHasFocus(true);
      });
      focusKey(key);
    },
    [focusKey],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    const { key, target } = event;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (!(target instanceof HTMLElement) || !isInRow(target)) return;
    const step = { ArrowUp: stop - 1, ArrowDown: stop + 1, Home: 0, End: rows.length - 1 }[key];
    if (step !== undefined) {
      event.preventDefault();
      moveTo(step);
    } else if (key === 'Escape' && !target.matches('[data-row]')) {
      // From a link in a message to the message.
      event.preventDefault();
      moveTo(stop);
    }
  };

  useStaysInSight(list, rows, active, movedAtMs);

  useImperativeHandle(reach, () => (which) => {
    const index = which === 'own' ? rows.findLastIndex(isOwn) : rows.length - 1;
    moveTo(index);
    return index >= 0;
  });

  const onFocus = (event: FocusEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    if (!row) return;
    setHasFocus(true);
    setActiveKey(row.dataset['row']);
  };
  const onBlur = (event: FocusEvent): void => {
    if (!event.currentTarget.contains(event.relatedTarget)) setHasFocus(false);
  };
  return { stop, kept, focusKey, moveTo, onKeyDown, onFocus, onBlur };
}

/** Puts the focus on a row, drawn or not. */
function useFocusKey(
  list: RefObject<VirtualizerHandle | null>,
  feed: RefObject<HTMLDivElement | null>,
  rows: RefObject<readonly RowItem[]>,
) {
  return useCallback(
    function focusKey(key: string, tries = TRIES_MAX): void {
      const index = rows.current.findLastIndex((row) => keyOf(row) === key);
      if (index < 0 || tries === 0) return;
      if (tries === TRIES_MAX) list.current?.scrollToIndex(index, { align: 'nearest' });
      const row = feed.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`);
      row?.focus({ preventScroll: true });
      if (!row || document.activeElement !== row) {
        requestAnimationFrame(() => focusKey(key, tries - 1));
      }
    },
    [list, feed, rows],
  );
}

/** Older rows that come in at once, as after Home, do not push a row out of sight. */
function useStaysInSight(
  list: RefObject<VirtualizerHandle | null>,
  rows: readonly RowItem[],
  active: number,
  movedAtMs: RefObject<number>,
): void {
  const first = keyOf(rows[0]!);
  const before = useRef(first);
  useEffect(() => {
    if (before.current === first) return;
    before.current = first;
    if (active < 0 || performance.now() - movedAtMs.current > MOVED_MS) return;
    list.current?.scrollToIndex(active, { align: 'nearest' });
  }, [first, active, list, movedAtMs]);
}

/** What is open over the page has keys of its own. */
function isInRow(target: HTMLElement): boolean {
  return target.closest('[data-row]') !== null && target.closest('dialog') === null;
}

function around(index: number, length: number): readonly number[] {
  const from = Math.max(0, index - AROUND_ROWS);
  const to = Math.min(length - 1, index + AROUND_ROWS);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
