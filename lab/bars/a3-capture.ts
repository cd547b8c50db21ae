/**
 * Captures: what left a room, as flows of payload bytes and as single datagrams, read from the
 * pcap files that tcpdump writes (libpcap format, little-endian, Ethernet).
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Room } from '../rooms/internet.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
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

/** Ends it; all of it is in the file then. */
export function endCapture(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
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

function readFrame(frame: Buffer, atMs: number): Packet | undefined {
  if (frame.length < ETHERNET_BYTES + 20 || frame.readUInt16BE(12) !== 0x0800) return undefined;
  const ip = frame.subarray(ETHERNET_BYTES);
  const headerBytes = (ip[0]! & 15) * 4;
  const body = ip.subarray(headerBytes, ip.readUInt16BE(2));
  const from = ip.subarray(12, 16).join('.');
  const to = ip.subarray(16, 20).join('.');
  if (ip[9] === UDP && body.length >= 8) {
    return { atMs, from, to, protocol: 'udp', payload: body.subarray(8) };
  }
  if (ip[9] !== TCP || body.length < 20) return undefined;
  const offset = (body[12]! >> 4) * 4;
  return { atMs, from, to, protocol: 'tcp', payload: body.subarray(offset) };
}
