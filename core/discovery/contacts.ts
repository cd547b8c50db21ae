/**
 * Compact nodes (BEP 5, BEP 32), as `nodes` and `nodes6` carry them.
 *
 *   offset   size    field
 *   0        20      id
 *   20       4 | 16  address
 *   24 | 36  2       port, big-endian
 *
 * @module
 */
import {
  COMPACT_V4_BYTES,
  COMPACT_V6_BYTES,
  familyOf,
  readEndpoint,
  writeEndpoint,
  type Family,
} from '../base/endpoint.ts';
import { NODE_ID_BYTES, type Contact } from './node-id.ts';

/** Compact nodes: id, address and port of each. */
export function encodeContacts(contacts: readonly Contact[]): Uint8Array {
  let size = 0;
  for (const { endpoint } of contacts) size += strideOf(familyOf(endpoint));
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { id, endpoint } of contacts) {
    bytes.set(id, at);
    at = writeEndpoint(bytes, at + NODE_ID_BYTES, endpoint);
  }
  return bytes;
}

function strideOf(family: Family): number {
  return NODE_ID_BYTES + (family === 'v4' ? COMPACT_V4_BYTES : COMPACT_V6_BYTES);
}

/**
 * Reads compact nodes of one family; odd lengths and impossible entries are left out, as is an
 * entry of the other family in IPv6 clothes.
 */
export function decodeContacts(bytes: Uint8Array | undefined, family: Family): Contact[] {
  const stride = strideOf(family);
  if (!bytes || bytes.length % stride !== 0) return [];
  const contacts: Contact[] = [];
  for (let at = 0; at < bytes.length; at += stride) {
    const endpoint = readEndpoint(bytes, at + NODE_ID_BYTES, family);
    if (!endpoint || familyOf(endpoint) !== family) continue;
    contacts.push({ id: bytes.subarray(at, at + NODE_ID_BYTES), endpoint });
  }
  return contacts;
}
