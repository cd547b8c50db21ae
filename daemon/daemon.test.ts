import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError, Client } from '@sotto/api/client.ts';
import { ApiFile, METHODS, StreamEvent } from '@sotto/api/contract.ts';
import type { Method, Params, Result } from '@sotto/api/contract.ts';
import { INVITES_MAX } from '@sotto/core/base/limits.ts';
import { Daemon } from './daemon.ts';

let scratch: string;
let folder: string;
let daemon: Daemon;
let client: Client;
const faults: unknown[] = [];
let clientIds = 0;

async function start(): Promise<void> {
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

/** A call whose answer is held against the contract, strictly. */
async function call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  const result = await client.call(method, params);
  return METHODS[method].result.parse(result) as Result<M>;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(10);
  }
}

const newClientId = (): string => (++clientIds).toString(16).padStart(32, '0');
const send = (text: string): Promise<Result<'messages.send'>> =>
  call('messages.send', { to: 'echo', text, clientId: newClientId() });
const texts = async (): Promise<string[]> =>
  (await call('messages.list', { to: 'echo' })).messages.map(({ text }) => text);

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sotto-daemon-'));
  folder = join(scratch, 'profile');
  await start();
});
afterAll(async () => {
  await daemon.stop();
  rmSync(scratch, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

test('[API-3] api.json is there once everything works, for this user alone', () => {
  expect(statSync(join(folder, 'api.json')).mode & 0o777).toBe(0o600);
  const lock = readdirSync(folder).find((name) => name.startsWith('lock-'));
  expect(lock).toContain(`-${process.pid}-`);
});

test('[API-20] Echo is a contact from the first start on, and answers on the real pipeline', async () => {
  const { contacts } = await call('contacts.list', {});
  expect(contacts.map(({ name }) => name)).toEqual(['Echo']);
  const sent = await send('hi');
  expect(sent.duplicate).toBe(false);
  await until(async () => ((await texts()).includes('You said: hi') ? true : undefined));
  const { messages, more, name } = await call('messages.list', { to: 'Echo' });
  expect({ more, name }).toEqual({ more: false, name: 'Echo' });
  expect(messages.map(({ author, text }) => [author, text])).toEqual([
    ['You', 'hi'],
    ['Echo', 'You said: hi'],
  ]);
  expect(messages[0]).toMatchObject({ event: sent.event, outgoing: true, state: 'delivered' });
  expect(messages[1]).toMatchObject({ outgoing: false, state: 'received', read: false });
  expect(await call('route.show', { to: 'echo' })).toMatchObject({ route: 'local', hops: 0 });
  expect(await call('contacts.show', { to: 'echo' })).toMatchObject({ online: true, waiting: 0 });
});

test('[API-18] the same clientId is one message, however often it is sent', async () => {
  const params = { to: 'echo', text: 'once', clientId: newClientId() };
  const first = await call('messages.send', params);
  expect(await call('messages.send', params)).toEqual({ ...first, duplicate: true });
  await until(async () => ((await texts()).includes('You said: once') ? true : undefined));
  expect((await texts()).filter((text) => text === 'once')).toHaveLength(1);
});

test('[API-18] pages go back in time; reading marks; conversations show what is new', async () => {
  for (let i = 0; i < 3; i++) await send(`page ${i}`);
  await until(async () => ((await texts()).includes('You said: page 2') ? true : undefined));
  const all = (await call('messages.list', { to: 'echo' })).messages;
  const last = await call('messages.list', { to: 'echo', limit: 2 });
  expect(last.more).toBe(true);
  const before = last.messages[0]!.cursor;
  const earlier = await call('messages.list', { to: 'echo', limit: 500, before });
  expect([...earlier.messages, ...last.messages].map(({ text }) => text)).toEqual(
    all.map(({ text }) => text),
  );
  expect(earlier.more).toBe(false);
  const since = new Date(Date.now() + 60_000).toISOString();
  expect((await call('messages.list', { to: 'echo', since })).messages).toEqual([]);
  const [conversation] = (await call('conversations.list', {})).conversations;
  expect(conversation!.unread).toBe(all.filter(({ outgoing }) => !outgoing).length);
  expect(conversation!.last!.text).toBe(all.at(-1)!.text);
  await call('messages.markRead', { to: 'echo', cursor: all.at(-1)!.cursor });
  expect((await call('conversations.list', {})).conversations[0]!.unread).toBe(0);
  expect((await call('messages.list', { to: 'echo' })).messages.every(({ read }) => read)).toBe(
    true,
  );
});

describe('[API-18] the stream of events', () => {
  test('replays after a cursor, then tells what happens, and each thing once', async () => {
    const end = new AbortController();
    const seen: StreamEvent[] = [];
    const listening = (async () => {
      for await (const event of client.events({ from: '0', signal: end.signal })) {
        seen.push(StreamEvent.parse(event));
      }
    })().catch(() => undefined);
    await until(() => Promise.resolve(seen.length > 5 || undefined));
    expect(seen[0]).toMatchObject({ type: 'network', cursor: '0' });
    await send('live');
    await until(() =>
      Promise.resolve(
        seen.some((event) => event.type === 'message' && event.data.text === 'You said: live') ||
          undefined,
      ),
    );
    end.abort();
    await listening;
    const told = seen.flatMap((event) => (event.type === 'message' ? [event.data.text] : []));
    expect(told).toEqual(await texts());
    const cursors = seen.flatMap(({ cursor }) => (cursor ? [Number(cursor)] : []));
    expect(cursors).toEqual([...cursors].sort((a, b) => a - b));
    expect(seen.filter(({ type }) => type === 'state').length).toBeGreaterThan(0);
  });

  test('without a cursor it begins now; a wrong one is refused', async () => {
    const end = new AbortController();
    for await (const event of client.events({ signal: end.signal })) {
      expect(event.type).toBe('network');
      expect(Number(event.cursor)).toBeGreaterThan(0);
      break;
    }
    const wrong = client.events({ from: 'x y', signal: end.signal });
    await expect(wrong.next()).rejects.toMatchObject({ body: { reason: 'bad-input' } });
    end.abort();
    await until(async () => {
      const { stats } = await call('stats.get', {});
      return stats['eventClients'] === 0 || undefined;
    });
  });
});

test('[API-13] invites, contacts and errors in the words of the contract', async () => {
  const invite = await call('invites.create', { reusable: true });
  expect(invite).toMatchObject({ state: 'open', reusable: true, usedBy: [] });
  expect(invite.link).toMatch(/^sotto:/);
  expect((await call('invites.list', {})).invites).toContainEqual(invite);
  await call('invites.revoke', { invite: invite.invite });
  const [revoked] = (await call('invites.list', {})).invites;
  expect(revoked).toMatchObject({ state: 'revoked' });
  expect(revoked!.link).toBeUndefined();
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ApiError ? error.body.code : 'another error'),
    );
  const { id } = await call('status.get', {});
  expect(await codeOf(call('contacts.add', { text: id }))).toBe('E21');
  expect(await codeOf(call('contacts.add', { text: 'hello' }))).toBe('E19');
  expect(await codeOf(call('contacts.add', { text: id.slice(0, -5) }))).toBe('E07');
  expect(await codeOf(call('contacts.show', { to: 'nobody' }))).toBe('E16');
  expect(
    await codeOf(call('messages.send', { to: 'echo', text: '', clientId: newClientId() })),
  ).toBe('E26');
  expect(await codeOf(send('x'.repeat(40_000)))).toBe('E25');
  const open: Result<'invites.create'>[] = [];
  while (open.length < INVITES_MAX) open.push(await call('invites.create', {}));
  await expect(call('invites.create', {})).rejects.toMatchObject({
    body: { code: 'E57', reason: 'invites-full', detail: { max: INVITES_MAX } },
  });
  for (const { invite: one } of open) await call('invites.revoke', { invite: one });
  const blocked = await call('contacts.block', { to: 'echo' });
  expect(blocked.state).toBe('blocked');
  expect(await codeOf(send('blocked'))).toBe('E24');
  expect((await call('contacts.unblock', { to: 'echo' })).state).toBe('connected');
});

test('[API-5] settings are listed, changed, and at once where they can be', async () => {
  const { entries } = await call('config.list', {});
  expect(entries.find(({ key }) => key === 'dht.enabled')).toMatchObject({
    value: false,
    source: 'flag',
  });
  const changed = await call('config.set', { key: 'log.level', value: 'debug' });
  expect(changed).toMatchObject({ value: 'debug', source: 'file', restart: false });
  await expect(call('config.set', { key: 'log.level', value: 'x' })).rejects.toThrow();
  const relay = `sotto-relay:${'a'.repeat(56)}@192.0.2.7:443`;
  await expect(call('config.set', { key: 'relays.list', value: relay })).rejects.toMatchObject({
    body: { reason: 'bad-input', message: expect.stringContaining(relay) as string },
  });
  await expect(call('config.get', { key: 'no.such' })).rejects.toMatchObject({
    body: { reason: 'not-found' },
  });
  await call('config.set', { key: 'log.level', value: null });
  const { lines } = await call('logs.tail', { limit: 1000 });
  expect(lines.map(({ message }) => message)).toContain('ready');
});

test('[API-21] only api.json shows the token, only config.json the own name', async () => {
  const ownName = 'Ownwqzvkxjy';
  await call('config.set', { key: 'profile.name', value: ownName });
  const canary = 'canary wqzvkxjy';
  await send(canary);
  await until(async () => ((await texts()).includes(`You said: ${canary}`) ? true : undefined));
  const { link } = await call('invites.create', {});
  const { id } = await call('status.get', {});
  await call('contacts.rename', { to: 'echo', name: 'Namewqzvkxjy' });
  await expect(call('contacts.add', { text: `${link}x` })).rejects.toThrow();
  await call('contacts.rename', { to: 'Namewqzvkxjy', name: 'Echo' });
  const { token } = ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));
  expect(filesWith(canary, 'Namewqzvkxjy', id.slice(6), link!.slice(6, 60))).toEqual([]);
  // What is found shows that the search finds what is there.
  expect(filesWith(token)).toEqual(['api.json']);
  expect(filesWith(ownName)).toEqual(['config.json']);
  await call('config.set', { key: 'profile.name', value: null });
});

/** The files of the data folder that show one of these, as text, in hex or in base64. */
function filesWith(...texts: string[]): string[] {
  const forms = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    return [text, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '')];
  });
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return forms.some((form) => bytes.includes(form));
    })
    .map((entry) => entry.name);
}

test('[API-20] after a restart Echo answers what it had not, and what it had it leaves', async () => {
  const before = await texts();
  await daemon.stop();
  expect(readdirSync(folder)).not.toContain('api.json');
  await start();
  const { event } = await send('after');
  await until(async () => ((await texts()).includes('You said: after') ? true : undefined));
  expect((await texts()).slice(before.length)).toEqual(['after', 'You said: after']);
  await expect(call('messages.cancel', { event })).rejects.toMatchObject({ body: { code: 'E29' } });
});

test('[API-20] who removes Echo is rid of it, also after a restart', async () => {
  await call('contacts.remove', { to: 'echo' });
  await daemon.stop();
  await start();
  await sleep(500);
  expect((await call('contacts.list', {})).contacts).toEqual([]);
});
