/**
 * Captures: what left a room, as flows of payload bytes and as single datagrams, read from the
 * pcap files that tcpdump writes (libpcap format, little-endian, Ethernet), of both families.
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { formatAddress } from '@sotto/core/base/endpoint.ts';
import type { Room } from '../rooms/internet.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const ETHERTYPE_V4 = 0x0800;
const ETHERTYPE_V6 = 0x86dd;
const V6_BYTES = 40;
/** Hop by hop, routing, destination options: a length in 8 bytes, without the first 8. */
const V6_EXTENSIONS = [0, 43, 60];
const TCP = 6;
const UDP = 17;

export interface Packet {
  /** Real time, milliseconds since 1970. */
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  readonly payload: Buffer;
}

/** Captures whole what passes a room, or what a filter leaves of it, until the program is ended. */
export function capture(room: Room, file: string, ...filter: string[]): ReturnType<Room['spawn']> {
  // At once: what waits in a buffer when the program ends is lost.
  const options = ['-i', 'eth0', '-s', '0', '-U', '--immediate-mode', '-Z', 'root', '-w', file];
  return room.spawn('tcpdump', [...options, ...filter]);
}

/** Ends it; all of it is in the file then. Rejects where it had ended by itself. */
export function endCapture(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null) reject(new Error(`a capture ended early: ${child.exitCode}`));
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

export function readCapture(file: string): Packet[] {
  const bytes = readFileSync(file);
  const packets: Packet[] = [];
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= bytes.length;) {
    const seconds = bytes.readUInt32LE(at);
    const micros = bytes.readUInt32LE(at + 4);
    const length = bytes.readUInt32LE(at + 8);
    const frame = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    at += RECORD_HEADER_BYTES + length;
    const packet = readFrame(frame, seconds * 1000 + micros / 1000);
    if (packet) packets.push(packet);
  }
  return packets;
}

interface Inside {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly body: Buffer;
}

function readFrame(frame: Buffer, atMs: number): Packet | undefined {
  if (frame.length < ETHERNET_BYTES) return undefined;
  const ip = frame.subarray(ETHERNET_BYTES);
  const type = frame.readUInt16BE(12);
  const inside =
    type === ETHERTYPE_V4 ? readV4(ip) : type === ETHERTYPE_V6 ? readV6(ip) : undefined;
  if (!inside) return undefined;
  const { body, from, protocol, to } = inside;
  if (protocol === UDP && body.length >= 8) {
    return { atMs, from, to, protocol: 'udp', payload: body.subarray(8) };
  }
  if (protocol !== TCP || body.length < 20) return undefined;
  const offset = (body[12]! >> 4) * 4;
  return { atMs, from, to, protocol: 'tcp', payload: body.subarray(offset) };
}

function readV4(ip: Buffer): Inside | undefined {
  if (ip.length < 20) return undefined;
  const body = ip.subarray((ip[0]! & 15) * 4, ip.readUInt16BE(2));
  const [from, to] = [formatAddress(ip.subarray(12, 16)), formatAddress(ip.subarray(16, 20))];
  return { from, to, protocol: ip[9]!, body };
}

function readV6(ip: Buffer): Inside | undefined {
  if (ip.length < V6_BYTES) return undefined;
  const [from, to] = [formatAddress(ip.subarray(8, 24)), formatAddress(ip.subarray(24, 40))];
  let protocol = ip[6]!;
  let body = ip.subarray(V6_BYTES, V6_BYTES + ip.readUInt16BE(4));
  while (V6_EXTENSIONS.includes(protocol) && body.length >= 8) {
    protocol = body[0]!;
    body = body.subarray(8 + 8 * body[1]!);
  }
  return { from, to, protocol, body };
}
