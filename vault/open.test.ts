import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeEvent, SEQUENCE_MAX, type Event } from '@sotto/core/base/event.ts';
import type { Envelope } from '@sotto/core/base/vault.ts';
import { CONVERSATION, draft, Person } from './contract-people.ts';
import { type LocalVault, localVault } from './testing.ts';

let vaults: LocalVault[];
let alice: Person;
let bob: Person;

beforeEach(async () => {
  vaults = [await localVault(), await localVault()];
  alice = new Person(vaults[0]!, 10);
  bob = new Person(vaults[1]!, 20);
});
afterEach(async () => {
  for (const vault of vaults) await vault.dispose();
});

/** What a client of other make could seal: an event of alice's with these fields changed. */
async function sealOdd(change: Partial<Event>): Promise<Envelope> {
  const asked = { op: 'seal', self: alice.self, draft: draft('odd'), targets: [] } as const;
  const { stored } = await alice.do(asked);
  const { db } = vaults[0]!.engine.tables;
  const bytes = encodeEvent({ ...stored.event, ...change });
  db.prepare('UPDATE events SET bytes = ? WHERE event = ?').run(bytes, stored.id);
  const target = await bob.target();
  const sealed = await alice.sealWaiting(target, { limit: 1, renew: false });
  return sealed.envelopes[0]!;
}

test('[EVT-1] an event whose id cannot be computed is refused and changes nothing', async () => {
  for (const sequence of [SEQUENCE_MAX + 1, Number.MAX_SAFE_INTEGER]) {
    const opening = await bob.opening(alice, await sealOdd({ sequence }));
    expect(await bob.do(opening)).toMatchObject({ outcome: 'refused', reason: 'malformed' });
    const { ciphertext, conversation, from, self } = opening;
    const peek = { op: 'peek', self, from, conversation, ciphertext } as const;
    expect(await bob.do(peek)).toMatchObject({ outcome: 'refused', reason: 'malformed' });
  }
  expect(await bob.texts()).toEqual([]);
});

test('[EVT-1] the last number there is can be stored, shown and followed', async () => {
  const last = await bob.opening(alice, await sealOdd({ sequence: SEQUENCE_MAX }));
  const held = { sequence: SEQUENCE_MAX };
  expect(await bob.do(last)).toMatchObject({ outcome: 'stored', held });
  const author = alice.self.device;
  await bob.do({ op: 'release', conversation: CONVERSATION, author, ...held });
  await bob.open(alice, await alice.seal(bob, 'next'));
  expect(await bob.texts()).toEqual(['odd', 'next']);
});
