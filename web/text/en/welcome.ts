/**
 * English: the first pages.
 * @module
 */
export const WELCOME = {
  'welcome.title': 'Private chat. No account.',
} as const;
