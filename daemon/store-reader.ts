/**
 * What the API server reads from the vault directly: the part of its read-only view that screens
 * need. Every change goes through core.
 * @module
 */
import type { FeedRow, Message } from '@sotto/vault/view.ts';

export interface StoreReader {
  /** The newest cursor of the feed; 0 where it is empty. */
  head(): number;
  /** Rows after a cursor, oldest first. */
  feedAfter(cursor: number, limit: number): readonly FeedRow[];
  message(event: Uint8Array): Message | undefined;
  /** Messages of a conversation that lie before a cursor, the newest ones, oldest first. */
  messages(conversation: Uint8Array, page: MessagePage): readonly Message[];
  unread(conversation: Uint8Array): number;
  /** The cursor up to which a conversation is read. */
  readUpTo(conversation: Uint8Array): number;
}

export interface MessagePage {
  readonly limit: number;
  readonly before?: number;
  readonly sinceMs?: number;
}
