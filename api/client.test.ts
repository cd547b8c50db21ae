import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiError, BadAnswerError, Client, UnreachableError } from './client.ts';
import type { StreamEvent } from './contract.ts';
import { errorBody } from './errors.ts';

const TOKEN = 'cd'.repeat(32);
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}
type Handler = (seen: Seen, response: ServerResponse, nth: number) => void;

/** A real HTTP server on a port of loopback; returns a client of it and what it has seen. */
async function serve(handler: Handler, port = 0): Promise<{ client: Client; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ request, body: Buffer.concat(chunks).toString('utf8') });
      handler(seen.at(-1)!, response, seen.length);
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new Client(() => ({ url, token: TOKEN })), seen };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

describe('[CLI-4] requests', () => {
  test('post the params with the token, and give back the data', async () => {
    const { client, seen } = await serve((_, response) =>
      answer(response, 200, { v: 1, ok: true, data: { invites: [] } }),
    );
    expect(await client.call('invites.list', {})).toEqual({ invites: [] });
    const { request, body } = seen[0]!;
    expect([request.method, request.url, body]).toEqual(['POST', '/api/v1/invites.list', '{}']);
    expect(request.headers['authorization']).toBe(`Bearer ${TOKEN}`);
    expect(request.headers['content-type']).toBe('application/json');
  });

  test('a refusal comes out as the error the daemon told', async () => {
    const error = errorBody('not-found', { name: 'bo' });
    const { client } = await serve((_, response) =>
      answer(response, 404, { v: 1, ok: false, error }),
    );
    const failure = await client.call('contacts.show', { to: 'bo' }).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).body).toEqual(error);
  });

  test.each([
    ['no JSON', '<html>'],
    ['an empty body', ''],
    ['another version', { v: 2, ok: true, data: {} }],
    ['no data', { v: 1, ok: true }],
    ['a list as data', { v: 1, ok: true, data: [] }],
    ['an error without words', { v: 1, ok: false, error: { code: 'E01' } }],
  ])('%s is no answer of this API', async (_, body) => {
    const { client } = await serve((_, response) => answer(response, 200, body));
    await expect(client.call('status.get', {})).rejects.toBeInstanceOf(BadAnswerError);
  });

  test('the token follows no redirect', async () => {
    const { client, seen } = await serve((_, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await expect(client.call('status.get', {})).rejects.toBeInstanceOf(UnreachableError);
    expect(seen.length).toBe(1);
  });

  test('nobody there, a broken connection and an abort are told apart', async () => {
    const nobody = new Client(() => ({ url: 'http://127.0.0.1:1', token: TOKEN }));
    await expect(nobody.call('status.get', {})).rejects.toBeInstanceOf(UnreachableError);
    const { client } = await serve((_, response) => response.destroy());
    await expect(client.call('status.get', {})).rejects.toBeInstanceOf(UnreachableError);
    const silent = await serve(() => undefined);
    const signal = AbortSignal.timeout(30);
    await expect(silent.client.call('status.get', {}, { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

const network = '{"v":1,"type":"network","cursor":"5","data":{"online":true,"helpers":3}}\n';
const state = (cursor: number): string =>
  `{"v":1,"type":"state","cursor":"${cursor}","data":{"event":"e","conversation":"c_1",` +
  `"state":"delivered"}}\n`;

async function take(events: AsyncIterable<StreamEvent>, count: number): Promise<string[]> {
  const got: string[] = [];
  for await (const event of events) {
    got.push(`${event.type} ${event.cursor ?? '-'}`);
    if (got.length === count) break;
  }
  return got;
}

describe('[CLI-5] the event stream', () => {
  test('lines may come in any pieces, empty ones mean nothing', async () => {
    const { client, seen } = await serve((_, response) => {
      const bytes = Buffer.from(`\n${network}\n\n${state(6)}${state(7)}`);
      let at = 0;
      const more = (): void => {
        if (at >= bytes.length || response.destroyed) return;
        response.write(bytes.subarray(at, (at += 7)));
        setImmediate(more);
      };
      more();
    });
    expect(await take(client.events(), 3)).toEqual(['network 5', 'state 6', 'state 7']);
    expect(seen[0]!.request.url).toBe('/api/v1/events');
    expect(seen[0]!.request.headers['authorization']).toBe(`Bearer ${TOKEN}`);
  });

  test('a refusal as its last line ends it for good, such as that of a lock', async () => {
    const line = JSON.stringify({ v: 1, ok: false, error: errorBody('locked') });
    const { client, seen } = await serve((_, response) => response.end(`${network}${line}\n`));
    const events = client.events();
    expect(await events.next()).toMatchObject({ value: { type: 'network' } });
    await expect(events.next()).rejects.toMatchObject({ body: { reason: 'locked' } });
    expect(seen).toHaveLength(1);
  });

  test('goes on after the last cursor, and an unfinished line counts as not seen', async () => {
    let lost = 0;
    const { client, seen } = await serve((_, response, nth) => {
      if (nth === 1) response.end(network + state(6) + state(7).slice(0, 40));
      else if (nth === 2)
        response.write(network.replace('"5"', '"6"') + state(7), () => response.destroy());
      else response.write(state(8));
    });
    const events = client.events({ from: '4', onLost: () => (lost += 1) });
    expect(await take(events, 5)).toEqual([
      'network 5',
      'state 6',
      'network 6',
      'state 7',
      'state 8',
    ]);
    expect(seen.map(({ request }) => request.url)).toEqual([
      '/api/v1/events?from=4',
      '/api/v1/events?from=6',
      '/api/v1/events?from=7',
    ]);
    expect(lost).toBe(2);
  });

  test('asks again where the daemon is after each loss', async () => {
    const second = await serve((_, response) => response.write(state(6)));
    const first = await serve((_, response) => response.end(network));
    expect(first.seen.length).toBe(0);
    const ports = servers.map((server) => (server.address() as AddressInfo).port).reverse();
    let asked = 0;
    const client = new Client(() => ({
      url: `http://127.0.0.1:${ports[Math.min(asked++, 1)]}`,
      token: TOKEN,
    }));
    expect(await take(client.events(), 2)).toEqual(['network 5', 'state 6']);
    expect(second.seen[0]!.request.url).toBe('/api/v1/events?from=5');
  });

  test('gives up at once where it never was, and after its patience where it was', async () => {
    const nobody = new Client(() => ({ url: 'http://127.0.0.1:1', token: TOKEN }));
    await expect(take(nobody.events(), 1)).rejects.toBeInstanceOf(UnreachableError);
    const { client } = await serve((_, response, nth) => {
      if (nth === 1) response.end(network);
      else response.destroy();
    });
    const events = client.events({ patienceMs: 120 });
    await expect(take(events, 2)).rejects.toBeInstanceOf(UnreachableError);
  });

  test('without patience the first loss ends it, for the things of the moment it may have missed', async () => {
    const { client, seen } = await serve((_, response) => response.end(network));
    await expect(take(client.events({ patienceMs: 0 }), 2)).rejects.toBeInstanceOf(
      UnreachableError,
    );
    expect(seen).toHaveLength(1);
  });

  test('a refusal, a foreign line and an endless one end it', async () => {
    const refused = await serve((_, response) =>
      answer(response, 401, { v: 1, ok: false, error: errorBody('unauthorised') }),
    );
    await expect(take(refused.client.events(), 1)).rejects.toBeInstanceOf(ApiError);
    const foreign = await serve((_, response) => response.end('hello\n'));
    await expect(take(foreign.client.events(), 1)).rejects.toBeInstanceOf(BadAnswerError);
    const endless = await serve((_, response) => response.write('x'.repeat(300_000)));
    await expect(take(endless.client.events(), 1)).rejects.toBeInstanceOf(BadAnswerError);
  });

  test('an abort ends it, also while it waits to reconnect; leaving it closes the line', async () => {
    let closed = 0;
    const { client } = await serve(({ request }, response) => {
      request.socket.on('close', () => (closed += 1));
      response.write(network);
    });
    expect(await take(client.events(), 1)).toEqual(['network 5']);
    await expect.poll(() => closed, { timeout: 20_000 }).toBe(1);
    const stop = new AbortController();
    const broken = await serve((_, response, nth) => {
      if (nth === 1) response.end(network);
      else response.destroy();
    });
    const events = broken.client.events({ signal: stop.signal, onLost: () => stop.abort() });
    await expect(take(events, 2)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
