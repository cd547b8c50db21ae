/**
 * Local service discovery (BEP 14), byte for byte as a BitTorrent client writes it (LAN-1, LAN-2):
 *
 *   BT-SEARCH * HTTP/1.1                      ended by CR LF, as every line
 *   Host: 239.192.152.143:6771                IPv6: [ff15::efc0:988f]:6771
 *   Port: 40000                               where the sender listens, UDP and TCP
 *   Infohash: <40 hex>                        once for each
 *   cookie: <96 hex>                          by which a sender knows its own
 *   CR LF CR LF
 *
 * @module
 */
import { fromHex, hex, utf8 } from '../base/bytes.ts';
import type { Family } from '../base/endpoint.ts';

export const LAN_PORT = 6_771;
export const LAN_GROUPS: Readonly<Record<Family, string>> = {
  v4: '239.192.152.143',
  v6: 'ff15::efc0:988f',
};
export const LAN_HASH_BYTES = 20;
/** BEP 14: a message is no longer than this. */
export const SEARCH_BYTES_MAX = 1_400;
/** As many as fit into one message, and a few. */
export const SEARCH_HASHES_MAX = 32;
const COOKIE_CHARACTERS_MAX = 128;
const FIRST_LINE = 'BT-SEARCH * HTTP/1.1';
const PREFIX = utf8('BT-SEARCH ');

export interface Search {
  readonly port: number;
  /** 20 bytes each. */
  readonly hashes: readonly Uint8Array[];
  readonly cookie: string | undefined;
}
export type SearchFault = 'size' | 'not a search' | 'bad line' | 'bad port' | 'bad hash';
export type SearchRead =
  { readonly ok: true; readonly search: Search } | { readonly ok: false; reason: SearchFault };

export function encodeSearch(family: Family, search: Search): Uint8Array<ArrayBuffer> {
  const group = family === 'v6' ? `[${LAN_GROUPS.v6}]` : LAN_GROUPS.v4;
  const lines = [
    FIRST_LINE,
    `Host: ${group}:${LAN_PORT}`,
    `Port: ${search.port}`,
    ...search.hashes.map((hash) => `Infohash: ${hex(hash)}`),
    ...(search.cookie === undefined ? [] : [`cookie: ${search.cookie}`]),
    '',
    '',
    '',
  ];
  return utf8(lines.join('\r\n'));
}

/** Reads what anybody in the network sent. Never throws. */
export function decodeSearch(bytes: Uint8Array): SearchRead {
  if (bytes.length > SEARCH_BYTES_MAX) return fault('size');
  if (PREFIX.some((byte, i) => bytes[i] !== byte)) return fault('not a search');
  const [first, ...lines] = latin1(bytes).split('\r\n');
  if (!/^BT-SEARCH \* HTTP\/1\.[01]$/.test(first!)) return fault('not a search');
  let port: number | undefined;
  let cookie: string | undefined;
  const hashes: Uint8Array[] = [];
  for (const line of lines) {
    if (line === '') break;
    const header = /^([A-Za-z-]{1,32}): *([\x20-\x7e]*)$/.exec(line);
    if (!header) return fault('bad line');
    const [name, value] = [header[1]!.toLowerCase(), header[2]!.trim()];
    if (name === 'port') {
      port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
      if (port < 1 || port > 65_535) return fault('bad port');
    } else if (name === 'infohash') {
      const hash = value.length === 2 * LAN_HASH_BYTES ? fromHex(value) : undefined;
      if (!hash || hashes.length >= SEARCH_HASHES_MAX) return fault('bad hash');
      hashes.push(hash);
    } else if (name === 'cookie') {
      if (value.length > COOKIE_CHARACTERS_MAX) return fault('bad line');
      cookie = value;
    }
  }
  if (port === undefined) return fault('bad port');
  if (hashes.length === 0) return fault('bad hash');
  return { ok: true, search: { port, hashes, cookie } };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function fault(reason: SearchFault): SearchRead {
  return { ok: false, reason };
}
