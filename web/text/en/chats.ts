/**
 * English: the list of chats, and search.
 * @module
 */
export const CHATS = {
  'chats.title': 'Chats',
  'chats.empty': 'No chats yet. Add someone, or join a channel.',
  'chats.select': 'Select a chat to start.',
  'search.title': 'Search',
} as const;
