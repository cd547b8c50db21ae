import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError, Client } from '@sotto/api/client.ts';
import { ApiFile, METHODS } from '@sotto/api/contract.ts';
import type { Method, Params, Result } from '@sotto/api/contract.ts';
import { TEXT_BYTES_MAX } from '@sotto/api/wire.ts';
import { hasPassphrase, openVault } from '@sotto/vault/vault.ts';
import { Daemon } from './daemon.ts';
import { FREE_TRIES } from './passphrase-tries.ts';

const RIGHT = 'correct horse';
/** Sweeping the memory of a test runner takes its time on a busy computer. */
vi.setConfig({ testTimeout: 180_000 });

let scratch: string;
let folder: string;
let daemon: Daemon;
let client: Client;
let api: ApiFile;
let faults: unknown[];
let clientIds = 0;

async function start(passphrase?: string): Promise<void> {
  daemon = await Daemon.start({
    folder,
    flags: ['dht.enabled=false', 'net.bind=127.0.0.1', 'api.port=0'],
    env: {},
    passphrase: passphrase === undefined ? undefined : Buffer.from(passphrase),
    locked: true,
    version: 'test',
    launch: () => Promise.reject(new Error('no other profile')),
    onStop: () => void daemon.stop(),
    onFault: (error) => faults.push(error),
  });
  api = ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));
  client = new Client(() => ({ url: `http://127.0.0.1:${api.port}`, token: api.token }));
}

/** A call whose answer is held against the contract. */
async function call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  return METHODS[method].result.parse(await client.call(method, params)) as Result<M>;
}

/** The reason of the refusal, or `done`. */
function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiError ? error.body.reason : String(error)),
  );
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(20);
  }
}

const texts = async (): Promise<string[]> =>
  (await call('messages.list', { to: 'echo' })).messages.map(({ text }) => text);

async function sayToEcho(text: string): Promise<void> {
  const clientId = (++clientIds).toString(16).padStart(32, '0');
  await call('messages.send', { to: 'echo', text, clientId });
  await until(async () => ((await texts()).includes(`You said: ${text}`) ? true : undefined));
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => {
      done(true);
      socket.destroy();
    });
    socket.on('error', () => done(false));
  });

beforeEach(() => {
  faults = [];
  scratch = mkdtempSync(join(tmpdir(), 'sotto-lock-'));
  folder = join(scratch, 'profile');
});
afterEach(async () => {
  vi.useRealTimers();
  await daemon.stop();
  rmSync(scratch, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

describe('[API-40] locking and opening', () => {
  test('everything is closed, nothing else answers, and the same port opens it again', async () => {
    await start(RIGHT);
    await sayToEcho('before');
    const ports = JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as object;
    const netPort = (ports as Record<string, number>)['net.port']!;
    expect(await accepts(netPort)).toBe(true);
    const stream = client.events({ from: '0' });
    await stream.next();
    const ended = outcome(
      (async () => {
        for await (const event of stream) void event;
      })(),
    );

    expect(await call('lock.now', {})).toMatchObject({ hasPassphrase: true, locked: true });
    expect(await ended).toBe('locked');
    expect(await accepts(netPort)).toBe(false);
    // The vault is free: its file is closed.
    const vault = await openVault({ folder, passphrase: Buffer.from(RIGHT) });
    await vault.close();

    const answering: Method[] = ['lock.status', 'lock.open', 'lock.now', 'pages.open'];
    for (const method of Object.keys(METHODS) as Method[]) {
      if (answering.includes(method) || method === 'daemon.stop') continue;
      const sample = SAMPLES[method] ?? {};
      expect([method, await outcome(client.call(method, sample as never))]).toEqual([
        method,
        'locked',
      ]);
    }
    const raw = await fetch(`http://127.0.0.1:${api.port}/api/v1/status.get`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}` },
      body: '{}',
    });
    expect(raw.status).toBe(423);
    expect(await raw.json()).toMatchObject({
      error: { code: 'E36', message: expect.stringMatching(/^Locked\. Messages wait with/) },
    });
    expect(await outcome(client.events({}).next())).toBe('locked');
    expect((await call('pages.open', {})).url).toContain(`127.0.0.1:${api.port}/#`);
    expect(await call('lock.now', {})).toMatchObject({ locked: true });

    expect(await call('lock.open', { passphrase: RIGHT })).toMatchObject({ locked: false });
    expect(await texts()).toEqual(['before', 'You said: before']);
    await sayToEcho('after');
    expect(await accepts(netPort)).toBe(true);
    const same = ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));
    expect(same).toEqual(api);
  });

  test('calls that are under way while it locks are refused, and break nothing', async () => {
    await start(RIGHT);
    for (let round = 0; round < 2; round++) {
      const calls = Array.from({ length: 20 }, (_, i) => {
        if (i === 6) return outcome(call('lock.now', {}));
        return outcome(
          i % 2 === 0 ? call('messages.list', { to: 'echo' }) : call('status.get', {}),
        );
      });
      const outcomes = new Set(await Promise.all(calls));
      expect([...outcomes].filter((one) => one !== 'done' && one !== 'locked')).toEqual([]);
      expect(await call('lock.status', {})).toMatchObject({ locked: true });
      const opens = await Promise.all([
        outcome(call('lock.open', { passphrase: RIGHT })),
        outcome(call('lock.open', { passphrase: RIGHT })),
      ]);
      expect(opens).toEqual(['done', 'done']);
    }
    await sayToEcho('still there');
  });

  test('without a passphrase there is no lock', async () => {
    await start();
    expect(await outcome(call('lock.now', {}))).toBe('no-passphrase');
    expect(await call('lock.status', {})).toMatchObject({ hasPassphrase: false, locked: false });
    await sayToEcho('open');
  });
});

describe('[API-41] the passphrase', () => {
  test('is set, changed and removed; a wrong one is a try', async () => {
    await start();
    await sayToEcho('kept');
    expect(await call('lock.set', { next: 'first' })).toMatchObject({ hasPassphrase: true });
    expect(await outcome(call('lock.set', { next: 'x' }))).toBe('passphrase-needed');
    expect(await outcome(call('lock.set', { current: 'wrong', next: 'x' }))).toBe(
      'wrong-passphrase',
    );
    expect(await call('lock.status', {})).toMatchObject({ triesLeft: FREE_TRIES - 1 });
    const next = await call('lock.set', { current: 'first', next: 'second' });
    expect(next).toMatchObject({ hasPassphrase: true, triesLeft: FREE_TRIES });
    await call('lock.now', {});
    expect(await outcome(call('lock.open', { passphrase: 'first' }))).toBe('wrong-passphrase');
    await call('lock.open', { passphrase: 'second' });
    expect(await call('lock.set', { current: 'second' })).toMatchObject({ hasPassphrase: false });
    expect(await texts()).toEqual(['kept', 'You said: kept']);
    await daemon.stop();
    await start();
    expect(await call('lock.status', {})).toMatchObject({ locked: false });
  });

  test('wrong ones run into the pause, which locking and changing share', async () => {
    await start(RIGHT);
    for (let left = FREE_TRIES - 1; left > 2; left--) {
      const wrong = client.call('lock.set', { current: 'no', next: 'x' });
      await expect(wrong).rejects.toMatchObject({ body: { detail: { tries: left } } });
    }
    await call('lock.now', {});
    for (let left = 2; left > 0; left--) {
      const wrong = client.call('lock.open', { passphrase: 'no' });
      await expect(wrong).rejects.toMatchObject({ body: { code: 'E15', detail: { tries: left } } });
    }
    expect(await outcome(call('lock.open', { passphrase: 'no' }))).toBe('passphrase-pause');
    expect(await outcome(call('lock.open', { passphrase: RIGHT }))).toBe('passphrase-pause');
    const status = await call('lock.status', {});
    expect(status).toMatchObject({ locked: true, triesLeft: 0 });
    expect(status.pauseSeconds).toBeGreaterThan(20);
  });

  test('stands in no log and no answer', async () => {
    await start();
    const secret = 'wqzvkxjy-passphrase';
    const answers = [
      await client.call('lock.set', { next: secret }),
      await client.call('lock.now', {}),
      await client.call('lock.open', { passphrase: `${secret}x` }).catch((e: unknown) => e),
      await client.call('lock.open', { passphrase: secret }),
    ];
    expect(JSON.stringify(answers)).not.toContain(secret);
    const log = readFileSync(join(folder, 'logs', 'daemon.log'), 'utf8');
    expect(log).toContain('passphrase set');
    expect(log).not.toContain(secret);
  });
});

describe('[API-42] alone for long', () => {
  /** Moves the wall clock on, as it goes on while a computer sleeps. */
  const sleepMinutes = (minutes: number): void => {
    vi.setSystemTime(Date.now() + minutes * 60_000);
  };
  const isLocked = async (): Promise<boolean> => (await call('lock.status', {})).locked;

  test('it locks itself, and what programs ask by themselves does not count', async () => {
    await start(RIGHT);
    vi.useFakeTimers({ toFake: ['Date'] });
    await call('config.set', { key: 'lock.afterMinutes', value: '10' });
    sleepMinutes(6);
    await call('lock.touch', {});
    sleepMinutes(6);
    await sleep(1_500);
    expect(await isLocked()).toBe(false);
    await call('conversations.list', {});
    await call('messages.list', { to: 'echo' });
    await call('doctor.run', {});
    await call('drafts.set', { to: 'echo', text: 'typed before' });
    const long = 'x'.repeat(TEXT_BYTES_MAX + 1);
    expect(await outcome(call('drafts.set', { to: 'echo', text: long }))).toBe('text-too-long');
    sleepMinutes(5);
    await until(async () => (await isLocked()) || undefined);
    await call('lock.open', { passphrase: RIGHT });
    await sleep(1_500);
    expect(await isLocked()).toBe(false);
  });

  test('not where the minutes are 0, and not without a passphrase', async () => {
    await start();
    vi.useFakeTimers({ toFake: ['Date'] });
    await call('config.set', { key: 'lock.afterMinutes', value: '1' });
    sleepMinutes(100);
    await sleep(1_500);
    expect(await isLocked()).toBe(false);
    await call('config.set', { key: 'lock.afterMinutes', value: '0' });
    await call('lock.set', { next: 'x' });
    sleepMinutes(100);
    await sleep(1_500);
    expect(await isLocked()).toBe(false);
  });
});

test('[API-40] a daemon that may start locked does so only where there is a passphrase', async () => {
  await start();
  expect(await call('lock.status', {})).toMatchObject({ locked: false });
  await call('lock.set', { next: RIGHT });
  await daemon.stop();
  await start();
  expect(await call('lock.status', {})).toMatchObject({ locked: true, hasPassphrase: true });
  expect(await outcome(call('status.get', {}))).toBe('locked');
  await call('lock.open', { passphrase: RIGHT });
  await sayToEcho('hi');
});

test('[API-47] what was written to Echo opens with the profile alone', async () => {
  await start();
  await sayToEcho('one');
  const echo = join(folder, 'echo');
  expect(hasPassphrase(echo)).toBe(false);
  await call('lock.set', { next: RIGHT });
  expect(hasPassphrase(echo)).toBe(true);
  await call('lock.now', {});
  for (const passphrase of [undefined, Buffer.from(RIGHT)]) {
    await expect(openVault({ folder: echo, passphrase })).rejects.toThrow('passphrase');
  }
  await call('lock.open', { passphrase: RIGHT });
  await sayToEcho('two');
  await call('lock.set', { current: RIGHT });
  expect(hasPassphrase(echo)).toBe(false);
  await daemon.stop();
  // A kill between the two changes leaves Echo's behind: the next start mends it.
  const vault = await openVault({ folder });
  const other = await openVault({ folder: echo });
  await other.changePassphrase(undefined, vault.passphraseBeside());
  await other.close();
  await vault.close();
  await start();
  await sayToEcho('three');
  expect(hasPassphrase(echo)).toBe(false);
});

test('[API-47] so it is where Echo is off too', async () => {
  await start();
  await sayToEcho('one');
  const echo = join(folder, 'echo');
  await call('config.set', { key: 'echo.enabled', value: 'false' });
  await daemon.stop();
  await start();
  await call('lock.set', { next: RIGHT });
  expect(hasPassphrase(echo)).toBe(true);
  await daemon.stop();
  // A key that an older version, or a kill, left as it is.
  const vault = await openVault({ folder, passphrase: Buffer.from(RIGHT) });
  const beside = vault.passphraseBeside();
  const other = await openVault({ folder: echo, passphrase: beside });
  await other.changePassphrase(beside, undefined);
  await other.close();
  await vault.close();
  await start(RIGHT);
  expect(hasPassphrase(echo)).toBe(true);
  await call('lock.set', { current: RIGHT });
  expect(hasPassphrase(echo)).toBe(false);
});

/** What methods need that take something. */
const SAMPLES: Partial<Record<Method, object>> = {
  'invites.revoke': { invite: 'x' },
  'contacts.add': { text: 'x' },
  'contacts.peek': { text: 'x' },
  'contacts.show': { to: 'echo' },
  'contacts.rename': { to: 'echo', name: 'x' },
  'contacts.block': { to: 'echo' },
  'contacts.unblock': { to: 'echo' },
  'contacts.verify': { to: 'echo' },
  'contacts.remove': { to: 'echo' },
  'requests.accept': { who: 'x' },
  'requests.decline': { who: 'x' },
  'requests.block': { who: 'x' },
  'messages.send': { to: 'echo', text: 'x', clientId: '0'.repeat(32) },
  'messages.list': { to: 'echo' },
  'messages.find': { text: 'x' },
  'messages.cancel': { event: '0'.repeat(32) },
  'messages.markRead': { to: 'echo', cursor: '1' },
  'drafts.set': { to: 'echo', text: 'x' },
  'route.show': { to: 'echo' },
  'route.set': { to: 'echo', policy: 'auto' },
  'config.get': { key: 'net.port' },
  'config.set': { key: 'log.level', value: 'debug' },
  'profiles.create': { name: 'x' },
  'profiles.open': { name: 'x' },
};
