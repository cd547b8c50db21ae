import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openWebPort, stateOf } from './port-443.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A program on one address, and the port that it got. */
async function occupy(host: string): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, host, done));
  return (server.address() as AddressInfo).port;
}

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, host, () => done(true));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });
}

test('[RLY-25] port 443 is opened on every address, and whoever comes is handed on', async () => {
  const port = await occupy('127.0.0.1');
  servers.pop()!.close();
  let came = 0;
  const opened = await openWebPort(
    ['127.0.0.1', '127.0.0.2'],
    (socket) => {
      came++;
      socket.destroy();
    },
    port,
  );
  servers.push(...opened.servers);
  expect([opened.state, opened.servers.length]).toEqual(['open', 2]);
  for (const host of ['127.0.0.1', '127.0.0.2']) expect(await reaches(host, port)).toBe(true);
  await expect.poll(() => came).toBe(2);
});

test('[RLY-25] one that another program has on one address is left on all, without an error', async () => {
  const port = await occupy('127.0.0.2');
  const opened = await openWebPort(['127.0.0.1', '127.0.0.2'], () => undefined, port);
  expect(opened).toEqual({ state: 'taken', servers: [] });
  expect(await reaches('127.0.0.1', port)).toBe(false);
});

test('[RLY-25] what the system refuses is told from what another program has', () => {
  const told = ['EACCES', 'EPERM', 'EADDRINUSE'].map((code) => {
    return stateOf(Object.assign(new Error(code), { code }));
  });
  expect(told).toEqual(['denied', 'denied', 'taken']);
});
