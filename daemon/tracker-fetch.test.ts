import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { TRACKER_ANSWER_BYTES_MAX } from '@sotto/core/discovery/tracker-http.ts';
import { afterEach, expect, test } from 'vitest';
import { fetchTracker } from './tracker-fetch.ts';

let server: Server | undefined;
const requests: IncomingMessage[] = [];

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  requests.length = 0;
});

/** Asks a tracker that answers so. */
async function ask(
  answer: (reply: ServerResponse) => void,
  family: 'v4' | 'v6' = 'v4',
): Promise<string | undefined> {
  server = createServer((request, reply) => {
    requests.push(request);
    answer(reply);
  });
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const request = { secure: false, host: 'localhost', port, family, path: '/announce?port=1' };
  const body = await fetchTracker(request);
  return body && utf8Text(body);
}

test('[TRK-3, TRK-16] a tracker sees a request as Transmission makes it', async () => {
  expect(await ask((reply) => reply.end('de'))).toBe('de');
  const [{ headers, method, rawHeaders, url }] = requests as [IncomingMessage];
  expect([method, url]).toEqual(['GET', '/announce?port=1']);
  const { port } = server!.address() as AddressInfo;
  expect(rawHeaders).toEqual([
    ...['Host', `localhost:${port}`, 'User-Agent', 'Transmission/3.00'],
    ...['Accept', '*/*', 'Accept-Encoding', 'deflate, gzip'],
  ]);
  expect(headers.connection).toBeUndefined();
});

test('[TRK-16] a packed answer is unpacked', async () => {
  const packed = gzipSync(utf8('d8:intervali60ee'));
  const body = await ask((reply) => reply.setHeader('content-encoding', 'gzip').end(packed));
  expect(body).toBe('d8:intervali60ee');
});

const LONG = new Uint8Array(TRACKER_ANSWER_BYTES_MAX + 1);
test.each<[string, (reply: ServerResponse) => void]>([
  ['sends us elsewhere', (reply) => reply.writeHead(302, { location: '/other' }).end('de')],
  ['refuses', (reply) => reply.writeHead(404).end('de')],
  ['says too much', (reply) => reply.end(LONG)],
  [
    'unpacks to too much',
    (reply) => reply.setHeader('content-encoding', 'gzip').end(gzipSync(LONG)),
  ],
  ['packs nonsense', (reply) => reply.setHeader('content-encoding', 'gzip').end('nonsense')],
  ['hangs up', (reply) => void reply.socket!.destroy()],
])('[TRK-16] ⚑ what a tracker says that %s is nothing', async (_, answer) => {
  expect(await ask(answer)).toBeUndefined();
  expect(requests).toHaveLength(1);
});

test('[TRK-16] over a family that it does not have nothing is asked', async () => {
  expect(await ask((reply) => reply.end('de'), 'v6')).toBeUndefined();
  expect(requests).toEqual([]);
});
