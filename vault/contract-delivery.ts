/**
 * Contract cases: sealing, opening, receipts, the outbox and its limits.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { equal, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { EVENT_BYTES_MAX, OUTBOX_MESSAGES_MAX, TIME_MS_MAX } from '@sotto/core/base/limits.ts';
import { eventId } from '@sotto/core/crypto/event-id.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { encodeEvent, ZERO_HASH } from '@sotto/core/base/event.ts';
import type { Fact } from './contract-facts.ts';
import {
  CONVERSATION,
  DAY_MS,
  type Person,
  type Reply,
  WALL_MS,
  bytesOf,
  draft,
} from './contract-people.ts';
import { same } from './contract-check.ts';

async function states(person: Person): Promise<string[]> {
  return (await person.vault.messages(CONVERSATION)).map((message) => message.state);
}

export const deliveryCases: Record<string, Fact> = {
  '[VLT-3] our events are numbered, chained and named': async (alice, bob) => {
    const first = (await alice.seal(bob, 'one')).stored;
    const second = (await alice.seal(bob, 'two')).stored;
    same([first.event.sequence, second.event.sequence], [1, 2], 'sequences');
    assert(equal(first.event.previous, ZERO_HASH), 'the first has no predecessor');
    assert(equal(second.event.previous, sha256(encodeEvent(first.event))), 'hash of the first');
    assert(equal(first.id, eventId(first.event)), 'the id is computed from the event');
    assert(equal(first.event.author, alice.self.device), 'our device is the author');
  },

  '[VLT-3] one client id is one event, whatever it says the second time': async (alice, bob) => {
    const clientId = bytesOf(77, 16);
    const first = await alice.seal(bob, 'once', { clientId });
    const again = await alice.seal(bob, 'twice', { clientId });
    same([first.duplicate, again.duplicate], [false, true], 'duplicate');
    same([again.stored.id, again.envelopes.length], [first.stored.id, 0], 'nothing new');
    same(await alice.texts(), ['once'], 'shown once');
  },

  '[VLT-3] a client id twice at the same time is one event': async (alice, bob) => {
    const targets = [await bob.target()];
    const one = draft('once');
    const request = { op: 'seal', self: alice.self, draft: one, targets } as const;
    const both = await Promise.all([alice.do(request), alice.do(request)]);
    same(
      both.map((reply) => reply.duplicate),
      [false, true],
      'the second is the duplicate',
    );
    same(await alice.texts(), ['once'], 'shown once');
  },

  '[VLT-4] what one seals the other opens, both ways and many times': async (alice, bob) => {
    for (let round = 0; round < 3; round++) {
      const there = await bob.open(alice, await alice.seal(bob, `there ${round}`));
      assert(there.outcome === 'stored', 'bob stores');
      same([utf8Text(there.stored.event.body)], [`there ${round}`], 'the text');
      const back = await alice.open(bob, await bob.seal(alice, `back ${round}`));
      assert(back.outcome === 'stored', 'alice stores');
    }
    same(await bob.texts(), await alice.texts(), 'both see the same');
    same(
      await alice.texts(),
      ['there 0', 'back 0', 'there 1', 'back 1', 'there 2', 'back 2'],
      'order',
    );
  },

  '[VLT-4] without session and bundle an event waits unsealed': async (alice, bob) => {
    const targets = [{ peer: await bob.peer(), bundle: undefined }];
    const reply = await alice.do({ op: 'seal', self: alice.self, draft: draft('later'), targets });
    same([reply.envelopes.length, reply.waiting[0]], [0, bob.self.device], 'waits');
    same(await alice.waiting(), [reply.stored.id], 'for good');
    const target = await bob.target();
    const sealed = await alice.sealWaiting(target, { limit: 10, renew: false });
    same([sealed.envelopes.length, sealed.more], [1, false], 'sealed now');
    const opened = await bob.do(await bob.opening(alice, sealed.envelopes[0]!));
    assert(opened.outcome === 'stored', 'and it opens');
  },

  '[VLT-4] an event without any target waits until a device is known': async (alice, bob) => {
    const appended = await alice.do({
      op: 'seal',
      self: alice.self,
      draft: draft('early'),
      targets: [],
    });
    same([appended.envelopes.length, appended.waiting.length], [0, 0], 'kept');
    same(await alice.waiting(), [appended.stored.id], 'for nobody yet');
    const target = await bob.target();
    const request = {
      op: 'seal-waiting',
      self: alice.self,
      target,
      limit: 9,
      renew: false,
    } as const;
    const other = await alice.do({ ...request, conversation: bytesOf(8, 16) });
    same([other.envelopes.length], [0], 'not in another conversation');
    const sealed = await alice.do({ ...request, conversation: CONVERSATION });
    same([sealed.envelopes.length], [1], 'addressed and sealed');
    const opened = await bob.do(await bob.opening(alice, sealed.envelopes[0]!));
    same([opened.outcome], ['stored'], 'it opens');
  },

  '[VLT-4] a bad bundle keeps its own device waiting and no other': async (alice, bob, another) => {
    const carol = await another(30);
    const bad = { peer: await carol.peer(), bundle: utf8('no bundle at all') };
    const targets = [bad, await bob.target()];
    const sealed = await alice.do({ op: 'seal', self: alice.self, draft: draft('hi'), targets });
    same([sealed.envelopes.length, sealed.waiting[0]], [1, carol.self.device], 'one waits');
    same([(await bob.open(alice, sealed)).outcome], ['stored'], 'the other has it');
    const request = { op: 'seal-waiting', self: alice.self, limit: 9, renew: false } as const;
    const waiting = { ...request, conversation: CONVERSATION };
    const still = await alice.do({ ...waiting, target: bad });
    same([still.envelopes.length, still.more], [0, false], 'as without a bundle');
    const target = await carol.target();
    const later = await alice.do({ ...waiting, target });
    const opened = await carol.do(await carol.opening(alice, later.envelopes[0]!));
    same([opened.outcome], ['stored'], 'a good one opens it');
  },

  '[VLT-2] many at once keep their order': async (alice, bob) => {
    const targets = [await bob.target()];
    const texts = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    const sealed = await Promise.all(
      texts.map((text) => alice.do({ op: 'seal', self: alice.self, draft: draft(text), targets })),
    );
    const opened = await Promise.all(sealed.map((reply) => bob.open(alice, reply)));
    assert(
      opened.every((reply) => reply.outcome === 'stored' && !reply.held),
      'none was out of order',
    );
    same(await alice.texts(), texts, 'written in order');
    same(await bob.texts(), texts, 'read in order');
  },

  '[VLT-2] a request that fails among others harms none of them': async (alice, bob) => {
    const targets = [await bob.target()];
    const seal = (text: string) =>
      alice.vault.request({ op: 'seal', self: alice.self, draft: draft(text), targets });
    const replies = await Promise.all([seal('x'.repeat(EVENT_BYTES_MAX)), seal('a'), seal('b')]);
    same(
      replies.map((reply) => (reply.op === 'failed' ? reply.reason : reply.op)),
      ['too large', 'seal', 'seal'],
      'replies',
    );
    same(await alice.texts(), ['a', 'b'], 'the failed one left nothing');
    for (const reply of replies) {
      if (reply.op !== 'seal') continue;
      assert((await bob.open(alice, reply)).outcome === 'stored', 'both open');
    }
    same(await bob.texts(), ['a', 'b'], 'in order, without a gap');
  },

  '[VLT-5] an envelope that comes again is a duplicate': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'once');
    const opening = await bob.opening(alice, sealed.envelopes[0]!);
    const replies = await Promise.all([bob.do(opening), bob.do(opening)]);
    same(
      [...replies, await bob.do(opening)].map((reply) => reply.outcome),
      ['stored', 'duplicate', 'duplicate'],
      'outcomes',
    );
    same(await bob.texts(), ['once'], 'shown once');
  },

  '[VLT-5] a message without its session is refused': async (alice, bob) => {
    await bob.open(alice, await alice.seal(bob, 'hello'));
    const back = await bob.seal(alice, 'back');
    await alice.open(bob, back);
    const second = await bob.seal(alice, 'second');
    same([second.envelopes[0]!.kind], ['message'], 'the session is established');
    await alice.do({
      op: 'forget',
      conversation: CONVERSATION,
      devices: [await bob.peer()],
      docs: [],
    });
    const reply = await alice.open(bob, second);
    assert(reply.outcome === 'refused' && reply.reason === 'no session', 'no session');
  },

  '[VLT-5] what the ratchet refuses changes nothing': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'hello');
    const envelope = sealed.envelopes[0]!;
    const bent = envelope.ciphertext.slice();
    bent[bent.length - 20]! ^= 1;
    const reply = await bob.do(await bob.opening(alice, { ...envelope, ciphertext: bent }));
    assert(reply.outcome === 'refused' && reply.reason === 'undecryptable', 'refused');
    assert((await bob.open(alice, sealed)).outcome === 'stored', 'the true one still opens');
  },

  '[VLT-6] content for another conversation is refused and changes nothing': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'hello');
    const opening = await bob.opening(alice, sealed.envelopes[0]!);
    const wrong = await bob.do({ ...opening, conversation: bytesOf(5, 16) });
    assert(wrong.outcome === 'refused' && wrong.reason === 'mismatch', 'conversation');
    const stranger = { identity: bytesOf(6, 32), device: bob.self.device };
    const misled = await bob.do({ ...opening, self: stranger });
    assert(misled.outcome === 'refused' && misled.reason === 'mismatch', 'recipient');
    const posing = { ...opening.from, identity: bytesOf(7, 32) };
    const posed = await bob.do({ ...opening, from: posing });
    assert(posed.outcome === 'refused' && posed.reason === 'mismatch', 'sender');
    assert((await bob.do(opening)).outcome === 'stored', 'it opens where it belongs');
  },

  '[EVT-5] a time that has no text is refused and changes nothing': async (alice, bob) => {
    const latest = await alice.seal(bob, 'latest', { timeMs: TIME_MS_MAX });
    assert((await bob.open(alice, latest)).outcome === 'stored', 'the latest there is');
    for (const timeMs of [TIME_MS_MAX + 1, Number.MAX_SAFE_INTEGER]) {
      const reply = await bob.open(alice, await alice.seal(bob, 'too late', { timeMs }));
      assert(reply.outcome === 'refused' && reply.reason === 'malformed', `at ${timeMs}`);
    }
    same(await bob.texts(), ['latest'], 'what is shown');
    const next = await alice.seal(bob, 'next');
    assert((await bob.open(alice, next)).outcome === 'stored', 'the ratchet did not move');
  },

  '[VLT-7] only the identity key of the device list is trusted': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'hello');
    const opening = await bob.opening(alice, sealed.envelopes[0]!);
    const signalIdentity = (await bob.peer()).signalIdentity;
    const reply = await bob.do({ ...opening, from: { ...opening.from, signalIdentity } });
    assert(reply.outcome === 'refused' && reply.reason === 'untrusted identity', 'receiving');
    const peer = { ...(await bob.peer()), signalIdentity: (await alice.peer()).signalIdentity };
    const targets = [{ peer, bundle: await bob.bundle() }];
    const sending = { op: 'seal', self: alice.self, draft: draft('no'), targets } as const;
    const { envelopes, waiting } = await alice.do(sending);
    same([envelopes.length, waiting[0]], [0, bob.self.device], 'sending');
  },

  '[VLT-10] a receipt of every device makes an event delivered': async (alice, bob) => {
    const one = await alice.seal(bob, 'one');
    const two = await alice.seal(bob, 'two');
    const done = await alice.receipt(bob, two);
    same(done.events, [two.stored.id], 'the second is delivered');
    same(
      (await alice.vault.messages(CONVERSATION)).map((message) => message.state),
      ['waiting', 'delivered'],
      'states',
    );
    same((await alice.receipt(bob, one, two)).events, [one.stored.id], 'known ones are ignored');
    same(await alice.waiting(), [], 'nothing waits');
  },

  '[VLT-10] a receipt counts for its own device alone': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'one');
    const reply = await alice.do({
      op: 'receipt',
      device: bytesOf(9, 32),
      envelopes: [sealed.envelopes[0]!.envelope],
      route: 'direct',
      wallMs: WALL_MS,
    });
    same(reply.events, [], 'nobody else can say it is stored');
  },

  '[VLT-10] the outbox lists envelopes in order, after an event, in pages': async (alice, bob) => {
    const sealed: Reply<'seal'>[] = [];
    for (const text of ['a', 'b', 'c', 'd']) sealed.push(await alice.seal(bob, text));
    await alice.receipt(bob, sealed[1]!);
    const list = (after: Uint8Array | undefined, limitBytes: number) =>
      alice.do({ op: 'outbox', device: bob.self.device, after, limitBytes });
    const all = await list(undefined, 1_000_000);
    const ids = (reply: typeof all) => reply.envelopes.map((one) => one.event);
    same(
      ids(all),
      [0, 2, 3].map((i) => sealed[i]!.stored.id),
      'all, in order',
    );
    same([all.more], [false], 'no more');
    same([all.envelopes[0]!.ciphertext], [sealed[0]!.envelopes[0]!.ciphertext], 'same bytes');
    same(
      ids(await list(sealed[1]!.stored.id, 1_000_000)),
      [2, 3].map((i) => sealed[i]!.stored.id),
      'after one that is receipted',
    );
    const small = await list(undefined, 1);
    same(
      [ids(small)[0], small.envelopes.length, small.more],
      [sealed[0]!.stored.id, 1, true],
      'at least one',
    );
  },

  '[VLT-11] a full outbox refuses and changes nothing': async (alice, bob) => {
    const targets = [{ peer: await bob.peer(), bundle: undefined }];
    const seal = async () =>
      alice.vault.request({ op: 'seal', self: alice.self, draft: draft('x'), targets });
    for (let sent = 0; sent < OUTBOX_MESSAGES_MAX; sent += 500) {
      const replies = await Promise.all(Array.from({ length: 500 }, seal));
      assert(
        replies.every((reply) => reply.op === 'seal'),
        'there is room',
      );
    }
    const reply = await seal();
    assert(reply.op === 'failed' && reply.reason === 'outbox full', 'full');
    const waiting = await alice.waiting();
    same([waiting.length], [OUTBOX_MESSAGES_MAX], 'as many as may wait');
    await alice.do({ op: 'cancel', event: waiting[0]!, wallMs: WALL_MS });
    assert((await seal()).op === 'seal', 'room for one again');
  },

  '[VLT-12] a cancelled event is sent to nobody any more': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'no');
    const reply = await alice.do({ op: 'cancel', event: sealed.stored.id, wallMs: WALL_MS });
    same(reply.events, [], 'it reached nobody');
    const left = await alice.do({
      op: 'outbox',
      device: bob.self.device,
      after: undefined,
      limitBytes: 1_000_000,
    });
    same([left.envelopes.length], [0], 'the outbox is empty');
    same(await alice.waiting(), [], 'it waits for nobody');
    same(await states(alice), ['cancelled'], 'state');
    const again = await alice.do({ op: 'cancel', event: sealed.stored.id, wallMs: WALL_MS });
    same(again.events, [], 'a second time is the same');
    await alice.seal(bob, 'yes');
    const renewed = await alice.sealWaiting(await bob.target(), { limit: 9, renew: true });
    same([renewed.envelopes.length], [1], 'nor is it sealed anew');
  },

  '[VLT-12] a late receipt of a cancelled event makes it delivered, once': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'gone before');
    await alice.do({ op: 'cancel', event: sealed.stored.id, wallMs: WALL_MS });
    await alice.vault.crash();
    await alice.vault.reopen();
    same((await alice.receipt(bob, sealed)).events, [sealed.stored.id], 'it has arrived');
    same((await alice.receipt(bob, sealed)).events, [], 'told once');
    same(await states(alice), ['delivered'], 'state');
    const feed = await alice.vault.feedAfter(0);
    const told = feed.map((row) => row.type);
    same(told, ['message', 'state', 'state'], 'the feed tells of both');
    const late = { op: 'cancel', event: sealed.stored.id, wallMs: WALL_MS } as const;
    same([(await alice.vault.request(late)).op], ['failed'], 'nobody waits for it any more');
  },

  '[VLT-12] what was never sealed leaves nothing behind': async (alice, bob) => {
    const targets = [{ peer: await bob.peer(), bundle: undefined }];
    const request = { op: 'seal', self: alice.self, draft: draft('no'), targets } as const;
    const { stored } = await alice.do(request);
    await alice.do({ op: 'cancel', event: stored.id, wallMs: WALL_MS });
    const sealed = await alice.sealWaiting(await bob.target(), { limit: 9, renew: false });
    same([sealed.envelopes.length], [0], 'nothing to seal');
    same(await states(alice), ['cancelled'], 'state');
  },

  '[VLT-12] what nobody waits for any more cannot be cancelled': async (alice, bob) => {
    const sealed = await alice.seal(bob, 'yes');
    await bob.open(alice, sealed);
    await alice.receipt(bob, sealed);
    const late = { op: 'cancel', event: sealed.stored.id, wallMs: WALL_MS } as const;
    for (const [person, request] of [
      [alice, late],
      [bob, late],
      [alice, { ...late, event: bytesOf(4, 16) }],
    ] as const) {
      const reply = await person.vault.request(request);
      assert(reply.op === 'failed' && reply.reason === 'not found', 'not found');
    }
    same([(await alice.vault.messages(CONVERSATION))[0]!.state], ['delivered'], 'state');
  },

  '[VLT-13] renew seals everything unreceipted anew, under a new session': async (alice, bob) => {
    const sealed = [];
    for (const text of ['a', 'b', 'c']) sealed.push(await alice.seal(bob, text));
    await bob.open(alice, sealed[0]!);
    await alice.receipt(bob, sealed[0]!);
    await bob.open(alice, sealed[1]!);
    const target = await bob.target();
    const renew = {
      op: 'seal-waiting',
      self: alice.self,
      conversation: CONVERSATION,
      target,
      limit: 1,
      renew: true,
    } as const;
    const first = await alice.do(renew);
    same([first.envelopes.length, first.more], [1, true], 'one at a time');
    same([first.envelopes[0]!.kind], ['prekey'], 'a new session');
    assert(!equal(first.envelopes[0]!.envelope, sealed[1]!.envelopes[0]!.envelope), 'new id');
    const rest = await alice.do({ ...renew, renew: false, limit: 10 });
    same([rest.envelopes.length, rest.more], [1, false], 'the rest');
    const again = await bob.do(await bob.opening(alice, first.envelopes[0]!));
    same([again.outcome], ['duplicate'], 'the event was stored under its old envelope');
    const last = await bob.do(await bob.opening(alice, rest.envelopes[0]!));
    same([last.outcome], ['stored'], 'and this one was not');
    same(await bob.texts(), ['a', 'b', 'c'], 'each once');
  },

  '[VLT-33] what waits for a device that is no more waits for the next one': async (
    alice,
    bob,
    another,
  ) => {
    const next = await another(30); // a device in the same conversation
    const targets = [await bob.target(), await next.target()];
    const both = await alice.do({ op: 'seal', self: alice.self, draft: draft('one'), targets });
    const alone = await alice.seal(bob, 'two');
    await alice.do({ op: 'put', docs: [], retired: [await bob.peer()] });
    same(await alice.waiting(), [both.stored.id, alone.stored.id], 'both still wait');
    same((await alice.receipt(bob, alone)).events, [], 'and not for bob');
    const again = [{ peer: await bob.peer(), bundle: undefined }];
    const request = {
      op: 'seal',
      self: alice.self,
      draft: draft('three'),
      targets: again,
    } as const;
    same([(await alice.do(request)).envelopes.length], [0], 'whose session is gone');
    const opened = await next.do(await next.opening(alice, both.envelopes[1]!));
    same([opened.outcome], ['stored'], 'what was sealed for the next one stays');
    same((await alice.receipt(next, both)).events, [both.stored.id], 'and is delivered');
    const sealed = await alice.sealWaiting(targets[1]!, { limit: 9, renew: false });
    same(
      sealed.envelopes.map((one) => one.event),
      [alone.stored.id],
      'the rest is sealed for it',
    );
    await next.do(await next.opening(alice, sealed.envelopes[0]!));
    same(await next.texts(), ['one', 'two'], 'and opens in order');
  },

  '[VLT-14] the bundle is stable for a week, and an old one still works': async (alice, bob) => {
    const old = await bob.bundle(WALL_MS);
    same([await bob.bundle(WALL_MS + 6 * DAY_MS)], [old], 'the same within a week');
    const fresh = await bob.bundle(WALL_MS + 8 * DAY_MS);
    assert(!equal(fresh, old), 'a new one after a week');
    const targets = [{ peer: await bob.peer(), bundle: old }];
    const sealed = await alice.do({ op: 'seal', self: alice.self, draft: draft('old'), targets });
    same([(await bob.open(alice, sealed)).outcome], ['stored'], 'sealed under the old one');
  },

  '[VLT-14] a first message replayed after its session was forgotten is refused': async (
    alice,
    bob,
  ) => {
    const sealed = await alice.seal(bob, 'hello');
    await bob.open(alice, sealed);
    const devices = [await alice.peer()];
    await bob.do({ op: 'forget', conversation: CONVERSATION, devices, docs: [] });
    const envelope = { ...sealed.envelopes[0]!, envelope: bytesOf(40, 16) };
    const replayed = await bob.do(await bob.opening(alice, envelope));
    assert(replayed.outcome === 'refused' && replayed.reason === 'undecryptable', 'refused');
    same(await bob.texts(), [], 'and not shown');
  },
};
