/**
 * A relay as text, to be handed over and put into settings (RLY-16):
 *
 *   sotto-relay:<base32 of 01 || Noise key || check>@<host>:<port>[+443]
 *
 *   version  01
 *   check    first two bytes of H("sotto/1 " || "relay text" || 00 || version || key)
 *
 * 56 characters, then an address. Both UDP and TCP are tried there; with `+443`, TCP on port 443 of
 * that host too where neither answers.
 * @module
 */
import { base32, concat, equal, fromBase32 } from '../base/bytes.ts';
import { endpointKey, parseEndpoint } from '../base/endpoint.ts';
import { LABELS, labelledHash } from '../crypto/kdf.ts';
import type { RelayAddress } from './entry.ts';
import { KEY_BYTES } from './slots.ts';

const PREFIX = 'sotto-relay:';
/** It listens on TCP port 443 as well. */
const WEB = '+443';
const VERSION = 1;
const CHECK_BYTES = 2;

export function formatRelay({
  endpoint,
  key,
  web,
}: Pick<RelayAddress, 'endpoint' | 'key' | 'web'>): string {
  return `${PREFIX}${base32(withCheck(key))}@${endpointKey(endpoint)}${web ? WEB : ''}`;
}

/** Reads what `formatRelay` wrote, of either case; undefined for anything else. */
export function parseRelay(text: string): RelayAddress | undefined {
  const match = /^sotto-relay:([a-z2-7]{56})@([^\s+]+)(\+443)?$/.exec(text.trim().toLowerCase());
  const bytes = match && fromBase32(match[1]!);
  const endpoint = match && parseEndpoint(match[2]!);
  if (!bytes || !endpoint || bytes.length !== 1 + KEY_BYTES + CHECK_BYTES) return undefined;
  const key = bytes.slice(1, 1 + KEY_BYTES);
  if (!equal(withCheck(key), bytes)) return undefined;
  return { endpoint, key, udp: true, tcp: true, ...(match[3] && { web: true as const }) };
}

function withCheck(key: Uint8Array): Uint8Array {
  const named = concat(Uint8Array.of(VERSION), key);
  return concat(named, labelledHash(LABELS.relayText, named).subarray(0, CHECK_BYTES));
}
