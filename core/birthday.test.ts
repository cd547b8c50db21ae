/**
 * Whole nodes, one behind a router that gives each destination another port and one behind a router
 * that lets in nothing but answers: they are linked through a relay, and then directly.
 */
import { expect, test } from 'vitest';
import { moveHome } from './compose/testing/homes.ts';
import { data, World, type Person } from './compose/testing/world.ts';
import { OPENER_BYTES } from './path/openers.ts';
import type { NatKind } from './path/test-nat.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: true } as const;
const PORT_RESTRICTED: NatKind = { mapping: 'independent', filtering: 'port' };
const RANDOM: NatKind = { mapping: 'random', filtering: 'port' };

interface Scene {
  readonly world: World;
  readonly ana: Person;
  readonly bo: Person;
}

function meet(world: World, host: Person, guest: Person): void {
  const { hint, invite } = data(host.ask(INVITE), 'invite');
  const text = invite.link!;
  data(guest.ask({ type: 'contact-add', text, name: host.name, hint }), 'contact');
  world.run(2_000);
}

/** Ana and Bo know each other and a relay; both are off, and each is at home. */
function homes(ofAna: NatKind, ofBo: NatKind, seed: number): Scene {
  const world = new World(seed);
  const relay = (i: number): Person =>
    world.person(`Relay ${i}`, true, {
      host: `198.18.${i}.1`,
      relay: { serve: 'contacts', list: [] },
    });
  const relays = [1, 2, 3, 4, 5, 6].map(relay);
  for (const one of relays) one.start();
  world.run(20_000);
  const [ana, bo] = ['Ana', 'Bo'].map((name, i) =>
    world.person(name, true, {
      host: `198.18.5${i}.1`,
      relay: { serve: 'off', list: [] },
    }),
  ) as [Person, Person];
  ana.start();
  bo.start();
  world.run(1_000);
  for (const one of [ana, bo]) meet(world, relays[0]!, one);
  meet(world, ana, bo);
  for (const [i, kind] of [ofAna, ofBo].entries()) {
    const person = [ana, bo][i]!;
    person.kill();
    moveHome(person, `198.18.${100 * (i + 1)}.1`, kind, seed * 10 + i);
  }
  world.run(1_000);
  return { world, ana, bo };
}

function routeOf(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.route;
}

/** @returns ms until the link of both is direct; undefined where it takes longer. */
function directWithin({ world, ana, bo }: Scene, forMs: number): number | undefined {
  let linkedMs: number | undefined;
  for (const fromMs = world.nowMs; world.nowMs - fromMs < forMs;) {
    world.run(100);
    const routes = [routeOf(ana, 'Bo'), routeOf(bo, 'Ana')];
    if (routes.every((route) => route !== 'waiting')) linkedMs ??= world.nowMs;
    if (routes.every((route) => route === 'direct')) return world.nowMs - linkedMs!;
  }
  return undefined;
}

test.each([
  ['random and port-restricted', RANDOM, PORT_RESTRICTED],
  ['port-restricted and random', PORT_RESTRICTED, RANDOM],
])('[PTH-29] %s: a relay, then chance', (_name, ofAna, ofBo) => {
  const scene = homes(ofAna, ofBo, 3);
  const { world, ana, bo } = scene;
  ana.start();
  bo.start();
  const tookMs = directWithin(scene, 60_000);
  expect(tookMs).toBeLessThanOrEqual(25_000);
  world.run(30_000);
  expect([routeOf(ana, 'Bo'), routeOf(bo, 'Ana')]).toEqual(['direct', 'direct']);
  // What did not lead there is shut, and what did stays open.
  expect([ana.mouths.size, bo.mouths.size].sort()).toEqual([0, 1]);
  data(ana.say('Bo', 'by chance'), 'sent');
  world.run(2_000);
  expect(bo.texts()).toContain('by chance');
});

test('[PTH-28] ⚑ [POL-7] who hides from now on calls no more', () => {
  const { world, ana, bo } = homes(PORT_RESTRICTED, PORT_RESTRICTED, 3);
  world.isApart = (a, b) => [ana, bo].includes(a) && [ana, bo].includes(b);
  const callers: string[] = [];
  world.tap = (bytes, from) => void (bytes.length === OPENER_BYTES && callers.push(from.name));
  ana.start();
  bo.start();
  for (let i = 0; i < 300 && callers.length === 0; i++) world.run(100);
  expect(callers).toContain('Ana');
  // Whose next go would end it is not there.
  bo.cutOff = true;
  data(ana.ask({ type: 'route-set', to: 'Bo', policy: 'hidden', looser: false }), 'route');
  expect(routeOf(ana, 'Bo')).toBe('relay');
  callers.length = 0;
  world.run(5_000);
  expect(callers).toEqual([]);
});

test('[PTH-30] ⚑ [POL-7] who hides from now on opens and guesses nothing more', () => {
  const scene = homes(RANDOM, PORT_RESTRICTED, 3);
  const { world, ana, bo } = scene;
  // Nothing that leaves for the other's home arrives: it goes on until it is ended.
  world.isApart = (a, b) => [ana, bo].includes(a) && [ana, bo].includes(b);
  ana.start();
  bo.start();
  for (let i = 0; i < 300 && ana.mouths.size < 50; i++) world.run(100);
  expect(ana.mouths.size).toBeGreaterThan(49);
  let sent = 0;
  world.tap = (bytes, from) => void (sent += from === bo && bytes.length === OPENER_BYTES ? 1 : 0);
  world.run(1_000);
  expect(sent).toBeGreaterThan(50);
  for (const [one, to] of [
    [ana, 'Bo'],
    [bo, 'Ana'],
  ] as const) {
    data(one.ask({ type: 'route-set', to, policy: 'hidden', looser: false }), 'route');
  }
  expect(ana.mouths.size).toBe(0);
  sent = 0;
  world.run(5_000);
  expect([sent, ana.mouths.size]).toEqual([0, 0]);
});
