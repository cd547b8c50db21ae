import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HTTP_BYTES_MAX } from '@sotto/core/path/port-map/contract.ts';
import type { HttpReply } from '@sotto/core/path/port-map/contract.ts';
import { askHttp } from './http.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function router(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<number> {
  return listen(createServer(answer));
}

function ask(port: number, body = ''): Promise<HttpReply> {
  const to = { host: '127.0.0.1', port };
  const headers = { SOAPAction: '"x#y"' };
  return new Promise((done) => {
    askHttp({ to, path: '/ctl', method: 'POST', headers, body }, done);
  });
}

const text = (reply: HttpReply): string => Buffer.from(reply!.body).toString();

test('[MAP-14] a request has what SOAP needs and no name of a program', async () => {
  let seen: IncomingMessage['headers'] = {};
  const port = await router((request, response) => {
    seen = request.headers;
    request.on('data', (bytes: Buffer) => response.write(`got ${bytes.length}`));
    request.on('end', () => response.end());
  });
  const reply = await ask(port, 'hello');
  expect([reply?.status, text(reply)]).toEqual([200, 'got 5']);
  expect(Object.keys(seen).sort()).toEqual(['connection', 'content-length', 'host', 'soapaction']);
});

test('[MAP-8] no redirect is followed', async () => {
  let asked = 0;
  const port = await router((_, response) => {
    asked++;
    response.writeHead(302, { Location: `http://127.0.0.1:${port}/other` }).end();
  });
  expect((await ask(port))?.status).toBe(302);
  expect(asked).toBe(1);
});

test('[MAP-8] what is too long, cut short, no HTTP or nobody is no reply', async () => {
  const long = await router((_, response) => response.end(Buffer.alloc(HTTP_BYTES_MAX + 1)));
  expect(await ask(long)).toBeUndefined();
  const fits = await router((_, response) => response.end(Buffer.alloc(HTTP_BYTES_MAX)));
  expect((await ask(fits))?.body.length).toBe(HTTP_BYTES_MAX);
  const cut = await router((_, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('x', () => response.destroy());
  });
  expect(await ask(cut)).toBeUndefined();
  const heads = await router((_, response) => {
    response.writeHead(200, { 'X-Long': 'x'.repeat(9_000) }).end();
  });
  expect(await ask(heads)).toBeUndefined();
  const junk = await listen(createTcpServer((socket) => socket.end('\0\0\0\0\r\n\r\n')));
  expect(await ask(junk)).toBeUndefined();
  const gone = createTcpServer();
  const port = await listen(gone);
  await new Promise((done) => gone.close(done));
  expect(await ask(port)).toBeUndefined();
});

test('[MAP-8] a reply that never ends is none after 3 s', async () => {
  const port = await router((_, response) => {
    const timer = setInterval(() => response.write('x'), 100);
    response.on('close', () => clearInterval(timer));
  });
  expect(await ask(port)).toBeUndefined();
});

test('[MAP-20] over IPv6 it asks from the address it is told, and the interface is no part of Host', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.host, request.socket.remoteAddress);
    response.end();
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '::1', done));
  const { port } = server.address() as AddressInfo;
  const request = {
    to: { host: '::1', port },
    path: '/',
    method: 'GET',
    headers: {},
    body: '',
  } as const;
  const ask = (from: string): Promise<HttpReply> =>
    new Promise((done) => void askHttp({ ...request, from }, done, '::1%lo'));
  expect((await ask('::1'))?.status).toBe(200);
  expect(seen).toEqual([`[::1]:${port}`, '::1']);
  // An address that is not ours: no reply, and no other address in its place.
  expect(await ask('2001:db8::1')).toBeUndefined();
  expect(seen).toHaveLength(2);
});
