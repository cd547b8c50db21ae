/**
 * English: details of a person, what can be done to them, and the safety number.
 * @module
 */
export const DETAILS = {
  'details.title': 'Details',
  'details.message': 'Message',
  'details.route': 'Route',
  'details.policy': 'The rule of this chat: {policy}.',
  'details.route.more': 'How should this chat connect?',
  'details.compare': 'Compare',
  'details.see-number': 'See the number',
  'details.linked': 'Linked',
  'details.linked.now': 'Now',
  'details.linked.last': 'Last on {time}',
  'details.linked.never': 'Not yet',
  'details.devices': 'Devices',
  'details.devices.count': '{count, plural, =0 {None known} other {#}}',
  'details.waiting': 'Waiting',
  'details.waiting.count': '{count, plural, =0 {No message} one {# message} other {# messages}}',
  'details.id': 'ID',
  'details.id.copy': 'Copy ID',
  'details.acts': 'What can be done',
  'details.blocked': 'Blocked. Nothing comes in and nothing goes out.',
  'details.failed': "Couldn't read details.",
  'person.rename': 'Rename…',
  'person.rename.title': 'What do you call them?',
  'person.rename.label': 'Name',
  'person.rename.hint': 'Only you see it.',
  'person.rename.save': 'Save',
  'person.block': 'Block…',
  'person.block.title': 'Block {name}?',
  'person.block.text':
    'Nothing of {name} comes in and nothing goes out. They are not told. The messages you have ' +
    'stay here, and you can unblock at any time.',
  'person.block.do': 'Block',
  'person.block.done': '{name} is blocked.',
  'person.unblock': 'Unblock…',
  'person.unblock.title': 'Unblock {name}?',
  'person.unblock.text': '{name} can reach you again, and messages that wait go out.',
  'person.unblock.do': 'Unblock',
  'person.unblock.done': '{name} can reach you again.',
  'person.remove': 'Remove…',
  'person.remove.title': 'Remove {name}?',
  'person.remove.text':
    '{name} and all messages of this chat are deleted from this device. What {name} has, they ' +
    'keep, and they are not told. To write to each other again, one of you has to add the other ' +
    'anew.',
  'person.remove.for-good': 'This cannot be undone.',
  'person.remove.do': 'Remove',
  'person.remove.done': '{name} is gone from this device.',
  'verify.title': 'Safety number',
  'verify.not-yet': 'Not verified yet',
  'verify.on': 'Verified on {day}',
  'verify.not-met': 'Available after you connect once.',
  'verify.how':
    'Compare this number with the one on the screen of {name}, face to face or on a call.',
  'verify.copy': 'Copy the number',
  'verify.they-match': 'They match',
  'verify.they-differ': "They don't match",
  'verify.differ':
    "Don't share anything private here yet. You may be talking to someone in the middle.",
  'verify.again': 'Try again',
  'verify.unmark': 'Not verified any more',
  'verify.marked': '{name} is verified.',
  'verify.unmarked': '{name} is not verified any more.',
  'verify.match': 'They match. {name} is verified.',
  'verify.compare': 'Let this app compare',
  'verify.type': 'Type or paste the number from the screen of {name}',
  'verify.count': '{count} of 60 digits',
  'verify.only-digits': 'A safety number has digits only.',
  'verify.too-many': 'A safety number has 60 digits, and here are {count}.',
  'verify.other-code': 'That QR code is no safety number.',
  'verify.qr': 'QR code of the safety number with {name}',
  'verify.qr.line': 'The same number, for their camera.',
  'verify.about':
    'The number belongs to your two IDs: it never changes, not even when {name} adds a device. ' +
    'A new ID that says it is {name} has another number.',
} as const;
