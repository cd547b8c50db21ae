import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { Config } from './config.ts';
import { openNetwork, PORT_FIRST, PORT_LAST } from './network.ts';
import type { Network } from './network.ts';
import { StartFailure } from './start-failure.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-network-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(folder: string, ...flags: string[]): Promise<Network> {
  const config = new Config({ flags: ['net.bind=127.0.0.1', ...flags], env: {}, folder });
  const ignore = (): void => undefined;
  const network = await openNetwork({
    config,
    onDatagram: ignore,
    onSocket: (socket) => socket.destroy(),
  });
  ends.push(() => network.close());
  return network;
}

/** A program that has a UDP and a TCP port of its own. */
async function occupy(kind: 'udp' | 'tcp'): Promise<number> {
  if (kind === 'tcp') {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    ends.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  ends.push(() => socket.close());
  return socket.address().port;
}

test('[API-11] the first start chooses a port in the range, the next ones keep it', async () => {
  const folder = scratch();
  const first = await open(folder);
  const { tcpPort, udpPort } = first.listening();
  expect(udpPort).toBe(tcpPort);
  expect(udpPort).toBeGreaterThanOrEqual(PORT_FIRST);
  expect(udpPort).toBeLessThanOrEqual(PORT_LAST);
  await first.close();
  expect((await open(folder)).listening().udpPort).toBe(udpPort);
});

test.each(['udp', 'tcp'] as const)(
  '[API-11] a kept port that is taken by %s is passed over, but not forgotten',
  async (kind) => {
    const folder = scratch();
    const taken = await occupy(kind);
    const config = new Config({ flags: [], env: {}, folder });
    config.keepPort('net.port', taken);
    const { tcpPort, udpPort } = (await open(folder)).listening();
    expect(udpPort).toBe(tcpPort);
    expect(udpPort).not.toBe(taken);
    expect(readFileSync(join(folder, 'ports.json'), 'utf8')).toContain(String(taken));
  },
);

test('[API-11] a port that a person chose is not exchanged for another', async () => {
  const taken = await occupy('tcp');
  const opened = open(scratch(), `net.port=${taken}`);
  await expect(opened).rejects.toBeInstanceOf(StartFailure);
  await expect(opened).rejects.toMatchObject({ reason: 'port-taken', detail: { port: taken } });
});

test('[API-11] a port that the system keeps for others is told as that', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
    const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    queueMicrotask(() => this.emit('error', denied));
    return this;
  });
  const opened = open(scratch(), 'net.port=443');
  await expect(opened).rejects.toMatchObject({ reason: 'port-denied', detail: { port: 443 } });
  listen.mockRestore();
});

test('[API-11] only what this computer has is bound and told; loopback only where allowed', async () => {
  const here = await open(scratch(), 'net.bind=127.0.0.1,2001:db8::1234');
  expect(here.stats()).toMatchObject({ tcpListeners: 1, udpSockets: 1 });
  expect(here.listening().addresses).toEqual([]);
  const lab = await open(scratch(), 'net.allowReserved=true');
  expect(lab.listening().addresses).toEqual(['127.0.0.1']);
  const silent = await open(scratch(), 'net.udp=false');
  expect(silent.listening().udpPort).toBeUndefined();
  expect(silent.udp).toBeUndefined();
  await expect(open(scratch(), 'net.bind=2001:db8::1234')).rejects.toBeInstanceOf(StartFailure);
});

const PROXY = ['proxy.kind=socks5', 'proxy.address=127.0.0.1:9'];

test('[PRX-1] behind a proxy nothing listens, nothing is told, no name is looked up', async () => {
  const network = await open(scratch(), ...PROXY, 'net.allowReserved=true');
  expect(network.udp).toBeUndefined();
  const nothing = {
    udpPort: undefined,
    tcpPort: undefined,
    addresses: [],
    networks: [],
    proxied: true,
  };
  expect(network.listening()).toEqual(nothing);
  expect(network.stats()).toMatchObject({ tcpListeners: 0, udpSockets: 0 });
  expect(await network.resolve('localhost', 1)).toEqual([]);
  expect(network.proxyState()).toBe('untried');
  // A change of network is noticed all the same.
  expect(network.addresses()).toContain('127.0.0.1');
});

test('[PRX-1, TRK-16] ⚑ behind a proxy no tracker is asked over HTTP', async () => {
  let asked = 0;
  const tracker = createServer((socket) => {
    asked++;
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nde');
  });
  ends.push(() => tracker.close());
  await new Promise<void>((done) => tracker.listen(0, '127.0.0.1', done));
  const { port } = tracker.address() as AddressInfo;
  const where = { secure: false, host: '127.0.0.1', port, family: 'v4' } as const;
  const counts: number[] = [];
  for (const flags of [[], [...PROXY, 'proxy.udp=direct']]) {
    const { fetchTracker } = await open(scratch(), ...flags);
    await fetchTracker({ ...where, path: '/announce' });
    counts.push(asked);
  }
  expect(counts).toEqual([1, 1]);
});

test('[PRX-3] with UDP past the proxy there is one UDP socket and no TCP listener', async () => {
  const more = ['proxy.udp=direct', 'net.allowReserved=true'];
  const network = await open(scratch(), ...PROXY, ...more);
  const { addresses, proxied, tcpPort, udpPort } = network.listening();
  expect([typeof udpPort, tcpPort, addresses]).toEqual(['number', undefined, ['127.0.0.1']]);
  // Our address is told, and seen by UDP.
  expect(proxied).toBeUndefined();
  expect(network.stats()).toMatchObject({ tcpListeners: 0, udpSockets: 1 });
});

test('[RLY-25] a relay for everybody asks for port 443 besides; what it gets is told, and no other asks', async () => {
  // An address of its own: no other test, and hardly a web server, listens there.
  const bind = 'net.bind=127.0.4.43';
  const off = [['relay.serve=contacts'], ['relay.serve=public', 'relay.port443=false']];
  for (const flags of off) {
    const { web } = await open(scratch(), bind, ...flags);
    expect(web).toBe('off');
  }
  const network = await open(scratch(), bind, 'relay.serve=public');
  const isOpen = network.web === 'open';
  expect(network.stats()).toMatchObject({ tcpListeners: isOpen ? 2 : 1, udpSockets: 1 });
  expect(network.listening().web).toBe(isOpen ? true : undefined);
  expect(['open', 'denied', 'taken']).toContain(network.web);
  // Again on the same address: with or without the right to it, the start does not fail.
  const second = await open(scratch(), bind, 'relay.serve=public');
  expect(['denied', 'taken']).toContain(second.web);
  expect(second.listening()).not.toHaveProperty('web');
});
