/**
 * English: profiles and lock.
 * @module
 */
export const PROFILES = {
  'profiles.title': 'Profiles and lock',
  'profiles.lock': 'Lock',
  'profiles.lock.none':
    'No passphrase is set. Whoever uses this account of this computer can open this profile.',
  'profiles.lock.set':
    'A passphrase is set. Without it nobody can open this profile, here or from a copy of its ' +
    'files.',
  'profiles.lock.now': 'Lock now',
  'profiles.lock.after': 'Lock by itself',
  'profiles.lock.after.line': 'When nobody has used a key or the pointer here for so long.',
  'profiles.lock.after.needs': 'This needs a passphrase.',
  'profiles.lock.after.minutes':
    '{minutes, plural, =0 {Never} one {After # minute} other {After # minutes}}',
  'profiles.passphrase.current': 'Passphrase now',
  'profiles.passphrase.next': 'New passphrase',
  'profiles.passphrase.next.line':
    'Long is better than odd: some words of your own. Nobody can reset it: who forgets it loses ' +
    'this profile.',
  'profiles.passphrase.show': 'Show the passphrase',
  'profiles.passphrase.hide': 'Hide the passphrase',
  'profiles.passphrase.add': 'Set a passphrase',
  'profiles.passphrase.change': 'Change',
  'profiles.passphrase.remove': 'Remove',
  'profiles.passphrase.remove.line':
    'Then this profile opens without asking, and cannot be locked.',
  'profiles.passphrase.save': 'Save',
  'profiles.passphrase.saving': 'Saving…',
  'profiles.passphrase.added': 'The passphrase is set.',
  'profiles.passphrase.changed': 'The passphrase was changed.',
  'profiles.passphrase.removed': 'The passphrase was removed.',
  'profiles.list': 'Profiles on this computer',
  'profiles.list.line':
    'Each has an ID, people and messages of its own. Who can see your IP address may still tell ' +
    'that two are of one computer.',
  'profiles.current': 'This one',
  'profiles.running': 'Running',
  'profiles.locked-by': 'Has a passphrase',
  'profiles.open': 'Open',
  'profiles.opening': 'Opening…',
  'profiles.add': 'Add a profile',
  'profiles.add.name': 'Name of the profile',
  'profiles.add.line':
    'Only you see it. Letters, digits, - and _. It gets an ID of its own when it is opened.',
  'profiles.add.bad': 'Use letters, digits, - and _; the first is a letter or a digit.',
  'profiles.added': 'The profile {name} was made.',
  'locked.title': 'Locked',
  'locked.line':
    'Messages wait with the people who sent them, and everything here is safe. ' +
    'Give the passphrase to open it.',
  'locked.passphrase': 'Passphrase',
  'locked.unlock': 'Unlock',
  'locked.opening': 'Opening…',
  'locked.pause': 'Too many tries. Wait {seconds, plural, one {# second} other {# seconds}}.',
  'locked.pause.over': 'You can try again now.',
} as const;
