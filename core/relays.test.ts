import { describe, expect, test } from 'vitest';
import type { RouteView } from './commands.ts';
import { dhPublicKey } from './crypto/dh.ts';
import { savedPlaces } from './compose/places-saved.ts';
import { loadSelf } from './compose/self.ts';
import { data, type Person, World } from './compose/testing/world.ts';
import { formatRelay } from './relay/relay-text.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const HOSTS = ['198.51.100.11', '203.0.113.12', '198.18.0.13', '192.0.2.14', '198.19.0.15'];

/** Ana, Bo and some relays that serve their contacts, each in a network of its own. */
function town(relays: number): { world: World; ana: Person; bo: Person; relays: Person[] } {
  const world = new World();
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) =>
    world.person(name, false, { host: HOSTS[i]!, relay: { serve: 'off', list: [] } }),
  );
  const others = Array.from({ length: relays }, (_, i) =>
    world.person(`Relay${i}`, false, {
      host: HOSTS[i + 2]!,
      relay: { serve: 'contacts', list: [] },
    }),
  );
  for (const person of world.people) person.start();
  world.run();
  return { world, ana: ana!, bo: bo!, relays: others };
}

function meet(world: World, host: Person, guest: Person): void {
  const made = data(host.ask(INVITE), 'invite');
  const hint = made.hint;
  data(
    guest.ask({ type: 'contact-add', text: made.invite.link!, name: host.name, hint }),
    'contact',
  );
  world.run(2_000);
}

/** Ana and Bo know each other and all relays, then the direct way between them is shut. */
function apart(relays: number): ReturnType<typeof town> {
  const made = town(relays);
  const { world, ana, bo } = made;
  for (const relay of made.relays) for (const one of [ana, bo]) meet(world, relay, one);
  world.run(5_000);
  meet(world, ana, bo);
  expect(routeOf(bo, 'Ana')).toBe('direct');
  shut(made, true);
  world.run(60_000);
  return made;
}

function shut({ world, ana, bo }: ReturnType<typeof town>, isShut: boolean): void {
  const two = [ana, bo];
  world.isApart = (a, b) => isShut && two.includes(a) && two.includes(b);
  if (isShut) for (const person of two) person.dropStreamsTo(two.find((one) => one !== person)!);
}

function viewOf(person: Person, to: string): RouteView {
  return data(person.ask({ type: 'route-show', to }), 'route').route;
}

/** What others write into their list to use this relay. */
function textOf(relay: Person): string {
  return data(relay.ask({ type: 'health' }), 'health').health.serving.text!;
}

function routeOf(person: Person, to: string): string {
  return viewOf(person, to).route;
}

function hide(person: Person, from: string): RouteView {
  const set = { type: 'route-set', to: from, policy: 'hidden', looser: false } as const;
  return data(person.ask(set), 'route').route;
}

/**
 * Ana and Bo, who reaches no relay but one, talk through it: she has to come there.
 * @returns `bare` tells when she has written there from her own address since it was asked last.
 */
function atHis(relays: number): ReturnType<typeof town> & { bare: () => number[] } {
  const made = town(relays);
  const { world, ana, bo } = made;
  const [his, ...others] = made.relays as [Person, ...Person[]];
  for (const one of others) meet(world, one, ana);
  meet(world, his, bo);
  meet(world, ana, bo);
  const bare: number[] = [];
  world.isApart = (a, b) => {
    const two = [a, b];
    if (a === ana && b === his) bare.push(world.nowMs);
    return two.includes(bo) && [ana, ...others].some((one) => two.includes(one));
  };
  ana.dropStreamsTo(bo);
  bo.dropStreamsTo(ana);
  world.run(60_000);
  expect([routeOf(ana, 'Bo'), hops(ana)]).toEqual(['relay', 1]);
  return { ...made, bare: () => bare.splice(0) };
}

function hops(ana: Person): number {
  return viewOf(ana, 'Bo').hops;
}

function stats(person: Person, name: string): number | undefined {
  return data(person.ask({ type: 'stats' }), 'stats').stats[name];
}

test('[RLY-31] a relay that is named is used at once, and left at once where it is named no more', () => {
  const made = town(0);
  const { world, ana, bo } = made;
  const relay = world.person('Relay', false, {
    host: HOSTS[2]!,
    relay: { serve: 'public', list: [] },
  });
  relay.start();
  world.run();
  meet(world, ana, bo);
  shut(made, true);
  world.run(60_000);
  expect(routeOf(bo, 'Ana')).toBe('waiting');
  const { text } = data(relay.ask({ type: 'health' }), 'health').health.serving;
  const use = (list: readonly string[]): void => {
    for (const person of [ana, bo]) {
      data(person.ask({ type: 'relays-use', list, public: false }), 'done');
    }
  };
  // They have no DHT by which one could hear of it: who else would tell Bo where Ana is now?
  shut(made, false);
  use([text!, 'no relay']);
  world.run(60_000);
  expect([stats(ana, 'circuits.reserved'), stats(bo, 'circuits.reserved')]).toEqual([1, 1]);
  shut(made, true);
  world.run(30_000);
  expect(routeOf(bo, 'Ana')).toBe('relay');
  use([]);
  world.run(1_000);
  expect([stats(ana, 'circuits.reserved'), stats(relay, 'relay.circuits')]).toEqual([0, 0]);
  world.run(30_000);
  expect(routeOf(bo, 'Ana')).toBe('waiting');
});

test('[API-30] whoever is linked is online, with no helper and behind a relay alone', () => {
  const made = apart(1);
  const { ana, world, relays } = made;
  const now = (): unknown => {
    const { helpers, online } = data(ana.ask({ type: 'status' }), 'status').status;
    return { topic: 'network', online, helpers };
  };
  const told = (act: () => void): unknown[] => {
    ana.notices = [];
    act();
    world.run(60_000);
    return ana.notices.filter(({ topic }) => topic === 'network');
  };
  expect(now()).toEqual({ topic: 'network', online: true, helpers: 0 });
  const nobody = { topic: 'network', online: false, helpers: 0 };
  expect(told(() => (ana.cutOff = true)).at(-1)).toEqual(nobody);
  expect(now()).toEqual(nobody);
  const back = { ...nobody, online: true };
  expect(told(() => (ana.cutOff = false))).toEqual([back]);
  expect([now(), routeOf(ana, 'Bo'), relays.length]).toEqual([back, 'relay', 1]);
});

test('[RLY-18] two relays of the own list are kept from the start, and found again when killed', () => {
  const world = new World();
  const relays = [2, 3].map((i) =>
    world.person(`Relay${i}`, false, { host: HOSTS[i]!, relay: { serve: 'public', list: [] } }),
  );
  for (const relay of relays) relay.start();
  world.run();
  const list = relays.map(textOf);
  const ana = world.person('Ana', false, { host: HOSTS[0]!, relay: { serve: 'off', list } });
  ana.start();
  world.run(5_000);
  const counts = (): unknown[] =>
    ['circuits.relays', 'circuits.kept', 'circuits.reserved'].map((name) => stats(ana, name));
  expect(counts()).toEqual([2, 2, 2]);
  for (const relay of relays) {
    relay.kill();
    world.run(1_000);
    relay.start();
    world.run(30_000);
    expect(counts()).toEqual([2, 2, 2]);
  }
});

test('[RLY-18] of those on the own list that refuse none stands in the way of one that serves', () => {
  const world = new World();
  const hosts = [...HOSTS.slice(1), '198.51.101.16', '198.51.102.17'];
  const relays = hosts.map((host, i) => {
    const serve = i === 2 ? 'public' : 'contacts';
    return world.person(`Relay${i}`, false, { host, relay: { serve, list: [] } });
  });
  for (const relay of relays) relay.start();
  world.run();
  const list = relays.map(textOf);
  const ana = world.person('Ana', false, { host: HOSTS[0]!, relay: { serve: 'off', list } });
  ana.start();
  world.run(30_000);
  const missed: number[] = [];
  for (let second = 0; second < 900; second++) {
    world.run(1_000);
    if (stats(ana, 'circuits.reserved') !== 1) missed.push(second);
  }
  expect(missed).toEqual([]);
  const tries = relays.map((relay) => stats(relay, 'relay.refused')!);
  expect(tries.filter((count) => count > 0).length).toBeGreaterThan(1);
});

describe('[RLY-17] relays of contacts', () => {
  test('[RLY-24, POL-11] serve who knows them, and two people talk through one when nothing else leads', () => {
    const made = apart(1);
    const { world, ana, bo, relays } = made;
    expect(stats(relays[0]!, 'relay.reservations')).toBe(2);
    data(ana.say('Bo', 'through the relay'), 'sent');
    world.run(5_000);
    expect(bo.texts()).toEqual(['through the relay']);
    data(bo.say('Ana', 'and back'), 'sent');
    world.run(1_000);
    expect(ana.texts()).toContain('and back');
    expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['relay', 'relay']);
    const { route } = data(ana.ask({ type: 'route-show', to: 'Bo' }), 'route');
    // Nothing of Automatic hides the address.
    expect(route).toMatchObject({ hops: 1, peerSeesMyIp: true });
    // [RLY-24] who was called cannot see what lies beyond the relay.
    const told = [ana, bo].map((person, i) => {
      const shown = person.ask({ type: 'route-show', to: ['Bo', 'Ana'][i]! });
      return data(shown, 'route').route.hopsAtLeast;
    });
    expect(told.sort()).toEqual([false, true]);
    expect(stats(relays[0]!, 'relay.circuits')).toBeGreaterThan(0);
  });

  test('[RLY-19] a direct way that opens is taken, and nothing is lost meanwhile', () => {
    const made = apart(1);
    const { world, ana, bo } = made;
    shut(made, false);
    for (let i = 0; i < 60; i++) {
      data(ana.say('Bo', `${i}`), 'sent');
      world.run(1_000);
    }
    world.run(300_000);
    expect(bo.texts()).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
    expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['direct', 'direct']);
  });

  test('[RLY-18] the relay that carries them dies: another one does within 5 s', () => {
    const made = apart(2);
    const { world, ana, bo, relays } = made;
    data(ana.say('Bo', 'one'), 'sent');
    world.run(2_000);
    const carrier = relays.find((relay) => (stats(relay, 'relay.circuits') ?? 0) > 0)!;
    carrier.kill();
    world.run(100);
    data(ana.say('Bo', 'two'), 'sent');
    data(bo.say('Ana', 'three'), 'sent');
    world.run(5_000);
    expect(bo.texts()).toContain('two');
    expect(ana.texts()).toContain('three');
    expect(routeOf(ana, 'Bo')).toBe('relay');
  });

  test('[RLY-18] so too where it only falls silent; once it is back it is used within 5 s', () => {
    const made = apart(2);
    const { world, ana, bo, relays } = made;
    data(ana.say('Bo', 'one'), 'sent');
    world.run(2_000);
    const carrier = relays.find((relay) => (stats(relay, 'relay.circuits') ?? 0) > 0)!;
    carrier.cutOff = true;
    data(ana.say('Bo', 'two'), 'sent');
    data(bo.say('Ana', 'three'), 'sent');
    world.run(2_000);
    expect(bo.texts()).toContain('two');
    expect(ana.texts()).toContain('three');
    expect([ana, bo].map((one) => stats(one, 'circuits.reserved'))).toEqual([1, 1]);
    // It starts again, and nobody is told: datagrams to who knows nothing have no answer.
    carrier.forget();
    carrier.start();
    carrier.cutOff = false;
    world.run(5_000);
    expect([ana, bo].map((one) => stats(one, 'circuits.reserved'))).toEqual([2, 2]);
    expect(stats(carrier, 'relay.reservations')).toBe(2);
  });

  test('a relay that starts again is used again', () => {
    const made = apart(1);
    const { world, ana, bo, relays } = made;
    relays[0]!.kill();
    world.run(3_000);
    relays[0]!.start();
    world.run(30_000);
    data(ana.say('Bo', 'again'), 'sent');
    world.run(30_000);
    expect(bo.texts()).toContain('again');
    expect(stats(relays[0]!, 'relay.reservations')).toBe(2);
  });

  test('[RLY-32] who quits leaves nothing at a relay, and a relay that does is left at once', () => {
    const { world, ana, bo, relays } = apart(2);
    const at = (name: string): unknown[] => relays.map((one) => stats(one, `relay.${name}`));
    expect([at('reservations'), at('circuits').toSorted()]).toEqual([
      [2, 2],
      [0, 1],
    ]);
    ana.quit();
    world.run();
    expect([at('reservations'), at('circuits')]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(stats(bo, 'circuits.reserved')).toBe(2);
    relays[0]!.quit();
    world.run();
    expect(stats(bo, 'circuits.reserved')).toBe(1);
  });

  test('[RLY-3] who starts again has the same slots: others need not look for them', () => {
    const made = apart(1);
    const { world, ana, bo } = made;
    const before = ana.vault.handle({ op: 'load' });
    for (const person of [ana, bo]) person.kill();
    for (const person of [ana, bo]) person.start();
    world.run(3_000);
    data(ana.say('Bo', 'back again'), 'sent');
    world.run(2_000);
    expect(bo.texts()).toContain('back again');
    const places = (reply: typeof before): unknown =>
      reply.op === 'load' && [...savedPlaces(reply.loaded.docs).places];
    expect(places(before)).toHaveLength(1);
    expect(places(ana.vault.handle({ op: 'load' }))).toEqual(places(before));
  });

  test('⚑ who is blocked comes in by no slot any more', () => {
    const made = apart(1);
    const { world, ana, bo } = made;
    data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: true }), 'done');
    data(bo.say('Ana', 'let me in'), 'sent');
    world.run(120_000);
    expect(ana.texts()).not.toContain('let me in');
    expect(stats(ana, 'circuits.streams')).toBe(0);
  });

  test('nothing of a person is in what a relay logs', () => {
    const { relays, ana, bo } = apart(1);
    const told = relays[0]!.logs.join('\n');
    for (const person of [ana, bo]) expect(told).not.toContain(person.host);
    expect(told).not.toMatch(/circuit|slot|reserv/);
  });
});

test('[RLY-17] a relay on the own list is used by people it has never met, if it serves all', () => {
  const world = new World();
  const relay = world.person('Relay', false, {
    host: HOSTS[2]!,
    relay: { serve: 'public', list: [] },
  });
  relay.start();
  world.run();
  const loaded = relay.vault.handle({ op: 'load' });
  const me = loaded.op === 'load' ? loadSelf(loaded.loaded) : undefined;
  const text = formatRelay({
    endpoint: { host: relay.host, port: relay.port },
    key: dhPublicKey(me!.noise.reveal()),
  });
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) =>
    world.person(name, false, { host: HOSTS[i]!, relay: { serve: 'off', list: [text] } }),
  ) as [Person, Person];
  for (const person of [ana, bo]) person.start();
  world.run(2_000);
  expect(stats(relay, 'relay.reservations')).toBe(2);
  world.isApart = (a, b) => a !== relay && b !== relay;
  meet(world, ana, bo);
  world.run(5_000);
  data(bo.say('Ana', 'we have never been linked directly'), 'sent');
  world.run(2_000);
  expect(ana.texts()).toEqual(['we have never been linked directly']);
  expect(routeOf(ana, 'Bo')).toBe('relay');
});

test('[RLY-10] who came by an invite through a relay has a slot of their own when its is gone', () => {
  const world = new World();
  const serve = { serve: 'public', list: [] } as const;
  const relay = world.person('Relay', false, { host: HOSTS[2]!, relay: serve });
  relay.start();
  world.run();
  const text = textOf(relay);
  // Bo has no relay, so Ana cannot come to him: he alone finds the way again.
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) => {
    const list = [[text], []][i]!;
    return world.person(name, false, { host: HOSTS[i]!, relay: { serve: 'off', list } });
  }) as [Person, Person];
  for (const person of [ana, bo]) person.start();
  world.run(2_000);
  world.isApart = (a, b) => a !== relay && b !== relay;
  meet(world, ana, bo);
  expect(stats(ana, 'circuits.slots')).toBe(2);
  const { invites } = data(ana.ask({ type: 'invite-list' }), 'invites');
  data(ana.ask({ type: 'invite-revoke', invite: invites[0]!.invite }), 'invites');
  expect(stats(ana, 'circuits.slots')).toBe(1);
  bo.kill();
  world.run(5_000);
  bo.start();
  data(bo.say('Ana', 'by a slot of my own'), 'sent');
  world.run(10_000);
  expect(ana.texts()).toEqual(['by a slot of my own']);
});

test('[RLY-18, POL-11] ⚑ under Hidden IP two relays are between: the far one never hears our address', () => {
  const { world, ana, bo, bare } = atHis(3);
  hide(ana, 'Bo');
  // The link of before is left when nobody has used it for a while.
  ana.kill();
  bare();
  ana.start();
  data(ana.say('Bo', 'hidden'), 'sent');
  world.run(30_000);
  expect(bo.texts()).toEqual(['hidden']);
  const route = { route: 'relay', hops: 2, hopsAtLeast: false, peerSeesMyIp: false };
  expect([viewOf(ana, 'Bo'), bare()]).toMatchObject([route, []]);
});

test('[POL-7, RLY-18] ⚑ Hidden IP ends at once the circuit that we opened past our guards', () => {
  const { world, ana, bo } = apart(2);
  const [us, them] = viewOf(ana, 'Bo').hopsAtLeast ? [bo, ana] : [ana, bo];
  // They come by their own relay, and we go there: it stays. Nor do we hear of another place.
  expect(hide(them, us.name)).toMatchObject({ route: 'relay', hops: 1 });
  world.run(10_000);
  expect(viewOf(us, them.name)).toMatchObject({ route: 'relay', hops: 1, hopsAtLeast: false });
  const message = { type: 'message-send', to: them.name, text: 'under way' } as const;
  us.command({ ...message, clientId: '01'.repeat(16) });
  expect(hide(us, them.name)).toMatchObject({ route: 'waiting', hops: 0 });
  data(us.say(them.name, 'from behind two'), 'sent');
  world.run(30_000);
  const views = [viewOf(us, them.name), viewOf(them, us.name)];
  expect(views.map(({ hops, route }) => `${route} ${hops}`)).toEqual(['relay 2', 'relay 2']);
  expect(them.texts()).toEqual(['under way', 'from behind two']);
});

describe('[RLY-17] ⚑ whose relay we use sees no address of ours once we hide from them', () => {
  const end = {
    'hides from them': { type: 'route-set', to: 'Relay0', policy: 'hidden', looser: false },
    'blocks them': { type: 'contact-block', to: 'Relay0', blocked: true },
  } as const;

  test.each(['hides from them', 'blocks them'] as const)(
    '[POL-7] who %s leaves the relay at once, and never comes back to it bare',
    (what) => {
      const { world, ana, bo, relays } = apart(1);
      const [relay] = relays as [Person];
      const used = (): unknown[] =>
        ['relay.clients', 'relay.reservations'].map((name) => stats(relay, name));
      data(ana.say('Bo', 'by way of Relay0'), 'sent');
      world.run(1_000);
      expect(used()).toEqual([2, 2]);
      expect(ana.ask(end[what])).toMatchObject({ ok: true });
      expect(used()).toEqual([1, 1]);
      // Bo's record names it: neither a lost link nor a message is a reason to go there.
      data(ana.say('Bo', 'and now?'), 'sent');
      world.run(120_000);
      expect(used()).toEqual([1, 1]);
      ana.kill();
      world.run(5_000);
      ana.start();
      world.run(120_000);
      expect(used()).toEqual([1, 1]);
      expect(bo.texts()).toEqual(['by way of Relay0']);
    },
  );

  test('who is removed has no reservation of ours any more', () => {
    const { ana, relays } = apart(1);
    data(ana.ask({ type: 'contact-remove', to: 'Relay0' }), 'done');
    expect(stats(relays[0]!, 'relay.reservations')).toBe(1);
  });

  test('[RLY-18] a circuit through it goes on behind a guard, where there is one', () => {
    const made = atHis(3);
    const { world, ana, bo, relays, bare } = made;
    meet(world, relays[0]!, ana);
    data(ana.ask(end['hides from them']), 'route');
    bare();
    data(ana.say('Bo', 'behind a guard'), 'sent');
    world.run(10_000);
    expect(bo.texts()).toEqual(['behind a guard']);
    expect([routeOf(ana, 'Bo'), hops(ana)]).toEqual(['relay', 2]);
    ana.kill();
    ana.start();
    data(ana.say('Bo', 'from the start too'), 'sent');
    world.run(30_000);
    expect(bo.texts()).toContain('from the start too');
    expect(bare()).toEqual([]);
  });

  test('a relay that turns out to be theirs is left as well', () => {
    const { world, ana, bo, relays, bare } = atHis(2);
    // Who is new sees nothing of where Ana is, and the next one is whose relay that is.
    data(ana.ask({ type: 'policy-default', policy: 'hidden' }), 'done');
    meet(world, ana, relays[0]!);
    expect(routeOf(ana, 'Relay0')).toBe('relay');
    bare();
    data(ana.say('Bo', 'behind a guard'), 'sent');
    world.run(10_000);
    expect(bo.texts()).toEqual(['behind a guard']);
    expect([hops(ana), bare()]).toEqual([2, []]);
  });
});

describe('[RLY-25] a relay that is on TCP port 443 too', () => {
  test('serves people in networks that pass only the web, as contact and by an entry', () => {
    const world = new World();
    const [ana, bo] = ['Ana', 'Bo'].map((name, i) =>
      world.person(name, false, { host: HOSTS[i]!, relay: { serve: 'off', list: [] } }),
    ) as [Person, Person];
    const serve = { serve: 'public', list: [] } as const;
    const relay = world.person('Relay', false, { host: HOSTS[2]!, relay: serve, web: true });
    for (const person of world.people) person.start();
    world.run();
    // Ana knows the relay as a contact, Bo by what Ana's record says.
    meet(world, relay, ana);
    world.run(60_000);
    meet(world, ana, bo);
    world.run(60_000);
    const { serving } = data(relay.ask({ type: 'health' }), 'health').health;
    expect(serving.text).toMatch(/:\d+\+443$/);
    const startsBehindWall = (person: Person, isThere: () => boolean): number => {
      for (const one of [ana, bo]) one.onlyWeb = one === person;
      person.kill();
      world.run(60_000);
      person.start();
      const startedMs = world.nowMs;
      while (!isThere() && world.nowMs < startedMs + 30_000) world.run(50);
      return world.nowMs - startedMs;
    };
    const hasPlace = (): boolean => stats(ana, 'circuits.reserved') === 1;
    expect(startsBehindWall(ana, hasPlace)).toBeLessThanOrEqual(2_000);
    // Bo has waited ever longer for her.
    world.run(60_000);
    data(ana.say('Bo', 'to Bo'), 'sent');
    world.run(1_000);
    const isLinked = (): boolean => routeOf(bo, 'Ana') === 'relay';
    expect(startsBehindWall(bo, isLinked)).toBeLessThanOrEqual(3_000);
    data(bo.say('Ana', 'to Ana'), 'sent');
    world.run(1_000);
    for (const one of [ana, bo]) expect(one.texts().sort()).toEqual(['to Ana', 'to Bo']);
  });
});

test('[RLY-18] a relay of a contact that is somewhere else now is found there', () => {
  const { world, ana, relays } = town(1);
  const [relay] = relays as [Person];
  meet(world, relay, ana);
  world.run(60_000);
  const reserved = (): number | undefined => stats(ana, 'circuits.reserved');
  expect(reserved()).toBe(1);
  relay.kill();
  world.run(5_000);
  relay.port += 1_000;
  relay.start();
  world.run(120_000);
  expect(reserved()).toBe(1);
  // Away for longer than its entries stand: it is waited for, and not without a pause.
  relay.kill();
  world.run(600_000);
  expect(reserved()).toBe(0);
});
