import { afterEach, beforeEach, expect, test } from 'vitest';
import { equal } from '@sotto/core/base/bytes.ts';
import { bytesOf, CONVERSATION, draft, Person, WALL_MS } from './contract-people.ts';
import { type LocalVault, localVault } from './testing.ts';

const OTHER = bytesOf(99, 16);
let vault: LocalVault;
let alice: Person;

beforeEach(async () => {
  vault = await localVault();
  alice = new Person(vault, 10);
});
afterEach(() => vault.dispose());

async function write(text: string, conversation = CONVERSATION): Promise<Uint8Array> {
  const one = draft(text, { conversation });
  return (await alice.do({ op: 'seal', self: alice.self, draft: one, targets: [] })).stored.id;
}

async function writeAll(texts: readonly string[], conversation = CONVERSATION): Promise<void> {
  await Promise.all(texts.map((text) => write(text, conversation)));
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);
const texts = (messages: readonly { text: string | undefined }[]) =>
  messages.map((message) => message.text);

test('[VLT-16] pages run back from the newest and forward from a cursor', async () => {
  await writeAll(numbered(10));
  const page = (before?: number, since?: number) =>
    vault.reader.messages({ conversation: CONVERSATION, before, since, limit: 4 });
  const newest = page();
  expect(texts(newest)).toEqual(['text 6', 'text 7', 'text 8', 'text 9']);
  const older = page(newest[0]!.cursor);
  expect(texts(older)).toEqual(['text 2', 'text 3', 'text 4', 'text 5']);
  expect(texts(page(undefined, older[0]!.cursor))).toEqual(texts([...older.slice(1), newest[0]!]));
  expect(page(1)).toEqual([]);
});

test('[VLT-16] a message is found by its id, with all that is shown of it', async () => {
  const id = await write('hello');
  expect(vault.reader.message(id)).toEqual({
    id,
    conversation: CONVERSATION,
    author: alice.self.device,
    sequence: 1,
    outgoing: true,
    kind: 'text',
    text: 'hello',
    timeMs: WALL_MS,
    storedMs: WALL_MS,
    state: 'waiting',
    deliveredMs: undefined,
    route: undefined,
    gapBefore: false,
    fork: false,
    cursor: 1,
  });
  expect(vault.reader.message(bytesOf(3, 16))).toBeUndefined();
});

test('[VLT-16] the feed is read in pages from any cursor', async () => {
  await writeAll(numbered(5));
  expect(vault.reader.lastCursor()).toBe(5);
  expect(vault.reader.feedAfter(3, 10).map((row) => row.cursor)).toEqual([4, 5]);
  expect(vault.reader.feedAfter(0, 2).map((row) => row.cursor)).toEqual([1, 2]);
  expect(vault.reader.feedAfter(5, 10)).toEqual([]);
});

test('[VLT-16] conversations come with their last message, the newest first', async () => {
  expect(vault.reader.conversations()).toEqual([]);
  await write('a');
  await write('b', OTHER);
  await write('c', OTHER);
  const rows = vault.reader.conversations();
  expect(rows.map((row) => row.last.text)).toEqual(['c', 'a']);
  expect(equal(rows[0]!.conversation, OTHER)).toBe(true);
});

test('[VLT-18] unread counts name the conversations that have some', async () => {
  const other = await localVault();
  const bob = new Person(other, 20);
  await alice.open(bob, await bob.seal(alice, 'a'));
  await write('mine', OTHER);
  expect(vault.reader.unread(CONVERSATION)).toBe(1);
  const cursor = vault.reader.lastCursor();
  await alice.do({ op: 'mark-read', conversation: CONVERSATION, cursor });
  expect(vault.reader.unread(CONVERSATION)).toBe(0);
  await other.dispose();
});

test('[VLT-10] the outbox is counted for each device', async () => {
  const device = bytesOf(40, 32);
  const signalIdentity = (await alice.peer()).signalIdentity;
  const peer = { identity: device, device, signalIdentity, address: 'nobody' };
  const targets = [{ peer, bundle: undefined }];
  await alice.do({ op: 'seal', self: alice.self, draft: draft('x'), targets });
  await write('nobody yet');
  const counts = vault.reader.outboxCounts(CONVERSATION);
  const brief = counts.map(({ device: to, messages, unsealed }) => [to, messages, unsealed]);
  expect(brief).toEqual([
    [undefined, 1, 1],
    [device, 1, 1],
  ]);
  expect(vault.reader.outboxCounts(OTHER)).toEqual([]);
});

function index(): void {
  while (vault.engine.tables.search.catchUp());
}

test('[VLT-25] texts are found by any part of three letters, the newest first', async () => {
  await writeAll([
    'The quick brown fox',
    'jumps over',
    'the lazy DOG',
    'Grüße aus Köln',
    '日本語テキスト',
  ]);
  index();
  const find = (text: string) => texts(vault.reader.search({ text, limit: 10 }).found);
  expect(find('the')).toEqual(['the lazy DOG', 'The quick brown fox']);
  expect(find('dog')).toEqual(['the lazy DOG']);
  expect(find('k bro')).toEqual(['The quick brown fox']);
  expect(find('grüße')).toEqual(['Grüße aus Köln']);
  expect(find('本語テ')).toEqual(['日本語テキスト']);
  expect(find('cat')).toEqual([]);
});

test('[VLT-25] short texts, quotes and operators are plain text', async () => {
  await writeAll(['say "hi" now', 'a OR b', 'no*where']);
  index();
  const find = (text: string) => texts(vault.reader.search({ text, limit: 10 }).found);
  expect(find('hi')).toEqual(['say "hi" now']);
  expect(find('"hi"')).toEqual(['say "hi" now']);
  expect(find('a OR b')).toEqual(['a OR b']);
  expect(find('no*')).toEqual(['no*where']);
  expect([find(''), find('  '), find('""""')]).toEqual([[], [], []]);
});

test('[VLT-25] the index catches up in commits of their own and survives a crash', async () => {
  await writeAll(numbered(20));
  const { db } = vault.engine.tables;
  const indexed = db.prepare("SELECT count(*) FROM search WHERE search MATCH 'text'").pluck();
  expect(indexed.get()).toBe(0);
  expect(vault.engine.tables.search.catchUp(8)).toBe(true);
  expect(indexed.get()).toBe(8);
  expect(vault.reader.search({ text: 'text', limit: 100 }).found).toHaveLength(20);
  await vault.crash();
  await vault.reopen();
  index();
  expect(texts(vault.reader.search({ text: 'text 19', limit: 10 }).found)).toEqual(['text 19']);
  expect(vault.reader.search({ text: 'text', limit: 100 }).found).toHaveLength(20);
});

test('[VLT-17] a forgotten conversation is not found, indexed or not', async () => {
  await writeAll(['alpha one', 'alpha two']);
  index();
  await write('alpha three');
  await write('alpha other', OTHER);
  await alice.do({ op: 'forget', conversation: CONVERSATION, devices: [], docs: [] });
  index();
  expect(texts(vault.reader.search({ text: 'alpha', limit: 10 }).found)).toEqual(['alpha other']);
  const { db } = vault.engine.tables;
  db.exec("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search, 'row')");
  const terms = db.prepare('SELECT term FROM terms').pluck().all();
  expect(terms).toContain('oth');
  expect(terms).not.toContain('two');
  db.exec("INSERT INTO search (search) VALUES ('integrity-check')");
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
});
