/**
 * English: the frame around every page.
 * @module
 */
export const APP = {
  'app.name': 'Sotto',
  'app.rail': 'Main',
  'app.chats': 'Chats',
  'app.network': 'Network',
  'app.settings': 'Settings',
  'app.profile': 'Profiles and lock',
  'app.skip': 'Skip to the content',
  'app.back': 'Back',
  'app.close': 'Close',
  'app.cancel': 'Cancel',
  'app.retry': 'Retry',
  'app.copy': 'Copy',
  'app.copied': 'Copied',
  'app.not-copied': 'Not copied: select the text instead',
  'app.loading': 'Loading…',
  'app.network.ok': 'Network: connected',
  'app.network.limited': 'Network: limited',
  'app.network.offline': 'Network: offline',
  'app.verified': 'Verified',
  'app.offline': 'Offline. Messages you write wait here.',
  'app.lost': 'The app does not answer. Trying again…',
  'app.not-found': 'There is nothing at this address.',
  'app.not-found.home': 'To the chats',
} as const;
