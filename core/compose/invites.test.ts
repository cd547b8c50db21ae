import { describe, expect, test } from 'vitest';
import { INVITES_MAX } from '../base/limits.ts';
import { REVOKED_MAX } from '../relay/limits.ts';
import { savedPlaces } from './places-saved.ts';
import { UPKEEP_EVERY_MS } from './runtime.ts';
import { data, type Person, World } from './testing/world.ts';

const DAY_MS = 86_400_000;
const WISH = { type: 'invite-new', expiresInMs: DAY_MS, reusable: false } as const;

function slots(person: Person): number {
  return data(person.ask({ type: 'stats' }), 'stats').stats['circuits.slots']!;
}

function makes(person: Person): string {
  return data(person.ask(WISH), 'invite').invite.invite;
}

function alone(): { world: World; ana: Person } {
  const world = new World();
  const ana = world.person('Ana');
  ana.start();
  world.run();
  return { world, ana };
}

test('[CON-16] invites are bounded: a spent one makes room, an open one never does', () => {
  const { ana } = alone();
  const ids = Array.from({ length: INVITES_MAX }, () => makes(ana));
  const full = { code: 'invites-full', detail: { most: INVITES_MAX } };
  expect(ana.ask(WISH)).toMatchObject({ ok: false, error: full });
  data(ana.ask({ type: 'invite-revoke', invite: ids[3]! }), 'invites');
  const next = makes(ana);
  const { invites } = data(ana.ask({ type: 'invite-list' }), 'invites');
  expect(invites.map(({ invite }) => invite).sort()).toEqual([...ids.toSpliced(3, 1), next].sort());
  expect(ana.ask(WISH)).toMatchObject({ ok: false, error: full });
});

describe('[RLY-10] ⚑ slots of an invite open nothing any more', () => {
  test('once it is withdrawn; so there is always an index for the next one', () => {
    const { world, ana } = alone();
    for (let i = 0; i < 2 * REVOKED_MAX; i++) {
      data(ana.ask({ type: 'invite-revoke', invite: makes(ana) }), 'invites');
      if (i === 0) expect(slots(ana)).toBe(0);
    }
    makes(ana);
    world.run(1_000);
    expect(slots(ana)).toBe(1);
    const reply = ana.vault.handle({ op: 'load' });
    const { nextIndex } = savedPlaces(reply.op === 'load' ? reply.loaded.docs : []);
    expect(nextIndex).toBeLessThanOrEqual(REVOKED_MAX + 2);
  });

  test('once it is forgotten for another', () => {
    const { world, ana } = alone();
    world.run(UPKEEP_EVERY_MS / 2);
    for (let i = 0; i < INVITES_MAX; i++) makes(ana);
    world.run(DAY_MS);
    expect(slots(ana)).toBe(INVITES_MAX);
    makes(ana);
    expect(slots(ana)).toBe(INVITES_MAX);
  });

  test('an hour after it has expired, and from the start where it did so meanwhile', () => {
    const { world, ana } = alone();
    makes(ana);
    world.run(DAY_MS + UPKEEP_EVERY_MS);
    expect(slots(ana)).toBe(0);
    makes(ana);
    world.run(1_000);
    ana.kill();
    world.run(DAY_MS);
    ana.start();
    world.run(1_000);
    expect(slots(ana)).toBe(0);
  });
});
