/**
 * English: requests, and the door to which they come.
 * @module
 */
export const REQUESTS = {
  'requests.title': 'Requests',
  'requests.empty': 'No requests. People who have your ID can ask to chat; you decide.',
  'requests.list': 'People who ask',
  'requests.look': 'Look now',
  'requests.looking': 'Looking who has asked… {seconds, plural, one {# second} other {# seconds}}',
  'requests.looked':
    '{count, plural, =0 {Nobody asks.} one {# person asks.} other {# people ask.}}',
  'requests.nobody': 'Somebody without a name',
  'requests.who': '{name} would like to chat. They used your ID.',
  'requests.in-chats':
    '{name} is in your chats already. If you accept, that chat stays at {policy}.',
  'requests.no-text': 'They wrote nothing.',
  'requests.id': 'Their ID',
  'requests.accept': 'Accept',
  'requests.decline': 'Decline',
  'requests.block': 'Block',
  'requests.others-line': 'If you decline or block, they are told nothing.',
  'requests.accepted': '{name} is let in.',
  'requests.declined': 'Declined. {name} is not told.',
  'requests.blocked': '{name} is blocked and is not told.',
  'requests.failed': "Couldn't answer. It still waits here.",
  'requests.known': 'This is a new ID that says it is {name}.',
  'requests.known.line': 'It is not the {name} you know until you compare.',
  'requests.compare': 'Compare',
  'requests.not-them': 'Not them',
  'requests.compare.how':
    'Ask the {name} you know, in your chat or in another way, whether this is their new ID. ' +
    'Compare all of it. If it is not theirs, decline.',
  'requests.compare.chat': 'Open the chat with the {name} you know',
  'requests.unreadable': 'Requests could not be read.',
  'door.title': 'Your door',
  'door.shut': 'The door is shut. Nobody can ask by your ID alone; invites work as always.',
  'door.is-open': 'The door is open.',
  'door.open': 'The door is open. Someone who has your ID could find your IP address.',
  'door.open.hidden': 'The door is open. Relays keep your IP address from those who have your ID.',
  'door.cost.hidden': 'Relays keep your IP address from those who have your ID.',
  'door.why.hidden': 'People who have your ID can then ask to chat, and you decide.',
  'door.yes': 'Open the door',
  'door.cost': 'Someone who has your ID could find your IP address.',
  'door.do-open': 'Open the door…',
  'door.do-shut': 'Shut the door',
  'door.ask': 'Open the door?',
  'door.why':
    'People who have your ID can then ask to chat, and you decide. ' +
    'No relay that could hide your address is there now.',
  'door.anyway': 'Open anyway',
  'door.details': 'Technical details',
  'door.signed': 'Signed until',
  'door.put': 'Last put',
  'door.copies': 'Held by',
  'door.looked': 'Last look',
  'door.slots': 'Slots taken',
  'door.slots.count': '{taken} of {slots}',
  'door.not-yet': 'Not yet',
} as const;
