/**
 * What screens read from the vault: messages as rows, and the feed that says what is new.
 *
 * The feed is append-only. A client that knows cursor `c` asks for everything after `c` and has
 * missed nothing, whatever happened in between (VLT-16).
 * @module
 */

/** Of ours: waiting, delivered, cancelled. Of others: received. */
export type MessageState = 'waiting' | 'delivered' | 'cancelled' | 'received';

export interface Message {
  readonly id: Uint8Array;
  readonly conversation: Uint8Array;
  /** Device that wrote it, 32 bytes. */
  readonly author: Uint8Array;
  readonly sequence: number;
  readonly outgoing: boolean;
  /** A 'knock' is shown as the 'text' it carries. */
  readonly kind: string;
  /** The text of a 'text' or 'knock' event with valid UTF-8; undefined for other kinds. */
  readonly text: string | undefined;
  /** The author's wall clock: for display only. */
  readonly timeMs: number;
  /** Our wall clock when it was stored. */
  readonly storedMs: number;
  readonly state: MessageState;
  readonly deliveredMs: number | undefined;
  /** The route of the receipt that completed it. */
  readonly route: string | undefined;
  /** The author's previous event is missing here. */
  readonly gapBefore: boolean;
  /** The author wrote two different events under one sequence; both are marked. */
  readonly fork: boolean;
  /** Its place in the feed, and in the order of its conversation. */
  readonly cursor: number;
}

/** 'message': a message is shown for the first time. 'state': its state changed. */
export interface FeedRow {
  readonly cursor: number;
  readonly type: 'message' | 'state';
  readonly event: Uint8Array;
}

/** A row of the feed, and its message as it is now. */
export interface FeedEntry extends FeedRow {
  readonly message: Message;
}

/** Control events whose effect is seen elsewhere: never shown, searched or counted as unread. */
export const HIDDEN_KINDS: readonly string[] = ['pair', 'profile'];
