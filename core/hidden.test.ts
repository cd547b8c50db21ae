import { describe, expect, test } from 'vitest';
import { data, type Person, World } from './compose/testing/world.ts';
import { loadSelf } from './compose/self.ts';
import { dhPublicKey } from './crypto/dh.ts';
import { decodeKrpc } from './discovery/krpc.ts';
import { formatRelay } from './relay/relay-text.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const RELAYS = ['198.18.0.13', '192.0.2.14', '198.19.0.15'];
const HOSTS = { Ana: '198.51.100.11', Bo: '203.0.113.12' };

interface Town {
  readonly world: World;
  readonly relays: Person[];
  readonly ana: Person;
  readonly bo: Person;
  /** What the two said to the DHT themselves. */
  readonly said: Map<Person, number>;
}

/** The text by which people name a relay of their own list. */
function textOf(relay: Person): string {
  const loaded = relay.vault.handle({ op: 'load' });
  const me = loaded.op === 'load' ? loadSelf(loaded.loaded) : undefined;
  const endpoint = { host: relay.host, port: relay.port };
  return formatRelay({ endpoint, key: dhPublicKey(me!.noise.reveal()) });
}

/** Relays that serve all and are the whole DHT, and two people who hide from everybody. */
function town(count = 3, policy: 'hidden' | 'auto' = 'hidden'): Town {
  const world = new World();
  const relays = RELAYS.slice(0, count).map((host, i) =>
    world.person(`Relay${i}`, true, { host, relay: { serve: 'public', list: [] } }),
  );
  for (const relay of relays) relay.start();
  world.run(30_000);
  const list = relays.map(textOf);
  const [ana, bo] = (['Ana', 'Bo'] as const).map((name) =>
    world.person(name, true, {
      host: HOSTS[name],
      relay: { serve: 'off', list },
      policy,
    }),
  ) as [Person, Person];
  const said = new Map<Person, number>();
  world.tap = (bytes, from) => {
    if (decodeKrpc(bytes).ok) said.set(from, (said.get(from) ?? 0) + 1);
  };
  for (const person of [ana, bo]) person.start();
  world.run(20_000);
  return { world, relays, ana, bo, said };
}

function meet({ world, ana, bo }: Town): void {
  const { link } = data(ana.ask(INVITE), 'invite').invite;
  world.run(10_000);
  data(bo.ask({ type: 'contact-add', text: link!, name: 'Ana' }), 'contact');
  world.run(60_000);
}

function routeOf(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.route;
}

function hopsTo(person: Person, to: string): number {
  return data(person.ask({ type: 'route-show', to }), 'route').route.hops;
}

function stats(person: Person, name: string): number {
  return data(person.ask({ type: 'stats' }), 'stats').stats[name] ?? 0;
}

/** What they remember of each other leads nowhere any more: only new records do. */
function forget({ world, ana, bo }: Town): void {
  const renew = (person: Person, of: string): void => {
    for (const blocked of [true, false]) {
      data(person.ask({ type: 'contact-block', to: of, blocked }), 'done');
    }
  };
  bo.kill();
  world.run(5_000);
  renew(ana, 'Bo');
  ana.kill();
  world.run(5_000);
  bo.start();
  world.run(20_000);
  renew(bo, 'Ana');
  world.run(20_000);
  ana.start();
}

describe('two who hide from everybody', () => {
  test('[RLY-22, DSC-27, DSC-34] meet by an invite and talk, and say not a word to the DHT', () => {
    const made = town();
    meet(made);
    const { world, ana, bo, said, relays } = made;
    expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
    data(ana.say('Bo', 'nobody sees where I am'), 'sent');
    world.run(5_000);
    expect(bo.texts()).toEqual(['nobody sees where I am']);
    expect([hopsTo(ana, 'Bo'), hopsTo(bo, 'Ana')]).toEqual([2, 2]);
    const [relay] = relays as [Person];
    const healths = [ana, relay].map((one) => data(one.ask({ type: 'health' }), 'health').health);
    expect(healths.map(({ asksByRelays, byRelay }) => [asksByRelays, byRelay])).toEqual([
      [true, 1],
      [false, 0],
    ]);
    const show = { type: 'path-show', to: 'Bo', want: false } as const;
    const link = { route: 'relay', punched: false, whyRelay: 'ours-hidden' };
    expect(data(ana.ask(show), 'path').path.link).toEqual(link);
    const answered = relays.map((relay) => stats(relay, 'relay.answered'));
    expect(answered.reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(3);
    expect([said.get(ana), said.get(bo)]).toEqual([undefined, undefined]);
  });

  test('[RLY-22, POL-8] find each other by records alone, when all they remember is worthless', () => {
    const made = town();
    meet(made);
    const { world, ana, bo, said } = made;
    forget(made);
    world.run(120_000);
    expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
    data(bo.say('Ana', 'found'), 'sent');
    world.run(5_000);
    expect(ana.texts()).toContain('found');
    expect(stats(ana, 'presence.found') + stats(bo, 'presence.found')).toBeGreaterThan(0);
    expect([said.get(ana), said.get(bo)]).toEqual([undefined, undefined]);
  });
});

test('[RLY-31, RLY-23] ⚑ a guard that is taken off the list is none at once, and left for good', () => {
  const made = town();
  meet(made);
  const { world, ana, bo, relays } = made;
  const guard = relays.find((relay) => stats(relay, 'relay.extended') > 0)!;
  const list = relays.filter((relay) => relay !== guard).map(textOf);
  for (const one of [ana, bo]) {
    data(one.ask({ type: 'relays-use', list, public: false }), 'done');
  }
  world.run(1_000);
  const left = (): number[] =>
    ['clients', 'reservations', 'extended', 'circuits'].map((name) =>
      stats(guard, `relay.${name}`),
    );
  for (const ms of [0, 10_000, 60_000, 600_000]) {
    world.run(ms);
    expect(left()).toEqual([0, 0, 0, 0]);
  }
  data(ana.say('Bo', 'by the others'), 'sent');
  world.run(5_000);
  expect(bo.texts()).toEqual(['by the others']);
  expect([hopsTo(ana, 'Bo'), hopsTo(bo, 'Ana')]).toEqual([2, 2]);
});

test('[RLY-12] who hides from five people is linked with one a second after a start', () => {
  const world = new World();
  const relays = Array.from({ length: 7 }, (_, i) => {
    const relay = { serve: 'public', list: [] } as const;
    return world.person(`Relay${i}`, true, { host: `198.${18 + i}.0.1`, relay });
  });
  for (const relay of relays) relay.start();
  world.run(30_000);
  const somebody = (
    name: string,
    policy: 'hidden' | 'auto',
    host: string,
    theirs: readonly Person[],
  ): Person => {
    const relay = { serve: 'off', list: theirs.map(textOf) } as const;
    const person = world.person(name, true, { host, relay, policy });
    person.start();
    return person;
  };
  const ana = somebody('Ana', 'hidden', HOSTS.Ana, relays.slice(5));
  const names = ['Bo', 'Cy', 'Di', 'Ed', 'Flo'];
  const others = names.map((name, i) => somebody(name, 'auto', `203.0.113.${i + 2}`, [relays[i]!]));
  world.run(20_000);
  for (const other of others) {
    const { link } = data(ana.ask(INVITE), 'invite').invite;
    world.run(10_000);
    data(other.ask({ type: 'contact-add', text: link!, name: 'Ana' }), 'contact');
    world.run(60_000);
  }
  const linked = (): number => names.filter((to) => routeOf(ana, to) === 'relay').length;
  expect(linked()).toBe(5);
  ana.kill();
  // They wait ever longer for her.
  world.run(600_000);
  ana.start();
  const startedMs = world.nowMs;
  while (linked() < 5 && world.nowMs < startedMs + 60_000) world.run(250);
  expect(world.nowMs - startedMs).toBeLessThanOrEqual(7_000);
});

describe('[DOR-3, DOR-21] by the ID alone', () => {
  /** Bo asks Ana, who lets him in; neither agrees to show anything. */
  function ask({ world, ana, bo }: Town): void {
    const { id } = data(ana.ask({ type: 'status' }), 'status').status;
    const { door } = data(ana.ask({ type: 'door-open', anyway: false }), 'door');
    expect(door).toMatchObject({ open: true, hidden: true });
    world.run(30_000);
    data(bo.ask({ type: 'contact-add', text: id, hello: 'It is Bo', name: 'Ana' }), 'contact');
    world.run(60_000);
    const { contact } = data(bo.ask({ type: 'contact-show', to: 'Ana' }), 'contact');
    expect(contact.asking).toBe('placed');
    ana.command({ type: 'request-list', look: true });
    world.run(30_000);
    const all = data(ana.ask({ type: 'request-list', look: false }), 'requests').requests;
    expect(all).toMatchObject([{ name: 'Bo', text: 'It is Bo' }]);
    data(ana.ask({ type: 'request-accept', who: all[0]!.conversation }), 'contact');
    world.run(90_000);
  }

  test('two who hide knock, open and meet by relays, and say not a word to the DHT', () => {
    const made = town();
    ask(made);
    const { ana, bo, said } = made;
    expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
    expect(bo.texts()).toEqual(ana.texts());
    expect([said.get(ana), said.get(bo)]).toEqual([undefined, undefined]);
  });

  test('who hides from nobody has the door and the knock behind relays all the same', () => {
    const made = town(3, 'auto');
    const { world, ana, bo } = made;
    const asked = (person: Person): number => stats(person, 'relayed.questions');
    expect([asked(ana), asked(bo)]).toEqual([0, 0]);
    ask(made);
    expect(routeOf(ana, 'Bo')).toBe('direct');
    // The items of the door and who is in its slots; the pointer, the door, slots, and a knock.
    expect(asked(ana)).toBeGreaterThanOrEqual(12);
    expect(asked(bo)).toBeGreaterThanOrEqual(8);
    for (const relay of made.relays) relay.kill();
    world.run(60_000);
    const before = stats(ana, 'dht.operations');
    ana.command({ type: 'request-list', look: true });
    world.run(5_000);
    expect(stats(ana, 'dht.operations')).toBe(before);
  });

  test('⚑ without a relay who hides waits, whatever was agreed', () => {
    const made = town(1);
    const { world, ana, bo, said } = made;
    const { id } = data(ana.ask({ type: 'status' }), 'status').status;
    data(ana.ask({ type: 'door-open', anyway: true }), 'door');
    data(bo.ask({ type: 'contact-add', text: id, anyway: true, name: 'Ana' }), 'contact');
    world.run(600_000);
    expect([said.get(ana), said.get(bo)]).toEqual([undefined, undefined]);
    const { route } = data(bo.ask({ type: 'route-show', to: 'Ana' }), 'route');
    expect(route).toMatchObject({ route: 'waiting', asking: 'seeking' });
    const { door } = data(ana.ask({ type: 'door-status' }), 'door');
    expect(door).toMatchObject({ hidden: true, copies: 0 });
  });
});
