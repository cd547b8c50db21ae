import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { base32, hex, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { CONVERSATION, draft, Person } from './contract-people.ts';
import { Opened } from './opened.ts';
import { VaultReader } from './reader.ts';
import { pathsOf } from './paths.ts';
import { openStore } from './store.ts';
import { copyAsKilled, type LocalVault, localVault } from './testing.ts';

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

const big = () => draft('x'.repeat(30_000));

test('[VLT-26] a full disk fails the request, loses nothing, and heals by itself', async () => {
  const targets = [await bob.target()];
  const seal = async (one = big()) =>
    alice.vault.request({ op: 'seal', self: alice.self, draft: one, targets });
  await bob.open(alice, await alice.seal(bob, 'before'));
  const { db } = vaults[0]!.engine.tables;
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.pragma(`max_page_count = ${pages + 12}`);
  const replies = await Promise.all(Array.from({ length: 6 }, () => seal()));
  const reasons = replies.map((reply) => (reply.op === 'failed' ? reply.reason : reply.op));
  expect(reasons).toContain('no space');
  expect(reasons.filter((reason) => reason !== 'seal' && reason !== 'no space')).toEqual([]);
  db.pragma('max_page_count = 1000000');
  replies.push(await seal(draft('after')));
  let opened = 0;
  for (const reply of replies) {
    if (reply.op !== 'seal') continue;
    expect(await bob.open(alice, reply)).toMatchObject({ outcome: 'stored', held: undefined });
    opened++;
  }
  expect((await alice.texts()).length).toBe(opened + 1);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
});

test('[VLT-2] what does not fit on the disk does not take its neighbours with it', async () => {
  const targets = [await bob.target()];
  await bob.open(alice, await alice.seal(bob, 'before'));
  const { db } = vaults[0]!.engine.tables;
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.pragma(`max_page_count = ${pages + 4}`);
  const seal = (one: ReturnType<typeof draft>) =>
    alice.vault.request({ op: 'seal', self: alice.self, draft: one, targets });
  const replies = await Promise.all([seal(draft('a')), seal(big()), seal(draft('b'))]);
  expect(replies.map((reply) => (reply.op === 'failed' ? reply.reason : reply.op))).toEqual([
    'seal',
    'no space',
    'seal',
  ]);
  db.pragma('max_page_count = 1000000');
  for (const reply of replies) {
    if (reply.op === 'seal') await bob.open(alice, reply);
  }
  expect(await bob.texts()).toEqual(['before', 'a', 'b']);
});

test('[VLT-21] no plaintext, key or address is in any file of the vault', async () => {
  const canary = 'canary-in-the-vault-7731';
  const key = utf8('a document key canary 5512');
  await bob.open(alice, await alice.seal(bob, canary));
  await bob.do({ op: 'put', docs: [{ space: 'contact', key, value: utf8(canary) }] });
  while (vaults[1]!.engine.tables.search.catchUp());
  const { db } = vaults[1]!.engine.tables;
  db.prepare('SELECT * FROM events ORDER BY bytes').all();
  const secrets = [utf8(canary), key, alice.self.device, CONVERSATION, utf8('CREATE TABLE')];
  const needles = secrets.flatMap((secret) => [
    Buffer.from(secret),
    Buffer.from(hex(secret)),
    Buffer.from(base32(secret)),
    Buffer.from(Buffer.from(secret).toString('base64')),
  ]);
  const search = (): string[] =>
    readdirSync(vaults[1]!.folder).filter((name) => {
      const bytes = readFileSync(join(vaults[1]!.folder, name));
      return needles.some((needle) => bytes.includes(needle));
    });
  expect(readdirSync(vaults[1]!.folder)).toContain('vault.db-wal');
  expect(search()).toEqual([]);
  db.pragma('wal_checkpoint(TRUNCATE)');
  expect(search()).toEqual([]);
  writeFileSync(join(vaults[1]!.folder, 'control'), `x${canary}x`);
  expect(search()).toEqual(['control']);
});

/** Reads everything a person could be shown; returns its texts. */
async function everything(folder: string): Promise<(string | undefined)[]> {
  const store = await openStore(folder);
  try {
    const reader = new VaultReader(pathsOf(folder).vault, store.key);
    try {
      return reader.messages({ conversation: CONVERSATION, limit: 500 }).map((one) => one.text);
    } finally {
      reader.close();
    }
  } finally {
    store.close();
  }
}

test('[VLT-28] a flipped bit is found or harmless: no altered text is ever shown', async () => {
  for (let i = 0; i < 60; i++) await bob.open(alice, await alice.seal(bob, `true text ${i}`));
  const random = new Prng(7);
  let refused = 0;
  let harmless = 0;
  for (const [name, flips] of [
    ['vault.db', 60],
    ['vault.db-wal', 60],
  ] as const) {
    if (name === 'vault.db') vaults[1]!.engine.tables.db.pragma('wal_checkpoint(TRUNCATE)');
    else
      for (let i = 60; i < 90; i++) await bob.open(alice, await alice.seal(bob, `true text ${i}`));
    for (let flip = 0; flip < flips; flip++) {
      const copy = copyAsKilled(vaults[1]!.folder);
      flipOneBit(join(copy, name), random);
      try {
        const texts = await everything(copy);
        const expected = texts.map((_, i) => `true text ${i}`);
        expect(texts).toEqual(expected);
        harmless++;
      } catch (error) {
        if (!(error instanceof Error) || !/damaged|malformed|not a database/.test(error.message)) {
          throw error;
        }
        refused++;
      }
      rmSync(copy, { recursive: true });
    }
  }
  expect(refused).toBeGreaterThan(40);
  expect(refused + harmless).toBe(120);
});

function flipOneBit(path: string, random: Prng): void {
  const file = openSync(path, 'r+');
  const size = readFileSync(path).length;
  const at = random.int(0, size - 1);
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0]! ^= 1 << random.int(0, 7);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

test('[VLT-5] of the opened envelopes of a device the newest are remembered', async () => {
  const { db } = vaults[0]!.engine.tables;
  const opened = new Opened(db, 300);
  const id = (i: number) => Uint8Array.from([i >> 8, i & 255]);
  const busy = Uint8Array.of(1);
  const quiet = Uint8Array.of(2);
  opened.add(quiet, id(0), 1);
  db.transaction(() => {
    for (let i = 0; i < 3000; i++) opened.add(busy, id(i), i);
  })();
  expect(opened.has(quiet, id(0))).toBe(true);
  expect(opened.has(busy, id(0))).toBe(false);
  for (let i = 2700; i < 3000; i++) expect(opened.has(busy, id(i))).toBe(true);
  expect(db.prepare('SELECT count(*) FROM opened').pluck().get()).toBeLessThan(300 + 1024 + 1);
});

test('[VLT-5] who sends little between two starts fills the list no more than who sends much', () => {
  const { db } = vaults[0]!.engine.tables;
  const device = Uint8Array.of(1);
  const count = db.prepare('SELECT count(*) FROM opened').pluck();
  for (let start = 0; start < 5; start++) {
    const opened = new Opened(db, 10);
    for (let i = 0; i < 20; i++) opened.add(device, Uint8Array.of(start, i), start * 20 + i);
  }
  expect(count.get()).toBe(10 + 19);
});
