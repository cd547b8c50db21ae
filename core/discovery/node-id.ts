/**
 * Node ids: 160 bits, compared by XOR (BEP 5), tied to the address of their node (BEP 42).
 *
 *   bits      field
 *   0..20     first 21 bits of crc32c(masked address with r in its top 3 bits)
 *   21..151   random
 *   152..159  a random byte, whose low 3 bits are r
 *
 * The mask is 03 0f 3f ff over an IPv4 address, 01 03 07 0f 1f 3f 7f ff over the first half of an
 * IPv6 address: the wider a network, the more prefixes it may choose from. Spec: DHT-1 to DHT-4.
 * @module
 */
import { parseAddress, scopeOf, type Endpoint } from '../base/endpoint.ts';
import type { Random } from '../base/time.ts';

export const NODE_ID_BYTES = 20;
export const NODE_ID_BITS = 160;

/** A node as others name it: who it says it is, and where. */
export interface Contact {
  readonly id: Uint8Array;
  readonly endpoint: Endpoint;
}

/** Negative where `a` is closer to `target` than `b`, zero where equal. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = (a[i]! ^ target[i]!) - (b[i]! ^ target[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The distance of two ids as a share of all ids: 0 to 1, from its first 48 bits. */
export function distanceShare(a: Uint8Array, b: Uint8Array): number {
  let distance = 0;
  for (let i = 0; i < 6; i++) distance = distance * 256 + (a[i]! ^ b[i]!);
  return distance / 2 ** 48;
}

/** A random id that shares at least the first `bits` bits with `id` (at most 160). */
export function idNear(id: Uint8Array, bits: number, random: Random): Uint8Array<ArrayBuffer> {
  const fresh = random(NODE_ID_BYTES);
  for (let i = 0; 8 * i < bits; i++) {
    const mask = bits >= 8 * i + 8 ? 255 : 255 & ~(255 >> (bits - 8 * i));
    fresh[i] = (fresh[i]! & ~mask) | (id[i]! & mask);
  }
  return fresh;
}

/** How many leading bits two ids share: 0 to 160. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = a[i]! ^ b[i]!;
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return NODE_ID_BITS;
}

/** A random id that shares exactly `bits` leading bits with `id` (at most 159). */
export function idSharing(id: Uint8Array, bits: number, random: Random): Uint8Array<ArrayBuffer> {
  const fresh = random(NODE_ID_BYTES);
  for (let bit = 0; bit <= bits; bit++) {
    const mask = 0x80 >> (bit % 8);
    const at = bit >> 3;
    const wanted = bit < bits ? id[at]! & mask : ~id[at]! & mask;
    fresh[at] = (fresh[at]! & ~mask) | wanted;
  }
  return fresh;
}

/** A fresh id that complies with BEP 42 for a node seen at `host`. */
export function idForHost(host: string, random: Random): Uint8Array<ArrayBuffer> {
  const id = random(NODE_ID_BYTES);
  const crc = addressCrc(host, id[NODE_ID_BYTES - 1]! & 7);
  if (crc === undefined) return id;
  id[0] = crc >>> 24;
  id[1] = (crc >>> 16) & 255;
  id[2] = ((crc >>> 8) & 0xf8) | (id[2]! & 7);
  return id;
}

/**
 * May a node at `host` have this id? Addresses of one's own network are exempt, for there no
 * outside address is known (BEP 42; RFC 6598 and unique-local IPv6 in its spirit).
 */
export function isCompliant(id: Uint8Array, host: string): boolean {
  const scope = scopeOf(host);
  if (scope === 'private' || scope === 'loopback' || scope === 'link-local') return true;
  const crc = addressCrc(host, id[NODE_ID_BYTES - 1]! & 7);
  if (crc === undefined) return false;
  const claimed = ((id[0]! << 24) | (id[1]! << 16) | (id[2]! << 8)) >>> 0;
  return ((claimed ^ crc) & 0xfffff800) === 0;
}

const V4_MASK = [0x03, 0x0f, 0x3f, 0xff];
const V6_MASK = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];

function addressCrc(host: string, r: number): number | undefined {
  const address = parseAddress(host);
  if (!address) return undefined;
  const mask = address.length === 4 ? V4_MASK : V6_MASK;
  const masked = address.subarray(0, mask.length);
  for (let i = 0; i < mask.length; i++) masked[i]! &= mask[i]!;
  masked[0]! |= r << 5;
  return crc32c(masked);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli, RFC 3720 B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
