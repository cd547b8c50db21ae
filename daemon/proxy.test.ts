import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { DIAL_MS } from './byte-stream.ts';
import type { ByteStream } from './byte-stream.ts';
import { random } from './driver.ts';
import type { ProxySettings } from './egress.ts';
import { Proxy } from './proxy.ts';
import type { ProxyState } from './proxy.ts';

const TO = { host: '192.0.2.7', port: 443 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server that answers each piece with the next of these, and says what it heard. */
async function server(
  answer: (heard: Buffer, count: number, socket: Socket) => string | Buffer | undefined,
): Promise<{ at: { host: string; port: number }; heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    let count = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard.push(bytes);
      const reply = answer(bytes, count++, socket);
      if (reply !== undefined) socket.write(reply);
    });
  });
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return { at: { host: '127.0.0.1', port: (listening.address() as AddressInfo).port }, heard };
}

interface Heard {
  readonly stream: ByteStream;
  readonly events: string[];
}

function dial(proxy: Proxy, isolation?: number, to = TO): Heard {
  const events: string[] = [];
  const listener = {
    opened: () => void events.push('opened'),
    bytes: (bytes: Uint8Array) => void events.push(Buffer.from(bytes).toString()),
    writable: () => undefined,
    closed: (reason: string) => void events.push(`closed ${reason}`),
  };
  const stream = proxy.dial(to, listener, isolation);
  ends.push(() => stream.reset());
  return { stream, events };
}

function proxyOf(settings: Partial<ProxySettings>, states: ProxyState[] = []): Proxy {
  const all = { kind: 'http', at: undefined, account: undefined, ...settings } as const;
  return new Proxy({ settings: all, random, onState: (state) => states.push(state) });
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(2);
  }
}

const SOCKS = [Buffer.from('0502', 'hex'), Buffer.from('0100', 'hex')];
const SOCKS_OPEN = Buffer.from('05000001000000000000', 'hex');

test('[PRX-6] a stream through HTTP CONNECT: bytes go both ways, none is lost at the seam', async () => {
  const { at, heard } = await server((bytes, count) =>
    count === 0 ? 'HTTP/1.1 200 OK\r\n\r\nseam' : `echo ${bytes.toString()}`,
  );
  const states: ProxyState[] = [];
  const proxy = proxyOf({ at }, states);
  expect(proxy.state).toBe('untried');
  const { stream, events } = dial(proxy);
  await until(() => events.length === 2);
  expect(events).toEqual(['opened', 'seam']);
  stream.write(utf8('hi'));
  await until(() => events.length === 3);
  expect(events[2]).toBe('echo hi');
  expect(heard[0]!.toString()).toContain('CONNECT 192.0.2.7:443 ');
  expect([proxy.state, states]).toEqual(['works', ['works']]);
  stream.close();
  await sleep(20);
  expect(events).toHaveLength(3);
});

test('[PRX-6] an end of the far side is told once', async () => {
  const { at } = await server((_, count, socket) => {
    if (count === 0) return 'HTTP/1.1 200 OK\r\n\r\n';
    socket.end('bye');
    return undefined;
  });
  const { events, stream } = dial(proxyOf({ at }));
  await until(() => events.length === 1);
  stream.write(utf8('hi'));
  await until(() => events.length === 3);
  expect(events).toEqual(['opened', 'bye', 'closed ended']);
});

test('[PRX-7] one account for one number, another for another, a fresh one for none', async () => {
  const { at, heard } = await server((_, count) => SOCKS[count] ?? SOCKS_OPEN);
  const proxy = proxyOf({ kind: 'socks5', at });
  for (const isolation of [1, 1, 2, undefined, undefined]) {
    const { events } = dial(proxy, isolation);
    await until(() => events.length === 1);
    expect(events).toEqual(['opened']);
  }
  const accounts = heard.filter((bytes) => bytes[0] === 1).map((bytes) => bytes.toString('latin1'));
  expect(accounts).toHaveLength(5);
  expect(accounts[0]).toBe(accounts[1]);
  expect(new Set(accounts).size).toBe(4);
  for (const account of accounts) expect(account.length).toBe(3 + 2 * 32);
});

test('[PRX-7] the account that a person set goes to all', async () => {
  const { at, heard } = await server((_, count) => SOCKS[count] ?? SOCKS_OPEN);
  const account = { user: 'ana', password: new Secret('proxy password', utf8('geheim')) };
  const proxy = proxyOf({ kind: 'socks5', at, account });
  const all = [dial(proxy, 1), dial(proxy, 2)];
  await until(() => all.every(({ events }) => events.length === 1));
  const accounts = heard.filter((bytes) => bytes[0] === 1).map((bytes) => bytes.toString('latin1'));
  expect(accounts).toEqual(Array(2).fill('\x01\x03ana\x06geheim'));
});

const faults: [string, string | undefined, ProxyState, string][] = [
  ['407', 'HTTP/1.1 407 No\r\n\r\n', 'password', 'password'],
  ['403', 'HTTP/1.1 403 No\r\n\r\n', 'not-allowed', 'not-allowed'],
  ['garbage', 'SSH-2.0-x\r\n', 'not-a-proxy', 'not-a-proxy'],
  ['nobody behind it', 'HTTP/1.1 503 No\r\n\r\n', 'untried', 'target'],
  ["Tor's own port", 'HTTP/1.0 501 Tor is not an HTTP Proxy\r\n\r\n', 'not-a-proxy', 'not-a-proxy'],
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'not-a-proxy', 'not-a-proxy'],
];
test.each(faults)('[PRX-8] %s', async (_, answer, state, reason) => {
  const { at } = await server(() => answer);
  const proxy = proxyOf({ at });
  const { events } = dial(proxy);
  await until(() => events.length > 0);
  expect([events, proxy.state]).toEqual([[`closed proxy ${reason}`], state]);
});

test('[PRX-2] [PRX-8] nobody at the address, none that is one, none set, a proxy that hangs up', async () => {
  const { at } = await server((_, __, socket) => void socket.destroy());
  const gone = await server(() => undefined);
  for (const end of ends.splice(1)) end();
  const results: [ProxySettings['at'], ProxyState][] = [
    [gone.at, 'unreachable'],
    [{ host: '127.0.0.1', port: 70_000 }, 'unreachable'],
    [at, 'not-a-proxy'],
    [undefined, 'unset'],
  ];
  for (const [where, state] of results) {
    const proxy = proxyOf({ at: where });
    const { events } = dial(proxy);
    await until(() => events.length > 0);
    expect([events, proxy.state]).toEqual([[`closed proxy ${state}`], state]);
  }
});

test('[PRX-8] out of bounds there says nothing against a proxy that works elsewhere', async () => {
  let answer = 'HTTP/1.1 200 OK\r\n\r\n';
  const { at } = await server(() => answer);
  const states: ProxyState[] = [];
  const proxy = proxyOf({ at }, states);
  const run = async (): Promise<void> => {
    const { events } = dial(proxy);
    await until(() => events.length > 0);
  };
  await run();
  answer = 'HTTP/1.1 403 No\r\n\r\n';
  await run();
  expect(states).toEqual(['works']);
  answer = 'HTTP/1.1 407 No\r\n\r\n';
  await run();
  answer = 'HTTP/1.1 200 OK\r\n\r\n';
  await run();
  expect(states).toEqual(['works', 'password', 'works']);
});

test('[PRX-8] [PRX-10] a proxy through which nothing gets is not said to work, and works on', async () => {
  const failure = Buffer.from('05010001000000000000', 'hex');
  let last: Buffer = failure;
  const { at } = await server((_, count) => SOCKS[count] ?? last);
  const states: ProxyState[] = [];
  const proxy = proxyOf({ kind: 'socks5', at }, states);
  const run = async (): Promise<string[]> => {
    const { events } = dial(proxy);
    await until(() => events.length > 0);
    return events;
  };
  expect([await run(), proxy.state]).toEqual([['closed proxy target'], 'untried']);
  last = SOCKS_OPEN;
  expect([await run(), proxy.state]).toEqual([['opened'], 'works']);
  last = failure;
  await run();
  expect(states).toEqual(['works']);
});

test('[PRX-8] a proxy whose own line is cut is not said to work once no stream is left', async () => {
  const failure = Buffer.from('05010001000000000000', 'hex');
  let last: Buffer = SOCKS_OPEN;
  const { at } = await server((_, count) => SOCKS[count] ?? last);
  const states: ProxyState[] = [];
  const proxy = proxyOf({ kind: 'socks5', at }, states);
  const run = async (): Promise<ByteStream> => {
    const { events, stream } = dial(proxy);
    await until(() => events.length > 0);
    return stream;
  };
  const first = await run();
  last = failure;
  await run();
  // Somebody who is away, while another is linked.
  expect(proxy.state).toBe('works');
  first.reset();
  await sleep(20);
  await run();
  expect(proxy.state).toBe('stalled');
  last = SOCKS_OPEN;
  await run();
  expect(states).toEqual(['works', 'stalled', 'works']);
});

test('[PRX-8] a fault of the proxy is over once it says what became of a way', async () => {
  let answer = 'HTTP/1.1 407 No\r\n\r\n';
  const { at } = await server(() => answer);
  const states: ProxyState[] = [];
  const proxy = proxyOf({ at }, states);
  for (const next of ['HTTP/1.1 502 No\r\n\r\n', '']) {
    const { events } = dial(proxy);
    await until(() => events.length > 0);
    answer = next;
  }
  expect(states).toEqual(['password', 'untried']);
});

const silences: [ProxySettings['kind'], number, string, ProxyState][] = [
  // An HTTP proxy that waits for the end of a line, where SOCKS5 was chosen.
  ['socks5', 0, 'not-a-proxy', 'not-a-proxy'],
  ['socks5', 2, 'target', 'untried'],
  // HTTP proxies say nothing while they dial.
  ['http', 0, 'target', 'untried'],
];
test.each(silences)('[PRX-8] %s, silent after %i answers', async (kind, said, reason, state) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { at, heard } = await server((_, count) => (count < said ? SOCKS[count] : undefined));
    const proxy = proxyOf({ kind, at });
    const { events } = dial(proxy);
    while (heard.length <= said) await new Promise((done) => setImmediate(done));
    vi.advanceTimersByTime(DIAL_MS);
    expect([events, proxy.state]).toEqual([[`closed proxy ${reason}`], state]);
  } finally {
    vi.useRealTimers();
  }
});

const INSIDE = ['192.168.1.7', '10.0.0.1', '100.64.0.1', '169.254.1.1', 'fd00::7', 'fe80::7%1'];
test.each(INSIDE)('[PRX-14] ⚑ no proxy is told of %s', async (host) => {
  const { at, heard } = await server(() => undefined);
  const proxy = proxyOf({ at });
  const { events } = dial(proxy, 1, { host, port: 443 });
  expect(events).toEqual([]);
  await until(() => events.length > 0);
  await sleep(20);
  expect([events, heard, proxy.state]).toEqual([['closed not through a proxy'], [], 'untried']);
});

test('[PRX-9] given up before it was open, it is silent', async () => {
  const { at, heard } = await server(() => undefined);
  const { stream, events } = dial(proxyOf({ at }));
  await until(() => heard.length === 1);
  stream.write(utf8('too early'));
  expect(stream.queuedBytes()).toBe(0);
  stream.close();
  await sleep(30);
  expect([events, heard.length]).toEqual([[], 1]);
});

test('[PRX-5] what is inside this computer stays there', async () => {
  const echo = await server((bytes) => bytes);
  const { at, heard } = await server(() => undefined);
  const { stream, events } = dial(proxyOf({ at }), 1, echo.at);
  await until(() => events.length === 1);
  stream.write(utf8('hi'));
  await until(() => events.length === 2);
  expect([events, heard]).toEqual([['opened', 'hi'], []]);
});
