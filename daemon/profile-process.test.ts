/**
 * Locked and other profiles as processes: they are killed at any moment, their memory is
 * searched, and one starts another.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ApiError, Client } from '@sotto/api/client.ts';
import { ApiFile, FORGETFUL_MEMORY } from '@sotto/api/contract.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { readKeyFile } from '@sotto/vault/key-file.ts';

const BUILD = fileURLToPath(new URL('../tools/build.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/daemon.mjs', import.meta.url));
/** On a busy computer. */
const BUILD_MS = 120_000;
const SETTINGS = { SOTTO_DHT_ENABLED: 'false', SOTTO_NET_BIND: '127.0.0.1' };

vi.setConfig({ testTimeout: 240_000 });
let scratch: string;
let folder: string;
const children: ChildProcess[] = [];
let clientIds = 0;

beforeAll(() => void execFileSync(process.execPath, [BUILD, 'programs']), BUILD_MS);
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'sotto-process-'));
  folder = join(scratch, 'sotto', 'one');
  mkdirSync(join(scratch, 'sotto'), { mode: 0o700 });
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(scratch, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly client: Client;
}

/** Starts the bundle for `folder`; resolves when it is ready. */
async function start(
  args: readonly string[] = ['--locked'],
  passphrase?: string,
): Promise<Running> {
  const given = passphrase === undefined ? [] : ['--passphrase-file', '-'];
  const child = spawn(process.execPath, [MAIN, '--data-dir', folder, ...args, ...given], {
    stdio: [passphrase === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...SETTINGS, ...FORGETFUL_MEMORY, XDG_DATA_HOME: scratch },
  });
  children.push(child);
  child.stdin?.end(`${passphrase}\n`);
  let complaint = '';
  child.stderr!.on('data', (bytes) => (complaint += String(bytes)));
  await new Promise((ready, failed) => {
    child.stdout!.once('data', ready);
    child.once('close', (code) => failed(new Error(`exit ${code}: ${complaint}`)));
  });
  return { child, client: clientOf(folder) };
}

function clientOf(of: string): Client {
  const { port, token } = ApiFile.parse(JSON.parse(readFileSync(join(of, 'api.json'), 'utf8')));
  return new Client(() => ({ url: `http://127.0.0.1:${port}`, token }));
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

/** The reason of the refusal, or `done`; `cut` where the process died over it. */
function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiError ? error.body.reason : 'cut'),
  );
}

async function sayToEcho(client: Client, text: string): Promise<void> {
  const clientId = (++clientIds).toString(16).padStart(32, '0');
  await client.call('messages.send', { to: 'echo', text, clientId });
}

async function texts(client: Client): Promise<string[]> {
  const { messages } = await client.call('messages.list', { to: 'echo', limit: 500 });
  return messages.filter(({ outgoing }) => outgoing).map(({ text }) => text);
}

test('[API-40] without a passphrase it starts only where it may be locked; scripts get 5', async () => {
  const first = await start([], 'secret');
  await sayToEcho(first.client, 'kept');
  await kill(first.child);
  await expect(start([])).rejects.toThrow(/^exit 5: .*"reason":"passphrase-needed"/);
  const locked = await start();
  expect(await locked.client.call('lock.status', {})).toMatchObject({ locked: true });
  await kill(locked.child);
  const again = await start();
  await again.client.call('lock.open', { passphrase: 'secret' });
  expect(await texts(again.client)).toEqual(['kept']);
});

test('[API-41, VLT-22] killed while the passphrase changes: the old one or the new one opens it', async () => {
  const random = new Prng(7);
  let { child, client } = await start([], 'p0');
  const said: string[] = [];
  const seen = { old: 0, new: 0 };
  for (let round = 0; round < 5; round++) {
    const current = `p${round}`;
    const next = `p${round + 1}`;
    said.push(`round ${round}`);
    await sayToEcho(client, `round ${round}`);
    const changed = outcome(client.call('lock.set', { current, next }));
    // Both passphrases are stretched, which takes most of this; then the file is replaced.
    await Promise.race([changed, sleep(random.int(0, 300))]);
    await kill(child);
    await changed;
    ({ child, client } = await start());
    expect(existsSync(join(folder, 'key.partial'))).toBe(false);
    const isNew = (await outcome(client.call('lock.open', { passphrase: next }))) === 'done';
    seen[isNew ? 'new' : 'old'] += 1;
    if (!isNew) {
      await client.call('lock.open', { passphrase: current });
      await client.call('lock.set', { current, next });
    }
    expect(await texts(client)).toEqual(said);
  }
  expect(seen.old + seen.new).toBe(5);
});

test('[API-23, API-40] killed while it opens: it opens the next time, and each try was counted', async () => {
  const first = await start([], 'secret');
  await sayToEcho(first.client, 'kept');
  await kill(first.child);
  const random = new Prng(8);
  for (let round = 1; round <= 4; round++) {
    const { child, client } = await start();
    const opened = outcome(client.call('lock.open', { passphrase: 'secret' }));
    await sleep(random.int(0, 60));
    await kill(child);
    if ((await opened) === 'done') break; // it was faster, and forgot the tries
  }
  const { client } = await start();
  await client.call('lock.open', { passphrase: 'secret' });
  expect(await client.call('lock.status', {})).toMatchObject({ triesLeft: 5 });
  expect(await texts(client)).toEqual(['kept']);
});

test('[API-23] the pause after wrong passphrases outlives a kill', async () => {
  const first = await start([], 'secret');
  await first.client.call('lock.now', {});
  for (let i = 0; i < 5; i++) await outcome(first.client.call('lock.open', { passphrase: 'no' }));
  await kill(first.child);
  const { client } = await start();
  expect(await outcome(client.call('lock.open', { passphrase: 'secret' }))).toBe(
    'passphrase-pause',
  );
  const { pauseSeconds } = await client.call('lock.status', {});
  expect(pauseSeconds).toBeGreaterThan(0);
});

/** How often each needle stands in memory that the process can write. */
function search(pid: number, needles: Readonly<Record<string, Uint8Array>>): object {
  const found: Record<string, number> = {};
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const start = parseInt(from, 16);
    const bytes = readMemory(memory, start, parseInt(to, 16) - start);
    for (const [name, needle] of Object.entries(needles)) {
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
        found[name] = (found[name] ?? 0) + 1;
      }
    }
  }
  closeSync(memory);
  return found;
}

/** Empty where a part cannot be read, or is only reserved. */
function readMemory(memory: number, start: number, length: number): Buffer {
  if (length > 1024 * 1024 * 1024) return Buffer.alloc(0);
  const bytes = Buffer.alloc(length);
  try {
    for (let got = 0; got < length;) {
      const read = readSync(memory, bytes, got, length - got, start + got);
      if (read === 0) break;
      got += read;
    }
  } catch {
    // Gone since it was listed.
  }
  return bytes;
}

test('[API-43] the memory of a locked profile has no text, no passphrase and no vault key', async () => {
  const passphrase = 'passphrase-wqzvkxjy';
  const { child, client } = await start([], passphrase);
  const vaultKey = await readKeyFile(join(folder, 'key'), Buffer.from(passphrase));
  const text = 'needle-wqzvkxjy';
  const needles = {
    text: Buffer.from(text),
    'text as UTF-16': Buffer.from(text, 'utf16le'),
    passphrase: Buffer.from(passphrase),
    'passphrase as UTF-16': Buffer.from(passphrase, 'utf16le'),
    'vault key': vaultKey,
    'vault key as hex': Buffer.from(hex(vaultKey)),
  };
  for (let i = 0; i < 60; i++) await sayToEcho(client, `${text} ${i}`);
  await client.call('lock.set', { current: passphrase, next: passphrase });
  for (let i = 0; i < 3; i++) await texts(client);
  await client.call('conversations.list', {});
  expect(search(child.pid!, needles)).toMatchObject({ text: expect.any(Number) });
  await client.call('lock.now', {});
  expect(search(child.pid!, needles)).toEqual({});
  await client.call('lock.open', { passphrase });
  expect(await texts(client)).toHaveLength(60);
  await client.call('lock.now', {});
  expect(search(child.pid!, needles)).toEqual({});
});

test('[API-44, API-46] profiles are listed, made, and opened: locked where they have a passphrase', async () => {
  const { client } = await start([], 'secret');
  const [one] = (await client.call('profiles.list', {})).profiles;
  expect(one).toMatchObject({ name: 'one', current: true, running: true, hasPassphrase: true });
  const two = await client.call('profiles.create', { name: 'two' });
  expect(two).toEqual({ name: 'two', current: false, running: false, hasPassphrase: false });
  expect(await outcome(client.call('profiles.create', { name: 'two' }))).toBe('profile-exists');
  expect(await outcome(client.call('profiles.create', { name: '../x' }))).toBe('bad-input');
  expect(await outcome(client.call('profiles.open', { name: 'three' }))).toBe('no-such-profile');
  // A file left by one that was killed, whose number another process has by now.
  const stale = { v: 1, pid: process.pid, port: 9, token: 'ab'.repeat(32) };
  writeFileSync(join(scratch, 'sotto', 'two', 'api.json'), JSON.stringify(stale));
  expect((await client.call('profiles.list', {})).profiles[1]).toEqual(two);

  const { url } = await client.call('profiles.open', { name: 'two' });
  const other = clientOf(join(scratch, 'sotto', 'two'));
  try {
    const { profiles } = await client.call('profiles.list', {});
    const [, listed] = profiles;
    expect(listed).toMatchObject({ name: 'two', current: false, running: true });
    expect(new URL(url).port).toBe(String(listed!.port));
    expect(new URL(url).port).not.toBe(String(profiles[0]!.port));
    const ids = [client, other].map(async (each) => (await each.call('status.get', {})).id);
    expect(new Set(await Promise.all(ids)).size).toBe(2);
    // While it runs it is opened by another link; the other way round too.
    const again = await client.call('profiles.open', { name: 'two' });
    expect(again.url).not.toBe(url);
    const back = await other.call('profiles.open', { name: 'one' });
    expect(new URL(back.url).port).toBe(String(profiles[0]!.port));
    await other.call('lock.set', { next: 'of two' });
  } finally {
    await stopped(other, join(scratch, 'sotto', 'two'));
  }
  await client.call('profiles.open', { name: 'two' });
  const locked = clientOf(join(scratch, 'sotto', 'two'));
  expect(await locked.call('lock.status', {})).toMatchObject({ locked: true });
  await stopped(locked, join(scratch, 'sotto', 'two'));
});

/** Ends a daemon that another started, and waits until its folder is free. */
async function stopped(client: Client, of: string): Promise<void> {
  const { pid } = ApiFile.parse(JSON.parse(readFileSync(join(of, 'api.json'), 'utf8')));
  await client.call('daemon.stop', {});
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000 }).toBe(false);
}

test('[API-45] a folder that lies elsewhere is a profile by itself', async () => {
  folder = join(scratch, 'elsewhere');
  mkdirSync(join(scratch, 'sotto', 'two'), { mode: 0o700 });
  const { client } = await start([]);
  const { profiles } = await client.call('profiles.list', {});
  expect(profiles.map(({ name }) => name)).toEqual(['elsewhere']);
  expect(await outcome(client.call('profiles.open', { name: 'two' }))).toBe('no-such-profile');
  expect(await outcome(client.call('profiles.create', { name: 'three' }))).toBe('bad-input');
  const { url } = await client.call('profiles.open', { name: 'elsewhere' });
  expect(new URL(url).port).toBe(String(profiles[0]!.port));
});
