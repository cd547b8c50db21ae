/**
 * English: the first pages.
 * @module
 */
export const WELCOME = {
  'welcome.title': 'Private chat. No account.',
  'welcome.name': 'Your name (optional). Only people you add see it',
  'welcome.name.new': 'Another name',
  'welcome.start': 'Start',
  'welcome.starting': 'Starting…',
  'welcome.small': 'No email, no phone number. Your identity is a key made on this device.',
  'welcome.invited': '{name} invites you',
  'welcome.invited.nameless': 'You are invited to a chat',
  'welcome.invite.bad': 'You can start without it, and add people later.',
  'first.title': 'Your first chat',
  'first.lead': 'Write to somebody now. They need not be online.',
  'first.invite': 'I have an invite',
  'first.invite.line': 'Paste what somebody sent you: a link, an ID, a message around it.',
  'first.make': 'Invite someone',
  'first.make.line': 'Make a link for one person, and send it to them in any way you like.',
  'first.echo': 'Try Echo',
  'first.echo.line':
    'A test partner inside this computer. It answers what you write; nothing leaves the computer.',
} as const;
