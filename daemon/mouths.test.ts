import type UDX from 'udx-native';
import { expect, test, vi } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { equal } from '@sotto/core/base/bytes.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';
import { Mouths, MOUTHS_MAX } from './mouths.ts';
import { newHost, until } from './test-hosts.ts';

const silent: StreamListener = {
  opened: () => undefined,
  bytes: () => undefined,
  writable: () => undefined,
  closed: () => undefined,
};

function word(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('[PTH-29] the mouth by which an answer came is the way as long as streams use it', async () => {
  const [ana, bo, eve] = [newHost(), newHost(), newHost()];
  for (let i = 0; i < 5; i++) ana.udp.sendByMouth(bo.at, word(`mouth ${i}`));
  await until(() => bo.heard.length === 5);
  const ports = bo.heard.map(({ from }) => from.port);
  expect(new Set([...ports, ana.at.port]).size).toBe(6);
  const hit = { host: '127.0.0.1', port: ports[2]! };
  // Whoever else finds the port is not heard.
  eve.udp.send(hit, word('eve'));
  bo.udp.send(hit, word('answer'));
  await until(() => ana.heard.length > 0);
  await sleep(30);
  expect(ana.heard).toEqual([{ from: bo.at, bytes: word('answer') }]);
  ana.udp.send(bo.at, word('back'));
  await until(() => bo.heard.length === 6);
  expect(bo.heard[5]!.from).toEqual(hit);

  let received = '';
  const listener = {
    ...silent,
    bytes: (bytes: Uint8Array) => (received += new TextDecoder().decode(bytes)),
  };
  const left: ByteStream = ana.udp.openStream(bo.at, 1, 2, silent)!;
  const right: ByteStream = bo.udp.openStream(hit, 2, 1, listener)!;
  left.write(word('through the mouth'));
  await until(() => received === 'through the mouth');
  ana.udp.shutMouths();
  expect(ana.udp.sockets()).toBe(2);
  left.write(word(', still'));
  await until(() => received.endsWith('still'));
  left.reset();
  right.reset();
  await until(() => ana.udp.sockets() === 1);
  const plain = word('from the one socket');
  ana.udp.send(bo.at, plain);
  const heard = (): Endpoint | undefined => bo.heard.find(({ bytes }) => equal(bytes, plain))?.from;
  await until(() => heard() !== undefined);
  expect(heard()).toEqual(ana.at);
});

test('[PTH-29] mouths are bounded, none is left when they are shut, and none is of IPv6', async () => {
  const [ana, bo] = [newHost(), newHost()];
  ana.udp.sendByMouth({ host: '::1', port: bo.at.port }, word('six'));
  expect(ana.udp.sockets()).toBe(1);
  for (let i = 0; i < MOUTHS_MAX + 20; i++) ana.udp.sendByMouth(bo.at, word('x'));
  expect(ana.udp.sockets()).toBe(1 + MOUTHS_MAX);
  ana.udp.shutMouths();
  expect(ana.udp.sockets()).toBe(1);
});

test('[PTH-29] a mouth for which the system has no port is closed', () => {
  const close = vi.fn(() => Promise.resolve());
  const bind = (): void => {
    throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  };
  const udx = { createSocket: () => ({ bind, close }) } as unknown as UDX;
  const mouths = new Mouths(udx, () => undefined);
  mouths.open({ host: '192.0.2.7', port: 443 }, word('x'));
  expect([mouths.size, close.mock.calls.length]).toEqual([0, 1]);
});
