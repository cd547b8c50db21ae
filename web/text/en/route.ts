/**
 * English: routes. Each sentence is a promise about the protocol, held by a test.
 * @module
 */
export const ROUTE = {
  'route.title': 'How should this chat connect?',
  'route.now': 'Now',
  'route.you': 'You',
  'route.who-sees': 'Who can see what',
  'route.policy': 'The rule of this chat',
  'route.auto': 'Automatic',
  'route.auto.line': 'The fastest safe way. {name} may see your IP address.',
  'route.promise': 'We never switch to a less private way without asking.',
  'route.test': 'Test path to {name}',
  'route.testing': 'Testing…',
  'route.tested': 'The way to {name}',
  'route.tested.network': 'What may be in the way',
  'route.technical': 'Technical details',
  'route.transport': 'Transport',
  'route.endpoint': 'Address',
  'route.rtt': 'Round trip',
  'route.ms': '{ms, number} ms',
  'route.lan.chip': 'Same network',
  'route.lan.line': 'Straight between your devices, inside this network.',
  'route.lan.sees':
    '{name} sees your address on this network. Whoever runs the network can see that your ' +
    'devices talk, not what you say.',
  'route.direct.chip': 'Direct',
  'route.direct.line': "Straight from your device to {name}'s. No relay in between.",
  'route.direct.sees':
    '{name} can see your IP address, which hints at your city and provider. You can see ' +
    'theirs. Providers can see you are connected, not what you say.',
  'route.waiting.chip': 'Waiting',
  'route.waiting.line': 'No way through yet. Your message waits on this device.',
  'route.waiting.sees': 'Nothing has left this device.',
  'route.local.chip': 'This computer',
  'route.local.line':
    'Inside this computer, through everything that a message to others goes through.',
  'route.local.sees': 'Nothing leaves this computer.',
  'route.unknown.chip': 'Unknown',
  'route.unknown.line': 'This route is of a newer version of the app.',
  'route.unknown.sees': 'This route is of a newer version of the app.',
} as const;
