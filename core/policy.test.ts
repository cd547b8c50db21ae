import { describe, expect, test } from 'vitest';
import type { Policy } from './base/policy.ts';
import type { PathView, RouteView } from './commands.ts';
import { data, World, type Person } from './compose/testing/world.ts';

const CONTACTS = { type: 'contact-list' } as const;
const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;

/** Two people in a DHT of their neighbours. */
function strangers(): { world: World; ana: Person; bo: Person } {
  const world = new World();
  const [ana, bo] = world.town(4, ['Ana', 'Bo']);
  return { world, ana, bo };
}

/** Two people who met there, linked now. */
function pair(): { world: World; ana: Person; bo: Person } {
  const { world, ana, bo } = strangers();
  const link = data(ana.ask(INVITE), 'invite').invite.link!;
  data(bo.ask({ type: 'contact-add', text: link, name: 'Ana' }), 'contact');
  world.run(60_000);
  expect(route(ana, 'Bo').route).toBe('local');
  return { world, ana, bo };
}

function route(person: Person, to: string): RouteView {
  return data(person.ask({ type: 'route-show', to }), 'route').route;
}

function path(person: Person, to: string): PathView {
  return data(person.ask({ type: 'path-show', to, want: true }), 'path').path;
}

function choose(person: Person, to: string, policy: Policy, looser = false): RouteView {
  return data(person.ask({ type: 'route-set', to, policy, looser }), 'route').route;
}

describe('policies between two people', () => {
  test('[POL-7, POL-9, POL-10] Hidden IP holds at once, on both sides, and messages wait', () => {
    const { world, ana, bo } = pair();
    const told = choose(ana, 'Bo', 'hidden');
    expect(told).toMatchObject({ policy: 'hidden', route: 'waiting', held: 'no-relay' });
    expect(told.changes).toMatchObject([{ by: 'us', policy: 'hidden' }]);
    world.run(1_000);
    const theirs = route(bo, 'Ana');
    // Bo does not hide: he takes Ana's relays without one of his own, and none has to be there.
    expect(theirs).toMatchObject({ theirPolicy: 'hidden', route: 'waiting', held: undefined });
    expect(theirs.changes).toMatchObject([{ by: 'them', policy: 'hidden' }]);
    expect(bo.notices).toContainEqual(
      expect.objectContaining({ topic: 'route', theirPolicy: 'hidden', held: undefined }),
    );
    data(ana.say('Bo', 'a secret place'), 'sent');
    data(bo.say('Ana', 'where are you?'), 'sent');
    world.run(600_000);
    expect([ana.texts(), bo.texts()]).toEqual([['a secret place'], ['where are you?']]);
    expect([path(ana, 'Bo').state, path(bo, 'Ana').state]).toEqual(['no-relay', 'looking']);
  });

  test('[POL-10] whose rule it is that both be in one network is told, too', () => {
    const { world, ana, bo } = pair();
    choose(ana, 'Bo', 'local');
    world.run(5_000);
    ana.kill();
    world.run(120_000);
    expect(route(bo, 'Ana')).toMatchObject({ theirPolicy: 'local', held: 'not-here-theirs' });
    expect(path(bo, 'Ana').state).toBe('not-here-theirs');
    expect(choose(bo, 'Ana', 'local')).toMatchObject({ held: 'not-here' });
  });

  test('[POL-7] looser asks first; agreed to, both find each other again', () => {
    const { world, ana, bo } = pair();
    choose(ana, 'Bo', 'hidden');
    data(bo.say('Ana', 'patience'), 'sent');
    world.run(120_000);
    const refused = ana.ask({ type: 'route-set', to: 'Bo', policy: 'auto', looser: false });
    expect(refused).toMatchObject({ ok: false, error: { code: 'route-looser' } });
    expect(route(ana, 'Bo').policy).toBe('hidden');
    choose(ana, 'Bo', 'auto', true);
    world.run(60_000);
    expect(ana.texts()).toEqual(['patience']);
    expect(route(bo, 'Ana')).toMatchObject({ theirPolicy: 'auto', held: undefined });
  });

  test('[POL-6] both were hidden: who shows themselves again is believed by a newer record', () => {
    const { world, ana, bo } = pair();
    choose(ana, 'Bo', 'hidden');
    world.run(5_000);
    choose(bo, 'Ana', 'hidden');
    data(bo.say('Ana', 'still there?'), 'sent');
    world.run(60_000);
    choose(ana, 'Bo', 'auto', true);
    choose(bo, 'Ana', 'auto', true);
    world.run(180_000);
    expect(ana.texts()).toEqual(['still there?']);
  });

  test('[POL-10] policies without a common way are in conflict, until one gives way', () => {
    const { world, ana, bo } = pair();
    choose(ana, 'Bo', 'hidden');
    world.run(5_000);
    expect(choose(bo, 'Ana', 'direct')).toMatchObject({ held: 'conflict', theirPolicy: 'hidden' });
    choose(ana, 'Bo', 'auto', true);
    data(ana.say('Bo', 'directly, then'), 'sent');
    world.run(120_000);
    expect(bo.texts()).toEqual(['directly, then']);
    expect(route(ana, 'Bo')).toMatchObject({ theirPolicy: 'direct', held: undefined });
  });

  test('[POL-6, POL-8] a policy outlives a restart, and nothing is asked for then', () => {
    const { world, ana, bo } = pair();
    choose(ana, 'Bo', 'hidden');
    bo.kill();
    world.run(60_000);
    ana.kill();
    ana.start();
    world.run(60_000);
    const before = data(ana.ask({ type: 'stats' }), 'stats').stats;
    ana.command({ type: 'path-show', to: 'Bo', want: true });
    world.run(600_000);
    const after = data(ana.ask({ type: 'stats' }), 'stats').stats;
    expect(route(ana, 'Bo')).toMatchObject({ policy: 'hidden', held: 'no-relay' });
    expect([after['presence.gets'], after['presence.puts']]).toEqual([
      before['presence.gets'],
      before['presence.puts'],
    ]);
  });
});

describe('[POL-7] whoever is added again', () => {
  /** Bo added Ana, who is not there. */
  function added(policy: Policy): { bo: Person; texts: string[] } {
    const { ana, bo } = strangers();
    const link = data(ana.ask(INVITE), 'invite').invite.link!;
    const { id } = data(ana.ask({ type: 'status' }), 'status').status;
    ana.kill();
    data(bo.ask({ type: 'contact-add', text: link, name: 'Ana', policy }), 'contact');
    return { bo, texts: [link, id] };
  }

  test('is shown no more of us than before, by an invite as by an ID', () => {
    const { bo, texts } = added('hidden');
    for (const text of texts) {
      const refused = bo.ask({ type: 'contact-add', text, policy: 'auto' });
      expect(refused).toMatchObject({ ok: false, error: { code: 'route-looser' } });
      expect(route(bo, 'Ana')).toMatchObject({ policy: 'hidden', asking: undefined });
    }
    data(bo.ask({ type: 'contact-add', text: texts[0]! }), 'contact');
    expect(route(bo, 'Ana').policy).toBe('hidden');
  });

  test('has the policy of before where the disk refused, or the words are too long', () => {
    const { bo, texts } = added('auto');
    const hello = 'x'.repeat(1_000);
    const [text, id] = texts as [string, string];
    const long = bo.ask({ type: 'contact-add', text: id, policy: 'hidden', hello });
    expect(long).toMatchObject({ ok: false, error: { code: 'text-too-long' } });
    bo.disk = ({ op }) => (op === 'load' ? undefined : { op: 'failed', reason: 'no space' });
    for (const wish of [{ text }, { text: id }]) {
      const refused = bo.ask({ type: 'contact-add', ...wish, policy: 'hidden' });
      expect(refused).toMatchObject({ ok: false, error: { code: 'no-space' } });
      expect(route(bo, 'Ana')).toMatchObject({ policy: 'auto', changes: [] });
    }
  });
});

test('[POL-3, POL-8] an invite made while Hidden IP is the default names no address', () => {
  const world = new World();
  const helpers = Array.from({ length: 4 }, (_, i) => world.person(`Helper ${i}`, true));
  for (const helper of helpers) helper.start();
  const ana = world.person('Ana', true);
  ana.start();
  world.run(30_000);
  data(ana.ask({ type: 'policy-default', policy: 'hidden' }), 'done');
  const { hint } = data(ana.ask(INVITE), 'invite');
  expect(String.fromCharCode(...hint)).not.toContain('1:cl');
  const puts = (): number => data(ana.ask({ type: 'stats' }), 'stats').stats['presence.puts']!;
  const before = puts();
  world.run(600_000);
  expect(puts()).toBe(before);
});

test('[POL-11] behind a proxy of ours nobody is said to see our address; the other side is told', () => {
  const world = new World();
  const ana = world.person('Ana', false, { host: '198.51.100.11', proxied: true });
  const bo = world.person('Bo', false, { host: '198.51.100.12' });
  for (const person of [ana, bo]) person.start();
  world.run();
  const { hint, invite } = data(bo.ask(INVITE), 'invite');
  data(ana.ask({ type: 'contact-add', text: invite.link!, name: 'Bo', hint }), 'contact');
  world.run(2_000);
  expect(route(ana, 'Bo')).toMatchObject({
    route: 'direct',
    transport: 'tcp',
    peerSeesMyIp: false,
  });
  const notice = { topic: 'route', route: 'direct', peerSeesMyIp: false };
  expect(ana.notices).toContainEqual(expect.objectContaining(notice));
  const contacts = [ana, bo].map((person) => data(person.ask(CONTACTS), 'contacts').contacts[0]!);
  expect(contacts.map(({ proxied }) => proxied)).toEqual([true, false]);
  expect(route(bo, 'Ana').peerSeesMyIp).toBe(true);
});

test('[POL-2] who comes from within a provider is told as direct, and proves no way from outside', () => {
  const world = new World();
  // The provider does not change his address on the way to hers.
  const hosts = { Ana: '198.51.100.11', Bo: '100.64.0.12' };
  const [ana, bo] = (['Ana', 'Bo'] as const).map((name) =>
    world.person(name, false, { host: hosts[name] }),
  ) as [Person, Person];
  for (const person of [ana, bo]) person.start();
  world.run();
  const { hint, invite } = data(ana.ask(INVITE), 'invite');
  data(bo.ask({ type: 'contact-add', text: invite.link!, name: 'Ana', hint }), 'contact');
  world.run(2_000);
  const told = route(ana, 'Bo');
  expect(told.endpoint).toMatch(/^100\.64\.0\.12:/);
  expect(told).toMatchObject({ route: 'direct', peerSeesMyIp: true });
  expect(data(ana.ask({ type: 'health' }), 'health').health.fromOutside).toBe(0);
});
