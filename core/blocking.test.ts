/**
 * Whole nodes of which one shuts the other out: what is said under the invite by which they came.
 */
import { describe, expect, test } from 'vitest';
import { data, World, type Person } from './compose/testing/world.ts';

const HOUR_MS = 3_600_000;

function rendezvous(person: Person): number {
  return person.node!.stats()['presence.rendezvous']!;
}

/** Slots of invites, and punches that are prepared. */
function awaited(person: Person): number {
  return person.node!.stats()['awaited']!;
}

function puts(person: Person): number {
  return person.node!.stats()['presence.puts']!;
}

/** Bo comes by an invite of Ana's. @param pairs whether he ever lets them share a secret. */
function guest(reusable: boolean, pairs = true): { world: World; ana: Person; bo: Person } {
  const world = new World();
  const [ana, bo] = world.town(5, ['Ana', 'Bo']);
  const invite = { type: 'invite-new', expiresInMs: 100 * HOUR_MS, reusable } as const;
  const { link } = data(ana.ask(invite), 'invite').invite;
  world.run(10_000);
  if (!pairs) bo.disk = ({ op }) => (op === 'seal' || op === 'open' ? 'wait' : undefined);
  data(bo.ask({ type: 'contact-add', text: link!, name: 'Ana' }), 'contact');
  world.run(60_000);
  expect(data(ana.ask({ type: 'contact-show', to: 'Bo' }), 'contact').contact.online).toBe(true);
  return { world, ana, bo };
}

function block(person: Person, to: string, blocked: boolean): void {
  data(person.ask({ type: 'contact-block', to, blocked }), 'done');
}

describe('[CON-8, DSC-27] ⚑ who is blocked learns nothing under the invite by which they came', () => {
  test('one for many falls silent, and is told again once nobody of them is blocked', () => {
    const { world, ana } = guest(true);
    expect(rendezvous(ana)).toBe(2);
    block(ana, 'Bo', true);
    expect(rendezvous(ana)).toBe(1);
    const before = puts(ana);
    world.run(1.1 * HOUR_MS);
    expect(puts(ana)).toBe(before);
    ana.kill();
    ana.start();
    world.run(1.1 * HOUR_MS);
    expect(puts(ana)).toBe(0);
    block(ana, 'Bo', false);
    expect(rendezvous(ana)).toBe(2);
    world.run(1.1 * HOUR_MS);
    expect(puts(ana)).toBeGreaterThan(0);
  });

  for (const type of ['contact-block', 'contact-remove'] as const) {
    test(`where the disk refuses it, it is told as before: ${type}`, () => {
      const { ana } = guest(false, false);
      const before = rendezvous(ana);
      ana.disk = ({ op }) => {
        return op === 'put' || op === 'forget' ? { op: 'failed', reason: 'no space' } : undefined;
      };
      expect(ana.ask({ type, to: 'Bo', blocked: true })).toMatchObject({ ok: false });
      expect(rendezvous(ana)).toBe(before);
    });
  }

  for (const how of ['blocked', 'removed'] as const) {
    test(`nobody waits under one for one person who is ${how} before they shared a secret`, () => {
      const { world, ana } = guest(false, false);
      expect(rendezvous(ana)).toBeGreaterThan(0);
      expect(awaited(ana)).toBeGreaterThan(0);
      if (how === 'blocked') block(ana, 'Bo', true);
      else data(ana.ask({ type: 'contact-remove', to: 'Bo' }), 'done');
      // What is left under the pairwise key of who is blocked is silent.
      expect(rendezvous(ana)).toBeLessThanOrEqual(how === 'blocked' ? 1 : 0);
      // What was prepared for them ends by itself when its time comes.
      world.run(1.1 * HOUR_MS);
      expect(awaited(ana)).toBe(0);
    });
  }
});
