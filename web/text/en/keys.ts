/**
 * English: keys.
 * @module
 */
export const KEYS = {
  'keys.title': 'Keyboard shortcuts',
  'keys.mod': 'Ctrl',
  'keys.mod.mac': '⌘',
  'keys.anywhere': 'Anywhere',
  'keys.lists': 'Lists',
  'keys.composer': 'Message field',
  'keys.message': 'Message',
  'keys.find': 'Go to, add, find',
  'keys.chat': 'Previous, next chat',
  'keys.unread': 'Previous, next unread chat',
  'keys.region': 'Next, previous part of the screen',
  'keys.find-in-chat': 'Find in this chat',
  'keys.route': 'Route of this chat',
  'keys.details': 'Details of this chat',
  'keys.list': 'This list',
  'keys.escape': 'Close what is open, then to the message field',
  'keys.walk': 'Walk',
  'keys.ends': 'First, last',
  'keys.open': 'Open',
  'keys.actions': 'What can be done',
  'keys.send': 'Send',
  'keys.line': 'New line',
  'keys.newest': 'To the newest message',
  'keys.own': 'In the empty field: to your newest message',
  'keys.copy': 'Copy',
  'keys.info': 'Message info',
} as const;
