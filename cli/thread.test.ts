import { expect, test } from 'vitest';
import { chip, POLICY_LINES, routeLine, thread, threadAndChip, whoSees } from './thread.ts';

test('[CLI-21] each route has its shape, in UTF-8 and in ASCII', () => {
  const routes = ['lan', 'direct', 'waiting', 'local'] as const;
  expect(routes.map((route) => [thread(route, true), thread(route, false), chip(route)])).toEqual([
    ['●══●', 'o==o', 'Same network'],
    ['●━━●', 'o--o', 'Direct'],
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
  expect(routeLine('waiting', 'Ana')).toBe(
    'No way through yet. Your message waits on this device.',
  );
  expect(whoSees('waiting', 'Ana')).toBe('Nothing has left this device.');
  expect(POLICY_LINES.auto).toBe(
    'Automatic: the fastest safe way. {name} may see your IP address.',
  );
});

test('[CLI-21] of a route of a newer version nothing is claimed', () => {
  const route = 'carrier-pigeon' as 'direct';
  expect(chip(route)).toBe('carrier-pigeon');
  expect(whoSees(route, 'Ana')).toBe('This route is of a newer version of the app.');
});
