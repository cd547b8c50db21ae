/**
 * Entries of the error registry for profiles and their lock.
 * @module
 */
import type { ErrorEntry } from './errors.ts';

export const PROFILE_ENTRIES = {
  locked: {
    code: 'E36',
    exit: 5,
    retryable: true,
    sentence:
      'Locked. Messages wait with the people who sent them, and everything here is safe. ' +
      'Give the passphrase to open it.',
    hint: 'Unlock: sotto unlock',
  },
  'new-passphrase-needed': {
    code: 'E36',
    exit: 5,
    retryable: true,
    sentence:
      'No new passphrase was given, and nobody can be asked here. Nothing was changed. ' +
      'Give it in a file.',
    hint: 'Repeat with: --new-file FILE',
  },
  'no-passphrase': {
    code: 'E55',
    exit: 7,
    retryable: false,
    sentence:
      'This profile has no passphrase, so it cannot be locked. Nothing was changed. ' +
      'Set a passphrase first.',
    hint: 'Set one: sotto passphrase set',
  },
  'no-such-profile': {
    code: 'E16',
    exit: 3,
    retryable: false,
    sentence: 'There is no profile by the name "{name}". Nothing was changed.',
    hint: 'See: sotto profiles list',
  },
  'profile-exists': {
    code: 'E22',
    exit: 9,
    retryable: false,
    sentence:
      'There is a profile "{name}" already. Nothing was changed. Use it, or choose another name.',
    hint: 'See: sotto profiles list',
  },
  'needs-profile': {
    code: 'E46',
    exit: 2,
    retryable: false,
    sentence:
      'This profile has contacts or a name, so it becomes a relay only where the command names ' +
      'it. The app was stopped again, and nothing in the profile was changed.',
    hint: 'Another: sotto --profile NAME relay start   This one: name it so',
  },
} as const satisfies Record<string, ErrorEntry>;
