/**
 * Whole nodes that have never met, each behind a router that lets in nothing but answers, with an
 * invite and no helper but the DHT.
 */
import { describe, expect, test } from 'vitest';
import { moveHome, worldWithHelpers } from './compose/testing/homes.ts';
import { data, type Person, type World } from './compose/testing/world.ts';
import type { NatKind } from './path/test-nat.ts';
import { OPENER_BYTES } from './path/openers.ts';

const PORT_RESTRICTED: NatKind = { mapping: 'independent', filtering: 'port' };
const RANDOM: NatKind = { mapping: 'random', filtering: 'port' };
const ADDRESS_RESTRICTED: NatKind = { mapping: 'independent', filtering: 'address' };
const MINUTE_MS = 60_000;
const LONG = { type: 'invite-new', expiresInMs: 86_400_000 } as const;

interface Scene {
  readonly world: World;
  readonly ana: Person;
  readonly ben: Person;
}

/** Ana and Ben are at home and have never heard of each other. */
function strangers(ofAna: NatKind, ofBen: NatKind, seed = 11): Scene {
  const world = worldWithHelpers(seed);
  const [ana, ben] = [world.person('Ana', true), world.person('Ben', true)];
  moveHome(ana, '198.18.100.1', ofAna);
  ana.start();
  moveHome(ben, '198.18.200.1', ofBen);
  ben.start();
  return { world, ana, ben };
}

function inviteText(ana: Person, reusable = false): string {
  return data(ana.ask({ ...LONG, reusable }), 'invite').invite.link!;
}

function add(ben: Person, text: string): void {
  data(ben.ask({ type: 'contact-add', text, name: 'Ana' }), 'contact');
}

/** @returns ms until Ben is linked with Ana; undefined where it takes longer. */
function linkedWithin(world: World, ben: Person, forMs: number): number | undefined {
  const fromMs = world.nowMs;
  while (world.nowMs - fromMs < forMs) {
    world.run(250);
    const { route } = data(ben.ask({ type: 'route-show', to: 'Ana' }), 'route').route;
    if (route === 'direct') return world.nowMs - fromMs;
  }
  return undefined;
}

describe('[PTH-22] [PTH-24] two who never met, behind routers that let in answers alone', () => {
  test.each([
    ['used within minutes', 3],
    ['used an hour later', 80],
  ])('an invite %s leads them together', (_when, minutes) => {
    const { world, ana, ben } = strangers(PORT_RESTRICTED, PORT_RESTRICTED);
    world.run(MINUTE_MS);
    const text = inviteText(ana);
    for (let i = 0; i < minutes; i++) world.run(MINUTE_MS);
    add(ben, text);
    const mostMs = minutes < 10 ? 75_000 : 16 * MINUTE_MS;
    expect(linkedWithin(world, ben, mostMs)).toBeLessThanOrEqual(mostMs);
    world.run(10_000);
    expect(ana.node!.stats()).toMatchObject({ sessions: 1, 'presence.rendezvous': 1 });
  });

  test('whoever is there first waits for the other', () => {
    const { world, ana, ben } = strangers(ADDRESS_RESTRICTED, PORT_RESTRICTED, 12);
    world.run(MINUTE_MS);
    const text = inviteText(ana);
    world.run(MINUTE_MS);
    ana.kill();
    add(ben, text);
    world.run(5 * MINUTE_MS);
    ana.start();
    expect(linkedWithin(world, ben, 8 * MINUTE_MS)).toBeDefined();
  });
});

test.each([
  ['random and address-restricted', RANDOM, ADDRESS_RESTRICTED, 90_000],
  ['random and port-restricted', RANDOM, PORT_RESTRICTED, 9 * MINUTE_MS],
  ['port-restricted and random', PORT_RESTRICTED, RANDOM, 9 * MINUTE_MS],
] as const)('[PTH-31] [PTH-32] who dials hears from where: %s', (_name, ofAna, ofBen, mostMs) => {
  const { world, ana, ben } = strangers(ofAna, ofBen, 14);
  world.run(MINUTE_MS);
  add(ben, inviteText(ana));
  expect(linkedWithin(world, ben, mostMs)).toBeDefined();
});

test('[PTH-14] [PTH-22] where both have another port for everybody no opener leaves', () => {
  const { world, ana, ben } = strangers(RANDOM, RANDOM);
  world.run(MINUTE_MS);
  let openers = 0;
  world.tap = (bytes) => void (openers += bytes.length === OPENER_BYTES ? 1 : 0);
  add(ben, inviteText(ana));
  expect(linkedWithin(world, ben, 6 * MINUTE_MS)).toBeUndefined();
  expect(openers).toBe(0);
});

test('[PTH-23] ⚑ whoever holds an invite makes us send 16 datagrams in 10 s and no more', () => {
  const { world, ana, ben } = strangers(PORT_RESTRICTED, PORT_RESTRICTED);
  world.run(MINUTE_MS);
  const sentAtMs: number[] = [];
  world.tap = (bytes) => {
    if (bytes.length === OPENER_BYTES) sentAtMs.push(world.nowMs);
  };
  // Nothing that Ben sends arrives: he is a name for addresses that are not his.
  world.isApart = (a, b) => [ana, ben].includes(a) && [ana, ben].includes(b);
  const text = inviteText(ana, true);
  add(ben, text);
  for (let i = 0; i < 15; i++) world.run(MINUTE_MS);
  expect(sentAtMs.length).toBeGreaterThan(16);
  for (const atMs of sentAtMs) {
    const inWindow = sentAtMs.filter((other) => other >= atMs && other < atMs + 10_000);
    expect(inWindow.length).toBeLessThanOrEqual(16);
  }
});

test('[PTH-15] [DOR-17] who was let in by the door meets in slots of the secret of the knock', () => {
  const { world, ana, ben } = strangers(PORT_RESTRICTED, PORT_RESTRICTED, 15);
  world.run(MINUTE_MS);
  const id = data(ana.ask({ type: 'status' }), 'status').status.id;
  data(ana.ask({ type: 'door-open', anyway: true }), 'door');
  world.run(20_000);
  data(ben.ask({ type: 'contact-add', text: id, anyway: true, hello: 'hi' }), 'contact');
  world.run(30_000);
  ana.command({ type: 'request-list', look: true });
  world.run(15_000);
  const { requests } = data(ana.ask({ type: 'request-list', look: false }), 'requests');
  data(ana.ask({ type: 'request-accept', who: requests[0]!.conversation }), 'contact');
  const isOnline = (): boolean =>
    data(ana.ask({ type: 'contact-list' }), 'contacts').contacts.some(({ online }) => online);
  for (let i = 0; i < 30 && !isOnline(); i++) world.run(1_000);
  expect(isOnline()).toBe(true);
});
