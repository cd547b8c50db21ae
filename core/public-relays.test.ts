import { expect, test } from 'vitest';
import { data, type Person, World } from './compose/testing/world.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const RELAYS = ['192.0.2.14', '198.19.0.15', '203.0.113.16'];

interface Town {
  readonly world: World;
  readonly ana: Person;
  readonly bo: Person;
  readonly relays: readonly Person[];
}

/** A DHT, relays of strangers who serve everybody, and two people whom nothing joins. */
function town(relays: number, ana: World['people'][0]['more'] = {}, settings = true): Town {
  const world = new World();
  const helpers = Array.from({ length: 8 }, (_, i) =>
    world.person(`Helper${i}`, true, { host: `198.18.${i}.1` }),
  );
  for (const helper of helpers) helper.start();
  world.run(30_000);
  const open = RELAYS.slice(0, relays).map((host, i) =>
    world.person(`Relay${i}`, true, { host, relay: { serve: 'public', list: [] } }),
  );
  for (const relay of open) relay.start();
  world.run(20_000);
  const relay = { serve: 'off', list: [], public: settings } as const;
  const two = ['198.51.100.11', '203.0.113.12'].map((host, i) =>
    world.person(['Ana', 'Bo'][i]!, true, { host, relay, ...(i === 0 && ana) }),
  ) as [Person, Person];
  world.isApart = (a, b) => two.includes(a) && two.includes(b);
  for (const one of two) one.start();
  world.run(10_000);
  return { world, ana: two[0], bo: two[1], relays: open };
}

function stats(person: Person, name: string): number {
  return data(person.ask({ type: 'stats' }), 'stats').stats[name] ?? 0;
}

function routeOf(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.route;
}

function meet({ world, ana, bo }: Town): number {
  const fromMs = world.nowMs;
  const made = data(ana.ask(INVITE), 'invite');
  data(bo.ask({ type: 'contact-add', text: made.invite.link!, name: 'Ana' }), 'contact');
  for (let i = 0; i < 120 && routeOf(bo, 'Ana') !== 'relay'; i++) world.run(500);
  return world.nowMs - fromMs;
}

test('[RLY-28, RLY-29] two whom nothing joins meet by a relay that neither was told of', () => {
  const made = town(1);
  const { world, ana, bo, relays } = made;
  expect(stats(relays[0]!, 'relay.listings')).toBeGreaterThanOrEqual(2);
  expect(data(relays[0]!.ask({ type: 'health' }), 'health').health.serving.isListed).toBe(true);
  // Nobody to be reached, nobody looked for.
  expect([stats(ana, 'public.rounds'), stats(bo, 'public.rounds')]).toEqual([0, 0]);
  expect(meet(made)).toBeLessThan(20_000);
  data(bo.say('Ana', 'by a stranger'), 'sent');
  world.run(2_000);
  expect(ana.texts()).toEqual(['by a stranger']);
  const { relays: kept } = data(ana.ask({ type: 'health' }), 'health').health;
  expect(kept).toMatchObject([{ source: 'public', isReserved: true }]);
});

test('[RLY-31] switched off, strangers are left at once; switched on, they are found again', () => {
  const made = town(1);
  const { world, ana, bo, relays } = made;
  meet(made);
  world.run(10_000);
  expect(stats(ana, 'circuits.reserved')).toBe(1);
  const use = (isOn: boolean): void => {
    for (const one of [ana, bo]) {
      data(one.ask({ type: 'relays-use', list: [], public: isOn }), 'done');
    }
  };
  use(false);
  world.run(2_000);
  expect([stats(ana, 'circuits.reserved'), stats(relays[0]!, 'relay.circuits')]).toEqual([0, 0]);
  world.run(40_000);
  expect(routeOf(ana, 'Bo')).toBe('waiting');
  const rounds = stats(ana, 'public.rounds');
  world.run(600_000);
  expect(stats(ana, 'public.rounds')).toBe(rounds);
  use(true);
  world.run(30_000);
  // Where nobody wants anybody, they look for each other when their timetables say so.
  data(bo.say('Ana', 'there again'), 'sent');
  world.run(30_000);
  expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
});

test('[RLY-26] who serves everybody and cannot be reached from outside is not listed', () => {
  const world = new World();
  const people = ['192.168.1.7', '192.0.2.9'].map((host, i) =>
    world.person(`Relay${i}`, true, { host, relay: { serve: 'public', list: [] } }),
  );
  const others = Array.from({ length: 4 }, (_, i) =>
    world.person(`Helper${i}`, true, { host: `198.18.${i}.1` }),
  );
  for (const person of [...others, ...people]) person.start();
  world.run(60_000);
  const listed = people.map((person) => {
    return data(person.ask({ type: 'health' }), 'health').health.serving.isListed;
  });
  expect(listed).toEqual([false, true]);
});

test('[RLY-29] known ones are used after a restart, with no DHT to ask', () => {
  const made = town(2);
  const { world, ana, bo } = made;
  meet(made);
  world.run(30_000);
  for (const one of [ana, bo]) one.kill();
  for (const person of world.people) if (person.name.startsWith('Helper')) person.kill();
  world.run(5_000);
  for (const one of [ana, bo]) one.start();
  world.run(15_000);
  expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
  expect(stats(ana, 'public.known')).toBeGreaterThan(0);
});

test('[RLY-29] one that dies gives way to another', () => {
  const made = town(3);
  const { world, ana, bo, relays } = made;
  meet(made);
  world.run(30_000);
  expect(stats(ana, 'circuits.reserved')).toBe(2);
  const carrier = relays.find((relay) => stats(relay, 'relay.circuits') > 0)!;
  carrier.kill();
  data(ana.say('Bo', 'still there?'), 'sent');
  world.run(10_000);
  expect(bo.texts()).toContain('still there?');
  world.run(600_000);
  expect(stats(ana, 'circuits.reserved')).toBe(2);
  expect(stats(bo, 'circuits.reserved')).toBe(2);
});

test('[RLY-28] ⚑ who hides by default, or does not want it, asks nobody for strangers', () => {
  for (const made of [town(1, { policy: 'hidden' }), town(1, {}, false)]) {
    const { world, ana } = made;
    meet(made);
    world.run(600_000);
    expect(stats(ana, 'public.rounds')).toBe(0);
    expect(stats(ana, 'circuits.kept')).toBe(0);
    expect(stats(made.bo, 'public.rounds') > 0).toBe(made.ana.more.policy === 'hidden');
  }
});

test('[RLY-30, RLY-18] one conversation under Hidden IP goes by two strangers', () => {
  const made = town(3);
  const { world, ana, bo } = made;
  meet(made);
  world.run(60_000);
  const set = { type: 'route-set' as const, policy: 'hidden' as const, looser: false };
  data(ana.ask({ ...set, to: 'Bo' }), 'route');
  data(bo.ask({ ...set, to: 'Ana' }), 'route');
  world.run(120_000);
  data(ana.say('Bo', 'hidden'), 'sent');
  world.run(20_000);
  expect(bo.texts()).toContain('hidden');
  const { route } = data(ana.ask({ type: 'route-show', to: 'Bo' }), 'route');
  expect(route).toMatchObject({ route: 'relay', hops: 2, isStrangers: true, peerSeesMyIp: false });
});

test('[RLY-30] ⚑ a public relay of a contact from whom we hide is none', () => {
  const made = town(1);
  const { world, ana, relays } = made;
  const invite = data(relays[0]!.ask(INVITE), 'invite').invite.link!;
  const add = { type: 'contact-add' as const, text: invite, name: 'Relay' };
  data(ana.ask(add), 'contact');
  world.run(30_000);
  const set = { type: 'route-set' as const, to: 'Relay', policy: 'hidden' as const, looser: false };
  data(ana.ask(set), 'route');
  meet(made);
  world.run(120_000);
  expect(stats(ana, 'circuits.kept')).toBe(0);
  expect(stats(made.bo, 'circuits.kept')).toBe(1);
});
