import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesOf, CONVERSATION, draft, Person, WALL_MS } from './contract-people.ts';
import { SCAN_MESSAGES_MAX, type Wish } from './finder.ts';
import type { VaultReader } from './reader.ts';
import { type LocalVault, localVault } from './testing.ts';

const OTHER = bytesOf(99, 16);
let vault: LocalVault;
let alice: Person;

beforeEach(async () => {
  vault = await localVault();
  alice = new Person(vault, 10);
});
afterEach(() => vault.dispose());

async function write(text: string, changes: Parameters<typeof draft>[1] = {}): Promise<void> {
  const one = draft(text, { conversation: CONVERSATION, ...changes });
  await alice.do({ op: 'seal', self: alice.self, draft: one, targets: [] });
}

function search(text: string, wish: Partial<Wish> = {}): ReturnType<VaultReader['search']> {
  while (vault.engine.tables.search.catchUp());
  return vault.reader.search({ text, limit: 10, ...wish });
}

function texts(text: string, wish: Partial<Wish> = {}): (string | undefined)[] {
  return search(text, wish).found.map((message) => message.text);
}

test.each(['apple', 'ap'])('[VLT-32] %s is found within what is asked for alone', async (part) => {
  const other = await localVault();
  const bob = new Person(other, 20);
  await write('apple one', { timeMs: WALL_MS - 2_000 });
  await alice.open(bob, await bob.seal(alice, 'apple of Bob'));
  await write('apple elsewhere', { conversation: OTHER, timeMs: WALL_MS + 1_000 });
  await write('apple three', { timeMs: WALL_MS + 2_000 });
  await write('pear', { timeMs: WALL_MS + 2_000 });
  const all = ['apple three', 'apple elsewhere', 'apple of Bob', 'apple one'];
  expect(texts(part)).toEqual(all);
  expect(texts(part, { conversation: CONVERSATION })).toEqual([all[0], all[2], all[3]]);
  expect(texts(part, { conversation: bytesOf(98, 16) })).toEqual([]);
  expect(texts(part, { outgoing: false })).toEqual(['apple of Bob']);
  expect(texts(part, { outgoing: true })).toEqual([all[0], all[1], all[3]]);
  expect(texts(part, { beforeMs: WALL_MS + 1_000 })).toEqual([all[2], all[3]]);
  expect(texts(part, { sinceMs: WALL_MS + 1_000 })).toEqual([all[0], all[1]]);
  const narrow = { conversation: CONVERSATION, outgoing: true, beforeMs: WALL_MS, sinceMs: 0 };
  expect(texts(part, narrow)).toEqual(['apple one']);
  expect(texts(part, { ...narrow, sinceMs: WALL_MS - 1_000 })).toEqual([]);
  await other.dispose();
});

test.each(['plum', 'pl'])(
  '[VLT-32] of %s the newest come, and whether there are more',
  async (part) => {
    for (let i = 0; i < 5; i++) await write(`plum ${i}`);
    expect(texts(part, { limit: 2 })).toEqual(['plum 4', 'plum 3']);
    expect([2, 4, 5, 6].map((limit) => search(part, { limit }).more)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(search(part, { limit: 0 })).toEqual({ found: [], more: false });
  },
);

test('[VLT-32] two letters are looked for among the newest alone, and it says so', async () => {
  await write('xy is the oldest');
  const filling = Array.from({ length: SCAN_MESSAGES_MAX - 1 }, (_, i) => write(`text ${i}`));
  await Promise.all(filling);
  expect(search('xy')).toMatchObject({ found: [{ text: 'xy is the oldest' }], more: false });
  await write('one more');
  expect(search('xy')).toEqual({ found: [], more: true });
});

test('[VLT-32] whatever is typed is plain text', async () => {
  const odd = [
    'a\0bcdef',
    '%_%_',
    'NEAR(a b)',
    'text: x',
    '"',
    "it''s",
    '\ud83d\ude00\ud83d\ude00',
  ];
  for (const text of odd) await write(`<${text}>`);
  for (const text of odd) expect([text, texts(text)]).toEqual([text, [`<${text}>`]]);
  for (const text of ['\0\0\0\0', '*', '^abc', 'a AND', '""']) expect(texts(text)).toEqual([]);
});

test('[VLT-25] what was stored a moment ago is found before the index knows it', async () => {
  await write('cherry old');
  while (vault.engine.tables.search.catchUp());
  await write('cherry new');
  await write('cherry elsewhere', { conversation: OTHER });
  const find = (wish: Partial<Wish> = {}): (string | undefined)[] =>
    vault.reader.search({ text: 'cherry', limit: 10, ...wish }).found.map(({ text }) => text);
  expect(find()).toEqual(['cherry elsewhere', 'cherry new', 'cherry old']);
  expect(find({ conversation: CONVERSATION })).toEqual(['cherry new', 'cherry old']);
  expect(find({ limit: 1 })).toEqual(['cherry elsewhere']);
  expect(find({ outgoing: false })).toEqual([]);
  while (vault.engine.tables.search.catchUp());
  expect(find()).toEqual(['cherry elsewhere', 'cherry new', 'cherry old']);
});
