/**
 * Tells the daemon what was read: what was shown, in a window that is seen and used.
 * @module
 */
import { useCallback, useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useModel } from '../../model/context.ts';
import { isNewer, type Model } from '../../model/model.ts';
import type { Timeline } from '../../model/timeline.ts';
import { isStored, type RowItem } from './rows.ts';

/** Who only passes by has not read. */
const READ_MS = 300;

/** @returns what looks again soon. */
export function useMarkRead(
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
      readUpTo(model, timeline.conversation, current.current, last);
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

function readUpTo(
  model: Model,
  conversation: string,
  rows: readonly RowItem[],
  last: number,
): void {
  const chat = model.conversations.value.get(conversation);
  if (!chat || chat.unread === 0) return;
  const cursor = rows.slice(0, last + 1).findLast(isStored)?.cursor;
  if (cursor === undefined || !isNewer(cursor, chat.readUpTo)) return;
  // Where it fails, the next look tries again.
  model.client.call('messages.markRead', { to: conversation, cursor }).catch(() => undefined);
}
