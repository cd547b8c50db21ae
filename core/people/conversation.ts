/**
 * Conversation ids (IDN-17).
 *
 *   one to one   first 16 bytes of H("conversation" lower identity, higher identity)
 *   as text      `c_` + base32, 28 characters
 *
 * Both ends compute the same id, and a third person who does not know both IDs cannot.
 * @module
 */
import { assert } from '../base/assert.ts';
import { base32, compare, fromBase32 } from '../base/bytes.ts';
import { LABELS, labelledHash } from '../crypto/kdf.ts';

export const CONVERSATION_BYTES = 16;
const PREFIX = 'c_';

/** The id of the conversation of two identity keys, in either order. */
export function conversationOf(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  assert(one.length === 32 && other.length === 32, 'identity keys are 32 bytes');
  const [lower, higher] = compare(one, other) <= 0 ? [one, other] : [other, one];
  return labelledHash(LABELS.conversation, lower, higher).slice(0, CONVERSATION_BYTES);
}

export function conversationText(conversation: Uint8Array): string {
  assert(conversation.length === CONVERSATION_BYTES, 'a conversation id is 16 bytes');
  return PREFIX + base32(conversation);
}

/** The id of a text, or undefined: for commands that name a conversation. */
export function parseConversation(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const bytes = fromBase32(text.slice(PREFIX.length));
  return bytes?.length === CONVERSATION_BYTES ? bytes : undefined;
}
