/**
 * Walking along the rows of the list: one of them is the stop of the Tab key, arrows go on from
 * there, and what is focused is never taken away.
 *
 *   Up, Down   one      PageUp, PageDown   ten      Home, End   to the ends
 *
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useState, type RefObject } from 'react';
import type { VirtualizerHandle } from 'virtua';

const PAGE_ROWS = 10;
const FRAMES_MAX = 30;

export interface Walk {
  /** Index of the row that Tab leads to. */
  readonly at: number;
  /** Rows that stand although they may be out of sight. */
  readonly kept: readonly number[];
  /** @returns false where the key walks nowhere. */
  readonly step: (key: string) => boolean;
  readonly focus: (conversation: string) => void;
  /** A row, or something in it, got the focus. */
  readonly focused: (conversation: string) => void;
}

export function useWalk(
  chats: readonly Conversation[],
  open: string | undefined,
  scroller: RefObject<HTMLElement | null>,
  rows: RefObject<VirtualizerHandle | null>,
): Walk {
  const [walked, setWalked] = useState<string>();
  const [focused, setFocused] = useState<string>();
  const at = stopOf(chats, walked, open);
  const kept = [at, chats.findIndex((one) => one.conversation === focused)];
  const focus = (conversation: string): void => void focusRow(scroller, conversation);
  return {
    at,
    kept: kept.filter((index) => index >= 0),
    step: (key) => {
      const to = stepTo(key, at, chats.length);
      const chat = to === undefined ? undefined : chats[to];
      if (to === undefined || !chat) return false;
      setWalked(chat.conversation);
      rows.current?.scrollToIndex(to, { align: 'nearest' });
      focus(chat.conversation);
      return true;
    },
    focus,
    focused: (conversation) => {
      setWalked(conversation);
      setFocused(conversation);
    },
  };
}

/** Where Tab leads: where one walked to, else the open chat, else the first. */
function stopOf(
  chats: readonly Conversation[],
  walked: string | undefined,
  open: string | undefined,
): number {
  for (const wanted of [walked, open]) {
    const at = chats.findIndex((one) => one.conversation === wanted);
    if (at !== -1) return at;
  }
  return 0;
}

function stepTo(key: string, at: number, count: number): number | undefined {
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE_ROWS,
    PageUp: at - PAGE_ROWS,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(to, count - 1));
}

/** A row that comes into sight is drawn, measured and shown first; until then it has no focus. */
async function focusRow(
  scroller: RefObject<HTMLElement | null>,
  conversation: string,
): Promise<void> {
  for (let frame = 0; frame < FRAMES_MAX; frame++) {
    const row = scroller.current?.querySelector<HTMLElement>(
      `[data-conversation="${conversation}"]`,
    );
    row?.focus({ preventScroll: true });
    if (row && row === document.activeElement) return;
    await new Promise(requestAnimationFrame);
  }
}
