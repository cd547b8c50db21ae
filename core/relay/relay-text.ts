/**
 * A relay as text, to be handed over and put into settings (RLY-16):
 *
 *   sotto-relay:<base32 of 01 || Noise key || check>@<host>:<port>
 *
 *   version  01
 *   check    first two bytes of H("sotto/1 " || "relay text" || 00 || version || key)
 *
 * 56 characters, then an address. Both UDP and TCP are tried there.
 * @module
 */
import { base32, concat, equal, fromBase32 } from '../base/bytes.ts';
import { endpointKey, parseEndpoint } from '../base/endpoint.ts';
import { LABELS, labelledHash } from '../crypto/kdf.ts';
import type { RelayAddress } from './entry.ts';
import { KEY_BYTES } from './slots.ts';

const PREFIX = 'sotto-relay:';
const VERSION = 1;
const CHECK_BYTES = 2;

export function formatRelay({ endpoint, key }: Pick<RelayAddress, 'endpoint' | 'key'>): string {
  return `${PREFIX}${base32(withCheck(key))}@${endpointKey(endpoint)}`;
}

/** Reads what `formatRelay` wrote, of either case; undefined for anything else. */
export function parseRelay(text: string): RelayAddress | undefined {
  const match = /^sotto-relay:([a-z2-7]{56})@(\S+)$/.exec(text.trim().toLowerCase());
  const bytes = match && fromBase32(match[1]!);
  const endpoint = match && parseEndpoint(match[2]!);
  if (!bytes || !endpoint || bytes.length !== 1 + KEY_BYTES + CHECK_BYTES) return undefined;
  const key = bytes.slice(1, 1 + KEY_BYTES);
  if (!equal(withCheck(key), bytes)) return undefined;
  return { endpoint, key, udp: true, tcp: true };
}

function withCheck(key: Uint8Array): Uint8Array {
  const named = concat(Uint8Array.of(VERSION), key);
  return concat(named, labelledHash(LABELS.relayText, named).subarray(0, CHECK_BYTES));
}
