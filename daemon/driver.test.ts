import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { Now } from '@sotto/core/base/time.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { Effect, Input } from '@sotto/core/effects.ts';
import { DATAGRAMS_PER_TURN, DATAGRAMS_WAITING_MAX, Driver } from './driver.ts';
import type { Drivable, DriverParts } from './driver.ts';
import { listenTcp } from './tcp.ts';
import { Udp } from './udp.ts';

/** A node that records its inputs and answers each with what `react` says. */
class Scripted implements Drivable {
  readonly inputs: Input[] = [];
  readonly nows: Now[] = [];
  wakeMs: number | undefined;
  react: (input: Input) => readonly Effect[] = () => [];
  #effects: Effect[] = [];
  #inside = false;

  handle(input: Input, now: Now): void {
    if (this.#inside) throw new Error('entered twice');
    this.#inside = true;
    this.inputs.push(input);
    this.nows.push(now);
    this.#effects.push(...this.react(input));
    this.#inside = false;
  }
  poll(): Effect | undefined {
    return this.#effects.shift();
  }
  wakeAtMs(): number | undefined {
    return this.wakeMs;
  }
  stats(): Record<string, number> {
    return { scripted: 1 };
  }
  types(): string[] {
    return this.inputs.map(({ type }) => type);
  }
  heard<T extends Input['type']>(type: T): Extract<Input, { type: T }>[] {
    return this.inputs.filter((input) => input.type === type) as Extract<Input, { type: T }>[];
  }
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function drive(parts: Partial<DriverParts> = {}): { node: Scripted; driver: Driver } {
  const node = new Scripted();
  node.react = (input) => (input.type === 'stop' ? [{ type: 'stopped' }] : []);
  const driver = new Driver({
    node,
    vault: { request: () => Promise.resolve({ op: 'put' }) },
    udp: undefined,
    log: () => undefined,
    onNotice: () => undefined,
    onFault: (error) => {
      throw error;
    },
    ...parts,
  });
  ends.push(() => driver.stop());
  return { node, driver };
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(2);
  }
}

test('[API-7] effects are carried out in order, and each question is answered once', async () => {
  const asked: VaultRequest[] = [];
  const logged: string[] = [];
  const vault = {
    request: async (request: VaultRequest): Promise<VaultReply> => {
      asked.push(request);
      await sleep(5);
      return { op: 'put' };
    },
  };
  const { node, driver } = drive({ vault, log: (_, message) => logged.push(message) });
  node.react = (input) => {
    if (input.type === 'stop') return [{ type: 'stopped' }];
    if (input.type === 'vault-reply') return [{ type: 'log', level: 'info', message: 'stored' }];
    if (input.type !== 'command') return [];
    return [
      { type: 'log', level: 'info', message: 'one' },
      { type: 'vault', id: 7, request: { op: 'put', docs: [] } },
      { type: 'reply', id: input.id, result: { ok: true, data: { type: 'done' } } },
      { type: 'log', level: 'info', message: 'two' },
      { type: 'resolve', id: 8, name: '192.0.2.1', port: 9 },
      { type: 'resolve', id: 9, name: 'localhost', port: 10 },
      { type: 'resolve', id: 10, name: 'no such name!', port: 11 },
    ];
  };
  expect(await driver.command({ type: 'stats' })).toEqual({ ok: true, data: { type: 'done' } });
  expect(logged).toEqual(['one', 'two']);
  await until(() => node.heard('resolved').length === 3 && node.heard('vault-reply').length === 1);
  expect(node.heard('vault-reply')[0]).toEqual({
    type: 'vault-reply',
    id: 7,
    reply: { op: 'put' },
  });
  const resolved = node.heard('resolved').sort((a, b) => a.id - b.id);
  expect(resolved[0]!.endpoints).toEqual([{ host: '192.0.2.1', port: 9 }]);
  expect(resolved[1]!.endpoints).toContainEqual({ host: '127.0.0.1', port: 10 });
  expect(resolved[2]!.endpoints).toEqual([]);
  expect(asked).toHaveLength(1);
  expect(logged).toEqual(['one', 'two', 'stored']);
});

test('[API-7] the node is never entered twice: what comes meanwhile waits', () => {
  const { node, driver } = drive({ onNotice: () => driver.input({ type: 'tick' }) });
  node.react = (input) => {
    if (input.type === 'stop') return [{ type: 'stopped' }];
    return input.type === 'start'
      ? [
          { type: 'notify', notice: { topic: 'feed' } },
          { type: 'stream-close', stream: 2 },
        ]
      : [];
  };
  driver.start({ udpPort: undefined, tcpPort: undefined, addresses: [] });
  expect(node.types()).toEqual(['start', 'tick']);
});

test('[API-7] the timer wakes the node when it asks, not before', async () => {
  const { node, driver } = drive();
  const startedMs = performance.now();
  node.wakeMs = startedMs + 60_000;
  driver.start({ udpPort: undefined, tcpPort: undefined, addresses: [] });
  node.wakeMs = startedMs + 40;
  driver.input({ type: 'tick' });
  node.react = (input) => {
    node.wakeMs = undefined;
    return input.type === 'stop' ? [{ type: 'stopped' }] : [];
  };
  await until(() => node.inputs.length === 3);
  expect(node.types()).toEqual(['start', 'tick', 'tick']);
  expect(node.nows[2]!.monoMs).toBeGreaterThan(startedMs + 30);
  expect(driver.stats()).toMatchObject({ scripted: 1, inputs: 3, timers: 1 });
});

test('[API-8] a flood of datagrams delays a command by one turn at most, and is bounded', async () => {
  const { node, driver } = drive();
  const from = { host: '192.0.2.1', port: 9 };
  node.react = (input) =>
    input.type === 'command'
      ? [{ type: 'reply', id: input.id, result: { ok: true, data: { type: 'done' } } }]
      : input.type === 'stop'
        ? [{ type: 'stopped' }]
        : [];
  for (let i = 0; i < DATAGRAMS_WAITING_MAX * 2; i++) driver.datagram(from, Uint8Array.of(1));
  await driver.command({ type: 'stats' });
  expect(node.heard('datagram')).toHaveLength(0);
  expect(driver.stats()).toMatchObject({
    datagramsWaiting: DATAGRAMS_WAITING_MAX,
    datagramsDropped: DATAGRAMS_WAITING_MAX,
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(node.heard('datagram')).toHaveLength(DATAGRAMS_PER_TURN);
  await driver.command({ type: 'stats' });
  expect(node.heard('datagram')).toHaveLength(DATAGRAMS_PER_TURN);
  await until(() => driver.stats()['datagramsWaiting'] === 0);
  expect(node.heard('datagram')).toHaveLength(DATAGRAMS_WAITING_MAX);
});

test('[API-7] a fault of the node or of the vault is told, and ends the loop', async () => {
  const faults: unknown[] = [];
  const { node, driver } = drive({
    onFault: (error) => faults.push(error),
    vault: { request: () => Promise.reject(new Error('worker gone')) },
  });
  driver.input({ type: 'tick' });
  node.react = (input) =>
    input.type === 'start' ? [{ type: 'vault', id: 1, request: { op: 'load' } }] : [];
  driver.start({ udpPort: undefined, tcpPort: undefined, addresses: [] });
  await until(() => faults.length === 1);
  node.react = () => {
    throw new Error('broken');
  };
  driver.input({ type: 'tick' });
  driver.input({ type: 'tick' });
  expect(faults.map(String)).toEqual(['Error: worker gone', 'Error: broken']);
});

test('[API-12] a stop answers what is open, and ends though the node says nothing', async () => {
  const { node, driver } = drive();
  node.react = () => [];
  const open = driver.command({ type: 'stats' });
  vi.useFakeTimers();
  ends.push(() => vi.useRealTimers());
  let isOver = false;
  const stop = driver.stop().then(() => (isOver = true));
  await vi.advanceTimersByTimeAsync(999);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await stop;
  expect(await open).toEqual({ ok: false, error: { code: 'stopping' } });
  expect(await driver.command({ type: 'stats' })).toMatchObject({ ok: false });
  expect(node.types()).toEqual(['command', 'stop']);
});

test('[API-9] TCP: dial, accept, bytes both ways, close; a refused dial is told once', async () => {
  const left = drive();
  const right = drive();
  const { server, port } = await listenTcp('127.0.0.1', 0, (socket) =>
    right.driver.streams.accept(socket),
  );
  ends.push(() => server.close());
  const to = { host: '127.0.0.1', port };
  left.driver.streams.open({ type: 'stream-open', stream: 2, transport: 'tcp', to });
  left.driver.streams.write(2, new Uint8Array(2_000_000).fill(5));
  const bytes = (node: Scripted): number =>
    node.heard('stream-bytes').reduce((sum, input) => sum + input.bytes.length, 0);
  await until(() => left.node.types().includes('stream-writable'));
  const [accepted] = right.node.heard('stream-accepted');
  expect(accepted).toMatchObject({ stream: 1, from: { host: '127.0.0.1' } });
  await until(() => bytes(right.node) === 2_000_000);
  right.driver.streams.write(1, Uint8Array.of(1, 2, 3));
  right.driver.streams.close(1);
  await until(() => left.node.types().includes('stream-closed'));
  expect(bytes(left.node)).toBe(3);
  expect(left.node.types()[0]).toBe('stream-opened');
  expect(right.node.types()).not.toContain('stream-closed');
  const nobody = { host: '127.0.0.1', port: 1 };
  left.driver.streams.open({ type: 'stream-open', stream: 4, transport: 'tcp', to: nobody });
  left.driver.streams.open({ type: 'stream-open', stream: 6, transport: 'udx', to: nobody });
  await until(() => left.node.heard('stream-closed').length === 3);
  expect(left.node.heard('stream-closed').map(({ stream }) => stream)).toEqual([2, 6, 4]);
  await until(() => right.driver.streams.stats()['streamsAccepted'] === 0);
  expect(left.driver.streams.stats()).toMatchObject({ streams: 0 });
});

test('[API-20] a node that may dial nowhere but here is refused everywhere else', async () => {
  const { node, driver } = drive({ mayDial: ({ host }) => host === '127.0.0.1' });
  const open = (stream: number, host: string): Effect => {
    return { type: 'stream-open', stream, transport: 'tcp', to: { host, port: 1 } };
  };
  node.react = (input) => {
    if (input.type === 'stop') return [{ type: 'stopped' }];
    return input.type === 'start' ? [open(2, '127.0.0.1'), open(4, '192.0.2.1')] : [];
  };
  driver.start({ udpPort: undefined, tcpPort: undefined, addresses: [] });
  expect(node.heard('stream-closed')).toMatchObject([{ stream: 4, reason: 'not allowed' }]);
  await until(() => node.heard('stream-closed').length === 2);
  expect(node.heard('stream-closed')[1]).toMatchObject({ stream: 2, reason: 'ECONNREFUSED' });
});

test('[API-9] a peer that resets its TCP connection ends the stream once', async () => {
  const { node, driver } = drive();
  const peers: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    peers.push(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  const to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  driver.streams.open({ type: 'stream-open', stream: 2, transport: 'tcp', to });
  await until(() => peers.length === 1);
  peers[0]!.resetAndDestroy();
  await until(() => node.types().includes('stream-closed'));
  await sleep(10);
  expect(node.heard('stream-closed')).toHaveLength(1);
  driver.streams.write(2, Uint8Array.of(1));
  driver.streams.close(2);
});

test('[API-9] a TCP stream that the node resets ends at the peer with a reset', async () => {
  const { node, driver } = drive();
  let ending = '';
  const server = createServer((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => (ending = error.code ?? ''));
    socket.write('unread');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  const to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  driver.streams.open({ type: 'stream-open', stream: 2, transport: 'tcp', to });
  await until(() => node.types().includes('stream-bytes'));
  driver.streams.close(2, true);
  await until(() => ending === 'ECONNRESET');
  expect(node.types()).not.toContain('stream-closed');
});

test('[API-9] datagrams reach the node, and its datagrams the wire', async () => {
  const udp: Udp = new Udp((from, bytes) => driver.datagram(from, bytes));
  ends.push(() => udp.close());
  const { node, driver } = drive({ udp });
  const port = udp.bind('127.0.0.1', 0);
  node.react = (input) => {
    if (input.type === 'datagram')
      return [{ type: 'datagram', to: input.from, bytes: input.bytes }];
    return input.type === 'stop' ? [{ type: 'stopped' }] : [];
  };
  const peer = createSocket('udp4');
  ends.push(() => peer.close());
  const answer = new Promise<Buffer>((done) => peer.once('message', done));
  peer.send(Buffer.from('echo'), port, '127.0.0.1');
  expect((await answer).toString()).toBe('echo');
});
