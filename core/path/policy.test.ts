import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scopeOf } from '../base/endpoint.ts';
import type { Policy } from '../base/policy.ts';
import type { OwnAddresses, Route } from './candidates.ts';
import {
  admits,
  allows,
  asksBy,
  candidatesFor,
  dialable,
  isHere,
  isLooser,
  type Pact,
  showsAddress,
  shutsOut,
  wayOf,
  waysOf,
} from './policy.ts';

const ALL: readonly Policy[] = ['auto', 'hidden', 'direct', 'local'];
const OUTSIDE = { host: '93.184.216.34', port: 40_000 };
const own = (change: Partial<OwnAddresses> = {}): OwnAddresses => ({
  local: ['192.168.1.11', '2a00:1::5'],
  networks: ['192.168.1.11/24', '2a00:1::5/64'],
  udpPort: 30_000,
  tcpPort: 30_000,
  external: OUTSIDE,
  allowReserved: false,
  ...change,
});
const route = (transport: 'udp' | 'tcp', host: string, port = 1000): Route => ({
  transport,
  endpoint: { host, port },
});
const FAR = route('udp', '93.184.217.1');
const HOME = route('udp', '192.168.1.12');
const auto: Pact = { ours: 'auto', theirs: undefined };
const hosts = (routes: readonly Route[]): string[] => routes.map(({ endpoint }) => endpoint.host);

describe('[POL-1] ways', () => {
  test('what two policies leave is what both allow', () => {
    const table = ALL.map((ours) => ALL.map((theirs) => waysOf({ ours, theirs }).join(' ')));
    expect(table).toEqual([
      ['lan direct relay', 'relay', 'lan direct', 'lan'],
      ['relay', 'relay', '', ''],
      ['lan direct', '', 'lan direct', 'lan'],
      ['lan', '', 'lan', 'lan'],
    ]);
  });

  test('it is the same from both sides, and never more than either allows', () => {
    const policy = fc.constantFrom(...ALL);
    fc.assert(
      fc.property(policy, policy, (ours, theirs) => {
        const both = waysOf({ ours, theirs });
        expect(waysOf({ ours: theirs, theirs: ours })).toEqual(both);
        for (const way of both) expect(waysOf({ ours, theirs: 'auto' })).toContain(way);
      }),
    );
  });

  test('who has not told a policy yet counts as Automatic', () => {
    expect(waysOf(auto)).toEqual(waysOf({ ours: 'auto', theirs: 'auto' }));
  });
});

describe('[POL-7] what asks first, and what shuts old doors', () => {
  test('looser is what shows them more of our address', () => {
    const asks = ALL.flatMap((from) =>
      ALL.flatMap((to) => (isLooser(from, to) ? [[from, to]] : [])),
    );
    expect(asks).toEqual([
      ['hidden', 'auto'],
      ['hidden', 'direct'],
      ['hidden', 'local'],
      ['local', 'auto'],
      ['local', 'direct'],
    ]);
  });

  test('the gate is renewed where a way to us is shut', () => {
    const shuts = ALL.flatMap((from) =>
      ALL.flatMap((to) => (shutsOut(from, to) ? [[from, to]] : [])),
    );
    expect(shuts).toEqual([
      ['auto', 'hidden'],
      ['auto', 'local'],
      ['direct', 'hidden'],
      ['direct', 'local'],
      ['local', 'hidden'],
    ]);
  });
});

describe('[POL-2] this network', () => {
  test('a private address with a prefix of ours, told by the mask', () => {
    const here = (host: string, change: Partial<OwnAddresses> = {}): boolean =>
      isHere({ host, port: 1 }, own(change));
    expect(here('192.168.1.200')).toBe(true);
    expect(here('192.168.2.200')).toBe(false);
    expect(here('192.168.2.200', { networks: ['192.168.1.11/16'] })).toBe(true);
    expect(here('192.168.1.200', { networks: ['192.168.1.11/25'] })).toBe(false);
    expect(here('192.168.1.200', { networks: undefined })).toBe(true);
    expect(here('192.168.2.200', { networks: undefined })).toBe(false);
    expect(here('10.0.0.1', { networks: [] })).toBe(false);
    expect(here('fd00:1::7', { networks: ['fd00:1::5/64'] })).toBe(true);
    expect(here('fd00:2::7', { networks: ['fd00:1::5/64'] })).toBe(false);
  });

  test('never a public one, nor one that providers share among customers', () => {
    const networks = ['93.184.216.34/24', '100.64.0.5/10', '2a00:1::5/64'];
    for (const host of ['93.184.216.35', '100.64.0.6', '2a00:1::6', '198.51.100.7']) {
      expect([host, isHere({ host, port: 1 }, own({ networks }))]).toEqual([host, false]);
    }
  });

  test('this computer and link-local addresses always', () => {
    for (const host of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1']) {
      expect(isHere({ host, port: 1 }, own({ networks: [] }))).toBe(true);
    }
  });

  test('a circuit is a way of its own, wherever its relay is', () => {
    expect(wayOf({ ...HOME, transport: 'circuit' }, own())).toBe('relay');
    expect(wayOf(HOME, own())).toBe('lan');
    expect(wayOf(FAR, own())).toBe('direct');
  });

  test('behind one router another private network is this one too; a shared range is not', () => {
    const other = route('udp', '192.168.7.3');
    expect([wayOf(other, own()), wayOf(other, own(), true)]).toEqual(['direct', 'lan']);
    expect(wayOf(route('udp', '100.64.3.3'), own(), true)).toBe('direct');
  });
});

describe('[POL-3] what we publish', () => {
  test('Hidden IP nothing, This network only private ones, the others all', () => {
    const tell = (policy: Policy): string[] => hosts(candidatesFor(policy, own()));
    expect(tell('hidden')).toEqual([]);
    expect(tell('local')).toEqual(['192.168.1.11', '192.168.1.11']);
    expect(tell('auto')).toContain(OUTSIDE.host);
    expect(tell('direct')).toEqual(tell('auto'));
  });

  test('whatever our addresses are, a strict policy names none that leads here from outside', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.constantFrom('192.168.1.11', '10.1.1.1', '2a00:1::5', 'fd00::1'),
    );
    const addresses = fc.record({
      local: fc.array(host, { maxLength: 8 }),
      external: fc.option(
        host.map((seen) => ({ host: seen, port: 7 })),
        { nil: undefined },
      ),
      allowReserved: fc.boolean(),
    });
    fc.assert(
      fc.property(addresses, (change) => {
        expect(candidatesFor('hidden', own(change))).toEqual([]);
        for (const { endpoint } of candidatesFor('local', own(change))) {
          expect(['private', 'loopback']).toContain(scopeOf(endpoint.host));
        }
      }),
    );
  });

  test('only Automatic and Direct only show our address to who looks in the DHT', () => {
    expect(ALL.filter(showsAddress)).toEqual(['auto', 'direct']);
  });

  test('[POL-8] who may not see it is asked for by relays, and in this network alone nobody is', () => {
    const asked = ALL.map((policy) => [policy, asksBy(policy)]);
    expect(Object.fromEntries(asked)).toEqual({
      auto: 'ourselves',
      direct: 'ourselves',
      hidden: 'relays',
      local: undefined,
    });
  });
});

describe('[POL-4] what we dial', () => {
  test('what both policies allow', () => {
    const theirs = [FAR, route('udp', OUTSIDE.host), HOME];
    const dial = (pact: Pact): string[] => hosts(dialable(theirs, own(), pact));
    const all = hosts(theirs);
    expect(dial(auto)).toEqual(all);
    expect(dial({ ours: 'auto', theirs: 'direct' })).toEqual(all);
    expect(dial({ ours: 'auto', theirs: 'hidden' })).toEqual([]);
    expect(dial({ ours: 'hidden', theirs: 'auto' })).toEqual([]);
    expect(dial({ ours: 'auto', theirs: 'local' })).toEqual([HOME.endpoint.host]);
    expect(dial({ ours: 'local', theirs: undefined })).toEqual([HOME.endpoint.host]);
    expect(dial({ ours: 'hidden', theirs: 'direct' })).toEqual([]);
  });

  test('[PTH-2] a list that points into our network is not followed', () => {
    const inside = [
      route('tcp', '192.168.1.1', 80),
      route('udp', '10.0.0.1', 53),
      route('tcp', '127.0.0.1', 22),
      route('tcp', '169.254.169.254', 80),
      route('udp', '::1'),
      route('tcp', '0.0.0.0'),
      route('udp', '224.0.0.1'),
    ];
    expect(dialable(inside, own(), auto)).toEqual([]);
    // Theirs alone does not make it our wish; even ours leads to no service of this computer.
    expect(dialable(inside, own(), { ours: 'auto', theirs: 'local' })).toEqual([]);
    expect(hosts(dialable(inside, own(), { ours: 'local', theirs: 'auto' }))).toEqual([
      '192.168.1.1',
    ]);
  });

  test('[PTH-2] behind the same outside address private ones are tried, loopback still not', () => {
    const theirs = [route('udp', OUTSIDE.host), HOME, route('tcp', '127.0.0.1', 22)];
    expect(dialable(theirs, own(), auto)).toEqual([theirs[0], HOME]);
    expect(dialable([HOME], own(), auto)).toEqual([]);
  });

  test('[PTH-2] in a lab reserved addresses are public, private ones stay private', () => {
    const lab = own({ allowReserved: true });
    const theirs = [route('udp', '198.18.0.1'), route('udp', '203.0.113.1'), HOME];
    expect(dialable(theirs, lab, auto)).toEqual(theirs.slice(0, 2));
    expect(dialable(theirs, own(), auto)).toEqual([]);
  });

  test('who was heard in this network is dialled there first', () => {
    const heard = [route('tcp', '192.168.1.40')];
    expect(dialable([FAR], own(), auto, heard)).toEqual([heard[0], FAR]);
    expect(dialable([], own(), { ours: 'auto', theirs: 'local' }, heard)).toEqual(heard);
    expect(dialable([], own(), { ours: 'hidden', theirs: 'auto' }, heard)).toEqual([]);
  });

  test('[RLY-18] ⚑ who hides opens no circuit but behind a guard, and keeps what came in', () => {
    const via = { relay: new Uint8Array(32), slot: new Uint8Array(20), udp: true, tcp: true };
    const came: Route = { ...FAR, transport: 'circuit' };
    const bare: Route = { ...came, via };
    const guarded: Route = { ...came, via: { ...via, isHidden: true } };
    const all = { came, bare, guarded };
    const table = ALL.map((ours) =>
      Object.values(all).map((one) => allows({ ours, theirs: 'hidden' }, one, own(), false)),
    );
    expect(table).toEqual([
      [true, true, true],
      [true, false, true],
      [false, false, false],
      [false, false, false],
    ]);
    const lab = own({ allowReserved: true });
    expect(dialable([bare], lab, { ours: 'hidden', theirs: 'auto' })).toEqual([]);
    expect(dialable([guarded], lab, { ours: 'hidden', theirs: 'auto' })).toEqual([guarded]);
  });

  test('[PTH-3] at most four routes, three of them UDP, none twice', () => {
    const victims = Array.from({ length: 50 }, (_, i) => route('udp', `93.184.217.${i + 1}`));
    expect(dialable(victims, own(), auto)).toHaveLength(3);
    const tcp = victims.map(({ endpoint }) => ({ transport: 'tcp' as const, endpoint }));
    expect(dialable([...victims, ...tcp], own(), auto)).toHaveLength(4);
    expect(dialable([victims[0]!, victims[0]!], own(), auto)).toHaveLength(1);
  });
});

test('[POL-5] who comes in is judged by our policy and by where they come from', () => {
  const from = { far: FAR, home: HOME, circuit: { ...FAR, transport: 'circuit' as const } };
  const table = ALL.map((policy) =>
    Object.values(from).map((place) => admits(policy, place, own(), false)),
  );
  expect(table).toEqual([
    [true, true, true],
    [false, false, true],
    [true, true, false],
    [false, true, false],
  ]);
});
