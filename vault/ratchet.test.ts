import { SignalMessage } from '@signalapp/libsignal-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encode } from '@sotto/core/base/bencode.ts';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { TEXT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import { CONVERSATION, DAY_MS, draft, Person, type Reply, WALL_MS } from './contract-people.ts';
import { decodeBundle } from './prekeys.ts';
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

/** Both have heard of each other: from here on envelopes are plain ratchet messages. */
async function establish(): Promise<void> {
  await bob.open(alice, await alice.seal(bob, 'hello'));
  await alice.open(bob, await bob.seal(alice, 'hello'));
}

/** Which message key a ciphertext was made with: its ratchet key and its counter. */
function keyUsed(reply: Reply<'seal'>): string {
  const message = SignalMessage.deserialize(new Uint8Array(reply.envelopes[0]!.ciphertext));
  const ratchetKey = hex(message.serialize()).slice(2 * 3, 2 * 36); // field 1, 33 bytes
  return `${ratchetKey} ${message.counter()}`;
}

test('[VLT-19] encryptions to one peer at the same time never share a message key', async () => {
  await establish();
  const targets = [await bob.target()];
  const seal = () => alice.do({ op: 'seal', self: alice.self, draft: draft('at once'), targets });
  const sealed = await Promise.all(Array.from({ length: 200 }, seal));
  expect(new Set(sealed.map(keyUsed)).size).toBe(200);
  for (const reply of sealed) {
    expect(await bob.open(alice, reply)).toMatchObject({ outcome: 'stored' });
  }
});

test('[VLT-19] the check above finds a key that is used twice', async () => {
  await establish();
  const session = () => vaults[0]!.engine.tables.db.prepare('SELECT record FROM sessions').get();
  const record = (session() as { record: Buffer }).record;
  const first = await alice.seal(bob, 'one');
  await vaults[0]!.crash();
  await vaults[0]!.reopen();
  vaults[0]!.engine.tables.db.prepare('UPDATE sessions SET record = ?').run(record);
  const second = await alice.seal(bob, 'two'); // on the session as it was before the first
  expect(keyUsed(second)).toBe(keyUsed(first));
});

test('[VLT-19] no key is used twice across crashes between requests', async () => {
  await establish();
  const keys = new Set<string>();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 4; i++) keys.add(keyUsed(await alice.seal(bob, `${round} ${i}`)));
    await vaults[0]!.crash();
    await vaults[0]!.reopen();
  }
  expect(keys.size).toBe(20);
});

test('[VLT-4] a bad bundle of one device leaves the ratchet of another in step', async () => {
  await establish();
  const carol = new Person(await localVault(), 30);
  vaults.push(carol.vault as LocalVault);
  const targets = [await bob.target(), { peer: await carol.peer(), bundle: utf8('bad') }];
  const request = { op: 'seal', self: alice.self, draft: draft('no'), targets } as const;
  const replies = [await alice.do(request), await alice.seal(bob, 'yes')];
  expect(replies[0]!.waiting).toEqual([carol.self.device]);
  const counters = replies.map(({ envelopes }) => {
    const { ciphertext } = envelopes[0]!;
    return SignalMessage.deserialize(new Uint8Array(ciphertext)).counter();
  });
  expect(counters).toEqual([0, 1]);
});

test('[VLT-7] a session with another identity key is not sealed under', async () => {
  await establish();
  const other = new Person(await localVault(), 20); // bob's device with a new vault
  vaults.push(other.vault as LocalVault);
  const sealed = await alice.seal(other, 'for the new key');
  expect(sealed.envelopes[0]).toMatchObject({ kind: 'prekey' });
  expect(await other.open(alice, sealed)).toMatchObject({ outcome: 'stored' });
  const targets = [{ peer: await bob.peer(), bundle: undefined }];
  const back = await alice.do({ op: 'seal', self: alice.self, draft: draft('x'), targets });
  expect(back).toMatchObject({ envelopes: [], waiting: [bob.self.device] });
});

test('[VLT-20] sealed lengths tell the bucket and nothing else', async () => {
  await establish();
  const lengthOf = async (text: string) => {
    const sealed = await alice.seal(bob, text);
    await alice.receipt(bob, sealed);
    return sealed.envelopes[0]!.ciphertext.length;
  };
  const spqr = 48; // the post-quantum ratchet adds 4 or 37 bytes to a message
  const within = async (texts: string[]) => {
    const lengths = [];
    for (const text of texts) lengths.push(await lengthOf(text));
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(spqr);
    return Math.max(...lengths);
  };
  const short = await within(['', 'ok', 'b'.repeat(55)]);
  const middle = await within(['c'.repeat(100), 'd'.repeat(800)]);
  expect(short).toBeLessThan(420);
  expect(middle).toBeGreaterThan(1024);
});

test('[VLT-11] the longest text fits, and what fits no bucket is refused', async () => {
  const longest = await alice.seal(bob, 'x'.repeat(TEXT_BYTES_MAX));
  expect(await bob.open(alice, longest)).toMatchObject({ outcome: 'stored' });
  const targets = [await bob.target()];
  const big = draft('', { body: new Uint8Array(41_000) });
  const request = { op: 'seal', self: alice.self, draft: big, targets } as const;
  expect(await alice.vault.request(request)).toEqual({ op: 'failed', reason: 'too large' });
  const text = draft('x'.repeat(TEXT_BYTES_MAX + 1));
  const over = await alice.do({ op: 'seal', self: alice.self, draft: text, targets });
  expect(await bob.open(alice, over)).toMatchObject({ outcome: 'refused', reason: 'malformed' });
});

test('[VLT-14] a private half dies 30 days after its bundle was replaced', async () => {
  const old = await bob.bundle(WALL_MS);
  const targets = [{ peer: await bob.peer(), bundle: old }];
  const seal = (text: string) =>
    alice.do({ op: 'seal', self: alice.self, draft: draft(text), targets });
  const first = await seal('in time');
  await bob.bundle(WALL_MS + 8 * DAY_MS);
  await bob.bundle(WALL_MS + 37 * DAY_MS);
  expect(await bob.open(alice, first)).toMatchObject({ outcome: 'stored' });
  const { db } = vaults[1]!.engine.tables;
  expect(db.prepare('SELECT count(*) FROM base_keys').pluck().get()).toBe(1);
  const second = await seal('too late');
  await bob.bundle(WALL_MS + 39 * DAY_MS);
  expect(db.prepare('SELECT count(*) FROM base_keys').pluck().get()).toBe(0);
  await bob.do({
    op: 'forget',
    conversation: CONVERSATION,
    devices: [await alice.peer()],
    docs: [],
  });
  expect(await bob.open(alice, second)).toMatchObject({
    outcome: 'refused',
    reason: 'undecryptable',
  });
});

test('[VLT-14] a bundle is canonical bencode of the size the page says', async () => {
  const bundle = await bob.bundle();
  const { signalIdentity } = await bob.peer();
  expect(decodeBundle(bundle, signalIdentity)).toBeDefined();
  expect(bundle.length).toBeLessThan(1900);
  expect(decodeBundle(bundle, (await alice.peer()).signalIdentity)).toBeUndefined();
  for (const bad of [utf8(''), utf8('de'), encode({ n: 1 }), bundle.subarray(1)]) {
    expect(decodeBundle(bad, signalIdentity)).toBeUndefined();
  }
});

test('[VLT-14] every damaged byte of a bundle is refused when it is used', async () => {
  const peer = await bob.peer();
  const bundle = await bob.bundle();
  for (let at = 0; at < bundle.length; at += 7) {
    const bent = bundle.slice();
    bent[at]! ^= 4;
    const targets = [{ peer, bundle: bent }];
    const request = { op: 'seal', self: alice.self, draft: draft('x'), targets } as const;
    const reply = await alice.do(request);
    if (reply.envelopes.length === 0) continue;
    // The number of the prekey is the one thing nobody signs: a wrong one does not open.
    expect(String.fromCharCode(...bent)).toMatch(/1:ni\d+ee$/);
    break;
  }
});

test('[VLT-9] an event that does not follow the one we have is a fork, in any order', async () => {
  const twin = new Person(await localVault(), 10); // alice's device again, with nothing remembered
  vaults.push(twin.vault as LocalVault);
  const one = await alice.seal(bob, 'one');
  await twin.seal(bob, 'another one');
  const two = await twin.seal(bob, 'two');
  await bob.open(alice, one);
  expect(await bob.open(twin, two)).toMatchObject({ outcome: 'stored', fork: true });
  const marks = async (person: Person) =>
    (await person.vault.messages(CONVERSATION)).map((message) => message.fork);
  expect(await marks(bob)).toEqual([true, true]);

  const carol = new Person(await localVault(), 30);
  vaults.push(carol.vault as LocalVault);
  const toCarol = await alice.seal(carol, 'a');
  const next = await alice.seal(carol, 'b');
  expect(await carol.open(alice, next)).toMatchObject({ fork: false });
  expect(await carol.open(alice, toCarol)).toMatchObject({ fork: false });
  const last = await twin.seal(carol, 'c');
  expect(await carol.open(twin, last)).toMatchObject({ fork: true });
});

test('[VLT-9] the feed tells of each mark once, however many events share a sequence', async () => {
  await bob.open(alice, await alice.seal(bob, 'one'));
  for (const text of ['two', 'three', 'four']) {
    const twin = new Person(await localVault(), 10);
    vaults.push(twin.vault as LocalVault);
    await bob.open(twin, await twin.seal(bob, text));
  }
  const feed = await bob.vault.feedAfter(0);
  expect(feed.map(({ type }) => type)).toEqual([
    'message',
    'message',
    'state',
    'message',
    'message',
  ]);
});
