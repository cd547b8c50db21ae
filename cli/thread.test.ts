import { expect, test } from 'vitest';
import {
  chip,
  heldLine,
  policyLine,
  PROMISE,
  routeLine,
  thread,
  threadAndChip,
  whoSees,
} from './thread.ts';

test('[CLI-21] each route has its shape, in UTF-8 and in ASCII', () => {
  const routes = [
    ...(['lan', 'direct', 'punched', 'relay', 'relayed'] as const),
    ...(['proxied', 'proxied-relay'] as const),
    ...(['waiting', 'asked', 'local'] as const),
  ];
  expect(routes.map((route) => [thread(route, true), thread(route, false), chip(route)])).toEqual([
    ['●══●', 'o==o', 'Same network'],
    ['●━━●', 'o--o', 'Direct'],
    ['●┅┅●', 'o..o', 'Direct (via routers)'],
    ['●━◆━●', 'o-<>-o', 'Hidden IP'],
    ['●━◆━●', 'o-<>-o', 'Relay'],
    ['●━□━●', 'o-[]-o', 'Proxy'],
    ['●━◆━●', 'o-<>-o', 'Relay (via proxy)'],
    ['●╌ ○', 'o    o', 'Waiting'],
    ['●╌ ○', 'o    o', 'Waiting'],
    ['●●', 'oo', 'This computer'],
  ]);
  expect(threadAndChip('direct', false)).toBe('o--o    Direct   ');
});

test('[CLI-21] the sentences are those of the design, the name filled in as it is', () => {
  expect(routeLine('lan', 'Ana')).toBe('Straight between your devices, inside this network.');
  expect(whoSees('lan', 'Ana')).toBe(
    'Ana sees your address on this network. Whoever runs the network can see that your devices ' +
      'talk, not what you say.',
  );
  expect(routeLine('direct', 'Ana')).toBe(
    "Straight from your device to Ana's. No relay in between.",
  );
  expect(whoSees('direct', '$& {name}')).toBe(
    '$& {name} can see your IP address, which hints at your city and provider. You can see ' +
      'theirs. Providers can see you are connected, not what you say.',
  );
  expect(routeLine('punched', 'Ana')).toBe(
    "Straight to Ana's device, through openings your routers made.",
  );
  expect(whoSees('punched', 'Ana')).toMatch(/^Where a relay introduced .* Ana can see your IP/);
  expect(whoSees('asked', 'Ana')).toBe(
    'Your name and the words of your request may lie in the DHT, sealed for Ana. Nothing else ' +
      'has left this device.',
  );
  expect(routeLine('waiting', 'Ana')).toBe(
    'No way through yet. Your message waits on this device.',
  );
  expect(whoSees('waiting', 'Ana')).toBe('Nothing has left this device.');
  expect(routeLine('relay', 'Ana')).toBe(
    "Passed along by a relay. Ana can't see your IP address, unless they run the relay you use.",
  );
  expect(whoSees('relay', 'Ana')).toBe(
    "1 relay: It sees both addresses and when you talk, and can't read anything. " +
      '2 relays from different places: neither alone knows both ends, unless one operator runs ' +
      "both. Both: Relays are asked to keep no records; you can't check that, so you may pick or " +
      'run your own.',
  );
  expect(routeLine('relayed', 'Ana')).toBe(
    'Passed along by a relay. Ana may see your IP address all the same.',
  );
  const rest = whoSees('relay', 'Ana');
  expect(whoSees('relayed', 'Ana')).toBe(
    'Ana may see your IP address: this chat does not hide it, and becomes direct when it can. ' +
      rest,
  );
  expect(whoSees('relayed', 'Ana', 'hidden')).toBe(
    'Ana chose Hidden IP, so this chat goes through relays alone. It does not hide your IP ' +
      `address: Ana may see it. ${rest}`,
  );
});

test('[CLI-21] behind a proxy neither they nor a relay are said to see the address', () => {
  expect(routeLine('proxied', 'Ana')).toBe(
    "Through your proxy to Ana's device. They see its address, not yours.",
  );
  expect(whoSees('proxied', 'Ana')).toBe(
    "Ana can't see your IP address, only that by which your proxy leads out. Whoever runs the " +
      'proxy can see your address and that of Ana, not what you say.',
  );
  expect(routeLine('proxied-relay', 'Ana')).toBe(
    "Through your proxy, and passed along by a relay. Ana can't see your IP address.",
  );
  expect(whoSees('proxied-relay', 'Ana', 'hidden')).toBe(
    'Neither Ana nor a relay can see your IP address, only that by which your proxy leads out. ' +
      'Whoever runs the proxy can see your address and which relay you use, not what you say. A ' +
      "relay sees when you talk, and can't read anything. Relays are asked to keep no records; " +
      "you can't check that, so you may pick or run your own.",
  );
});

test('[CLI-42] each policy says what follows from it, in the words of the design', () => {
  expect(
    (['auto', 'hidden', 'direct', 'lan'] as const).map((one) => policyLine(one, 'Ana')),
  ).toEqual([
    'Automatic: The fastest safe way. Ana may see your IP address.',
    'Hidden IP: Always through a relay, calls and files too. Slower. If no relay works, messages ' +
      'wait.',
    "Direct only: Only straight to Ana's device, not even a mailbox. You must both be online.",
    "This network only: Only while you're on the same network.",
  ]);
  expect(PROMISE).toBe('We never switch to a less private way without asking.');
});

test('[CLI-42] why nothing leaves is said in the words of the design', () => {
  expect(heldLine({ policy: 'direct', theirPolicy: 'hidden', held: 'conflict' }, 'Ana')).toBe(
    'Ana accepts only Hidden IP and you chose Direct only, so nothing can be sent.',
  );
  expect(heldLine({ policy: 'hidden', theirPolicy: 'direct', held: 'conflict' }, 'Ana')).toBe(
    'Ana accepts only Direct and you chose Hidden IP, so nothing can be sent.',
  );
  expect(heldLine({ policy: 'hidden', held: 'no-relay' }, 'Ana')).toBe(
    'Not sent. This chat is set to Hidden IP and no relay answers. Nothing went any other way.',
  );
  expect(heldLine({ policy: 'auto', theirPolicy: 'lan', held: 'not-here-theirs' }, 'Ana')).toBe(
    'Not sent. Ana chose This network only and is not on this network. ' +
      'Nothing went any other way.',
  );
  expect(heldLine({ policy: 'auto' }, 'Ana')).toBe('');
});

test('[CLI-21] of a route of a newer version nothing is claimed', () => {
  const route = 'carrier-pigeon' as 'direct';
  expect(chip(route)).toBe('carrier-pigeon');
  expect(whoSees(route, 'Ana')).toBe('This route is of a newer version of the app.');
});
