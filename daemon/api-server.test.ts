import { createServer } from 'node:http';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
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
import { broken, sendRaw, unauthorisedCalls } from './unauthorised.suite.ts';

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
  readonly client: Client;
}

/** A server whose methods answer nothing and remember that they were called. */
async function open(handlers: Partial<Handlers> = {}): Promise<Open> {
  const called: string[] = [];
  const faults: unknown[] = [];
  const idle = Object.fromEntries(
    Object.keys(METHODS).map((name) => [name, () => (called.push(name), {})]),
  );
  const server = new ApiServer({
    token: TOKEN,
    handlers: { ...(idle as unknown as Handlers), ...handlers },
    events: async (_, response) => {
      called.push('events');
      response.end();
      await Promise.resolve();
    },
    onFault: (error) => faults.push(error),
  });
  const port = (await server.listen(0, false))!;
  ends.push(() => server.close());
  const client = new Client(() => ({ url: `http://127.0.0.1:${port}`, token: TOKEN }));
  return { port, called, faults, server, client };
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

test('[API-13] 2,000 calls with a flaw in host, origin, site, token or line: none gets in', async () => {
  const { port, called, faults, server } = await open();
  const calls = [...unauthorisedCalls({ count: 2_000, seed: 1, port, token: TOKEN })];
  const wrong: string[] = [];
  const flawsSeen = new Set(calls.flatMap(({ flaws }) => flaws));
  expect([...flawsSeen].sort()).toEqual(['host', 'line', 'origin', 'site', 'token']);
  const queue = calls.values();
  const worker = async (): Promise<void> => {
    for (const { flaws, raw } of queue) {
      const what = broken(await sendRaw(port, raw), TOKEN);
      if (what) wrong.push(`${flaws.join()}: ${what}\n${raw.toString()}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(called).toEqual([]);
  expect(faults).toEqual([]);
  // The control: the same call without a flaw does get in, also after all this.
  expect(await statusOf(port, post(port))).toBe(200);
  expect(called).toEqual(['status.get']);
  expect(server.stats()['apiRefused']).toBeGreaterThan(1_000);
});

test('[API-13] the check of the check: a server without a guard is found out', async () => {
  const unguarded = createServer((_, response) => response.end('{"v":1,"ok":true,"data":{}}'));
  await new Promise<void>((done) => unguarded.listen(0, '127.0.0.1', done));
  ends.push(() => unguarded.close());
  const { port } = unguarded.address() as { port: number };
  let found = 0;
  for (const { raw } of unauthorisedCalls({ count: 100, seed: 2, port, token: TOKEN })) {
    if (broken(await sendRaw(port, raw), TOKEN)) found++;
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
    handlers: {} as Handlers,
    events: () => Promise.resolve(),
    onFault: () => undefined,
  };
  const second = new ApiServer(parts);
  ends.push(() => second.close());
  expect(await second.listen(first.port, false)).toBeUndefined();
  expect(await second.listen(first.port, true)).toBeGreaterThan(first.port);
});
