/**
 * What a node keeps across restarts: a bencoded dictionary, checked like bytes from the network.
 *
 *   1       version, 1
 *   v4 v6   per family: id (20 bytes), nodes (26 or 38 bytes each), ip (compact, where known)
 *
 * A table that does not decode is as good as none. Spec: DHT-48.
 * @module
 */
import { asBytes, asDict, decode, encode, type Dict } from '../base/bencode.ts';
import {
  decodeEndpoint,
  encodeEndpoint,
  familyOf,
  type Endpoint,
  type Family,
} from '../base/endpoint.ts';
import { decodeContacts, encodeContacts } from './contacts.ts';
import { NODE_ID_BYTES, type Contact } from './node-id.ts';

export const SAVED_NODES_MAX = 512;
const VERSION = 1;

export interface SavedRealm {
  readonly id: Uint8Array;
  readonly external: Endpoint | undefined;
  readonly nodes: readonly Contact[];
}

export type Saved = Partial<Record<Family, SavedRealm>>;

export function encodeSaved(saved: Saved): Uint8Array {
  return encode({ 1: VERSION, v4: realmOf(saved.v4), v6: realmOf(saved.v6) });
}

function realmOf(
  saved: SavedRealm | undefined,
): { [key: string]: Uint8Array | undefined } | undefined {
  if (!saved) return undefined;
  const nodes = encodeContacts(saved.nodes.slice(0, SAVED_NODES_MAX));
  return { id: saved.id, nodes, ip: saved.external && encodeEndpoint(saved.external) };
}

/** Never throws; whatever is damaged is left out. */
export function decodeSaved(bytes: Uint8Array): Saved {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  if (dict?.['1'] !== VERSION) return {};
  const v4 = readRealm(asDict(dict['v4']), 'v4');
  const v6 = readRealm(asDict(dict['v6']), 'v6');
  return { ...(v4 && { v4 }), ...(v6 && { v6 }) };
}

function readRealm(dict: Dict | undefined, family: Family): SavedRealm | undefined {
  const id = asBytes(dict?.['id'], NODE_ID_BYTES);
  if (!dict || !id) return undefined;
  const ip = asBytes(dict['ip']);
  const seen = ip && decodeEndpoint(ip);
  const external = seen && familyOf(seen) === family ? seen : undefined;
  const nodes = decodeContacts(asBytes(dict['nodes']), family).slice(0, SAVED_NODES_MAX);
  return { id: id.slice(), external, nodes };
}
