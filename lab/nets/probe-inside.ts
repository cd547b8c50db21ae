/**
 * A program inside a home that finds out what its network does, in the way of RFC 5780 but
 * simpler: it is spoken to in JSON lines (lab/dht/line-process.ts) and answers with what it saw.
 * What it is asked for, and by whom, is in probe.ts.
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import type { Asked, Spot, UdpFacts } from './probe.ts';

const TRIES = 3;
const WAIT_MS = 700;
const TCP_WAIT_MS = 2_000;
const PUNCH_EVERY_MS = 50;
/** The far side hears our last word even where it opened its router after us. */
const PUNCH_AFTER_MS = 500;
const PROBE_PORTS = [7001, 7002] as const;
const SSDP = { host: '239.255.255.250', port: 1900 };
const NAT_PMP_PORT = 5351;
const LEASE_S = 120;
const UDP_PROTOCOL = 17;

const sockets: Socket[] = [];
let questions = 0;

function udp(host: string): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.bind(0, () => resolve(socket)));
}

function send(socket: Socket, bytes: string | Buffer, { host, port }: Spot): void {
  // Where no way leads there, nothing is sent.
  socket.send(bytes, port, host, () => undefined);
}

/** The first datagram that `read` makes something of; undefined where none comes in time. */
function hear<T>(
  socket: Socket,
  ms: number,
  read: (bytes: Buffer, from: Spot) => T | undefined,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = (value: T | undefined): void => {
      socket.off('message', on);
      clearTimeout(timer);
      resolve(value);
    };
    const on = (bytes: Buffer, from: { address: string; port: number }): void => {
      const value = read(bytes, { host: from.address, port: from.port });
      if (value !== undefined) end(value);
    };
    const timer = setTimeout(() => end(undefined), ms);
    socket.on('message', on);
  });
}

/** How the mirror sees this socket, answering from where it is asked to. */
async function ask(socket: Socket, to: Spot, from = 'here'): Promise<Spot | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const id = ++questions;
    const answer = hear(socket, WAIT_MS, (bytes) => {
      if (bytes[0] !== 0x7b) return undefined; // not an object
      const { host, id: theirs, port } = JSON.parse(bytes.toString()) as Spot & { id: number };
      return theirs === id ? { host, port } : undefined;
    });
    send(socket, JSON.stringify({ id, from }), to);
    const seen = await answer;
    if (seen) return seen;
  }
  return undefined;
}

function same(a: Spot | undefined, b: Spot | undefined): boolean {
  return a !== undefined && a.host === b?.host && a.port === b.port;
}

async function measureUdp(hosts: readonly [string, string]): Promise<UdpFacts | undefined> {
  const at = (host: 0 | 1, port: 0 | 1): Spot => ({ host: hosts[host], port: PROBE_PORTS[port] });
  const [socket, any, near, hairpin] = await Promise.all([1, 2, 3, 4].map(() => udp(hosts[0])));
  const first = await ask(socket!, at(0, 0));
  if (!first) return undefined;
  const [second, third] = [await ask(socket!, at(0, 1)), await ask(socket!, at(1, 0))];
  const [fromAny, fromNear] = await Promise.all([
    ask(any!, at(0, 0), 'both'),
    ask(near!, at(0, 0), 'port'),
  ]);
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const isOwn = own.some(({ address }) => address === first.host);
  const keepsPort = first.port === socket!.address().port;
  const isOne = same(first, second) && same(first, third);
  // Packets that nobody asked for came to the mapping of `any`: it must hold all the same.
  const [before, after] = [await ask(any!, at(0, 0)), await ask(any!, at(1, 1))];
  const heard = hear(socket!, WAIT_MS, (bytes) => bytes.toString() === 'hairpin' || undefined);
  send(hairpin!, 'hairpin', first);
  return {
    mapping: isOwn && isOne && keepsPort ? 'none' : isOne ? 'independent' : 'dependent',
    filtering: fromAny ? 'anybody' : fromNear ? 'address' : 'port',
    keepsPort,
    holds: same(before, after),
    hairpin: (await heard) === true,
    seen: first,
  };
}

/** What a host says on a connection, or nothing where there is none. */
function listenTo(to: Spot, opening: string | undefined, ms: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: to.host, port: to.port }, () => {
      if (opening !== undefined) socket.write(opening);
    });
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

async function measureTcp(host: string, ports: readonly number[]): Promise<number[]> {
  const said = ports.map((port) => listenTo({ host, port }, undefined, TCP_WAIT_MS));
  const texts = await Promise.all(said);
  return ports.filter((_, i) => texts[i] !== '');
}

async function tunnel(proxy: Spot, to: Spot, user: string | undefined): Promise<object> {
  const basic = Buffer.from(user ?? '').toString('base64');
  const lines = [
    `CONNECT ${to.host}:${to.port} HTTP/1.1`,
    `Host: ${to.host}:${to.port}`,
    ...(user === undefined ? [] : [`Proxy-Authorization: Basic ${basic}`]),
  ];
  const text = await listenTo(proxy, `${lines.join('\r\n')}\r\n\r\n`, 2 * TCP_WAIT_MS);
  const [head, ...body] = text.split('\r\n\r\n');
  return { status: Number(/^HTTP\/\S+ (\d+)/.exec(head!)?.[1]), said: body.join('').trim() };
}

/** Both ends write until each has heard that the other hears. */
async function punch(socket: Socket, to: readonly Spot[], ms: number): Promise<Spot | undefined> {
  const targets = [...to];
  let heard: Spot | undefined;
  const write = (): void => {
    for (const target of targets) send(socket, heard ? 'ack' : 'punch', target);
  };
  const timer = setInterval(write, PUNCH_EVERY_MS);
  const reached = await hear(socket, ms, (bytes, from) => {
    const text = bytes.toString();
    if (text !== 'ack' && text !== 'punch') return undefined;
    if (!heard) targets.push(from);
    heard ??= from;
    return text === 'ack' ? from : undefined;
  });
  if (reached) await new Promise((resolve) => setTimeout(resolve, PUNCH_AFTER_MS));
  clearInterval(timer);
  return reached;
}

/** One question to the router, answered or not. */
async function router(gateway: string, question: Buffer): Promise<Buffer | undefined> {
  const socket = await udp(gateway);
  const answer = hear(socket, 3 * WAIT_MS, (bytes) => bytes);
  send(socket, question, { host: gateway, port: NAT_PMP_PORT });
  return await answer;
}

/** A mapping by NAT-PMP (RFC 6886) of a port to the same one outside. */
async function natPmp(gateway: string, port: number): Promise<number | undefined> {
  const question = Buffer.alloc(12);
  question[1] = 1; // map UDP
  question.writeUInt16BE(port, 4);
  question.writeUInt16BE(port, 6);
  question.writeUInt32BE(LEASE_S, 8);
  const answer = await router(gateway, question);
  if (!answer || answer.length < 16 || answer.readUInt16BE(2) !== 0) return undefined;
  return answer.readUInt16BE(10);
}

/** The same by PCP (RFC 6887). */
async function pcp(gateway: string, own: string, port: number): Promise<Spot | undefined> {
  const inFour = (host: string): Buffer =>
    Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255, ...host.split('.').map(Number)])]);
  const head = Buffer.alloc(8);
  head[0] = 2;
  head[1] = 1; // MAP
  head.writeUInt32BE(LEASE_S, 4);
  const map = Buffer.alloc(20);
  map.fill(7, 0, 12); // nonce
  map[12] = UDP_PROTOCOL;
  map.writeUInt16BE(port, 16);
  map.writeUInt16BE(port, 18);
  const question = Buffer.concat([head, inFour(own), map, inFour('0.0.0.0')]);
  const answer = await router(gateway, question);
  if (!answer || answer.length < 60 || answer[3] !== 0) return undefined;
  return { host: [...answer.subarray(56, 60)].join('.'), port: answer.readUInt16BE(42) };
}

/** Where a UPnP router describes itself. */
async function ssdp(): Promise<string | undefined> {
  const socket = await udp('0.0.0.0');
  const answer = hear(socket, 3 * WAIT_MS, (bytes) => {
    return /^LOCATION:\s*(\S+)/im.exec(bytes.toString())?.[1];
  });
  const type = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
  const lines = [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${SSDP.host}:${SSDP.port}`,
    'MAN: "ssdp:discover"',
    'MX: 1',
    `ST: ${type}`,
  ];
  send(socket, `${lines.join('\r\n')}\r\n\r\n`, SSDP);
  return await answer;
}

async function answer(asked: Asked): Promise<object> {
  switch (asked.do) {
    case 'udp':
      return { facts: await measureUdp(asked.hosts) };
    case 'tcp':
      return { open: await measureTcp(asked.host, asked.ports) };
    case 'open': {
      const socket = await udp(asked.mirror);
      const mapped = await ask(socket, { host: asked.mirror, port: PROBE_PORTS[0] });
      return { socket: sockets.push(socket) - 1, port: socket.address().port, mapped };
    }
    case 'punch':
      return { reached: await punch(sockets[asked.socket]!, asked.to, asked.ms) };
    case 'hear': {
      const { ms, socket } = asked;
      return { text: await hear(sockets[socket]!, ms, (bytes) => bytes.toString()) };
    }
    case 'say':
      send(await udp(asked.mirror.host), JSON.stringify({ ...asked }), asked.mirror);
      return {};
    case 'tunnel':
      return await tunnel(asked.proxy, asked.to, asked.user);
    case 'map': {
      const { gateway, own, port } = asked;
      const [byPmp, byPcp] = [await natPmp(gateway, port), await pcp(gateway, own, port + 1)];
      return { natPmp: byPmp, pcp: byPcp, upnp: await ssdp() };
    }
  }
}

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const asked = JSON.parse(text) as Asked & { id: number };
    void answer(asked).then((line) => {
      process.stdout.write(`${JSON.stringify({ id: asked.id, ...line })}\n`);
    });
  })
  .on('close', () => process.exit(0));
process.stdout.write('{"ready":true}\n');
