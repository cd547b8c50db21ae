/**
 * Whole nodes behind routers, with no helper but the DHT: who can meet does, and soon.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { moveHome, worldWithHelpers } from './compose/testing/homes.ts';
import { data, type Person, type World } from './compose/testing/world.ts';
import type { RouteView } from './commands.ts';
import type { NatKind } from './path/test-nat.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;
const PORT_RESTRICTED: NatKind = { mapping: 'independent', filtering: 'port' };
const ADDRESS_RESTRICTED: NatKind = { mapping: 'independent', filtering: 'address' };
const FULL_CONE: NatKind = { mapping: 'independent', filtering: 'open' };
const RANDOM: NatKind = { mapping: 'random', filtering: 'port' };
const MINUTE_MS = 60_000;

interface Homes {
  readonly world: World;
  readonly ana: Person;
  readonly ben: Person;
}

/** Ana and Ben met in one place; then each went home and is off. */
function homes(ofAna: NatKind, ofBen: NatKind): Homes {
  const world = worldWithHelpers(7);
  const [ana, ben] = [world.person('Ana', true), world.person('Ben', true)];
  ana.host = '198.18.50.1';
  ben.host = '198.18.51.1';
  ana.start();
  ben.start();
  world.run(1_000);
  const made = data(ana.ask(INVITE), 'invite');
  const text = made.invite.link!;
  data(ben.ask({ type: 'contact-add', text, name: 'Ana', hint: made.hint }), 'contact');
  world.run(5_000);
  ana.kill();
  ben.kill();
  moveHome(ana, '198.18.100.1', ofAna);
  moveHome(ben, '198.18.200.1', ofBen);
  world.run(1_000);
  return { world, ana, ben };
}

const routeOf = (person: Person, to: string): RouteView =>
  data(person.ask({ type: 'route-show', to }), 'route').route;

/** How long until both are linked, in ms; undefined where it takes longer than `forMs`. */
function linkedWithin({ world, ana, ben }: Homes, forMs: number): number | undefined {
  const fromMs = world.nowMs;
  while (world.nowMs - fromMs < forMs) {
    world.run(250);
    const routes = [routeOf(ana, 'Ben').route, routeOf(ben, 'Ana').route];
    if (routes.every((route) => route === 'direct')) return world.nowMs - fromMs;
  }
  return undefined;
}

describe('two port-restricted homes', () => {
  let scene: Homes;
  beforeAll(() => {
    scene = homes(PORT_RESTRICTED, PORT_RESTRICTED);
  });

  test('[PTH-15] meet unasked within 4 minutes when one comes back later', () => {
    const { world, ana, ben } = scene;
    ana.start();
    for (let minute = 0; minute < 35; minute++) world.run(MINUTE_MS);
    ben.start();
    expect(linkedWithin(scene, 4 * MINUTE_MS)).toBeLessThanOrEqual(4 * MINUTE_MS);
    expect(routeOf(ana, 'Ben').punched && routeOf(ben, 'Ana').punched).toBe(true);
    const { contact } = data(ana.ask({ type: 'contact-show', to: 'Ben' }), 'contact');
    expect(contact.punched).toBe(true);
    const { health } = data(ana.ask({ type: 'health' }), 'health');
    expect(health).toMatchObject({ reach: expect.stringMatching(/mapped|proven/) as string });
    expect(health.nat.v4).toBe('independent');
  });

  test('[LNK-32] keep the path for as long as they like', () => {
    const { world, ana, ben } = scene;
    for (let minute = 0; minute < 30; minute++) world.run(MINUTE_MS);
    expect([routeOf(ana, 'Ben').route, routeOf(ben, 'Ana').route]).toEqual(['direct', 'direct']);
    expect(ana.node!.stats()['link.links']).toBe(1);
    expect(ben.node!.stats()['link.links']).toBe(1);
  });

  test('[PTH-16] a person who acts meets the other within 30 s', () => {
    const { world, ana, ben } = scene;
    ben.kill();
    for (let minute = 0; minute < 25; minute++) world.run(MINUTE_MS);
    ben.start();
    data(ben.say('Ana', 'here I am'), 'sent');
    expect(linkedWithin(scene, 30_000)).toBeLessThanOrEqual(30_000);
    expect(ana.texts()).toContain('here I am');
  });
});

describe.each([
  ['address-restricted and port-restricted', ADDRESS_RESTRICTED, PORT_RESTRICTED, true],
  ['full cone and random', FULL_CONE, RANDOM, true],
  ['random and address-restricted', RANDOM, ADDRESS_RESTRICTED, true],
  ['random and random', RANDOM, RANDOM, false],
] as const)('[PTH-14] %s', (_name, ofAna, ofBen, meets) => {
  test(meets ? 'meet' : 'do not meet', () => {
    const scene = homes(ofAna, ofBen);
    scene.ana.start();
    scene.ben.start();
    const tookMs = linkedWithin(scene, 5 * MINUTE_MS);
    expect(tookMs !== undefined).toBe(meets);
    if (meets) return expect(routeOf(scene.ana, 'Ben').punched).toBe(true);
    const { health } = data(scene.ana.ask({ type: 'health' }), 'health');
    expect(health).toMatchObject({ reach: 'varied', nat: { v4: 'random' } });
  });
});

describe.each([
  ['random and port-restricted', RANDOM, PORT_RESTRICTED],
  ['port-restricted and random', PORT_RESTRICTED, RANDOM],
] as const)('[PTH-32] %s', (_name, ofAna, ofBen) => {
  test('meet in a slot, by chance', () => {
    const scene = homes(ofAna, ofBen);
    const { ana, ben, world } = scene;
    ana.start();
    ben.start();
    expect(linkedWithin(scene, 9 * MINUTE_MS)).toBeDefined();
    world.run(MINUTE_MS);
    expect(linkedWithin(scene, 1_000)).toBeDefined();
    // The one socket that leads there is left of all.
    expect([ana.mouths.size, ben.mouths.size].sort()).toEqual([0, 1]);
    data(ben.say('Ana', 'by chance'), 'sent');
    world.run(2_000);
    expect(ana.texts()).toContain('by chance');
  });
});
