/**
 * Whole nodes whose policy or place changes while the other is away: where they may be tried
 * follows at once.
 */
import { expect, test } from 'vitest';
import type { Policy } from './base/policy.ts';
import { worldWithHelpers } from './compose/testing/homes.ts';
import { data, type Person, type World } from './compose/testing/world.ts';
import { decodeKrpc } from './discovery/krpc.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const MINUTE_MS = 60_000;

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
