/**
 * Relay entry: a relay in our presence record, with the reader's slot there (RLY-14).
 *
 *   offset  size    field
 *   0       1       flags: bit 0 listens on UDP, bit 1 on TCP, bit 2 on TCP port 443 as well; all
 *                   others mean nothing
 *   1       6 | 18  compact endpoint
 *   7 | 19  32      the relay's Noise key
 *   39 | 51 20      slot
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import {
  COMPACT_V4_BYTES,
  COMPACT_V6_BYTES,
  decodeEndpoint,
  encodeEndpoint,
  type Endpoint,
} from '../base/endpoint.ts';
import { KEY_BYTES, SLOT_BYTES } from './slots.ts';

const UDP = 1;
const TCP = 2;
const WEB = 4;

/** All that is needed to reach a relay. */
export interface RelayAddress {
  readonly endpoint: Endpoint;
  /** Its Noise key, 32 bytes. */
  readonly key: Uint8Array;
  readonly udp: boolean;
  readonly tcp: boolean;
  /** It listens on TCP port 443 of this address too, for networks that pass only the web. */
  readonly web?: true | undefined;
}
export interface RelayEntry extends RelayAddress {
  readonly slot: Uint8Array;
}

export function encodeEntry({ endpoint, key, udp, tcp, web, slot }: RelayEntry): Uint8Array {
  assert(key.length === KEY_BYTES && slot.length === SLOT_BYTES, 'a key and a slot');
  const flags = (udp ? UDP : 0) | (tcp ? TCP : 0) | (web ? WEB : 0);
  return concat(Uint8Array.of(flags), encodeEndpoint(endpoint), key, slot);
}

/** Reads an entry; undefined where it is of another size, or says no way to get there. */
export function decodeEntry(bytes: Uint8Array): RelayEntry | undefined {
  const compact = bytes.length - 1 - KEY_BYTES - SLOT_BYTES;
  if (compact !== COMPACT_V4_BYTES && compact !== COMPACT_V6_BYTES) return undefined;
  const endpoint = decodeEndpoint(bytes.subarray(1, 1 + compact));
  const [udp, tcp] = [(bytes[0]! & UDP) !== 0, (bytes[0]! & TCP) !== 0];
  if (!endpoint || (!udp && !tcp)) return undefined;
  const key = bytes.slice(1 + compact, 1 + compact + KEY_BYTES);
  const slot = bytes.slice(1 + compact + KEY_BYTES);
  const isWeb = (bytes[0]! & WEB) !== 0;
  return { endpoint, key, udp, tcp, slot, ...(isWeb && { web: true as const }) };
}
