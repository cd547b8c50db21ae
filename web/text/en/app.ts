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
  'app.profile': 'Profile',
  'app.skip': 'Skip to the content',
  'app.back': 'Back',
  'app.close': 'Close',
  'app.cancel': 'Cancel',
  'app.retry': 'Retry',
  'app.copy': 'Copy',
  'app.look-alike': 'Looks like {name}, and is somebody else',
  'app.look-alike.line':
    'This name looks like that of {name}, who is somebody else. It is not the {name} you know ' +
    'until you compare safety numbers.',
  'app.copied': 'Copied',
  'app.not-copied': 'Not copied: select the text instead',
  'app.loading': 'Loading…',
  'app.network.ok': 'Network: connected',
  'app.network.limited': 'Network: limited',
  'app.network.offline': 'Network: offline',
  'app.verified': 'Verified',
  'app.offline': 'Offline. Messages you write wait here.',
  'app.lost': 'The app does not answer. Trying again…',
  'app.lost.title': "The app isn't running",
  'app.lost.how': 'How to start',
  'app.lost.start': 'Type this in a terminal of this computer:',
  'app.lost.trying': 'Looking for it every second…',
  'app.refused': 'This browser is not let in',
  'app.refused.line':
    'The app runs, and opens for who asks for it on this computer. Your messages are safe. ' +
    'Type this in a terminal, and this page goes on:',
  'app.refused.why': 'It may have been signed out, or not used for 90 days.',
  'app.broken': 'This could not be shown',
  'app.broken.line': 'The rest of the app goes on, and nothing you wrote is lost.',
  'app.broken.again': 'Load it again',
  'app.newer': 'A new version of the app is there.',
  'app.newer.load': 'Load it',
  'app.not-found': 'There is nothing at this address.',
  'app.not-found.home': 'To the chats',
} as const;
