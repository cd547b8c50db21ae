/**
 * English: routes. Each sentence is a promise about the protocol, held by a test.
 * @module
 */
export const ROUTE = {
  'route.title': 'How should this chat connect?',
  'route.now': 'Now',
  'route.you': 'You',
  'route.who-sees': 'Who can see what',
  'route.promise': 'We never switch to a less private way without asking.',

  'route.policy': 'The rule of this chat',
  'route.policy.auto': 'Automatic',
  'route.policy.auto.line': 'The fastest safe way. {name} may see your IP address.',
  'route.policy.hidden': 'Hidden IP',
  'route.policy.hidden.line':
    'Always through a relay, calls and files too. Slower. If no relay works, messages wait.',
  'route.policy.direct': 'Direct only',
  'route.policy.direct.line':
    "Only straight to {name}'s device, not even a mailbox. You must both be online.",
  'route.policy.lan': 'This network only',
  'route.policy.lan.line': "Only while you're on the same network.",
  'route.theirs': '{name} chose {policy}. Only ways that both rules allow are used.',
  'route.changed': 'This chat is set to {policy}.',
  'route.looser': '{name} will be able to see your IP address from now on.',
  'route.looser.title': 'Switch to {policy}?',
  'route.looser.switch': 'Switch',
  'route.tighter': '{name} may remember your earlier address.',

  // Where one has no name yet: of new people, of who asks, of who is added.
  'route.connect': 'Connect',
  'route.connect.auto': 'The fastest safe way. They may see your IP address.',
  'route.connect.hidden':
    'Always through a relay, calls and files too. Slower. If no relay works, messages wait.',
  'route.connect.direct':
    'Only straight to their device, not even a mailbox. You must both be online.',
  'route.connect.lan': "Only while you're on the same network.",

  'route.history': 'Changes of the rule',
  'route.history.none': 'It was never changed.',
  'route.change.us': 'You set this chat to {policy}.',
  'route.change.them': '{name} set this chat to {policy}.',

  'route.held.conflict':
    '{name} accepts only {theirs} and you chose {ours}, so nothing can be sent.',
  'route.held.no-relay':
    'Not sent. This chat is set to Hidden IP and no relay answers. Nothing went any other way.',
  'route.held.not-here':
    'Not sent. This chat is set to This network only and {name} is not on this network. ' +
    'Nothing went any other way.',
  'route.held.not-here-theirs':
    'Not sent. {name} chose This network only and is not on this network. ' +
    'Nothing went any other way.',
  'route.held.use': 'Use {policy}',
  'route.held.keep': 'Keep waiting',
  'route.held.again': 'Try again',
  'route.held.trying': 'Trying…',
  'route.held.still': 'Still no way through. It goes on trying by itself.',
  'route.held.relay': 'Other relay',
  'route.held.change': 'Change route…',
  'route.unneeded': 'Through a relay because no direct link was found.',
  'route.unneeded.why': 'See why',

  'route.test': 'Test path to {name}',
  'route.testing': 'Testing…',
  'route.test.offline': "You're offline, so the path cannot be tested.",
  'route.tested': 'The way to {name}',
  'route.tested.network': 'What may be in the way',
  'route.technical': 'Technical details',
  'route.transport': 'Transport',
  'route.endpoint': 'Address',
  'route.rtt': 'Round trip',
  'route.ms': '{ms, number} ms',
  'route.hops': 'Relays in the path',
  'route.hops.count': '{count, number}',
  'route.hops.at-least': 'At least {count, number}',

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
  'route.punched.chip': 'Direct (via routers)',
  'route.punched.line': "Straight to {name}'s device, through openings your routers made.",
  'route.punched.sees':
    'Same as Direct. Where a relay introduced your devices, it saw both addresses; it carries no ' +
    'messages.',
  'route.relay.chip': 'Hidden IP',
  'route.relay.line':
    "Passed along by a relay. {name} can't see your IP address, unless they run the relay you use.",
  'route.relay.sees':
    '{hops, plural, ' +
    "=1 {1 relay: It sees both addresses and when you talk, and can't read anything.} " +
    '=2 {2 relays from different places: neither alone knows both ends, unless one operator ' +
    'runs both.} ' +
    "other {A relay sees addresses and when you talk, and can't read anything.}} " +
    "Relays are asked to keep no records; you can't check that, so you may pick or run your own.",
  'route.relay.sees.came':
    'At least 1 relay, the one you use: It sees your address and when you talk, and ' +
    "can't read anything. " +
    'Whether {name} comes to it through another one cannot be seen from here. ' +
    "Relays are asked to keep no records; you can't check that, so you may pick or run your own.",
  'route.relay.stranger': 'A public relay is among them, which a stranger runs.',
  'route.relayed.chip': 'Relay',
  'route.relayed.line': 'Passed along by a relay. {name} may see your IP address all the same.',
  'route.relayed.sees':
    '{name} may see your IP address: this chat does not hide it, and becomes direct when it can.',
  'route.relayed.sees.theirs':
    '{name} chose Hidden IP, so this chat goes through relays alone. It does not hide your IP ' +
    'address: {name} may see it.',
  'route.proxied.chip': 'Proxy',
  'route.proxied.line': "Through your proxy to {name}'s device. They see its address, not yours.",
  'route.proxied.sees':
    "{name} can't see your IP address, only that by which your proxy leads out. Whoever runs the " +
    'proxy can see your address and that of {name}, not what you say.',
  'route.proxied-relay.chip': 'Relay (via proxy)',
  'route.proxied-relay.line':
    "Through your proxy, and passed along by a relay. {name} can't see your IP address.",
  'route.proxied-relay.sees':
    'Neither {name} nor a relay can see your IP address, only that by which your proxy leads ' +
    'out. Whoever runs the proxy can see your address and which relay you use, not what you ' +
    "say. A relay sees when you talk, and can't read anything. " +
    "Relays are asked to keep no records; you can't check that, so you may pick or run your own.",
  'route.waiting.chip': 'Waiting',
  'route.waiting.line': 'No way through yet. Your message waits on this device.',
  'route.waiting.sees': 'Nothing has left this device.',
  'route.asked.chip': 'Waiting',
  'route.asked.line':
    'Your request goes to the door of {name}. What you write waits on this device.',
  'route.asked.sees':
    'Your name and the words of your request may lie in the DHT, sealed for {name}. Nothing ' +
    'else has left this device.',
  'route.local.chip': 'This computer',
  'route.local.line':
    'Inside this computer, through everything that a message to others goes through.',
  'route.local.sees': 'Nothing leaves this computer.',
  'route.unknown.chip': 'Unknown',
  'route.unknown.line': 'This route is of a newer version of the app.',
  'route.unknown.sees': 'This route is of a newer version of the app.',
} as const;
