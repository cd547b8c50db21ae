/**
 * English: details of a person, what can be done to them, and the safety number.
 * @module
 */
export const DETAILS = {
  'details.title': 'Details',
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
} as const;
