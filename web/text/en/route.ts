/**
 * English: routes. Each sentence is a promise about the protocol, held by a test.
 * @module
 */
export const ROUTE = {
  'route.title': 'How should this chat connect?',
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
