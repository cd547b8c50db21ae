/**
 * Contract cases: order per author, gaps, forks, the feed and what is unread.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { equal } from '@sotto/core/base/bytes.ts';
import { FORK_BODIES_MAX } from '@sotto/core/base/limits.ts';
import { ALICE_SEED, type Fact } from './contract-facts.ts';
import { same } from './contract-check.ts';
import { CONVERSATION, type Person, type Reply } from './contract-people.ts';

async function sealAll(from: Person, to: Person, texts: string[]): Promise<Reply<'seal'>[]> {
  const sealed = [];
  for (const text of texts) sealed.push(await from.seal(to, text));
  return sealed;
}

export const orderCases: Record<string, Fact> = {
  '[VLT-8] an event ahead of its predecessors is held until they come': async (alice, bob) => {
    const sealed = await sealAll(alice, bob, ['a', 'b', 'c']);
    const ahead = await bob.open(alice, sealed[2]!);
    assert(ahead.outcome === 'stored' && ahead.held?.sequence === 3, 'held');
    same(await bob.texts(), [], 'not shown');
    const { held } = (await bob.do({ op: 'load' })).loaded;
    same(
      held.flatMap((one) => [one.author, one.sequence]),
      [alice.self.device, 3],
      'load tells of it',
    );
    const first = await bob.open(alice, sealed[0]!);
    assert(first.outcome === 'stored' && first.held?.sequence === 3, 'still one missing');
    same(await bob.texts(), ['a'], 'what is in order is shown');
    const last = await bob.open(alice, sealed[1]!);
    assert(last.outcome === 'stored' && last.held === undefined, 'no gap any more');
    same(await bob.texts(), ['a', 'b', 'c'], 'in order');
    same((await bob.do({ op: 'load' })).loaded.held, [], 'nothing is held');
  },

  '[VLT-8] release shows what is held, marked, and what comes late still fits': async (
    alice,
    bob,
  ) => {
    const sealed = await sealAll(alice, bob, ['a', 'b', 'c', 'd', 'e', 'f']);
    for (const i of [0, 2, 3, 5]) await bob.open(alice, sealed[i]!);
    const author = alice.self.device;
    await bob.do({ op: 'release', conversation: CONVERSATION, author, sequence: 3 });
    same(await bob.texts(), ['a', 'c', 'd'], 'shown up to the next gap');
    const marks = (await bob.vault.messages(CONVERSATION)).map((message) => message.gapBefore);
    same(marks, [false, true, false], 'the gap is marked');
    const late = await bob.open(alice, sealed[1]!);
    assert(late.outcome === 'stored', 'the missing one comes late');
    same(await bob.texts(), ['a', 'c', 'd', 'b'], 'shown where it came');
    same(
      (await bob.vault.messages(CONVERSATION)).map((message) => message.gapBefore),
      [false, false, false, false],
      'no gap is left',
    );
    const { held } = (await bob.do({ op: 'load' })).loaded;
    same(
      held.map((one) => one.sequence),
      [6],
      'the next gap still holds',
    );
  },

  '[VLT-8] release of an author nobody knows is answered': async (alice) => {
    const author = alice.self.device;
    await alice.do({ op: 'release', conversation: CONVERSATION, author, sequence: 3 });
    same(await alice.texts(), [], 'nothing to show');
  },

  '[VLT-9] two events under one sequence stay, both marked': async (alice, bob, another) => {
    await bob.open(alice, await alice.seal(bob, 'one'));
    const twin = await another(ALICE_SEED); // the same device again, with nothing remembered
    const other = await twin.seal(bob, 'other');
    same([other.stored.event.sequence], [1], 'the same place');
    const reply = await bob.open(twin, other);
    assert(reply.outcome === 'stored' && reply.fork, 'a fork');
    same(await bob.texts(), ['one', 'other'], 'both are shown');
    const marks = (await bob.vault.messages(CONVERSATION)).map((message) => message.fork);
    same(marks, [true, true], 'both are marked');
  },

  '[VLT-9] of one sequence no more than 16 events are stored': async (alice, bob, another) => {
    await bob.open(alice, await alice.seal(bob, '1'));
    const outcomes: string[] = [];
    for (let body = 2; body <= FORK_BODIES_MAX + 1; body++) {
      const twin = await another(ALICE_SEED);
      outcomes.push((await bob.open(twin, await twin.seal(bob, `${body}`))).outcome);
    }
    same([new Set(outcomes.slice(0, -1)).size, outcomes[0]], [1, 'stored'], 'all that may be');
    same(outcomes.slice(-1), ['duplicate'], 'receipted, or it would be sent again for ever');
    same([(await bob.texts()).length], [FORK_BODIES_MAX], 'and not stored');
    await bob.open(alice, await alice.seal(bob, 'next'));
    same((await bob.texts()).slice(-1), ['next'], 'what follows is');
  },

  '[VLT-16] the feed tells of each message and each change once, in order': async (alice, bob) => {
    const sealed = await sealAll(alice, bob, ['a', 'b']);
    await alice.receipt(bob, sealed[0]!);
    await alice.do({ op: 'cancel', event: sealed[1]!.stored.id, wallMs: 1 });
    const feed = await alice.vault.feedAfter(0);
    same(
      feed.map((row) => row.type),
      ['message', 'message', 'state', 'state'],
      'types',
    );
    same(
      feed.map((row) => row.event),
      [0, 1, 0, 1].map((i) => sealed[i]!.stored.id),
      'events',
    );
    assert(
      feed.every((row, i) => i === 0 || row.cursor > feed[i - 1]!.cursor),
      'cursors grow',
    );
    const rest = await alice.vault.feedAfter(feed[1]!.cursor);
    same(
      rest.map((row) => row.cursor),
      feed.slice(2).map((row) => row.cursor),
      'from a cursor',
    );
    const message = (await alice.vault.messages(CONVERSATION))[1]!;
    assert(equal(message.id, feed[1]!.event) && message.cursor === feed[1]!.cursor, 'its place');
  },

  '[VLT-16] held events enter the feed when they are shown': async (alice, bob) => {
    const sealed = await sealAll(alice, bob, ['a', 'b']);
    await bob.open(alice, sealed[1]!);
    same(await bob.vault.feedAfter(0), [], 'nothing yet');
    await bob.open(alice, sealed[0]!);
    same(
      (await bob.vault.feedAfter(0)).map((row) => row.event),
      sealed.map((reply) => reply.stored.id),
      'in order',
    );
  },

  '[VLT-18] messages of others are unread until their cursor is marked': async (alice, bob) => {
    for (const text of ['a', 'b', 'c']) await bob.open(alice, await alice.seal(bob, text));
    await bob.seal(alice, 'mine');
    same([await bob.vault.unread(CONVERSATION)], [3], 'three of others');
    const cursor = (await bob.vault.messages(CONVERSATION))[1]!.cursor;
    await bob.do({ op: 'mark-read', conversation: CONVERSATION, cursor });
    same([await bob.vault.unread(CONVERSATION)], [1], 'one is left');
    await bob.do({ op: 'mark-read', conversation: CONVERSATION, cursor: 0 });
    same([await bob.vault.unread(CONVERSATION)], [1], 'an older mark changes nothing');
  },

  '[VLT-16] control events are stored but not shown': async (alice, bob) => {
    await bob.open(alice, await alice.seal(bob, 'secret', { kind: 'pair' }));
    await bob.open(alice, await alice.seal(bob, 'hello'));
    await bob.open(alice, await alice.seal(bob, 'what', { kind: 'newer' }));
    same(await bob.texts(), ['hello', undefined], 'an unknown kind is shown without a text');
  },
};
