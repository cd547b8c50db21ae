/**
 * English: adding a person, requests.
 * @module
 */
export const ADD = {
  'add.title': 'Add someone',
  'requests.title': 'Requests',
} as const;
