/**
 * Contract cases: documents, crashes, and deleting a conversation.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { equal, utf8 } from '@sotto/core/base/bytes.ts';
import { EVENT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import type { Fact } from './contract-facts.ts';
import { same } from './contract-check.ts';
import { CONVERSATION, type Person, bytesOf, draft } from './contract-people.ts';

const KEY = bytesOf(30, 32);

async function loaded(person: Person) {
  return (await person.do({ op: 'load' })).loaded;
}

async function restart(...people: readonly Person[]): Promise<void> {
  for (const { vault } of people) {
    await vault.crash();
    await vault.reopen();
  }
}

export const recoveryCases: Record<string, Fact> = {
  '[VLT-15] documents are put, replaced and deleted': async (alice) => {
    const doc = (text: string) => ({ space: 'contact', key: KEY, value: utf8(text) }) as const;
    await alice.do({ op: 'put', docs: [doc('one'), { ...doc('other'), space: 'gate' }] });
    await alice.do({ op: 'put', docs: [doc('two')] });
    const values = (await loaded(alice)).docs.map((one) => one.value);
    assert(values.length === 2 && values.some((value) => equal(value, utf8('two'))), 'replaced');
    await alice.do({ op: 'put', docs: [{ space: 'contact', key: KEY, value: undefined }] });
    same(
      (await loaded(alice)).docs.map((one) => one.space),
      ['gate'],
      'deleted',
    );
  },

  '[VLT-15] a control event is unapplied until a put names it': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'secret', { kind: 'pair' });
    await bob.open(alice, sealed);
    await bob.open(alice, await alice.seal(bob, 'text'));
    same((await loaded(alice)).unapplied, [], 'our own are applied as they are sealed');
    same(
      (await loaded(bob)).unapplied.map((one) => one.id),
      [sealed.stored.id],
      'waits',
    );
    const docs = [{ space: 'contact', key: KEY, value: utf8('secret') }] as const;
    await bob.do({ op: 'put', docs, applied: [sealed.stored.id] });
    same((await loaded(bob)).unapplied, [], 'applied');
  },

  '[VLT-15] documents sealed with an event are stored with it': async (alice, bob) => {
    const docs = [{ space: 'profile', key: KEY, value: utf8('new name') }] as const;
    const targets = [await bob.target()];
    await alice.do({ op: 'seal', self: alice.self, draft: draft('x'), targets, docs });
    same([(await loaded(alice)).docs.length], [1], 'stored');
    const more = [{ space: 'profile', key: bytesOf(31, 32), value: utf8('lost') }] as const;
    const reply = await alice.vault.request({
      op: 'seal',
      self: alice.self,
      draft: draft('y'.repeat(EVENT_BYTES_MAX)),
      targets,
      docs: more,
    });
    same([reply.op], ['failed'], 'refused');
    same([(await loaded(alice)).docs.length], [1], 'nor its documents');
  },

  '[VLT-1] whatever was replied to survives a crash': async (alice, bob) => {
    const sealed = [];
    for (const text of ['a', 'b', 'c']) sealed.push(await alice.seal(bob, text));
    await alice.receipt(bob, sealed[0]!);
    await alice.do({ op: 'put', docs: [{ space: 'contact', key: KEY, value: utf8('v') }] });
    const before = await loaded(alice);
    const waiting = await alice.waiting();
    const feed = await alice.vault.feedAfter(0);
    await restart(alice, bob);
    const after = await loaded(alice);
    same([after.signalIdentity, after.docs.length], [before.signalIdentity, 1], 'keys and docs');
    same(await alice.waiting(), waiting, 'outbox');
    same(
      (await alice.vault.feedAfter(0)).map((row) => row.cursor),
      feed.map((row) => row.cursor),
      'feed',
    );
    same(await alice.texts(), ['a', 'b', 'c'], 'messages');
    same([(await alice.seal(bob, 'd')).stored.event.sequence], [4], 'the next number');
    for (const one of sealed) same([(await bob.open(alice, one)).outcome], ['stored'], 'opens');
  },

  '[VLT-1] sessions go on after crashes of both, in both directions': async (alice, bob) => {
    for (let round = 0; round < 3; round++) {
      same([(await bob.open(alice, await alice.seal(bob, 'x'))).outcome], ['stored'], 'to bob');
      await restart(alice, bob);
      same([(await alice.open(bob, await bob.seal(alice, 'y'))).outcome], ['stored'], 'to alice');
      await restart(bob);
    }
    same([(await bob.texts()).length], [6], 'each once');
  },

  '[VLT-5] a duplicate is known after a crash': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'once');
    await bob.open(alice, sealed);
    await restart(bob);
    same([(await bob.open(alice, sealed)).outcome], ['duplicate'], 'known');
    same(await bob.texts(), ['once'], 'shown once');
  },

  '[VLT-1] a crash with requests under way keeps each whole or not at all': async (alice, bob) => {
    const targets = [await bob.target()];
    const acked: Uint8Array[] = [];
    const running = Array.from({ length: 30 }, async (_, i) => {
      const request = { op: 'seal', self: alice.self, draft: draft(`${i}`), targets } as const;
      const reply = await alice.vault.request(request);
      if (reply.op === 'seal') acked.push(reply.stored.id);
    });
    await running[0];
    await alice.vault.crash();
    const ackedBefore = acked.slice();
    await alice.vault.reopen();
    const messages = await alice.vault.messages(CONVERSATION);
    for (const id of ackedBefore) {
      assert(
        messages.some((message) => equal(message.id, id)),
        'acknowledged and there',
      );
    }
    const waiting = await alice.waiting();
    same([waiting.length], [messages.length], 'each shown event waits for its device');
    const page = await alice.do({
      op: 'outbox',
      device: bob.self.device,
      after: undefined,
      limitBytes: 10_000_000,
    });
    for (const envelope of page.envelopes) {
      const reply = await bob.do(await bob.opening(alice, envelope));
      same([reply.outcome], ['stored'], 'each opens, in order');
    }
    same(await bob.texts(), await alice.texts(), 'both see the same');
  },

  '[VLT-17] what was there before forgetting does not come back': async (alice, bob) => {
    await bob.open(alice, await alice.seal(bob, 'old'));
    const devices = [await alice.peer()];
    await bob.do({ op: 'forget', conversation: CONVERSATION, devices, docs: [] });
    // Its receipt never came: alice renews, and sends it once more beside a new one.
    await alice.seal(bob, 'new');
    const renewed = await alice.sealWaiting(await bob.target(), { limit: 9, renew: true });
    const outcomes = [];
    for (const envelope of renewed.envelopes) {
      outcomes.push((await bob.do(await bob.opening(alice, envelope))).outcome);
    }
    same(outcomes, ['duplicate', 'stored'], 'outcomes');
    same(await bob.texts(), ['new'], 'only the new one is shown');
    const gaps = (await bob.vault.messages(CONVERSATION)).map((message) => message.gapBefore);
    same(gaps, [false], 'and nothing is missing before it');
  },

  '[VLT-17] a forgotten conversation is gone, and its numbering goes on': async (alice, bob) => {
    await bob.open(alice, await alice.seal(bob, 'one'));
    await alice.open(bob, await bob.seal(alice, 'two'));
    const cursor = (await alice.vault.feedAfter(0)).at(-1)!.cursor;
    const docs = [{ space: 'contact', key: KEY, value: utf8('left') }] as const;
    const devices = [await bob.peer()];
    await alice.do({ op: 'forget', conversation: CONVERSATION, devices, docs });
    same(await alice.texts(), [], 'no messages');
    const { docs: left, waiting } = await loaded(alice);
    same([waiting.length, left.length], [0, 1], 'no outbox; the documents are put');
    const next = await alice.seal(bob, 'three');
    same([next.stored.event.sequence, next.envelopes[0]!.kind], [2, 'prekey'], 'goes on');
    const feed = await alice.vault.feedAfter(cursor);
    same(
      feed.map((row) => row.event),
      [next.stored.id],
      'cursors are not used twice',
    );
    same([(await bob.open(alice, next)).outcome], ['stored'], 'and bob opens it in order');
    same(await bob.texts(), ['one', 'two', 'three'], 'without a fork');
  },
};
