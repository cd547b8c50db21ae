/**
 * Chats in their order, and which of them are shown: the list, and the keys that walk along it.
 *
 *   no message yet, newest first   then by when the last message was stored, newest first;
 *   who was blocked without a word stands last
 *
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import type { Conversations } from './model.ts';
import { Store } from './store.ts';

export type ChatFilter = 'all' | 'unread' | 'people';

export const chatFilter = new Store<ChatFilter>('all');

/** Who has just come stands on top until there is a first message. */
export function orderedChats(conversations: Conversations): readonly Conversation[] {
  return [...conversations.values()]
    .reverse()
    .map((one) => ({ one, movedMs: movedMs(one) }))
    .sort((a, b) => (a.movedMs === b.movedMs ? 0 : b.movedMs - a.movedMs))
    .map(({ one }) => one);
}

function movedMs({ last, state }: Conversation): number {
  if (last !== undefined) return Date.parse(last.storedAt);
  return state === 'blocked' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** @param open stays in sight although it has just been read. */
export function shownChats(
  chats: readonly Conversation[],
  filter: ChatFilter,
  open: string | undefined,
): readonly Conversation[] {
  switch (filter) {
    case 'unread':
      return chats.filter((one) => one.unread > 0 || one.conversation === open);
    case 'people':
      return chats.filter((one) => one.state !== 'blocked' && one.route !== 'local');
    case 'all':
      return chats;
  }
}

/** The chat before or after the open one; without one, the first or the last. */
export function neighbour(
  chats: readonly Conversation[],
  open: string | undefined,
  step: 1 | -1,
): Conversation | undefined {
  const at = chats.findIndex((one) => one.conversation === open);
  if (at === -1) return step === 1 ? chats[0] : chats.at(-1);
  return chats[at + step];
}

/** The next one with something unread, around the ends. */
export function unreadNeighbour(
  chats: readonly Conversation[],
  open: string | undefined,
  step: 1 | -1,
): Conversation | undefined {
  const at = chats.findIndex((one) => one.conversation === open);
  const start = at === -1 && step === -1 ? 0 : at;
  for (let i = 1; i <= chats.length; i++) {
    const one = chats[(start + step * i + chats.length * 2) % chats.length];
    if (one && one.unread > 0 && one.conversation !== open) return one;
  }
  return undefined;
}
