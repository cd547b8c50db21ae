import { expect, test } from 'vitest';
import { Settings } from '@sotto/api/settings.ts';
import { verdictOf } from '@sotto/api/checks.ts';
import type { LanPresence } from '@sotto/api/checks.ts';
import type { Check } from '@sotto/api/contract.ts';
import type {
  Command,
  CommandResult,
  ContactView,
  HealthView,
  LinkedBy,
  PathView,
  Status,
} from '@sotto/core/commands.ts';
import { egressOf } from './egress.ts';
import type { ProxyState } from './proxy.ts';
import { CLOCK_OFF_MS, examine } from './doctor.ts';
import type { DoctorParts } from './doctor.ts';
import { STARTING_MS } from './doctor-online.ts';
import type { WaysOut } from './surroundings.ts';

const STATUS: Partial<Status> = {
  id: 'sotto:x',
  online: true,
  helpers: 148,
  readOnly: false,
  externalAddress: '192.0.2.1:4000',
  contacts: 3,
  linked: 1,
  waiting: 2,
  requests: 0,
  doorOpen: false,
  secondCopy: false,
};
const HEALTH: HealthView = {
  udpPort: 4000,
  tcpPort: 4000,
  addresses: ['10.0.0.2'],
  reach: 'mapped',
  mapping: 'none',
  nat: { v4: 'independent', v6: 'unknown' },
  fromOutside: 0,
  byRelay: 0,
  asksByRelays: false,
  relays: [],
  isLookingForRelays: false,
  trackers: { set: 0, answering: 0, silent: 0 },
  serving: { whom: 'off', clients: 0, isListed: false },
  clockSources: 4,
  clockBehindMs: 900,
};

const OURS = { endpoint: { host: '203.0.113.7', port: 443 }, source: 'own', isUp: true } as const;

const MEGA = 1024 * 1024;

interface Facts {
  readonly status?: Partial<Status>;
  readonly health?: Partial<HealthView>;
  readonly web?: 'open' | 'denied' | 'taken' | 'off';
  readonly settings?: Partial<Settings>;
  readonly resolves?: boolean;
  readonly ports?: Partial<DoctorParts['ports']>;
  /** Interfaces that lead out; none: offline. */
  readonly ways?: WaysOut;
  readonly intercepted?: boolean;
  readonly proxyState?: ProxyState;
  readonly upMs?: number;
  readonly nearby?: LanPresence;
  readonly freeBytes?: number;
  /** What each look at the way to Ana finds; the last one stays. */
  readonly path?: readonly Partial<PathView>[];
  readonly contact?: Partial<ContactView>;
}

/** Core as it would answer; the words and the judgement are the real ones. */
function parts(facts: Facts): DoctorParts & { asked: string[]; looked: boolean[] } {
  const asked: string[] = [];
  const looked: boolean[] = [];
  const path = [...(facts.path ?? [])];
  const settings = (): Settings => ({ ...Settings.parse({}), ...facts.settings });
  const command = (wish: Command): Promise<CommandResult> => {
    const answer = (): CommandResult => {
      switch (wish.type) {
        case 'status':
          return {
            ok: true,
            data: { type: 'status', status: { ...STATUS, ...facts.status } as Status },
          };
        case 'health':
          return { ok: true, data: { type: 'health', health: { ...HEALTH, ...facts.health } } };
        case 'path-show': {
          if (wish.to !== 'ana') return { ok: false, error: { code: 'not-found' } };
          looked.push(wish.want);
          const now = path.length > 1 ? path.shift() : path[0];
          const view = { conversation: 'c_1', state: 'linked', lookedAgoMs: 240_000, failures: 3 };
          return { ok: true, data: { type: 'path', path: { ...view, ...now } as PathView } };
        }
        default: {
          const contact = { name: 'Ana', devices: 1, waiting: 2, ...facts.contact } as ContactView;
          return { ok: true, data: { type: 'contact', contact } };
        }
      }
    };
    return Promise.resolve(answer());
  };
  return {
    command,
    asked,
    looked,
    settings,
    freeBytes: () => facts.freeBytes,
    nearby: () => facts.nearby ?? 'off',
    ports: { state: 'silent', maps: [], ask: () => Promise.resolve(), ...facts.ports },
    startedMs: Date.now() - (facts.upMs ?? 10 * STARTING_MS),
    network: {
      egress: egressOf(settings()),
      web: facts.web ?? 'off',
      proxyState: () => facts.proxyState,
      resolve: (name, port) => {
        asked.push(`${name}:${port}`);
        return Promise.resolve(facts.resolves ? [{ host: '192.0.2.9', port }] : []);
      },
    },
    surroundings: {
      waysOut: () => Promise.resolve(facts.ways ?? { v4: 'eth0' }),
      isIntercepted: () => {
        asked.push('nobody');
        return Promise.resolve(facts.intercepted ?? false);
      },
    },
  };
}

const found = (checks: readonly Check[], name: string): string | undefined =>
  checks.find(({ check }) => check === name)?.finding;

test('[API-22] with helpers all is told and nobody is asked', async () => {
  const doctor = parts({ freeBytes: 4_096 * MEGA });
  const checks = await examine(doctor);
  expect(checks.map(({ check, finding }) => `${check} ${finding}`)).toEqual([
    'disk room',
    'internet online',
    'helpers known',
    'proxy none',
    'port both',
    'direct mapped',
    'router unneeded',
    'relays unknown',
    'ipv6 absent',
    'nearby off',
    'clock right',
    'device single',
    'contacts waiting',
  ]);
  expect(doctor.asked).toEqual([]);
  expect(JSON.stringify(checks)).not.toMatch(/sotto:x|192\.0\.2|10\.0/);
});

test.each([
  ['off', 'both', 'ok'],
  ['open', 'web', 'ok'],
  ['denied', 'web-denied', 'warn'],
  ['taken', 'web-taken', 'warn'],
] as const)('[RLY-25] port 443 that is %s is told with the port', async (web, finding, state) => {
  const checks = await examine(parts({ web }));
  const port = checks.find(({ check }) => check === 'port');
  expect([port?.finding, port?.state, port?.hint === undefined]).toEqual([
    finding,
    state,
    state === 'ok',
  ]);
});

const none = { helpers: 0, online: false };
const rows: [string, Facts, string | undefined, string | undefined][] = [
  ['no names resolve', { status: none }, 'offline', undefined],
  ['names resolve, nobody answers', { status: none, resolves: true }, 'online', 'blocked'],
  [
    'no address but loopback',
    { status: none, resolves: true, health: { addresses: ['127.0.0.1'] } },
    'offline',
    undefined,
  ],
  ['no way out', { status: none, resolves: true, ways: {} }, 'offline', undefined],
  ['a page to sign in', { status: none, resolves: true, intercepted: true }, 'sign-in', undefined],
  ['just started', { status: none, resolves: true, upMs: 1_000 }, 'online', 'starting'],
  [
    'helpers by address alone',
    { status: none, settings: { 'dht.bootstrap': '192.0.2.7:6881' } },
    'unknown',
    'silent',
  ],
  [
    'somebody is linked, no helper answers',
    { status: { helpers: 0, online: true }, settings: { 'dht.bootstrap': '' } },
    'online',
    'silent',
  ],
  ['switched off', { status: none, settings: { 'dht.enabled': false } }, 'unknown', 'off'],
  ['asks and never answers', { status: { readOnly: true } }, 'online', 'asking-only'],
];
test.each(rows)('[API-22] %s', async (_, facts, internet, helpers) => {
  const checks = await examine(parts(facts));
  expect([found(checks, 'internet'), found(checks, 'helpers')]).toEqual([internet, helpers]);
});

const DOWN = { ...OURS, isUp: false, isReserved: false, rttMs: undefined };
const UP = { ...OURS, isReserved: false, rttMs: 40 };
const PLACE = { ...OURS, isReserved: true, rttMs: 40 };
const hidden: [string, Facts, string | undefined, string | undefined][] = [
  ['no relay is known', { status: none }, 'unknown', 'hidden'],
  ['no relay answers', { status: none, health: { relays: [DOWN] } }, 'unknown', 'hidden'],
  ['one answers', { status: none, health: { relays: [UP, DOWN] } }, 'online', 'hidden-few'],
  ['somebody is linked', { status: { helpers: 0, online: true } }, 'online', 'hidden'],
  ['just started', { status: none, upMs: 1_000 }, 'unknown', 'starting'],
  ['no way out', { status: none, ways: {} }, 'offline', undefined],
];
test.each(hidden)('[DSC-34] ⚑ Hidden IP, %s: nobody is asked', async (_, facts, ...findings) => {
  const health = { ...facts.health, asksByRelays: true };
  const doctor = parts({ ...facts, health, resolves: true, intercepted: true });
  const checks = await examine(doctor);
  expect([found(checks, 'internet'), found(checks, 'helpers')]).toEqual(findings);
  expect(doctor.asked).toEqual([]);
});

test('[API-22] Hidden IP that waits for a relay is said, with what helps', async () => {
  const checks = await examine(parts({ status: none, health: { asksByRelays: true } }));
  expect(verdictOf(checks)).toBe('no-relay');
  expect(checks.find(({ check }) => check === 'helpers')).toMatchObject({
    message: 'New chats are set to Hidden IP and no relay answers, so messages wait.',
    hint: expect.stringContaining('relays.list'),
  });
});

const relayed: [string, Facts, string, string][] = [
  ['a relay gives a place', { status: none, health: { relays: [PLACE] } }, 'relayed', 'reachable'],
  ['theirs carries a link', { status: none, health: { byRelay: 1 } }, 'relayed', 'theirs'],
  [
    'one answers without a place',
    { status: none, health: { relays: [UP] } },
    'blocked',
    'no-place',
  ],
];
test.each(relayed)('[API-22] helpers are blocked, %s', async (_, facts, helpers, relays) => {
  const doctor = parts({ ...facts, resolves: true });
  const checks = await examine(doctor);
  const names = ['internet', 'helpers', 'relays'];
  expect(names.map((name) => found(checks, name))).toEqual(['online', helpers, relays]);
  expect(verdictOf(checks)).toBe(helpers === 'relayed' ? 'only-relays' : 'blocked');
  if (helpers === 'relayed') expect(doctor.asked).toEqual([]);
});

test('[API-22] where the settings name no helper to ask, a relay blames no network', async () => {
  const settings = { 'dht.bootstrap': '' };
  const checks = await examine(parts({ status: none, settings, health: { relays: [PLACE] } }));
  expect([found(checks, 'internet'), found(checks, 'helpers')]).toEqual(['online', 'silent']);
});

const single: [string, Facts, string, string][] = [
  [
    'relays',
    {
      health: {
        relays: [
          { ...OURS, isReserved: true, rttMs: 80.4 },
          { ...OURS, isReserved: true, rttMs: 41.2 },
          { ...OURS, isReserved: false, rttMs: 5 },
        ],
      },
    },
    'reachable',
    '2 reachable, 41 ms.',
  ],
  [
    'relays',
    { health: { relays: [{ ...OURS, isUp: false, isReserved: false, rttMs: undefined }] } },
    'none',
    '1 known, and none',
  ],
  [
    'relays',
    { health: { relays: [{ ...OURS, isUp: false, isReserved: true, rttMs: 40 }] } },
    'none',
    '1 known, and none',
  ],
  [
    'relays',
    { health: { relays: [{ ...OURS, isReserved: false, rttMs: 40 }] } },
    'no-place',
    'none that answers has given',
  ],
  ['relays', {}, 'unknown', 'None known'],
  [
    'relays',
    {
      health: {
        relays: [
          { ...OURS, isReserved: true, rttMs: 80.4 },
          { ...OURS, source: 'public', isReserved: true, rttMs: 41.2 },
        ],
      },
    },
    'public',
    'Public ones among them: 1. Strangers run these',
  ],
  ['relays', { health: { isLookingForRelays: true } }, 'looking', 'run by strangers'],
  [
    'trackers',
    { health: { trackers: { set: 3, answering: 2, silent: 1 } } },
    'answering',
    '2 of 3 answer',
  ],
  [
    'trackers',
    { health: { trackers: { set: 2, answering: 0, silent: 1 } } },
    'silent',
    'none that was asked answers',
  ],
  ['trackers', { health: { trackers: { set: 2, answering: 0, silent: 0 } } }, 'unasked', '2 named'],
  [
    'relays',
    {
      health: {
        serving: { whom: 'public', clients: 3, text: 'sotto-relay:x', isListed: true },
      },
    },
    'own',
    'serves 3 now',
  ],
  ['disk', { freeBytes: 100 * MEGA }, 'low', 'Only 100 MB free.'],
  ['disk', { freeBytes: MEGA }, 'full', 'Not enough space'],
  ['disk', {}, 'unknown', 'not told'],
  ['clock', { health: { clockBehindMs: -CLOCK_OFF_MS * 7 } }, 'off', '14 minutes off'],
  ['clock', { health: { clockBehindMs: 5 * 3_600_000 } }, 'off', '5 hours off'],
  ['clock', { health: { clockBehindMs: -80 * 31_557_600_000 } }, 'off', '80 years off'],
  ['clock', { health: { clockBehindMs: undefined } }, 'unknown', 'Three linked contacts'],
  ['device', { status: { secondCopy: true } }, 'copy', 'somewhere else'],
  ['direct', { health: { reach: 'varied' } }, 'varied', 'makes direct links harder'],
  ['direct', { health: { reach: 'proven', fromOutside: 2 } }, 'proven', '2 did'],
  ['direct', { health: { reach: 'opened' } }, 'opened', 'lets people reach you directly'],
  ['port', { health: { udpPort: undefined } }, 'one', 'TCP only'],
  ['port', { health: { udpPort: undefined, tcpPort: undefined } }, 'none', 'switched off'],
  ['ipv6', { health: { addresses: ['2a00:1450::1'] } }, 'there', 'address of its own'],
  ['contacts', { status: { contacts: 0, linked: 0, waiting: 0 } }, 'none', 'Nobody yet'],
];
test.each(single)('[API-22] %s %j', async (name, facts, finding, words) => {
  const check = (await examine(parts(facts))).find((one) => one.check === name)!;
  expect([check.finding, check.message]).toEqual([finding, expect.stringContaining(words)]);
});

test.each(['works', 'blocked', 'away', 'off'] as const)(
  '[LAN-19] the doctor tells what Nearby does here: %s',
  async (nearby) => {
    expect(found(await examine(parts({ nearby })), 'nearby')).toBe(nearby);
  },
);

test('[API-22] a person is called once and waited for', async () => {
  const doctor = parts({
    path: [{ state: 'looking' }, { state: 'dialling' }, { state: 'linked' }],
  });
  const checks = await examine(doctor, 'ana');
  expect(doctor.looked).toEqual([true, false, false]);
  expect([found(checks, 'found'), found(checks, 'answers')]).toEqual(['here', 'linked']);
  expect(checks.at(-1)!.message).toContain('2 messages wait for Ana');
  await expect(examine(doctor, 'nobody')).rejects.toMatchObject({ reason: 'not-found' });
});

const links: [string, LinkedBy, string][] = [
  ['lan', { route: 'lan', punched: false, whyRelay: undefined }, 'on the same network'],
  ['direct', { route: 'direct', punched: false, whyRelay: undefined }, 'Directly, over'],
  ['punched', { route: 'direct', punched: true, whyRelay: undefined }, 'the routers of both'],
  [
    'relay-both-varied',
    { route: 'relay', punched: false, whyRelay: 'both-varied' },
    'Through a relay, because both routers block direct links.',
  ],
  [
    'relay-theirs-hidden',
    { route: 'relay', punched: false, whyRelay: 'theirs-hidden' },
    'because Ana chose Hidden IP',
  ],
];
test.each(links)(
  '[API-22] the route of somebody linked is named: %s',
  async (name, link, words) => {
    const checks = await examine(parts({ path: [{ state: 'linked', link }] }), 'ana');
    const steps = checks.slice(-4).map(({ check }) => check);
    expect(steps).toEqual(['found', 'answers', 'route', 'waiting']);
    const route = checks.find(({ check }) => check === 'route')!;
    expect([route.finding, route.message]).toEqual([name, expect.stringContaining(words)]);
  },
);

test('[API-22] whoever does not answer is told with the first thing missing', async () => {
  const states: [Facts, string][] = [
    [{ path: [{ state: 'blocked' }] }, 'You have blocked Ana'],
    [{ path: [{ state: 'invite-expired' }] }, 'the invite has expired'],
    [{ path: [{ state: 'no-record' }] }, 'No trace of Ana was found 4 minutes ago'],
    [{ path: [{ state: 'no-record' }], contact: { devices: 0 } }, 'have not met yet'],
    [{ path: [{ state: 'no-answer' }] }, 'Nothing answered at the last address of Ana, 3 times'],
    [{ path: [{ state: 'no-route' }] }, 'no address that this computer can call'],
  ];
  const told = await Promise.all(
    states.map(async ([facts]) => {
      const checks = await examine(parts({ ...facts }), 'ana');
      return checks.find(({ state, check }) => state === 'warn' && check !== 'waiting')?.message;
    }),
  );
  for (const [i, [, words]] of states.entries()) expect(told[i]).toContain(words);
}, 20_000);

const MAPS = (['udp', 'tcp'] as const).map((transport) => ({
  transport,
  family: 'v4' as const,
  external: { host: '192.0.2.1', port: 4001 },
  via: 'nat-pmp' as const,
}));
const unknown = { health: { reach: 'unknown' } } as const;
const routers: [string, Facts, string, string][] = [
  [
    'open',
    { health: { mapping: 'open' }, ports: { state: 'open', maps: MAPS } },
    'open',
    'port 4001 (UDP) and 4001 (TCP) for this app, by PMP',
  ],
  [
    'open over IPv6, and a second one in front over IPv4',
    {
      health: { mapping: 'open' },
      ports: {
        state: 'open',
        maps: [
          ...MAPS.map((map) => ({ ...map, external: { host: '100.64.0.2', port: 5001 } })),
          ...MAPS.map((map) => ({ ...map, family: 'v6', via: 'pcp' }) as const),
        ],
      },
    },
    'open',
    'port 4001 (UDP) and 4001 (TCP) for this app, by PCP',
  ],
  [
    'a second one in front',
    { health: { mapping: 'double' }, ports: { state: 'open', maps: MAPS } },
    'double',
    'your provider has another router in front',
  ],
  ['refused', { ...unknown, ports: { state: 'refused' } }, 'refused', 'refuses to open a port'],
  ['silent', unknown, 'silent', 'does not answer'],
  ['silent, and links work', { health: { reach: 'proven' } }, 'unneeded', 'opens no port'],
  ['asked just now', { ports: { state: 'looking' } }, 'looking', 'is being asked'],
  ['not told to core yet', { ports: { state: 'open' } }, 'looking', 'is being asked'],
  ['none', { ports: { state: 'no-router' } }, 'no-router', 'No router'],
  ['switched off', { ports: { state: 'off' } }, 'off', 'By the settings'],
  ['another system', { ports: { state: 'unsupported' } }, 'unsupported', 'On this system'],
];
test.each(routers)('[MAP-17] the router: %s', async (_, facts, finding, words) => {
  const check = (await examine(parts(facts))).find((one) => one.check === 'router')!;
  expect([check.finding, check.message]).toEqual([finding, expect.stringContaining(words)]);
  expect(JSON.stringify(check)).not.toMatch(/192\.0\.2/);
});

test('[MAP-17] it is asked once more where a person wishes', async () => {
  const asked: number[] = [];
  const ask = (withinMs: number): Promise<void> => Promise.resolve(void asked.push(withinMs));
  await examine(parts({ ports: { ask } }));
  expect(asked).toEqual([]);
  await examine(parts({ ports: { ask } }), undefined, true);
  expect(asked).toEqual([4_000]);
});

test('[MAP-17, API-22] the router is asked while all else is looked at, and told of as it is then', async () => {
  const health = { mapping: 'none' as HealthView['mapping'] };
  let seen: number[] = [];
  const ask = async (): Promise<void> => {
    await new Promise((done) => setTimeout(done, 20));
    seen = [doctor.looked.length, doctor.asked.length];
    health.mapping = 'open';
  };
  const doctor = parts({ status: none, health, ports: { ask }, path: [{ state: 'linked' }] });
  const checks = await examine(doctor, 'ana', true);
  expect([found(checks, 'router'), found(checks, 'found')]).toEqual(['open', 'here']);
  expect(seen.every((count) => count > 0)).toBe(true);
});

const PROXY = { 'proxy.kind': 'socks5', 'proxy.address': '192.0.2.3:9050' } as const;
const proxied: [string, Facts, string, string][] = [
  ['[PRX-10] works', { proxyState: 'works' }, 'online', 'works'],
  ['[PRX-10] let nothing through yet', { proxyState: 'untried' }, 'unknown', 'untried'],
  ['[PRX-10] lets nothing through now', { proxyState: 'stalled' }, 'unknown', 'stalled'],
  ['[PRX-10] does not', { proxyState: 'unreachable' }, 'unknown', 'unreachable'],
  ['[PRX-10] wants a password', { proxyState: 'password' }, 'unknown', 'password'],
  ['[PRX-10] has no address', { proxyState: 'unset' }, 'unknown', 'unset'],
];
test.each(proxied)('%s, and nobody is asked', async (_, facts, internet, proxy) => {
  const health = { udpPort: undefined, tcpPort: undefined, addresses: [] };
  const doctor = parts({ status: none, health, settings: PROXY, ...facts });
  const checks = await examine(doctor);
  const names = ['internet', 'helpers', 'proxy', 'port', 'direct'];
  expect(names.map((name) => found(checks, name))).toEqual([
    internet,
    'proxied',
    proxy,
    'proxied',
    'proxied',
  ]);
  expect(doctor.asked).toEqual([]);
  expect(JSON.stringify(checks)).not.toContain('192.0.2');
});

test('[PRX-10] UDP past the proxy is said, with what it shows', async () => {
  const settings = { ...PROXY, 'proxy.udp': 'direct' } as const;
  const checks = await examine(parts({ settings, proxyState: 'works' }));
  const check = checks.find((one) => one.check === 'proxy')!;
  expect(check.message).toContain('contacts see your IP address');
});

const VPN_WAYS: readonly (readonly [WaysOut, string])[] = [
  [{ v4: 'wg0' }, 'VPN in use: good for hiding your IP, direct links may fail.'],
  [{ v4: 'wg0', v6: 'wg0' }, 'VPN in use: good for hiding your IP, direct links may fail.'],
  [
    { v4: 'tun0', v6: 'eth0' },
    'VPN in use, but IPv6 leaves past it: helpers and contacts see your own IPv6 address.',
  ],
  [
    { v4: 'eth0', v6: 'tun0' },
    'VPN in use, but IPv4 leaves past it: helpers and contacts see your own IPv4 address.',
  ],
  [{ v4: 'eth0', v6: 'eth0' }, 'None in use.'],
];

test.each(VPN_WAYS)('[PRX-12] ⚑ a VPN is told, and what leaves past it: %o', async (ways, said) => {
  const checks = await examine(parts({ ways }));
  expect(checks.find((one) => one.check === 'proxy')!.message).toBe(said);
});

test('[PRX-13] nobody is asked for nothing: helpers, a proxy, a lab', async () => {
  for (const facts of [
    {},
    { status: none, settings: { ...PROXY, 'proxy.udp': 'direct' } },
    { status: none, settings: { 'net.allowReserved': true } },
    { status: { helpers: 0, online: true } },
  ] as const) {
    const doctor = parts({ ...facts, ways: { v4: 'eth0' } });
    await examine(doctor);
    expect([facts, doctor.asked.includes('nobody')]).toEqual([facts, false]);
  }
});
