/**
 * HTTP trackers (BEP 3, 7, 23): the path of an announce, and what the body of an answer says.
 *
 *   ?info_hash=..&peer_id=..&port=..&uploaded=0&downloaded=0&left=..&numwant=80&key=..
 *   &compact=1&supportcrypto=1&event=started
 *
 *   answer  interval, min interval   int    seconds
 *           peers                    bytes  endpoints of 6; or a list of {ip, port}
 *           peers6                   bytes  endpoints of 18
 *           failure reason           bytes  nothing else counts then
 *
 * The parameters stand in the order in which Transmission 3.00 writes them. No address is said: a
 * tracker sees where we come from, and many believe no more than that. Pure, never throws.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, type Bvalue } from '../base/bencode.ts';
import { readUintBE, utf8Text } from '../base/bytes.ts';
import { formatAddress, parseAddress, type Endpoint } from '../base/endpoint.ts';
import {
  compactPeers,
  LEFT,
  PEERS_READ_MAX,
  type Announce,
  type TrackerAnswer,
} from './tracker-announce.ts';

/** Bytes of one answer that are read; a tracker that says more is not understood. */
export const TRACKER_ANSWER_BYTES_MAX = 64 * 1024;
/** Beyond a year a wait is no time any more. */
const SECONDS_MAX = 365 * 86_400;

/** Path and query of an announce. @param path the tracker's own, perhaps with a query. */
export function announcePath(
  path: string,
  { event, hash, key, peerId, port, wanted }: Announce,
): string {
  const query = [
    `info_hash=${escaped(hash)}`,
    `peer_id=${escaped(peerId)}`,
    `port=${port}`,
    'uploaded=0',
    'downloaded=0',
    `left=${LEFT}`,
    `numwant=${wanted}`,
    `key=${readUintBE(key, 0, key.length).toString(16)}`,
    'compact=1',
    'supportcrypto=1',
    ...(event ? [`event=${event}`] : []),
  ];
  return `${path}${path.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** Reads the body of an answer; undefined where it is none. */
export function decodeHttpAnswer(bytes: Uint8Array): TrackerAnswer | undefined {
  if (bytes.length > TRACKER_ANSWER_BYTES_MAX) return undefined;
  const decoded = decode(bytes, { lenient: true });
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  if (!dict) return undefined;
  const [intervalMs, minMs] = [msOf(dict['interval']), msOf(dict['min interval'])];
  if (dict['failure reason'] !== undefined) {
    return { isRefused: true, intervalMs, minMs, peers: [] };
  }
  const peers = [...peersOf(dict['peers']), ...compactPeers(bytesOf(dict['peers6']), 'v6')];
  return { isRefused: false, intervalMs, minMs, peers: peers.slice(0, PEERS_READ_MAX) };
}

function peersOf(value: Bvalue | undefined): Endpoint[] {
  const list = asList(value);
  if (!list) return compactPeers(bytesOf(value), 'v4');
  return list.flatMap((entry) => {
    const dict = asDict(entry);
    const ip = utf8Text(bytesOf(dict?.['ip']));
    const port = asInt(dict?.['port'], 1, 65_535);
    const address = ip === undefined ? undefined : parseAddress(ip);
    return address && port !== undefined ? [{ host: formatAddress(address), port }] : [];
  });
}

function bytesOf(value: Bvalue | undefined): Uint8Array {
  return asBytes(value) ?? new Uint8Array(0);
}

function msOf(value: Bvalue | undefined): number | undefined {
  const seconds = asInt(value, 0, SECONDS_MAX);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** Letters, digits and `-_.~` stand for themselves. */
function escaped(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9._~-]/.test(char);
    text += isPlain ? char : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
