/**
 * English: a conversation and its messages.
 * @module
 */
export const CONVERSATION = {
  'conversation.empty': 'Say hello. Only you and {name} can read this chat.',
  'conversation.messages': 'Messages with {name}',
  'conversation.verified': 'Verified',
  'conversation.route': 'Route: {route}',
  'conversation.find': 'Find in this chat',
  'conversation.details': 'Details',
  'conversation.reading': 'Reading view',
  'conversation.today': 'Today',
  'conversation.yesterday': 'Yesterday',
  'conversation.new': 'New messages',
  'conversation.newest': 'To the newest message',
  'conversation.newest.count':
    '{count, plural, one {# new message, to the newest} other {# new messages, to the newest}}',
  'conversation.you': 'You',
  'conversation.gap': 'A message is missing here.',
  'conversation.fork': '{name} wrote two different messages in this place; both are shown.',
  'conversation.unknown-kind': 'This needs a newer version of the app.',
  'conversation.show-all': 'Show all',
  'conversation.visible':
    '{name} is now reached another way: {route}. They can see your IP address.',
  'conversation.hidden':
    "{name} is now reached another way: {route}. They can't see your IP address.",
  'conversation.held': 'No way to {name} now. What you write waits here.',

  // A message as it is read out: who, what, when, how far it is, and which way it took.
  'message.said': '{author}: {text} {time}. {rest}',
  'message.actions.of': 'Actions for this message',
  'message.arrived': '{name}: {text}',
  'message.copy': 'Copy text',
  'message.info': 'Info',
  'message.retry': 'Retry',
  'message.remove': 'Remove',
  'message.again': 'Send again',
  'message.cancel': 'Cancel sending',
  'message.state.sending': 'Sending',
  'message.state.waiting': 'Waiting',
  'message.state.delivered': 'Delivered',
  'message.state.cancelled': 'Not sent',
  'message.state.failed': 'Not sent',
  'message.state.held': 'Held',
  'message.state.received': 'Received',
  'message.unsaved':
    'Not sent. The app does not answer, so this message is in this page only. It is sent as soon ' +
    'as the app is back.',
  'message.tip.waiting': 'On this device. Goes out when a route opens.',
  'message.tip.delivered': "On {name}'s device, {time}, {route}.",
  'message.tip.delivered.no-route': "On {name}'s device, {time}.",
  'message.tip.cancelled': 'You stopped it. It may have left before.',
  'message.tip.sending': 'Being stored on this device.',
  'message.tip.received': 'On this device, {time}.',

  'info.title': 'Message info',
  'info.missing': 'This message is not on this device.',
  'info.from': 'From',
  'info.written': 'Written',
  'info.stored': 'On this device since',
  'info.state': 'State',
  'info.delivered': 'Delivered',
  'info.route': 'Route',
  'info.route.none': 'Not known',
  'info.clock': 'The time comes from the clock of {name}.',
  'info.resend': 'Send again',

  'reading.with': 'Reading view: {name}',
  'reading.back': 'Back to the chat',
  'reading.line':
    '{count, plural, =0 {No messages yet.} one {The last message.} other {The last # messages.}}',
  'reading.said': '{author}, {time}',

  'composer.label': 'Message {name}',
  'composer.region': 'Write',
  'composer.send': 'Send',
  'composer.emoji': 'Emoji',
  'composer.left': '{count, plural, one {# byte left} other {# bytes left}}',
  'composer.keys.enter': 'Enter sends, Shift+Enter starts a new line.',
  'composer.keys.mod': 'Enter starts a new line. Ctrl+Enter or ⌘+Enter sends.',
  'composer.blocked': 'You blocked {name}. Nothing comes in and nothing goes out.',
  'composer.unblock': 'Unblock',

  'emoji.search': 'Find an emoji',
  'emoji.loading': 'Loading…',
  'emoji.none': 'No emoji found.',
  'emoji.matches': 'Emoji for “{query}”',

  'asking.held':
    '{name} was not asked yet: no relay is there, and someone who has their ID could find your ' +
    'IP address. They are asked as soon as relays are there.',
  'asking.held.send': 'Send anyway…',
  'asking.held.title': 'Send anyway?',
  'asking.held.confirm': 'Someone who has the ID of {name} could find your IP address.',
  'asking.held.yes': 'Send anyway',
  'asking.queued': '{name} is asked after others. What you write waits here.',
  'asking.seeking': 'Looking for the door of {name}, which may be shut. What you write waits here.',
  'asking.knocking': 'Asking {name} now. What you write waits here.',
  'asking.placed': '{name} was asked and decides. What you write waits here.',
  'asking.full': 'Others are asking {name}. Waiting for a place; what you write waits here.',
  'asking.over': '{name} was asked for a week and did not answer.',
  'asking.over.again': 'Ask again',

  'find.label': 'Find in this chat',
  'find.count': '{at} of {count}',
  'find.count.more': '{at} of more than {count}',
  'find.none': 'Nothing found for “{query}”. Part-words work; try fewer letters.',
  'find.previous': 'Older',
  'find.next': 'Newer',
  'find.close': 'Close find',

  'link.title': 'Open this link?',
  'link.line': 'It is written so that it may look like another address. It leads to:',
  'link.open': 'Open',
} as const;
