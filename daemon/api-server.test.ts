import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Client } from '@sotto/api/client.ts';
import { METHODS, REQUEST_BYTES_MAX } from '@sotto/api/contract.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import {
  ApiServer,
  CONNECTIONS_MAX,
  FAILURE_DELAY_MS,
  FAILURES_FREE,
  HEADER_BYTES_MAX,
  Refusal,
} from './api-server.ts';
import type { Handlers } from './api-server.ts';
import { PageSessions } from './page-sessions.ts';
import { TAKEN_MS } from './reply-end.ts';
import { broken, inventedDoor, sendRaw, unauthorisedCalls } from './unauthorised.suite.ts';
import type { Door } from './unauthorised.suite.ts';
import { WebFiles } from './web-files.ts';

const TOKEN = '0123456789abcdef'.repeat(4);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Open {
  readonly port: number;
  readonly called: string[];
  readonly faults: unknown[];
  readonly server: ApiServer;
  readonly sessions: PageSessions;
  readonly client: Client;
  /** Where the build of the browser app would lie. */
  readonly web: string;
}

function shared(): { sessions: PageSessions; files: WebFiles; web: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-api-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const web = join(folder, 'web');
  return { sessions: new PageSessions(folder), files: new WebFiles(web), web };
}

/** A server whose methods answer nothing and remember that they were called. */
async function open(
  handlers: Partial<Handlers> = {},
  onEvents = (response: ServerResponse): void => void response.end(),
): Promise<Open> {
  const called: string[] = [];
  const faults: unknown[] = [];
  const idle = Object.fromEntries(
    Object.keys(METHODS).map((name) => [name, () => (called.push(name), {})]),
  );
  const { sessions, files, web } = shared();
  const server = new ApiServer({
    token: TOKEN,
    sessions,
    files,
    handlers: { ...(idle as unknown as Handlers), ...handlers },
    events: async (_, response) => {
      called.push('events');
      onEvents(response);
      await Promise.resolve();
    },
    onFault: (error) => faults.push(error),
  });
  const port = (await server.listen(0, false))!;
  ends.push(() => server.close());
  const client = new Client(() => ({ url: `http://127.0.0.1:${port}`, token: TOKEN }));
  return { port, called, faults, server, sessions, client, web };
}

/** Two browsers that are let in, one that is not any more, a key and one that was used. */
function doorOf({ port, sessions }: Open): Door {
  const spent = sessions.newKey();
  const old = sessions.swap(spent, undefined)!;
  const enter = (before?: string) => sessions.swap(sessions.newKey(), before)!;
  const live = [enter(old.cookie), enter()] as const;
  return { port, token: TOKEN, live, old, fresh: sessions.newKey(), spent };
}

const post = (port: number, extra = '', body = '{}', method = 'status.get'): Buffer =>
  Buffer.from(
    `POST /api/v1/${method} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      `Authorization: Bearer ${TOKEN}\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );

async function statusOf(port: number, raw: Buffer): Promise<number> {
  return Number((await sendRaw(port, raw, 5_000)).slice(9, 12));
}

test('[API-13] 3,000 requests with a flaw in one part or more: none gets in', async () => {
  const opened = await open();
  const { port, called, faults, server, sessions } = opened;
  const door = doorOf(opened);
  const calls = [...unauthorisedCalls({ count: 3_000, seed: 1, ...door })];
  const wrong: string[] = [];
  const flawsSeen = new Set(calls.flatMap(({ flaws }) => flaws));
  expect([...flawsSeen].sort()).toEqual(['credentials', 'host', 'key', 'line', 'origin', 'site']);
  const queue = calls.values();
  const worker = async (): Promise<void> => {
    for (const { flaws, raw } of queue) {
      const what = broken(await sendRaw(port, raw), door);
      if (what) wrong.push(`${flaws.join()}: ${what}\n${raw.toString()}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(called).toEqual([]);
  expect(faults).toEqual([]);
  // The control: the same calls without a flaw do get in, also after all this.
  expect(await statusOf(port, post(port))).toBe(200);
  const [{ cookie, page }] = door.live;
  const asPage = post(port, `Cookie: a=b; sotto_${port}=${cookie}; c=d\r\n`);
  expect(await statusOf(port, Buffer.from(asPage.toString().replace(TOKEN, page)))).toBe(200);
  expect(called).toEqual(['status.get', 'status.get']);
  expect(sessions.swap(door.fresh, undefined)).toBeDefined();
  expect(server.stats()['apiRefused']).toBeGreaterThan(1_000);
});

test('[API-13] the check of the check: a server without a guard is found out', async () => {
  const unguarded = createServer((_, response) => response.end('{"v":1,"ok":true,"data":{}}'));
  await new Promise<void>((done) => unguarded.listen(0, '127.0.0.1', done));
  ends.push(() => unguarded.close());
  const { port } = unguarded.address() as { port: number };
  let found = 0;
  const door = inventedDoor(port);
  for (const { raw } of unauthorisedCalls({ count: 100, seed: 2, ...door })) {
    if (broken(await sendRaw(port, raw), door)) found++;
  }
  expect(found).toBeGreaterThan(40);
});

describe('[API-14] hostile bytes', () => {
  test('malformed HTTP, in pieces or at random, ends no more than its connection', async () => {
    const { port, called, faults } = await open();
    const prng = new Prng(3);
    const valid = post(port);
    const cases: Buffer[] = [
      Buffer.from('\r\n\r\n\r\n'),
      Buffer.from('GET'),
      Buffer.from(`GET / HTTP/1.1\r\n${'A'.repeat(70_000)}: b\r\n\r\n`),
      Buffer.from(`GET / HTTP/1.1\r\nHost: ${'\x00'.repeat(100)}\r\n\r\n`),
      Buffer.from(
        'POST /api/v1/status.get HTTP/1.1\r\nTransfer-Encoding: chunked\r\n' +
          'Content-Length: 5\r\n\r\nzz\r\n',
      ),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
      Buffer.from(
        `GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
          'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n',
      ),
      post(port, 'Expect: 200-maybe\r\n', '{}', 'nothing'),
    ];
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(valid);
      for (let flips = prng.int(1, 4); flips > 0; flips--) {
        // The body and the token stay: what is to be hit is the parser.
        bytes[prng.int(0, 60)] = prng.int(0, 255);
      }
      cases.push(bytes.subarray(0, prng.chance(0.2) ? prng.int(0, 60) : bytes.length));
    }
    await Promise.all(cases.map((raw) => sendRaw(port, raw)));
    expect(faults).toEqual([]);
    const before = called.length;
    expect(await statusOf(port, post(port))).toBe(200);
    expect(called.length).toBe(before + 1);
  });

  test('a body that is too long, no JSON or not to the schema is refused', async () => {
    const { port, called, client } = await open();
    const long = 'x'.repeat(REQUEST_BYTES_MAX + 1);
    expect(await statusOf(port, post(port, '', long))).toBe(400);
    for (const body of ['', '{', 'null', '[]', '"x"', '{"__proto__":{}}', '{"extra":1}']) {
      expect(await statusOf(port, post(port, '', body))).toBe(400);
    }
    for (const method of ['nothing', 'constructor', '__proto__', 'toString', '', 'status.get/']) {
      expect(await statusOf(port, post(port, '', '{}', method))).toBe(400);
    }
    expect(await statusOf(port, post(port, `X: ${'y'.repeat(HEADER_BYTES_MAX)}\r\n`))).toBe(400);
    expect(called).toEqual([]);
    const refused = client.call('messages.send', { to: 'a', text: 'b', clientId: 'no' });
    await expect(refused).rejects.toMatchObject({ body: { code: 'E18', reason: 'bad-input' } });
  });

  test('a connection made ahead, that stays silent, ends without an answer', async () => {
    const { port, server } = await open();
    const said = await new Promise<string>((done) => {
      let text = '';
      const socket = connect(port, '127.0.0.1');
      socket.on('data', (bytes) => (text += String(bytes)));
      socket.on('error', () => undefined);
      socket.on('close', () => done(text));
    });
    expect(said).toBe('');
    expect(server.stats()['apiMalformed']).toBe(0);
  });

  test('a reply that nobody takes ends its connection, of a page as of a call', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    ends.push(() => vi.useRealTimers());
    const text = 'x'.repeat(48 * 1024 * 1024);
    const { port, server, web } = await open({ 'stats.get': () => ({ stats: { [text]: 1 } }) });
    mkdirSync(join(web, 'assets'), { recursive: true });
    writeFileSync(join(web, 'index.html'), '');
    writeFileSync(join(web, 'assets', 'large.js'), text);
    const get = `GET /assets/large.js HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    let begun = 0;
    for (const head of [get, post(port, '', '{}', 'stats.get')]) {
      const socket = connect(port, '127.0.0.1', () => socket.write(head));
      ends.push(() => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('readable', () => {
        if (socket.bytesRead > 0 && socket.listenerCount('readable') > 0) begun++;
        socket.removeAllListeners('readable');
      });
    }
    while (begun < 2) await turn();
    expect(server.stats()['apiConnections']).toBe(2);
    vi.advanceTimersByTime(TAKEN_MS - 1);
    for (let i = 0; i < 100; i++) await turn();
    expect(server.stats()['apiConnections']).toBe(2);
    vi.advanceTimersByTime(1);
    while (server.stats()['apiConnections'] !== 0) await turn();
  });

  test('a client that stops in the middle does not hold others up, nor do very many', async () => {
    const { port } = await open();
    const idle = Array.from({ length: CONNECTIONS_MAX - 1 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write('POST /api/v1/st'));
      socket.on('error', () => undefined);
      ends.push(() => socket.destroy());
      return socket;
    });
    await sleep(100);
    expect(await statusOf(port, post(port))).toBe(200);
    for (const socket of idle) socket.destroy();
  });
});

test('[API-14] errors of a handler are told by the registry; our own faults stay unsaid', async () => {
  const { client, faults } = await open({
    'contacts.show': () => {
      throw new Refusal('ambiguous', { name: 'a', candidates: ['Ana', 'Anton'] });
    },
    'stats.get': () => Promise.reject(new Error('secret inside')),
  });
  await expect(client.call('contacts.show', { to: 'a' })).rejects.toMatchObject({
    body: { code: 'E17', detail: { candidates: ['Ana', 'Anton'] } },
  });
  const internal = client.call('stats.get', {});
  await expect(internal).rejects.toMatchObject({ body: { reason: 'internal' } });
  await expect(internal).rejects.not.toThrow(/secret/);
  expect(faults.map(String)).toEqual(['Error: secret inside']);
});

const swap = (port: number, key: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/api/v1/session`, {
    method: 'POST',
    headers: { origin: `http://127.0.0.1:${port}`, ...headers },
    body: JSON.stringify({ key }),
  });

test('[API-25] a one-use key becomes a cookie for scripts of nobody, and what the page keeps', async () => {
  const { port, sessions, called } = await open();
  const key = sessions.newKey();
  const answer = await swap(port, key);
  const { data } = (await answer.json()) as { data: { page: string } };
  expect([answer.status, data.page]).toEqual([200, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  const [cookie = '', ...bounds] = answer.headers.get('set-cookie')!.split('; ');
  expect(cookie).toMatch(new RegExp(`^sotto_${port}=[0-9a-f]{64}$`));
  expect(bounds).toEqual(['Max-Age=34560000', 'Path=/api/', 'HttpOnly', 'SameSite=Strict']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const again = await swap(port, key);
  expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null]);
  expect(await again.json()).toMatchObject({ error: { reason: 'unauthorised' } });
  const asPage = (page: string): Buffer =>
    Buffer.from(post(port, `Cookie: ${cookie}\r\n`).toString().replace(TOKEN, page));
  expect(await statusOf(port, asPage(data.page))).toBe(200);
  expect(await statusOf(port, asPage(key))).toBe(401);
  expect(called).toEqual(['status.get']);
});

test('[API-26] a session that ends takes its stream of events with it', async () => {
  const { port, sessions } = await open({}, (response) => void response.write('\n'));
  const { cookie, page } = sessions.swap(sessions.newKey(), undefined)!;
  const listen = (authorization: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/api/v1/events`, {
      headers: { authorization: `Bearer ${authorization}`, cookie: `sotto_${port}=${cookie}` },
    });
  const [ofPage, ofToken] = [await listen(page), await listen(TOKEN)];
  sessions.forget();
  await expect(ofPage.text()).rejects.toThrow();
  expect((await listen(page)).status).toBe(401);
  const reader = ofToken.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  await reader.cancel();
});

test('[API-15] after ten wrong tokens further ones wait; the right one does not', async () => {
  const { port, server } = await open();
  const wrong = Buffer.from(post(port).toString().replace(TOKEN, 'f'.repeat(64)));
  const timed = async (raw: Buffer): Promise<number> => {
    const startedMs = performance.now();
    expect([200, 401]).toContain(await statusOf(port, raw));
    return performance.now() - startedMs;
  };
  for (let i = 0; i < FAILURES_FREE; i++) await timed(wrong);
  const slow = timed(wrong);
  await sleep(20);
  expect(server.stats()['apiDelayed']).toBe(1);
  await timed(post(port));
  expect(server.stats()['apiDelayed']).toBe(1);
  const swapped = swap(port, 'f'.repeat(64));
  await sleep(20);
  expect(server.stats()['apiDelayed']).toBe(2);
  expect((await swapped).status).toBe(401);
  expect(await slow).toBeGreaterThanOrEqual(FAILURE_DELAY_MS - 5);
});

test('[API-13] every answer carries the security headers and none of CORS', async () => {
  const { port } = await open();
  const headersOf = (path: string, headers: Record<string, string>): Promise<string[]> =>
    new Promise((done) => {
      const call = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers });
      call.on('response', (response) => {
        response.resume();
        done(Object.keys(response.headers));
      });
      call.end('{}');
    });
  const authorization = `Bearer ${TOKEN}`;
  for (const names of await Promise.all([
    headersOf('/api/v1/status.get', { authorization }),
    headersOf('/api/v1/status.get', {}),
    headersOf('/', { authorization }),
    headersOf('/api/v1/status.get', { authorization, origin: 'http://evil.example' }),
  ])) {
    expect(names).toEqual(
      expect.arrayContaining([
        'content-security-policy',
        'x-content-type-options',
        'cross-origin-resource-policy',
        'cross-origin-opener-policy',
        'cache-control',
      ]),
    );
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

test('[API-11] the next free port serves where the wanted one is taken, unless it was chosen', async () => {
  const first = await open();
  const parts = {
    token: TOKEN,
    ...shared(),
    handlers: {} as Handlers,
    events: () => Promise.resolve(),
    onFault: () => undefined,
  };
  const second = new ApiServer(parts);
  ends.push(() => second.close());
  expect(await second.listen(first.port, false)).toBeUndefined();
  expect(await second.listen(first.port, true)).toBeGreaterThan(first.port);
});
