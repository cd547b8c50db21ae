/**
 * UDP trackers (BEP 15): what is said and what is answered. All numbers big-endian.
 *
 *   connect    16 B   0: 41727101980 (8 B), 8: action 0 (4 B), 12: transaction (4 B)
 *     answer   16 B   0: action 0, 4: transaction, 8: connection (8 B), good for 60 s
 *   announce   98 B   0: connection (8 B), 8: action 1, 12: transaction, 16: hash (20 B),
 *                     36: peer id (20 B), 56: downloaded (8 B), 64: left (8 B), 72: uploaded (8 B),
 *                     80: event (4 B), 84: address 0 (4 B), 88: key (4 B), 92: wanted (4 B),
 *                     96: port (2 B)
 *     answer   20 B   0: action 1, 4: transaction, 8: interval, s (4 B), 12: leechers (4 B),
 *                     16: seeders (4 B); then endpoints of 6 B, over IPv6 of 18 B
 *   error             0: action 3, 4: transaction, 8: a text
 *
 * Pure. Decoders never throw.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, fromHex, readUintBE, uintBE } from '../base/bytes.ts';
import type { Endpoint, Family } from '../base/endpoint.ts';
import {
  compactPeers,
  EVENT_NUMBERS,
  LEFT,
  type Announce,
  type TrackerAnswer,
} from './tracker-announce.ts';

const PROTOCOL = fromHex('0000041727101980')!;
const TRANSACTION_BYTES = 4;
const CONNECTION_BYTES = 8;
const CONNECT = 0;
const ANNOUNCE = 1;
const ERROR = 3;
const CONNECT_ANSWER_BYTES = 16;
const ANSWER_HEAD_BYTES = 20;
const ERROR_HEAD_BYTES = 8;
const NOTHING_MOVED = new Uint8Array(8);
const SENDERS_ADDRESS = new Uint8Array(4);

export function encodeConnect(transaction: Uint8Array): Uint8Array<ArrayBuffer> {
  assert(transaction.length === TRANSACTION_BYTES, 'a transaction has 4 bytes');
  return concat(PROTOCOL, uintBE(CONNECT, 4), transaction);
}

export function encodeAnnounce(
  connection: Uint8Array,
  transaction: Uint8Array,
  { event, hash, key, peerId, port, wanted }: Announce,
): Uint8Array<ArrayBuffer> {
  assert(connection.length === CONNECTION_BYTES, 'a connection has 8 bytes');
  assert(transaction.length === TRANSACTION_BYTES, 'a transaction has 4 bytes');
  return concat(
    ...[connection, uintBE(ANNOUNCE, 4), transaction, hash, peerId],
    ...[NOTHING_MOVED, leftBytes(), NOTHING_MOVED],
    ...[uintBE(EVENT_NUMBERS[event ?? 'none'], 4), SENDERS_ADDRESS],
    ...[key, uintBE(wanted, 4), uintBE(port, 2)],
  );
}

export type UdpReply =
  | { readonly type: 'connected'; readonly connection: Uint8Array }
  | { readonly type: 'answer'; readonly answer: TrackerAnswer }
  | { readonly type: 'error' };

/**
 * Reads what may be an answer to this transaction; undefined for anything else, of which a shared
 * socket gets much.
 * @param family of the tracker's address: it says how long each endpoint is.
 */
export function decodeUdpReply(
  bytes: Uint8Array,
  transaction: Uint8Array,
  family: Family,
): UdpReply | undefined {
  if (bytes.length < ERROR_HEAD_BYTES) return undefined;
  for (let i = 0; i < TRANSACTION_BYTES; i++) {
    if (bytes[TRANSACTION_BYTES + i] !== transaction[i]) return undefined;
  }
  switch (readUintBE(bytes, 0, 4)) {
    case CONNECT:
      if (bytes.length < CONNECT_ANSWER_BYTES) return undefined;
      return { type: 'connected', connection: bytes.slice(8, CONNECT_ANSWER_BYTES) };
    case ANNOUNCE:
      if (bytes.length < ANSWER_HEAD_BYTES) return undefined;
      return { type: 'answer', answer: answerOf(bytes, family) };
    case ERROR:
      return { type: 'error' };
    default:
      return undefined;
  }
}

function answerOf(bytes: Uint8Array, family: Family): TrackerAnswer {
  const peers: Endpoint[] = compactPeers(bytes.subarray(ANSWER_HEAD_BYTES), family);
  return { isRefused: false, intervalMs: readUintBE(bytes, 8, 4) * 1_000, minMs: undefined, peers };
}

function leftBytes(): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, LEFT);
  return bytes;
}
