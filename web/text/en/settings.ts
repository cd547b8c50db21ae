/**
 * English: settings.
 * @module
 */
export const SETTINGS = {
  'settings.title': 'Settings',
} as const;
