/**
 * What is done with a message: from its menu, and by a key while it has the focus.
 *
 *   Enter, Shift+F10, Menu  what can be done      C  copy      I  info
 *
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { useCallback, useState, type KeyboardEvent } from 'react';
import { useClient, useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { useStorePart } from '../../model/store.ts';
import type { Timeline } from '../../model/timeline.ts';
import { announce } from '../../parts/announcer.tsx';
import { useText } from '../../text/text.ts';
import type { Act } from './message-menu.tsx';
import { isStored, keyOf, type RowItem } from './rows.ts';

export function useActions({
  timeline,
  focusRow,
}: {
  readonly timeline: Timeline;
  readonly focusRow: (key: string) => void;
}) {
  const t = useText();
  const client = useClient();
  const { settings } = useModel();
  const hasLetters = useStorePart(settings, (all) => all.get('app.singleKeys')?.value !== false);
  const [menuKey, setMenuKey] = useState<string>();
  const [error, setError] = useState<ApiErrorBody>();

  const act = useCallback(
    (what: Act, item: RowItem) => {
      setError(undefined);
      setMenuKey(what === 'menu' ? keyOf(item) : undefined);
      if (what === 'close') focusRow(keyOf(item));
      if (what === 'copy') void copy(item.text, t('app.copied'), t('app.not-copied'));
      if (isStored(item)) {
        const { conversation, cursor, event } = item;
        if (what === 'info') go(`/c/${conversation}/message/${cursor}`);
        if (what === 'again') void timeline.send(item.text);
        if (what === 'cancel') {
          const fail = (fault: unknown): void => setError(errorOf(fault));
          client.call('messages.cancel', { event }).catch(fail);
        }
      } else {
        if (what === 'retry') void timeline.retry(item);
        if (what === 'remove') timeline.discard(item.clientId);
      }
    },
    [t, client, timeline, focusRow],
  );

  const onKeyDown = (event: KeyboardEvent, rows: readonly RowItem[]): void => {
    const { target, key } = event;
    // Letters count on the message itself only, not in what stands in it.
    if (!(target instanceof HTMLElement) || target.dataset['row'] === undefined) return;
    const what = actOf(event, hasLetters);
    const item = rows.findLast((row) => keyOf(row) === target.dataset['row']);
    if (!what || !item || (key === 'c' && hasSelection())) return;
    event.preventDefault();
    act(what, item);
  };
  return { menuKey, error, act, onKeyDown };
}

function actOf(event: KeyboardEvent, hasLetters: boolean): Act | undefined {
  const { key, shiftKey } = event;
  if (event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (key === 'Enter' || key === 'ContextMenu' || (key === 'F10' && shiftKey)) return 'menu';
  if (!hasLetters) return undefined;
  if (key === 'c') return 'copy';
  return key === 'i' ? 'info' : undefined;
}

function hasSelection(): boolean {
  return document.getSelection()?.isCollapsed === false;
}

async function copy(text: string, done: string, failed: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(done);
  } catch {
    announce(failed);
  }
}
