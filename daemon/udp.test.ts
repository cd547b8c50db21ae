import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { equal } from '@sotto/core/base/bytes.ts';
import { QUEUED_BYTES_MAX } from './byte-stream.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';
import { type Host, newHost, until } from './test-hosts.ts';
import { DATAGRAM_BYTES_MAX, SENDING_MAX, SENDS_BURST } from './udp.ts';

/** Remembers what a stream tells. */
class Ear implements StreamListener {
  readonly told: string[] = [];
  received = Buffer.alloc(0);
  opened(): void {
    this.told.push('opened');
  }
  bytes(bytes: Uint8Array): void {
    this.received = Buffer.concat([this.received, bytes]);
  }
  writable(): void {
    this.told.push('writable');
  }
  closed(reason: string): void {
    this.told.push(`closed ${reason}`);
  }
}

function pair(a: Host, b: Host, id = 1): { left: ByteStream; right: ByteStream; ears: [Ear, Ear] } {
  const ears: [Ear, Ear] = [new Ear(), new Ear()];
  const left = a.udp.openStream(b.at, id, id + 1, ears[0])!;
  const right = b.udp.openStream(a.at, id + 1, id, ears[1])!;
  return { left, right, ears };
}

test.each(['127.0.0.1', '::1'])(
  '[API-9] datagrams and streams share one socket, both ways, on %s',
  async (host) => {
    const [a, b] = [newHost(host), newHost(host)];
    const { left, right, ears } = pair(a, b);
    const payload = randomBytes(300_000);
    left.write(payload);
    right.write(payload.subarray(0, 1000));
    for (const size of [1, 24, 1200]) {
      a.udp.send(b.at, randomBytes(size));
      b.udp.send(a.at, randomBytes(size));
    }
    // It begins like a UDX packet but belongs to no stream.
    const stray = Buffer.concat([Buffer.from([0xff, 0x01, 0, 0]), randomBytes(30)]);
    a.udp.send(b.at, stray);
    await until(() => ears[1].received.length === payload.length);
    await until(() => ears[0].received.length === 1000 && b.heard.length === 4);
    await until(() => a.heard.length === 3);
    expect(equal(ears[1].received, payload)).toBe(true);
    expect(b.heard.map(({ bytes }) => bytes.length)).toEqual([1, 24, 1200, 34]);
    expect(b.heard.every(({ from }) => from.host === a.at.host && from.port === a.at.port)).toBe(
      true,
    );
    expect(Buffer.isBuffer(b.heard[0]!.bytes)).toBe(false);
    expect(ears[0].told.slice(0, 1)).toEqual(['opened']);
  },
);

test('[API-9] what was written before a close arrives, and both ends hear of one end', async () => {
  const [a, b] = [newHost(), newHost()];
  const { left, ears } = pair(a, b);
  left.write(randomBytes(100_000));
  left.close();
  await until(() => ears[1].told.some((told) => told.startsWith('closed')));
  expect(ears[1].received.length).toBe(100_000);
  expect(ears[1].told.filter((told) => told.startsWith('closed'))).toEqual(['closed ended']);
  expect(ears[0].told.filter((told) => told.startsWith('closed'))).toEqual([]);
  await until(() => a.udp.streams() === 0 && b.udp.streams() === 0);
});

test('[API-9] a slow stream tells when it is writable again, and a flood cuts it', async () => {
  const [a, b] = [newHost(), newHost()];
  const { left, ears } = pair(a, b);
  left.write(randomBytes(1_000_000));
  expect(ears[0].told).not.toContain('writable');
  expect(left.queuedBytes()).toBeGreaterThan(0);
  await until(() => ears[0].told.includes('writable'));
  expect(left.queuedBytes()).toBe(0);
  const nobody = new Ear();
  const lost = a.udp.openStream({ host: '127.0.0.1', port: 9 }, 77, 78, nobody)!;
  const piece = randomBytes(256 * 1024);
  for (let sent = 0; sent <= QUEUED_BYTES_MAX; sent += piece.length) lost.write(piece);
  await until(() => nobody.told.includes('closed overflow'));
  expect(nobody.told.filter((told) => told.startsWith('closed'))).toHaveLength(1);
});

test('[API-9] a reset stream ends once; its id is free again, in use it is refused', async () => {
  const [a, b] = [newHost(), newHost()];
  const { left, ears } = pair(a, b);
  expect(a.udp.openStream(b.at, 1, 9, new Ear())).toBeUndefined();
  left.write(randomBytes(10));
  await until(() => ears[1].received.length === 10);
  // Anyone who knows its id can reset a stream: magic, version, flag of destroy, id, sequence.
  const forger = createSocket('udp4');
  const forged = Buffer.alloc(20);
  forged.set([0xff, 0x01, 0b10000, 0]);
  forged.writeUInt32LE(2, 4);
  forged.writeUInt32LE(1, 12);
  forger.send(forged, b.at.port, b.at.host);
  await until(() => ears[1].told.some((told) => told.startsWith('closed')));
  forger.close();
  expect(ears[1].told.filter((told) => told.startsWith('closed'))).toHaveLength(1);
  left.close();
  await until(() => a.udp.streams() === 0);
  expect(a.udp.openStream(b.at, 1, 9, new Ear())).toBeDefined();
});

test('[API-9] a stream that we reset ends at the other end at once, and is silent here', async () => {
  const [a, b] = [newHost(), newHost()];
  const { left, ears } = pair(a, b);
  left.write(randomBytes(10));
  await until(() => ears[1].received.length === 10);
  left.reset();
  await until(() => ears[1].told.some((told) => told.startsWith('closed')));
  expect(ears[0].told.filter((told) => told.startsWith('closed'))).toEqual([]);
  await until(() => a.udp.streams() === 0 && b.udp.streams() === 0);
});

test('[API-10] datagrams beyond the rate, the queue or the size are dropped and counted', async () => {
  let nowMs = 0;
  const [a, b] = [newHost('127.0.0.1', () => nowMs), newHost()];
  const burst = SENDING_MAX + 20;
  for (let i = 0; i < burst; i++) a.udp.send(b.at, Uint8Array.of(1));
  a.udp.send(b.at, new Uint8Array(DATAGRAM_BYTES_MAX + 1));
  a.udp.send({ host: '::1', port: 9 }, Uint8Array.of(1));
  expect(a.udp.counts).toMatchObject({ sent: SENDING_MAX, dropped: 22 });
  await until(() => b.heard.length > 0);
  await sleep(50);
  let sent = SENDING_MAX;
  while (sent < SENDS_BURST + 100) {
    for (let i = 0; i < 100; i++, sent++) a.udp.send(b.at, Uint8Array.of(1));
    await sleep(2);
  }
  expect(a.udp.counts.sent).toBeLessThanOrEqual(SENDS_BURST);
  const before = a.udp.counts.sent;
  nowMs = 10;
  for (let i = 0; i < 30; i++) a.udp.send(b.at, Uint8Array.of(1));
  expect(a.udp.counts.sent - before).toBe(10);
});

test('[API-9] hostile endpoints and closed sockets throw nothing', async () => {
  const a = newHost();
  for (const host of ['127.0.0.1', '255.255.255.255', '0.0.0.0', '240.0.0.1']) {
    a.udp.send({ host, port: 1 }, Uint8Array.of(1));
    a.udp.openStream({ host, port: 1 }, 5, 6, new Ear())?.close();
  }
  expect(a.udp.openStream({ host: '::1', port: 1 }, 7, 8, new Ear())).toBeUndefined();
  expect(a.udp.openStream({ host: '127.0.0.1', port: 0 }, 9, 10, new Ear())).toBeUndefined();
  await a.udp.close();
  a.udp.send(a.at, Uint8Array.of(1));
  expect(a.udp.openStream(a.at, 1, 2, new Ear())).toBeUndefined();
});
