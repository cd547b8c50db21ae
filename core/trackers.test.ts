/**
 * Whole nodes that find each other by a tracker, and what a tracker never hears.
 */
import { expect, test } from 'vitest';
import type { Policy } from './base/policy.ts';
import { TestTracker, TRACKER } from './compose/testing/tracker.ts';
import { data, World, type More, type Person } from './compose/testing/world.ts';
import { NAMED_PLACE_MS, NAMED_PLACES_MAX, TRACKED_CONTACTS_MAX } from './compose/tracking.ts';
import { EPOCH_MS } from './discovery/epoch.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const HOSTS = ['198.51.100.11', '203.0.113.12'];
const ELSEWHERE = ['198.51.100.77', '203.0.113.88'];
const MINUTE_MS = 60_000;
const TRACKED: More = { trackers: [TRACKER] };

interface Couple {
  readonly world: World;
  readonly tracker: TestTracker;
  readonly ana: Person;
  readonly bo: Person;
}

/** Contacts without a DHT, who have met. */
function couple(more: readonly [More, More] = [TRACKED, TRACKED], seed = 5): Couple {
  const world = new World(seed);
  const tracker = new TestTracker(world);
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) => {
    return world.person(name, false, { host: HOSTS[i]!, ...more[i] });
  }) as [Person, Person];
  for (const person of [ana, bo]) person.start();
  const made = data(ana.ask(INVITE), 'invite');
  const add = {
    type: 'contact-add',
    text: made.invite.link!,
    name: 'Ana',
    hint: made.hint,
  } as const;
  data(bo.ask(add), 'contact');
  world.run(5_000);
  expect(routeOf(bo, 'Ana')).toBe('direct');
  return { world, tracker, ana, bo };
}

/** Both are elsewhere now, and no address that either knows is right. */
function moveBoth({ world, ana, bo }: Couple): void {
  for (const person of [ana, bo]) person.quit();
  [ana, bo].forEach((person, i) => {
    person.host = ELSEWHERE[i]!;
    person.port += 100;
  });
  world.run(MINUTE_MS);
}

function routeOf(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.route;
}

function stats(person: Person, name: string): number {
  return data(person.ask({ type: 'stats' }), 'stats').stats[name] ?? 0;
}

function portsOf({ swarms }: TestTracker): number[] {
  return [...swarms.values()].flatMap((swarm) => [...swarm.values()].map(({ port }) => port));
}

function setPolicy(person: Person, to: string, policy: Policy): void {
  data(person.ask({ type: 'route-set', to, policy, looser: true }), 'route');
}

test('[TRK-10, TRK-12] two who both moved, without a DHT, find each other by a tracker alone', () => {
  const made = couple();
  const { world, ana, bo, tracker } = made;
  moveBoth(made);
  tracker.isDown = true;
  for (const person of [ana, bo]) person.start();
  world.run(5 * MINUTE_MS);
  expect(routeOf(ana, 'Bo')).toBe('waiting');
  expect(data(ana.ask({ type: 'health' }), 'health').health.trackers).toEqual({
    ...{ set: 1, answering: 0, silent: 1 },
  });
  tracker.isDown = false;
  world.run(20 * MINUTE_MS);
  expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['direct', 'direct']);
  data(ana.say('Bo', 'by a tracker'), 'sent');
  world.run(2_000);
  expect(bo.texts()).toEqual(['by a tracker']);
});

test('[TRK-8, TRK-10] who is linked is not looked for, and says goodbye', () => {
  const made = couple();
  const { world, ana, bo, tracker } = made;
  moveBoth(made);
  tracker.seen.length = 0;
  for (const person of [ana, bo]) person.start();
  world.run(MINUTE_MS);
  expect(routeOf(ana, 'Bo')).toBe('direct');
  expect(tracker.of(ana).map(({ event }) => event)).toContain('stopped');
  expect([...tracker.swarms.values()].every(({ size }) => size === 0)).toBe(true);
  world.run(5 * 3_600_000);
  expect(tracker.of(ana)).toEqual([]);
  expect(stats(ana, 'tracker.targets')).toBe(0);
});

test.each<Policy>(['hidden', 'local'])(
  '[TRK-10] ⚑ with %s not a word leaves for a tracker, nor a goodbye',
  (policy) => {
    const made = couple();
    const { world, ana, bo, tracker } = made;
    bo.quit();
    world.run(MINUTE_MS);
    expect(tracker.of(ana)).not.toEqual([]);
    setPolicy(ana, 'Bo', policy);
    for (let i = 0; i < 5; i++) {
      ana.command({ type: 'path-show', to: 'Bo', want: true });
      world.run(3_600_000);
    }
    data(ana.say('Bo', 'are you there?'), 'sent');
    world.run(3_600_000);
    ana.quit();
    ana.start();
    world.run(3_600_000);
    expect(tracker.of(ana)).toEqual([]);
    setPolicy(ana, 'Bo', 'auto');
    world.run(MINUTE_MS);
    expect(tracker.of(ana)).not.toEqual([]);
  },
);

test('[TRK-10] who is blocked or removed is not looked for, nor who hides', () => {
  const made = couple();
  const { world, ana, bo, tracker } = made;
  setPolicy(bo, 'Ana', 'hidden');
  world.run(MINUTE_MS);
  bo.quit();
  world.run(MINUTE_MS);
  expect(tracker.of(ana)).toEqual([]);
  data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: true }), 'done');
  world.run(3_600_000);
  data(ana.ask({ type: 'contact-remove', to: 'Bo' }), 'done');
  world.run(3_600_000);
  expect(tracker.of(ana)).toEqual([]);
});

test('[TRK-2] under other hashes each hour, two of them near its turn', () => {
  const made = couple();
  const { world, ana, bo, tracker } = made;
  bo.quit();
  world.run(MINUTE_MS);
  const hashes = (): Set<string> => new Set(tracker.of(ana).map(({ hash }) => hash));
  hashes();
  const untilMs = EPOCH_MS - ((1.7e12 + world.nowMs) % EPOCH_MS);
  world.run(untilMs + 30 * MINUTE_MS);
  const first = hashes();
  world.run(EPOCH_MS);
  const second = hashes();
  expect([first.size, second.size].map((size) => size >= 2 && size <= 3)).toEqual([true, true]);
  expect([...second].filter((hash) => first.has(hash)).length).toBeLessThanOrEqual(1);
});

test('[TRK-12] ⚑ a tracker that lies costs few dials, and nobody else is let in', () => {
  const made = couple();
  const { world, ana, bo, tracker } = made;
  moveBoth(made);
  tracker.lies = Array.from({ length: 30 }, (_, i) => ({ host: `192.0.2.${i + 1}`, port: 9 }));
  ana.start();
  const dialled = new Set<string>();
  world.tapStreams = (from, { host }) => void (from === ana && dialled.add(host));
  world.run(NAMED_PLACE_MS * (NAMED_PLACES_MAX + 2));
  const lied = [...dialled].filter((host) => host.startsWith('192.0.2.'));
  expect(lied).toHaveLength(NAMED_PLACES_MAX);
  expect(stats(ana, 'tracker.tours')).toBe(1);
  tracker.lies = tracker.lies.slice(0, 2);
  bo.start();
  world.run(2 * MINUTE_MS);
  expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['direct', 'direct']);
  expect(stats(ana, 'tracker.tours')).toBe(0);
});

test('[TRK-15] trackers are taken up and left at once', () => {
  const { world, ana, bo, tracker } = couple([{}, {}]);
  bo.quit();
  world.run(MINUTE_MS);
  expect(tracker.seen).toEqual([]);
  data(ana.ask({ type: 'trackers-use', list: [TRACKER, 'nonsense'] }), 'done');
  world.run(MINUTE_MS);
  expect(tracker.of(ana)).not.toEqual([]);
  data(ana.ask({ type: 'trackers-use', list: [] }), 'done');
  world.run(5 * 3_600_000);
  expect(tracker.of(ana)).toEqual([]);
});

test('[TRK-11] somebody who is wanted is asked for again sooner', () => {
  const { world, ana, bo, tracker } = couple();
  bo.quit();
  world.run(MINUTE_MS);
  tracker.of(ana);
  world.run(20 * MINUTE_MS);
  const usual = tracker.of(ana).length;
  data(ana.say('Bo', 'are you there?'), 'sent');
  world.run(20 * MINUTE_MS);
  expect(usual).toBeLessThanOrEqual(2);
  expect(tracker.of(ana).length).toBeGreaterThan(2);
});

test('[TRK-11] of many absent people those wanted are looked for, then those seen last', () => {
  const world = new World();
  const tracker = new TestTracker(world);
  const ana = world.person('Ana', false, { host: HOSTS[0]!, ...TRACKED });
  ana.start();
  const others = Array.from({ length: TRACKED_CONTACTS_MAX + 3 }, (_, i) => `Friend ${i}`);
  for (const [i, name] of others.entries()) {
    const friend = world.person(name, false, { host: `203.0.113.${i + 1}` });
    friend.start();
    const { hint, invite } = data(friend.ask(INVITE), 'invite');
    const add = { type: 'contact-add', text: invite.link!, name, hint } as const;
    data(ana.ask(add), 'contact');
    world.run(2_000);
    friend.quit();
    world.run(2_000);
  }
  world.run(MINUTE_MS);
  expect(stats(ana, 'tracker.sought')).toBe(TRACKED_CONTACTS_MAX);
  const before = new Set(tracker.seen.map(({ hash }) => hash));
  ana.say('Friend 0', 'still there?');
  world.run(MINUTE_MS);
  expect(new Set(tracker.seen.map(({ hash }) => hash)).size).toBeGreaterThan(before.size - 1);
  expect(stats(ana, 'tracker.sought')).toBe(TRACKED_CONTACTS_MAX);
});

test('[TRK-14] public relays are found by a tracker alone, where who only asks is not found', () => {
  const world = new World();
  const tracker = new TestTracker(world);
  const relay = world.person('Relay', false, {
    ...{ host: '192.0.2.14', relay: { serve: 'public', list: [] }, ...TRACKED },
  });
  relay.start();
  world.run(MINUTE_MS);
  expect(tracker.swarms.size).toBeGreaterThanOrEqual(2);
  const ana = world.person('Ana', false, {
    ...{ host: HOSTS[0]!, relay: { serve: 'off', list: [], public: true }, ...TRACKED },
  });
  ana.start();
  world.run(MINUTE_MS);
  expect(tracker.of(ana)).toEqual([]); // nobody is to be reached by one
  data(ana.ask(INVITE), 'invite');
  world.run(2 * MINUTE_MS);
  expect(stats(ana, 'circuits.reserved')).toBe(1);
  const named = [...tracker.swarms.values()].flatMap((swarm) => [...swarm.values()]);
  expect(named.map(({ host }) => host)).not.toContain(HOSTS[0]);
});

test('[TRK-14] ⚑ who hides from new people asks no tracker for relays', () => {
  const world = new World();
  const tracker = new TestTracker(world);
  const ana = world.person('Ana', false, {
    ...{ host: HOSTS[0]!, relay: { serve: 'off', list: [], public: true } },
    ...{ policy: 'hidden', ...TRACKED },
  });
  ana.start();
  data(ana.ask(INVITE), 'invite');
  world.run(3_600_000);
  expect(tracker.seen).toEqual([]);
});

test('[TRK-13] the port that is announced is that which a router sends on to us', () => {
  const { world, ana, bo, tracker } = couple();
  const external = { host: HOSTS[0]!, port: 40_404 };
  ana.mapped([{ transport: 'udp', family: 'v4', external, via: 'pcp' }]);
  bo.quit();
  world.run(MINUTE_MS);
  ana.mapped([
    { transport: 'udp', family: 'v4', external: { ...external, port: 40_405 }, via: 'pcp' },
  ]);
  world.run(2 * MINUTE_MS);
  expect(portsOf(tracker)).toContain(40_405);
  expect(portsOf(tracker)).toContain(40_404);
});
