import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from '@sotto/api/client.ts';
import { ApiFile } from '@sotto/api/contract.ts';
import { Daemon } from './daemon.ts';

let folder: string;
let port: number;
let daemon: Daemon;
const faults: unknown[] = [];

/** A daemon whose port was kept from before, so that it may take another. */
async function start(): Promise<Client> {
  daemon = await Daemon.start({
    folder,
    flags: ['dht.enabled=false', 'net.bind=127.0.0.1', 'echo.enabled=false'],
    env: {},
    passphrase: undefined,
    version: 'test',
    locked: false,
    launch: () => Promise.reject(new Error('no other profile')),
    onStop: () => undefined,
    onFault: (error) => faults.push(error),
  });
  const file = ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));
  return new Client(() => ({ url: `http://127.0.0.1:${file.port}`, token: file.token }));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return free;
}

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'sotto-page-methods-')), 'profile');
  port = await freePort();
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, 'ports.json'), JSON.stringify({ 'api.port': port }));
});
afterEach(async () => {
  await daemon.stop();
  rmSync(join(folder, '..'), { recursive: true });
  expect(faults).toEqual([]);
});

interface Browser {
  readonly page: string;
  readonly cookie: string;
}

async function enter(url: string): Promise<Browser> {
  const [, origin = '', path, key = ''] = /^(http:\/\/[^/]+)(\/.*)#k=(\w+)$/.exec(url) ?? [];
  expect(path).toBe('/c/c_7k2');
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { origin },
    body: JSON.stringify({ key }),
  });
  const { data } = (await answer.json()) as { data: { page: string } };
  return { page: data.page, cookie: answer.headers.get('set-cookie')!.split(';')[0]! };
}

async function isIn({ cookie, page }: Browser, at: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${at}/api/v1/config.list`, {
    method: 'POST',
    // The cookie's name has the port.
    headers: { authorization: `Bearer ${page}`, cookie: cookie.replace(/\d+(?==)/, `${at}`) },
    body: '{}',
  });
  return answer.ok;
}

test('[API-27] who was let in still is after a restart; the link stands nowhere', async () => {
  const client = await start();
  const { url } = await client.call('pages.open', { path: '/c/c_7k2' });
  expect(new URL(url).origin).toBe(`http://127.0.0.1:${port}`);
  const browser = await enter(url);
  expect(await isIn(browser, port)).toBe(true);
  await daemon.stop();
  const again = await start();
  expect(await isIn(browser, port)).toBe(true);
  const secrets = [browser.page, browser.cookie.split('=')[1]!, url.split('#k=')[1]!];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(log|json|html)$/.test(name)) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    expect([name, secrets.some((secret) => text.includes(secret))]).toEqual([name, false]);
  }
  await again.call('pages.forget', {});
  expect(await isIn(browser, port)).toBe(false);
});

test('[API-27] whose port was taken by another lets nobody in from before', async () => {
  const client = await start();
  const browser = await enter((await client.call('pages.open', { path: '/c/c_7k2' })).url);
  await daemon.stop();
  const other = createServer();
  await new Promise<void>((done) => other.listen(port, '127.0.0.1', done));
  await start();
  await new Promise((done) => other.close(done));
  expect(daemon.port).not.toBe(port);
  expect(await isIn(browser, daemon.port)).toBe(false);
  expect(existsSync(join(folder, 'pages.json'))).toBe(false);
});

test('[API-25] a path that leads out of the app is refused', async () => {
  const client = await start();
  for (const path of ['', 'x', '/a?b', '/a#k=b', '/\\evil', '//evil.example', '/%2f', '/A']) {
    const refused = client.call('pages.open', { path });
    await expect(refused, path).rejects.toMatchObject({ body: { reason: 'bad-input' } });
  }
});
