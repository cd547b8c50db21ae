import { errorBody } from '@sotto/api/errors.ts';
import type { Message, Route } from '@sotto/api/contract.ts';
import { describe, expect, test } from 'vitest';
import { EN } from '../text/en/index.ts';
import type { Text } from '../text/text.ts';
import {
  changeWords,
  classOf,
  heldWords,
  isTighter,
  isUnneeded,
  policyAt,
  policyName,
  routeWords,
  seesWords,
  wayOf,
  wayOfMessage,
  type Way,
} from './route.ts';

const RELAYS = /\{hops, plural, =1 \{(.*?)\} =2 \{(.*?)\} other \{(.*?)\}\}/;
/** As the page fills them, without the marks that keep a name apart. */
const t: Text = (key, values = {}) =>
  EN[key]
    .replace(RELAYS, (_, ...[one, two, other]: string[]) =>
      String([other, one, two][Number(values['hops'])]),
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
    .replace(/[\u2068\u2069]/g, '');

const route: Route = {
  conversation: 'c_a',
  policy: 'auto',
  route: 'waiting',
  peerSeesMyIp: false,
  hops: 0,
  punched: false,
  changes: [],
};
const change = (minute: number, by: 'us' | 'them', policy: Route['policy']) =>
  ({ at: `2026-11-21T10:0${minute}:00.000Z`, by, policy }) as const;

describe('the way that is drawn', () => {
  type Chat = Parameters<typeof wayOf>[0];
  const way = (chat: Chat, shown?: Partial<Route>): Way =>
    wayOf(chat, shown && { ...route, ...chat, punched: false, ...shown });

  test('a relay hides the address only where the rule of the chat says so', () => {
    expect(way({ policy: 'hidden', route: 'relay' })).toBe('relay');
    expect(way({ policy: 'auto', route: 'relay' })).toBe('relayed');
  });

  test('openings in routers are told of the route that is, and not of one that was', () => {
    expect(way({ policy: 'auto', route: 'direct' }, { punched: true })).toBe('punched');
    expect(way({ policy: 'auto', route: 'direct' }, { punched: true, route: 'lan' })).toBe(
      'direct',
    );
    expect(way({ policy: 'auto', route: 'direct' })).toBe('direct');
    expect(way({ policy: 'auto', route: 'direct', punched: true })).toBe('punched');
    expect(way({ policy: 'auto', route: 'relay', punched: true })).toBe('relayed');
  });

  test('[POL-11] what goes by a proxy of ours is said to hide our address', () => {
    const ways = (['direct', 'relay'] as const).map((route) =>
      way({ policy: 'auto', route, proxied: true }),
    );
    expect(ways).toEqual(['proxied', 'proxied-relay']);
    expect(ways.map(classOf)).toEqual(['hidden', 'hidden']);
    for (const one of ways) {
      const said = [routeWords(t, one, 'line', 'Ana'), ...seesWords(t, one, 'Ana')].join(' ');
      expect(said).toMatch(/^Through your proxy.*can.t see your IP address|They see its address/);
      expect(said).not.toMatch(/may see|No relay in between|both addresses/);
    }
  });

  test('a request that has left this device is told, and what has not left is not', () => {
    const waiting = { policy: 'auto', route: 'waiting' } as const;
    const ways = (['held', 'queued', 'seeking', 'knocking', 'placed', 'full', 'over'] as const).map(
      (asking) => way({ ...waiting, asking }),
    );
    expect(ways).toEqual([
      ...['waiting', 'waiting', 'waiting'],
      ...['asked', 'asked', 'asked', 'asked'],
    ]);
    expect(way({ policy: 'auto', route: 'direct', asking: 'placed' })).toBe('direct');
    expect(seesWords(t, 'waiting', 'Ana')).toEqual(['Nothing has left this device.']);
    expect(seesWords(t, 'asked', 'Ana')[0]).toMatch(/sealed for Ana\. Nothing else has left/);
  });

  test('a message went under the rule of its time', () => {
    const shown = {
      ...route,
      policy: 'auto',
      changes: [change(1, 'us', 'hidden'), change(2, 'them', 'direct'), change(3, 'us', 'auto')],
    } satisfies Route;
    const sent = (minute: number): Message =>
      ({ route: 'relay', storedAt: `2026-11-21T10:0${minute}:30.000Z` }) as Message;
    expect(wayOfMessage(sent(0), shown)).toBe('relayed');
    expect(wayOfMessage(sent(2), shown)).toBe('relay');
    expect(wayOfMessage(sent(3), shown)).toBe('relayed');
    expect(wayOfMessage(sent(2))).toBe('relayed');
    expect(policyAt({ ...route, policy: 'hidden' }, sent(0).storedAt)).toBe('hidden');
  });

  test('a message that waited went under the rules until it was delivered', () => {
    const ours = (...policies: Route['policy'][]): Route => ({
      ...route,
      policy: policies.at(-1)!,
      changes: policies.map((policy, at) => change(at, 'us', policy)),
    });
    // Written under the first rule, delivered under the last one.
    const waited = (shown: Route): unknown => {
      const deliveredAt = `2026-11-21T10:0${shown.changes.length}:30.000Z`;
      const storedAt = '2026-11-21T10:00:30.000Z';
      return wayOfMessage({ route: 'relay', storedAt, deliveredAt } as Message, shown);
    };
    expect(waited(ours('hidden', 'auto'))).toBe('relayed');
    expect(waited(ours('auto', 'hidden'))).toBe('relayed');
    expect(waited(ours('hidden', 'auto', 'hidden'))).toBe('relayed');
    expect(waited(ours('hidden', 'hidden'))).toBe('relay');
    const theirs = {
      ...ours('hidden'),
      changes: [change(0, 'us', 'hidden'), change(1, 'them', 'auto')],
    };
    expect(waited(theirs)).toBe('relay');
  });

  test('what matters of it at once', () => {
    const all: Way[] = [
      'lan',
      'direct',
      'punched',
      'relay',
      'relayed',
      'waiting',
      'asked',
      'local',
    ];
    expect(all.map(classOf)).toEqual([
      'visible',
      'visible',
      'visible',
      'hidden',
      'visible',
      'held',
      'held',
      'local',
    ]);
  });
});

describe('sentences', () => {
  test.each([
    ['lan', 'Same network', 'Straight between your devices, inside this network.'],
    ['direct', 'Direct', "Straight from your device to Ana's. No relay in between."],
    [
      'punched',
      'Direct (via routers)',
      "Straight to Ana's device, through openings your routers made.",
    ],
    [
      'relay',
      'Hidden IP',
      "Passed along by a relay. Ana can't see your IP address, unless they run the relay you use.",
    ],
    ['waiting', 'Waiting', 'No way through yet. Your message waits on this device.'],
  ] as const)('%s', (way, chip, line) => {
    expect(routeWords(t, way, 'chip', 'Ana')).toBe(chip);
    expect(routeWords(t, way, 'line', 'Ana')).toBe(line);
  });

  test('who can see what, by the number of relays', () => {
    const kept =
      "Relays are asked to keep no records; you can't check that, so you may pick or run your own.";
    expect(seesWords(t, 'relay', 'Ana', { hops: 1 })).toEqual([
      `1 relay: It sees both addresses and when you talk, and can't read anything. ${kept}`,
    ]);
    expect(seesWords(t, 'relay', 'Ana', { hops: 2 })).toEqual([
      '2 relays from different places: neither alone knows both ends, unless one operator runs ' +
        `both. ${kept}`,
    ]);
    expect(seesWords(t, 'relayed', 'Ana', { hops: 1 })).toHaveLength(2);
    const [came] = seesWords(t, 'relay', 'Ana', { hops: 1, hopsAtLeast: true });
    expect(came).toMatch(/^At least 1 relay, the one you use: It sees your address/);
    expect(came).not.toContain('both addresses');
    const strange = seesWords(t, 'relayed', 'Ana', { hops: 1, isStrangers: true });
    expect(strange.at(-1)).toMatch(/^A public relay is among them, which a stranger runs/);
    expect(seesWords(t, 'relay', 'Ana')[0]).not.toMatch(/^\d/);
  });

  test('where they alone hide, no direct way is promised and none was looked for', () => {
    const hide = { hops: 1, theirPolicy: 'hidden' } as const;
    const [ours, ...relays] = seesWords(t, 'relayed', 'Ana', hide);
    expect(ours).toBe(
      'Ana chose Hidden IP, so this chat goes through relays alone. It does not hide your IP ' +
        'address: Ana may see it.',
    );
    expect(relays).toEqual(seesWords(t, 'relay', 'Ana', hide));
    expect(isUnneeded('relayed', { ...route, theirPolicy: 'hidden' })).toBe(false);
    expect(isUnneeded('relayed', { ...route, theirPolicy: 'auto' })).toBe(true);
    expect(isUnneeded('relayed', route)).toBe(true);
    expect(isUnneeded('relay', route)).toBe(false);
    // Nothing is claimed before the app has told their rule.
    expect(isUnneeded('relayed', undefined)).toBe(false);
  });

  test('of openings in routers all is said that is said of a direct link', () => {
    const [own, ...same] = seesWords(t, 'punched', 'Ana');
    expect(own).toMatch(/^Same as Direct\. Where a relay introduced your devices, it saw both/);
    expect(same).toEqual(seesWords(t, 'direct', 'Ana'));
  });

  test('nothing is claimed of a route or a rule that this page does not know', () => {
    expect(routeWords(t, 'pigeon' as Way, 'chip', 'Ana')).toBe('Unknown');
    expect(seesWords(t, 'pigeon' as Way, 'Ana')).toEqual([t('route.unknown.sees')]);
    expect(policyName(t, 'pigeon' as Route['policy'])).toBe('pigeon');
  });

  test('who set the rule', () => {
    expect(changeWords(t, change(1, 'us', 'direct'), 'Ana')).toBe(
      'You set this chat to Direct only.',
    );
    expect(changeWords(t, change(1, 'them', 'hidden'), 'Ana')).toBe(
      'Ana set this chat to Hidden IP.',
    );
  });

  test('why nothing leaves, as the terminal and the log say it', () => {
    const ours = { ...route, policy: 'direct', theirPolicy: 'hidden' } as const;
    expect(heldWords(t, 'conflict', ours, 'Ana')).toBe(
      'Ana accepts only Hidden IP and you chose Direct only, so nothing can be sent.',
    );
    expect(heldWords(t, 'no-relay', route, 'Ana')).toBe(errorBody('no-hidden-route').message);
    expect(heldWords(t, 'not-here', route, 'Ana')).toBe(
      errorBody('not-on-network', { name: 'Ana' }).message,
    );
    expect(heldWords(t, 'not-here-theirs', route, 'Ana')).toBe(
      errorBody('not-on-network-theirs', { name: 'Ana' }).message,
    );
  });
});

test('a rule that shows less than before leaves something behind', () => {
  expect(isTighter('auto', 'hidden')).toBe(true);
  expect(isTighter('lan', 'hidden')).toBe(true);
  expect(isTighter('direct', 'lan')).toBe(true);
  expect(isTighter('auto', 'direct')).toBe(false);
  expect(isTighter('hidden', 'auto')).toBe(false);
  expect(isTighter('hidden', 'hidden')).toBe(false);
  expect(isTighter('hidden', 'lan')).toBe(false);
});
