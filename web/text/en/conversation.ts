/**
 * English: a conversation and its messages.
 * @module
 */
export const CONVERSATION = {
  'conversation.empty': 'Say hello. Only you and {name} can read this chat.',
} as const;
