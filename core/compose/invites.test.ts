import { expect, test } from 'vitest';
import { INVITES_MAX } from '../people/invite.ts';
import { data, World } from './testing/world.ts';

test('[CON-16] invites are bounded: a spent one makes room, an open one never does', () => {
  const world = new World();
  const ana = world.person('Ana');
  ana.start();
  world.run();
  const wish = { type: 'invite-new' as const, expiresInMs: 86_400_000, reusable: false };
  const ids = Array.from(
    { length: INVITES_MAX },
    () => data(ana.ask(wish), 'invite').invite.invite,
  );
  expect(ana.ask(wish)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
  data(ana.ask({ type: 'invite-revoke', invite: ids[3]! }), 'invites');
  const next = data(ana.ask(wish), 'invite').invite.invite;
  const { invites } = data(ana.ask({ type: 'invite-list' }), 'invites');
  expect(invites.map(({ invite }) => invite).sort()).toEqual([...ids.toSpliced(3, 1), next].sort());
  expect(ana.ask(wish)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
});
