/**
 * Whole nodes whose policy or place changes while the other is away: where they may be tried
 * follows at once.
 */
import { expect, test } from 'vitest';
import type { Policy } from './base/policy.ts';
import { Prng } from './base/prng.ts';
import { worldWithHelpers } from './compose/testing/homes.ts';
import { data, World, type Person } from './compose/testing/world.ts';
import { decodeKrpc } from './discovery/krpc.ts';
import { TestNat, type NatKind } from './path/test-nat.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const MINUTE_MS = 60_000;
const AT_HOME = { Ana: '192.168.1.11', Bo: '192.168.1.12' };
const AT_WORK = '10.9.9.5';
const IN_A_CAFE = '10.0.0.7';
const ROUTER: NatKind = { mapping: 'independent', filtering: 'port' };

/** What of this person leaves for that host from now on, but for questions to nodes of the DHT. */
function watch(world: World, person: Person, host: string): () => number {
  let knocks = 0;
  const look = (from: Person, to: { readonly host: string }): void => {
    if (from === person && to.host === host) knocks++;
  };
  world.tap = (bytes, from, to) => {
    if (!decodeKrpc(bytes).ok) look(from, to);
  };
  world.tapStreams = look;
  return () => knocks;
}

function routeTo(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.route;
}

/** Passes in this network alone; Ana and Bo are at home, where she reaches him by this one only. */
function housemates(): { world: World; ana: Person; bo: Person } {
  const world = new World();
  const networkOf = ({ host }: Person): string => host.slice(0, host.lastIndexOf('.'));
  world.isApart = (a, b) => networkOf(a) !== networkOf(b);
  const [ana, bo] = (['Ana', 'Bo'] as const).map((name) => {
    return world.person(name, false, { host: AT_HOME[name] });
  }) as [Person, Person];
  for (const person of [ana, bo]) person.start();
  const { hint, invite } = data(bo.ask(INVITE), 'invite');
  const add = { type: 'contact-add', text: invite.link!, name: 'Bo', hint } as const;
  data(ana.ask({ ...add, policy: 'local' }), 'contact');
  world.run(1_000);
  expect(routeTo(ana, 'Bo')).toBe('lan');
  return { world, ana, bo };
}

test.each<Policy>(['hidden', 'local'])(
  '[POL-4, POL-7] ⚑ %s holds at once for somebody not met yet: nothing leaves for them',
  (policy) => {
    const world = worldWithHelpers(21);
    const ana = world.person('Ana', true, { host: '198.51.100.11' });
    const bo = world.person('Bo', true, { host: '203.0.113.12' });
    for (const person of [ana, bo]) person.start();
    world.run(20_000);
    const text = data(bo.ask(INVITE), 'invite').invite.link!;
    world.run(20_000);
    bo.kill();
    const before = watch(world, ana, bo.host);
    data(ana.ask({ type: 'contact-add', text, name: 'Bo' }), 'contact');
    world.run(MINUTE_MS);
    expect(before()).toBeGreaterThan(0);
    const after = watch(world, ana, bo.host);
    data(ana.ask({ type: 'route-set', to: 'Bo', policy, looser: false }), 'route');
    for (let i = 0; i < 10; i++) {
      ana.command({ type: 'path-show', to: 'Bo', want: true });
      world.run(MINUTE_MS);
    }
    bo.start();
    world.run(10 * MINUTE_MS);
    expect(after()).toBe(0);
    expect(routeTo(ana, 'Bo')).toBe('waiting');
    data(ana.ask({ type: 'route-set', to: 'Bo', policy: 'auto', looser: true }), 'route');
    world.run(2 * MINUTE_MS);
    expect(routeTo(ana, 'Bo')).toBe('direct');
  },
);

test.each([
  ['at work', [AT_WORK]],
  ['where there is no network', []],
])('[PTH-10] who was %s and is in their network now dials them at once', (_where, from) => {
  const { world, ana } = housemates();
  ana.kill();
  world.run(1_000);
  ana.start();
  ana.carryTo(from);
  world.run(5 * MINUTE_MS);
  expect(routeTo(ana, 'Bo')).toBe('waiting');
  ana.carryTo([AT_HOME.Ana]);
  world.run(1_000);
  expect(routeTo(ana, 'Bo')).toBe('lan');
});

test.each([
  ['nobody is linked', true],
  ['a link leads there', false],
])('[PTH-2, POL-4] ⚑ who leaves a network tries no place in it: %s', (_what, isAway) => {
  const { world, ana, bo } = housemates();
  if (isAway) bo.kill();
  world.run(MINUTE_MS);
  ana.carryTo([IN_A_CAFE]);
  const knocks = watch(world, ana, bo.host);
  world.run(10 * MINUTE_MS);
  expect(knocks()).toBe(0);
});

test('[PTH-10] one more address ends no link', () => {
  const { world, ana, bo } = housemates();
  const closed = (): number => {
    return [...ana.logs, ...bo.logs].filter((line) => line.includes('link closed')).length;
  };
  const before = closed();
  ana.carryTo([AT_HOME.Ana, '172.17.0.1']);
  data(bo.say('Ana', 'still here?'), 'sent');
  world.run(MINUTE_MS);
  ana.carryTo([AT_HOME.Ana]);
  world.run(MINUTE_MS);
  expect(closed()).toBe(before);
  expect(ana.texts()).toEqual(['still here?']);
});

test('[PTH-2] ⚑ behind one router, by what others see here: not by what they saw before', () => {
  const world = worldWithHelpers(22);
  const [home, cafe] = ['198.18.100.1', '198.18.200.1'].map((host, i) => {
    return new TestNat(host, ROUTER, new Prng(30 + i).bytes);
  }) as [TestNat, TestNat];
  const [ana, bo] = [world.person('Ana', true), world.person('Bo', true)];
  for (const [person, host] of [
    [ana, AT_HOME.Ana],
    [bo, '192.168.2.12'], // another part of the same house
  ] as const) {
    Object.assign(person, { host, nat: home });
    person.start();
  }
  world.run(MINUTE_MS);
  const text = data(bo.ask(INVITE), 'invite').invite.link!;
  world.run(20_000);
  data(ana.ask({ type: 'contact-add', text, name: 'Bo' }), 'contact');
  world.run(MINUTE_MS);
  expect(routeTo(ana, 'Bo')).toBe('lan');
  bo.kill();
  world.run(MINUTE_MS);
  ana.carryTo([IN_A_CAFE], cafe);
  const knocks = watch(world, ana, bo.host);
  world.run(10 * MINUTE_MS);
  expect(knocks()).toBe(0);
  ana.carryTo([AT_HOME.Ana], home);
  world.run(MINUTE_MS);
  expect(knocks()).toBeGreaterThan(0);
  bo.start();
  world.run(MINUTE_MS);
  expect(routeTo(ana, 'Bo')).toBe('lan');
});
