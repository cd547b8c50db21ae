/**
 * A page of a conversation: the newest, or the one before, after or around a cursor.
 *
 *   older  . . . [ messages, oldest first ] . . .  newer
 *          more                             newer        true where there are such
 *
 * @module
 */
import type { Message } from '@sotto/vault/view.ts';
import type { StoreReader } from './store.ts';

/** At most one of the cursors. */
export interface PageBounds {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly around?: number | undefined;
  /** Only what was stored at or after this time. */
  readonly sinceMs?: number | undefined;
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly more: boolean;
  readonly newer: boolean;
}

export function readPage(
  reader: Pick<StoreReader, 'messages'>,
  conversation: Uint8Array,
  limit: number,
  { before, after, around, sinceMs = 0 }: PageBounds,
): MessagePage {
  const read = (bound: { before?: number; since?: number }, rows = limit): Message[] =>
    reader.messages({ conversation, limit: rows, ...bound });
  let page: Message[];
  if (around !== undefined)
    page = middle(read({ before: around + 1 }), read({ since: around }), limit);
  else if (after !== undefined) page = read({ since: after });
  else page = read(before === undefined ? {} : { before });
  const messages = page.filter(({ storedMs }) => storedMs >= sinceMs);
  // Older ones count only where all of this page was wanted.
  const isWhole = messages.length === page.length;
  const older = isWhole
    ? read({ before: page[0]?.cursor ?? before ?? (after ?? 0) + 1 }, 1)[0]
    : undefined;
  const isNewest = before === undefined && after === undefined && around === undefined;
  const last = page.at(-1)?.cursor ?? after ?? (before ?? 1) - 1;
  return {
    messages,
    more: older !== undefined && older.storedMs >= sinceMs,
    newer: !isNewest && read({ since: last }, 1).length > 0,
  };
}

/** Half of each; where one side is short, the other fills the page. */
function middle(older: Message[], newer: Message[], limit: number): Message[] {
  const half = Math.floor((limit - 1) / 2);
  const fromNewer = Math.min(newer.length, Math.max(half, limit - older.length));
  const fromOlder = Math.min(older.length, limit - fromNewer);
  return [...older.slice(older.length - fromOlder), ...newer.slice(0, fromNewer)];
}
