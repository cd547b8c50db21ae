import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError, Client } from '@sotto/api/client.ts';
import { ApiFile, LAST_TEXT_CHARS, METHODS, StreamEvent } from '@sotto/api/contract.ts';
import type { Conversation, Method, Params, Result } from '@sotto/api/contract.ts';
import { Daemon } from './daemon.ts';

let scratch: string;
let daemon: Daemon;
let client: Client;
const faults: unknown[] = [];
let clientIds = 0;

async function start(): Promise<void> {
  const folder = join(scratch, 'profile');
  daemon = await Daemon.start({
    folder,
    flags: ['dht.enabled=false', 'net.bind=127.0.0.1', 'api.port=0'],
    env: {},
    passphrase: undefined,
    version: 'test',
    locked: false,
    launch: () => Promise.reject(new Error('no other profile')),
    onStop: () => void daemon.stop(),
    onFault: (error) => faults.push(error),
  });
  const { port, token } = ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));
  client = new Client(() => ({ url: `http://127.0.0.1:${port}`, token }));
}

/** A call whose answer is held against the contract. */
async function call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  return METHODS[method].result.parse(await client.call(method, params)) as Result<M>;
}

async function refused<M extends Method>(method: M, params: Params<M>): Promise<ApiError> {
  const answer = await call(method, params).catch((error: unknown) => error);
  if (!(answer instanceof ApiError)) throw new Error(`${method} was not refused`);
  return answer;
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(10);
  }
}

async function echo(): Promise<Conversation> {
  const { conversations } = await call('conversations.list', {});
  return conversations.find(({ name }) => name === 'Echo')!;
}

/** Says it to Echo and waits for the answer. */
async function say(text: string): Promise<void> {
  const clientId = (++clientIds).toString(16).padStart(32, '0');
  await call('messages.send', { to: 'echo', text, clientId });
  await until(async () => {
    const { messages } = await call('messages.list', { to: 'echo', limit: 500 });
    return messages.some((one) => one.text === `You said: ${text}`) || undefined;
  });
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sotto-app-'));
  await start();
  for (const text of ['apple', 'pear', 'pineapple', 'plum']) await say(text);
}, 30_000);
afterAll(async () => {
  await daemon.stop();
  rmSync(scratch, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

test('[API-31] pages go both ways from a cursor, and only one bound is taken', async () => {
  const { messages: all } = await call('messages.list', { to: 'echo' });
  const [third, sixth] = [all[2]!.cursor, all[5]!.cursor];
  const after = await call('messages.list', { to: 'echo', after: third, limit: 2 });
  expect(after).toMatchObject({ messages: all.slice(3, 5), more: true, newer: true });
  const around = await call('messages.list', { to: 'echo', around: sixth, limit: 3 });
  expect(around).toMatchObject({ messages: all.slice(4, 7), more: true, newer: true });
  const newest = await call('messages.list', { to: 'echo', limit: 2 });
  expect(newest).toMatchObject({ messages: all.slice(-2), more: true, newer: false });
  const both = await refused('messages.list', { to: 'echo', after: third, before: sixth });
  expect(both.body.reason).toBe('bad-input');
});

test('[API-32] messages are found by part-words, with their conversation and filters', async () => {
  const find = async (params: Params<'messages.find'>): Promise<string[]> => {
    const { hits } = await call('messages.find', params);
    return hits.map(
      ({ message, name }) => `${name} ${message.outgoing ? '<' : '>'} ${message.text}`,
    );
  };
  await until(async () => ((await find({ text: 'said: plum' })).length === 1 ? true : undefined));
  expect(await find({ text: 'APPL' })).toEqual([
    'Echo > You said: pineapple',
    'Echo < pineapple',
    'Echo > You said: apple',
    'Echo < apple',
  ]);
  expect(await find({ text: 'pple', from: 'me' })).toEqual(['Echo < pineapple', 'Echo < apple']);
  expect(await find({ text: 'pp', from: 'them', in: 'echo' })).toHaveLength(2);
  const { time } = (await call('messages.list', { to: 'echo', limit: 1 })).messages[0]!;
  const later = new Date(Date.parse(time) + 60_000).toISOString();
  expect(await find({ text: 'apple', after: later })).toEqual([]);
  expect(await find({ text: 'apple', before: later })).toHaveLength(4);
  expect((await call('messages.find', { text: 'apple', limit: 3 })).more).toBe(true);
  expect((await refused('messages.find', { text: 'x', in: 'nobody' })).body.reason).toBe(
    'not-found',
  );
});

test('[API-32] conversations tell how far they are read, what is typed, and who is asked', async () => {
  const { messages } = await call('messages.list', { to: 'echo' });
  const fourth = messages[3]!;
  await call('messages.markRead', { to: 'echo', cursor: fourth.cursor });
  const incoming = messages.slice(4).filter(({ outgoing }) => !outgoing).length;
  expect(await echo()).toMatchObject({ readUpTo: fourth.cursor, unread: incoming });
  await call('drafts.set', { to: 'echo', text: 'What about\ncherries?' });
  await call('contacts.verify', { to: 'echo', mark: true });
  expect(await echo()).toMatchObject({
    draft: 'What about\ncherries?',
    verifiedAt: expect.any(String),
    last: { text: 'You said: plum' },
  });
  const long = `${'x'.repeat(LAST_TEXT_CHARS - 11)}\u{1f600}${'y'.repeat(999)}`;
  await say(long);
  const answer = (await call('messages.list', { to: 'echo', limit: 1 })).messages[0]!;
  expect(answer.text).toBe(`You said: ${long}`);
  const { last } = await echo();
  // A pair that would be cut in the middle stays away whole.
  expect(last).toEqual({ ...answer, text: answer.text.slice(0, LAST_TEXT_CHARS - 1) });
  await daemon.stop();
  await start();
  expect((await echo()).draft).toBe('What about\ncherries?');
  await call('drafts.set', { to: 'echo', text: '' });
  expect(await echo()).not.toHaveProperty('draft');
  expect((await refused('drafts.set', { to: 'nobody', text: '' })).body.reason).toBe('not-found');
});

test('[CON-13] a pasted text is told, or refused as adding it would be', async () => {
  const { id } = await call('contacts.show', { to: 'echo' });
  const { conversation } = await echo();
  const known = { kind: 'id', id, name: 'Echo', known: conversation };
  expect(await call('contacts.peek', { text: `Here: ${id.toUpperCase()} bye` })).toEqual(known);
  const { link } = await call('invites.create', {});
  const own = [await refused('contacts.peek', { text: link! })];
  own.push(await refused('contacts.add', { text: link! }));
  expect(own.map(({ body }) => body.reason)).toEqual(['own-invite', 'own-invite']);
  const short = await refused('contacts.peek', { text: id.slice(0, -4) });
  expect(short.body).toMatchObject({ code: 'E07', detail: { have: 52, want: 56 } });
  const again = await refused('contacts.add', { text: id, anyway: true });
  expect(again.body).toMatchObject({ reason: 'already-exists', detail: { conversation } });
});

test('[API-30] the stream tells what was read, typed and changed, and who is gone', async () => {
  const end = new AbortController();
  const seen: StreamEvent[] = [];
  void (async () => {
    for await (const event of client.events({ signal: end.signal })) {
      seen.push(StreamEvent.parse(event));
    }
  })().catch(() => undefined);
  await until(() => seen[0]);
  const { conversation } = await echo();
  const { messages } = await call('messages.list', { to: 'echo' });
  const { cursor } = messages.at(-1)!;
  await call('messages.markRead', { to: 'echo', cursor });
  await until(() => seen.find(({ type }) => type === 'read'));
  expect(seen.find(({ type }) => type === 'read')).toMatchObject({
    data: { conversation, readUpTo: cursor, unread: 0 },
  });
  await call('drafts.set', { to: 'echo', text: 'not yet' });
  const draft = await until(() => seen.find(({ type }) => type === 'draft'));
  expect(draft.data).toEqual({ conversation, text: 'not yet' });
  await call('contacts.rename', { to: 'echo', name: 'Parrot' });
  await until(() => seen.find((one) => one.type === 'contact' && one.data.name === 'Parrot'));
  await call('contacts.remove', { to: conversation });
  await until(() => seen.find(({ type }) => type === 'removed'));
  expect(seen.find(({ type }) => type === 'removed')).toMatchObject({ data: { conversation } });
  await call('config.set', { key: 'app.theme', value: 'dark' });
  await until(() => seen.find((one) => one.type === 'setting' && one.data.value === 'dark'));
  end.abort();
});
