/**
 * Network endpoints: an IP address and a port, in BitTorrent's compact form (BEP 5, BEP 32).
 *
 *   offset  size    field
 *   0       4 | 16  address, network order (IPv4 | IPv6)
 *   4 | 16  2       port, big-endian
 * @module
 */
import { assert } from './assert.ts';

export type Family = 'v4' | 'v6';
/**
 * `host` is a canonical address text: dotted quad, or RFC 5952 IPv6. A link-local IPv6 address of a
 * neighbour ends in its zone: `%` and the interface that leads there. No other address has one.
 */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export const COMPACT_V4_BYTES = 6;
export const COMPACT_V6_BYTES = 18;
const NO_V6_ADDRESS = new Uint8Array(16);

export function familyOf(endpoint: Endpoint): Family {
  return endpoint.host.includes(':') ? 'v6' : 'v4';
}

/** One text per endpoint, usable as a map key and in logs of addresses. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** Parses `host:port` or `[v6]:port`; undefined where either part is malformed. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const address = parseAddress(match[1] ?? match[2]!);
  const port = Number(match[3]);
  if (!address || port < 1 || port > 65535) return undefined;
  return { host: formatAddress(address), port };
}

/** 4 or 16 address bytes of a text, or undefined. */
export function parseAddress(text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const address = v4Number(text);
  if (address < 0) return undefined;
  return Uint8Array.of(
    address >>> 24,
    (address >>> 16) & 255,
    (address >>> 8) & 255,
    address & 255,
  );
}

const CHAR_0 = 0x30;
const CHAR_DOT = 0x2e;

/**
 * The 32 bits of a dotted quad, or -1. Digit by digit: a DHT node reads a dozen addresses from each
 * answer, and looks at each several times.
 */
function v4Number(text: string): number {
  let address = 0;
  let at = 0;
  for (let i = 0; i < 4; i++) {
    if (i > 0 && text.charCodeAt(at++) !== CHAR_DOT) return -1;
    const from = at;
    let part = 0;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - CHAR_0;
      if (digit < 0 || digit > 9) break;
      part = part * 10 + digit;
    }
    const digits = at - from;
    if (digits === 0 || part > 255) return -1;
    if (digits > 1 && text.charCodeAt(from) === CHAR_0) return -1;
    address = address * 256 + part;
  }
  return at === text.length ? address : -1;
}

function parseV6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = v6Groups(halves[0]!);
  const tail = halves.length === 2 ? v6Groups(halves[1]!) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => bytes.set([group >> 8, group & 255], 2 * i));
  return bytes;
}

function v6Groups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = i === parts.length - 1 ? parseV4(part) : undefined;
      if (!v4) return undefined;
      groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(parseInt(part, 16));
    }
  }
  return groups;
}

function formatV4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Canonical text of 4 or 16 address bytes; an IPv4-mapped IPv6 address becomes IPv4. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return formatV4(bytes, 0);
  if (bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every((b) => b === 0)) {
    return formatV4(bytes, 12);
  }
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let best = { from: 0, length: 0 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { from: i, length };
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.length))}`;
}

/** Compact form: 6 bytes for IPv4, 18 for IPv6. */
export function encodeEndpoint(endpoint: Endpoint): Uint8Array<ArrayBuffer> {
  const v4 = familyOf(endpoint) === 'v4';
  const bytes = new Uint8Array(v4 ? COMPACT_V4_BYTES : COMPACT_V6_BYTES);
  writeEndpoint(bytes, 0, endpoint);
  return bytes;
}

/** Writes the compact form at an offset. @returns the offset after it. */
export function writeEndpoint(bytes: Uint8Array, at: number, { host, port }: Endpoint): number {
  assert(Number.isInteger(port) && port >= 0 && port < 65_536, 'a port has 16 bits');
  if (host.includes(':')) {
    bytes.set(parseV6(host) ?? NO_V6_ADDRESS, at);
    at += 16;
  } else {
    const address = Math.max(0, v4Number(host));
    bytes[at++] = address >>> 24;
    bytes[at++] = address >>> 16;
    bytes[at++] = address >>> 8;
    bytes[at++] = address;
  }
  bytes[at++] = port >> 8;
  bytes[at++] = port;
  return at;
}

/** Reads a compact endpoint of exactly 6 or 18 bytes, or undefined. Port 0 is refused. */
export function decodeEndpoint(bytes: Uint8Array): Endpoint | undefined {
  if (bytes.length === COMPACT_V4_BYTES) return readEndpoint(bytes, 0, 'v4');
  return bytes.length === COMPACT_V6_BYTES ? readEndpoint(bytes, 0, 'v6') : undefined;
}

/** The same at an offset from which there are enough bytes. */
export function readEndpoint(bytes: Uint8Array, at: number, family: Family): Endpoint | undefined {
  const portAt = at + (family === 'v4' ? 4 : 16);
  const port = (bytes[portAt]! << 8) | bytes[portAt + 1]!;
  if (port === 0) return undefined;
  const host = family === 'v4' ? formatV4(bytes, at) : formatAddress(bytes.subarray(at, portAt));
  return { host, port };
}

/**
 * The one text of an address as a system writes it, its zone kept where it is link-local IPv6, or
 * undefined.
 */
export function hostOf(text: string): string | undefined {
  const bytes = parseAddress(withoutZone(text));
  if (!bytes) return undefined;
  const host = formatAddress(bytes);
  if (!text.includes('%')) return host;
  return scopeOf(host) === 'link-local' ? `${host}${text.slice(text.indexOf('%'))}` : undefined;
}

/** The interface that leads to a link-local neighbour; undefined for every other host. */
export function zoneOf(host: string): string | undefined {
  const at = host.indexOf('%');
  return at < 0 ? undefined : host.slice(at + 1);
}

/** The address alone. */
export function withoutZone(host: string): string {
  const at = host.indexOf('%');
  return at < 0 ? host : host.slice(0, at);
}

/**
 * A text that all addresses of one network share: of the /24 of an IPv4 address, of the first
 * `v6Bytes` bytes of an IPv6 one. `host` is a valid address.
 */
export function networkOf(host: string, v6Bytes: number): string {
  if (!host.includes(':')) return host.slice(0, host.lastIndexOf('.'));
  return (parseV6(withoutZone(host)) ?? new Uint8Array(0)).subarray(0, v6Bytes).join('.');
}

/** Does a host lie in a network such as `192.168.1.7/24`, whose host part counts for nothing? */
export function isWithin(host: string, network: string): boolean {
  const slash = network.indexOf('/');
  const bits = Number(network.slice(slash + 1));
  const net = parseAddress(network.slice(0, Math.max(slash, 0)));
  const bytes = parseAddress(withoutZone(host));
  if (!net || bytes?.length !== net.length) return false;
  for (let bit = 0; bit < bits; bit++) {
    const mask = 128 >> (bit & 7);
    if ((net[bit >> 3]! & mask) !== (bytes[bit >> 3]! & mask)) return false;
  }
  return true;
}

export type AddressScope = 'public' | 'private' | 'loopback' | 'link-local' | 'reserved';

/**
 * What kind of address this is (IANA special-purpose registries). Documentation and benchmarking
 * ranges count as reserved; the lab runs there and says so with `allowReserved`.
 */
export function scopeOf(host: string): AddressScope {
  const scope = scopeWithoutZone(withoutZone(host));
  return zoneOf(host) === undefined || scope === 'link-local' ? scope : 'reserved';
}

function scopeWithoutZone(host: string): AddressScope {
  if (!host.includes(':')) return scopeOfV4(v4Number(host));
  const bytes = parseV6(host);
  return bytes ? scopeOfV6(bytes) : 'reserved';
}

/** Of the range that providers share among customers behind one address (RFC 6598). */
export function isShared(host: string): boolean {
  const bytes = parseAddress(host);
  return bytes?.length === 4 && bytes[0] === 100 && (bytes[1]! & 0xc0) === 64;
}

/** @param address 32 bits; -1, which is no address, is reserved like all above 224.0.0.0. */
function scopeOfV4(address: number): AddressScope {
  const [a, b, c] = [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255];
  if (a === 127) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  if (a === 100 && b >= 64 && b < 128) return 'private';
  if (a === 169 && b === 254) return 'link-local';
  const reserved =
    a === 0 ||
    a >= 224 ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && (b === 18 || b === 19)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113);
  return reserved ? 'reserved' : 'public';
}

function scopeOfV6(bytes: Uint8Array): AddressScope {
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) {
    return bytes[15] === 1 ? 'loopback' : 'reserved';
  }
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return 'link-local';
  if ((bytes[0]! & 0xfe) === 0xfc) return 'private';
  const documentation =
    bytes[0] === 0x20 && bytes[1] === 0x01 && bytes[2] === 0x0d && bytes[3] === 0xb8;
  return (bytes[0]! & 0xe0) === 0x20 && !documentation ? 'public' : 'reserved';
}
