/**
 * KRPC: the messages of the Mainline DHT (BEP 5, 32, 33, 42, 43, 44, 51), each one bencoded
 * dictionary.
 *
 *   key   in             meaning
 *   t     all            transaction: chosen by who asks, 1 to 20 bytes
 *   y     all            q query, r reply, e error
 *   q a   query          method, arguments (always with id)
 *   ro    query          1: who asks is read-only, keep it out of tables (BEP 43)
 *   r     reply          id, nodes (26 bytes each), nodes6 (38 bytes each), token, values,
 *                        k seq sig v of an item, BFsd BFpe of a scrape, interval num samples
 *   e     error          [code, text]
 *   ip    reply, error   where we see the one who asked, compact (BEP 42)
 *
 * No `v`: it would mark our users. Reads leniently where the field is (unsorted keys), strictly
 * what is signed or hashed: `raw` is the very bytes of the message. Spec: DHT-5 to DHT-11.
 * @module
 */
import {
  asBytes,
  asDict,
  asInt,
  asList,
  decode,
  encode,
  type Bvalue,
  type Dict,
  type Encodable,
} from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import { decodeEndpoint, encodeEndpoint, type Endpoint, type Family } from '../base/endpoint.ts';
import { rawField, rawString } from './bencode-span.ts';
import { decodeContacts, encodeContacts } from './contacts.ts';
import { NODE_ID_BYTES, type Contact } from './node-id.ts';
import type { ItemFields } from './item.ts';
import { encodeTargetQuery, isTargetQuery, type TargetQuery } from './target-query.ts';

/** DHT-5: longer datagrams are not ours; BEP 32 nodes send at most 1,024 bytes, others 1,500. */
export const KRPC_BYTES_MAX = 4096;
export const TRANSACTION_BYTES_MAX = 20;
/** Tokens are opaque; ours have 8 bytes, libtorrent's 4. */
export const TOKEN_BYTES_MAX = 64;
/** DHT-10: contacts taken from one reply, of both families together. */
export const REPLY_CONTACTS_MAX = 32;
/** DHT-10: peers taken from one reply. */
export const REPLY_PEERS_MAX = 100;
/** The longest word of the protocol is `sample_infohashes`. */
const WORD_BYTES_MAX = 17;

/** What a query asks for in BEP 32 terms; empty: the family it came by. */
export type Want = readonly Family[];

export type Query =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node'; readonly target: Uint8Array; readonly want: Want }
  | {
      readonly method: 'get_peers';
      readonly target: Uint8Array;
      readonly want: Want;
      /** BEP 33: how many are there? And: leave out those who have everything. */
      readonly scrape?: boolean;
      readonly noseed?: boolean;
    }
  | { readonly method: 'sample_infohashes'; readonly target: Uint8Array; readonly want: Want }
  | {
      readonly method: 'announce_peer';
      readonly target: Uint8Array;
      /** Undefined: the port the datagram came from (`implied_port`). */
      readonly port: number | undefined;
      readonly token: Uint8Array;
      /** BEP 33: it has the whole torrent. */
      readonly seed?: boolean;
    }
  | {
      readonly method: 'get';
      readonly target: Uint8Array;
      readonly want: Want;
      /** Leave out k, v and sig unless the stored seq is higher. */
      readonly seq?: bigint;
    }
  | {
      readonly method: 'put';
      readonly token: Uint8Array;
      readonly raw: Uint8Array;
      readonly mutable?: MutablePut;
    };

/** The signed part of a put, all of it or nothing (DHT-30). */
export interface MutablePut {
  readonly k: Uint8Array;
  readonly sig: Uint8Array;
  readonly seq: bigint;
  readonly salt: Uint8Array;
  readonly cas?: bigint;
}

export interface Reply {
  readonly id: Uint8Array;
  readonly contacts: readonly Contact[];
  readonly token?: Uint8Array;
  readonly peers: readonly Endpoint[];
  readonly item?: ItemFields;
  /** Also where the item itself was left out. */
  readonly seq?: bigint;
}

/** Error codes of BEP 5 and BEP 44. */
export const KRPC_ERROR = {
  generic: 201,
  server: 202,
  protocol: 203,
  method: 204,
  valueTooBig: 205,
  signature: 206,
  saltTooBig: 207,
  casMismatch: 301,
  seqTooLow: 302,
} as const;

export type KrpcErrorCode = (typeof KRPC_ERROR)[keyof typeof KRPC_ERROR];

export type KrpcFault =
  'not krpc' | 'transaction' | 'kind' | 'id' | 'arguments' | 'method' | 'error list';

export type Krpc =
  | {
      readonly ok: true;
      readonly kind: 'query';
      readonly transaction: Uint8Array;
      readonly id: Uint8Array;
      readonly readOnly: boolean;
      readonly query: Query;
    }
  | {
      readonly ok: true;
      readonly kind: 'reply';
      readonly transaction: Uint8Array;
      readonly external: Endpoint | undefined;
      readonly reply: Reply;
    }
  | {
      readonly ok: true;
      readonly kind: 'error';
      readonly transaction: Uint8Array;
      readonly code: number;
    }
  | {
      readonly ok: false;
      readonly reason: KrpcFault;
      /** What to tell who sent a query that makes no sense. */
      readonly answer?: { readonly transaction: Uint8Array; readonly code: KrpcErrorCode };
    };

/**
 * Reads one datagram. Never throws; byte strings are views into `bytes`.
 * `not krpc` means that the datagram belongs to another protocol on this socket.
 */
export function decodeKrpc(bytes: Uint8Array): Krpc {
  if (bytes[0] !== 0x64 || bytes.length > KRPC_BYTES_MAX) return { ok: false, reason: 'not krpc' };
  const decoded = decode(bytes, { lenient: true });
  const message = decoded.ok ? asDict(decoded.value) : undefined;
  if (message?.['y'] === undefined) return { ok: false, reason: 'not krpc' };
  const transaction = asBytes(message['t']);
  if (!transaction || transaction.length === 0 || transaction.length > TRANSACTION_BYTES_MAX) {
    return { ok: false, reason: 'transaction' };
  }
  switch (wordOf(message['y'])) {
    case 'q':
      return decodeQuery(bytes, message, transaction);
    case 'r':
      return decodeReply(bytes, message, transaction);
    case 'e':
      return decodeError(message, transaction);
    default:
      return { ok: false, reason: 'kind' };
  }
}

function decodeQuery(bytes: Uint8Array, message: Dict, transaction: Uint8Array): Krpc {
  const refuse = (reason: KrpcFault, code: KrpcErrorCode): Krpc => ({
    ok: false,
    reason,
    answer: { transaction, code },
  });
  const args = asDict(message['a']);
  const id = asBytes(args?.['id'], NODE_ID_BYTES);
  if (!args || !id) return refuse('id', KRPC_ERROR.protocol);
  const method = wordOf(message['q']);
  const reader = method !== undefined && METHODS.get(method);
  if (!reader) return refuse('method', KRPC_ERROR.method);
  const query = reader(args, bytes);
  if (!query) return refuse('arguments', KRPC_ERROR.protocol);
  const readOnly = message['ro'] === 1;
  return { ok: true, kind: 'query', transaction, id, readOnly, query };
}

type QueryReader = (args: Dict, bytes: Uint8Array) => Query | undefined;

const METHODS: ReadonlyMap<string, QueryReader> = new Map<string, QueryReader>([
  ['ping', () => ({ method: 'ping' })],
  ['find_node', (args) => readTarget('find_node', args, args['target'])],
  ['get_peers', readGetPeers],
  ['sample_infohashes', (args) => readTarget('sample_infohashes', args, args['target'])],
  ['announce_peer', readAnnounce],
  ['get', readGet],
  ['put', readPut],
]);

function readGetPeers(args: Dict): Query | undefined {
  const asked = readTarget('get_peers', args, args['info_hash']);
  if (!asked) return undefined;
  const [scrape, noseed] = [args['scrape'] === 1, args['noseed'] === 1];
  return { ...asked, ...(scrape && { scrape }), ...(noseed && { noseed }) };
}

function readTarget<M extends 'find_node' | 'get_peers' | 'get' | 'sample_infohashes'>(
  method: M,
  args: Dict,
  field: Bvalue | undefined,
): { method: M; target: Uint8Array; want: Want } | undefined {
  const target = asBytes(field, NODE_ID_BYTES);
  return target && { method, target, want: readWant(args['want']) };
}

function readWant(field: Bvalue | undefined): Want {
  const asked = (asList(field) ?? []).map(wordOf);
  const want: Family[] = [];
  if (asked.includes('n4')) want.push('v4');
  if (asked.includes('n6')) want.push('v6');
  return want;
}

function readAnnounce(args: Dict): Query | undefined {
  const target = asBytes(args['info_hash'], NODE_ID_BYTES);
  const token = readToken(args['token']);
  if (!target || !token) return undefined;
  const implied = asInt(args['implied_port'], 1, Number.MAX_SAFE_INTEGER) !== undefined;
  const port = implied ? undefined : asInt(args['port'], 1, 65535);
  if (!implied && port === undefined) return undefined;
  const seed = args['seed'] === 1 && { seed: true };
  return { method: 'announce_peer', target, port, token, ...seed };
}

function readGet(args: Dict): Query | undefined {
  const seq = readSeq(args['seq']);
  if (args['seq'] !== undefined && seq === undefined) return undefined;
  const asked = readTarget('get', args, args['target']);
  return asked && { ...asked, ...(seq !== undefined && { seq }) };
}

/** DHT-30: of k, sig and seq a put has all or none; half a mutable item is no immutable one. */
function readPut(args: Dict, bytes: Uint8Array): Query | undefined {
  const token = readToken(args['token']);
  const raw = rawField(bytes, 'a', 'v');
  if (!token || !raw || !decode(raw).ok) return undefined;
  const signed = ['k', 'sig', 'seq', 'salt'].some((name) => args[name] !== undefined);
  if (!signed) return { method: 'put', token, raw };
  const k = asBytes(args['k'], 32);
  const sig = asBytes(args['sig'], 64);
  const seq = readSeq(args['seq']);
  const salt = args['salt'] === undefined ? new Uint8Array(0) : asBytes(args['salt']);
  const cas = readSeq(args['cas']);
  if (!k || !sig || seq === undefined || !salt) return undefined;
  if (args['cas'] !== undefined && cas === undefined) return undefined;
  return {
    method: 'put',
    token,
    raw,
    mutable: { k, sig, seq, salt, ...(cas !== undefined && { cas }) },
  };
}

function decodeReply(bytes: Uint8Array, message: Dict, transaction: Uint8Array): Krpc {
  const body = asDict(message['r']);
  const id = asBytes(body?.['id'], NODE_ID_BYTES);
  if (!body || !id) return { ok: false, reason: 'id' };
  const token = readToken(body['token']);
  const seq = readSeq(body['seq']);
  const k = asBytes(body['k'], 32);
  const sig = asBytes(body['sig'], 64);
  const v = body['v'];
  const isThere = v !== undefined;
  const raw = v instanceof Uint8Array ? rawString(bytes, v) : isThere && rawField(bytes, 'r', 'v');
  const numbered = seq !== undefined && { seq };
  const item = raw && { raw, ...(k && { k }), ...(sig && { sig }), ...numbered };
  const peers = readPeers(body['values']);
  let contacts: readonly Contact[] | undefined;
  const reply = {
    id,
    /** Read when they are asked for: the item, if there is one, comes first. */
    get contacts(): readonly Contact[] {
      return (contacts ??= readContacts(body));
    },
    peers,
    ...(token && { token }),
    ...(item && { item }),
    ...numbered,
  };
  const ip = asBytes(message['ip']);
  return { ok: true, kind: 'reply', transaction, external: ip && decodeEndpoint(ip), reply };
}

function readContacts(body: Dict): Contact[] {
  return [
    ...decodeContacts(asBytes(body['nodes']), 'v4'),
    ...decodeContacts(asBytes(body['nodes6']), 'v6'),
  ].slice(0, REPLY_CONTACTS_MAX);
}

function readPeers(field: Bvalue | undefined): Endpoint[] {
  const peers: Endpoint[] = [];
  for (const value of (asList(field) ?? []).slice(0, REPLY_PEERS_MAX)) {
    const compact = asBytes(value);
    const endpoint = compact && decodeEndpoint(compact);
    if (endpoint) peers.push(endpoint);
  }
  return peers;
}

function decodeError(message: Dict, transaction: Uint8Array): Krpc {
  const code = asInt(asList(message['e'])?.[0], 0, 99_999);
  if (code === undefined) return { ok: false, reason: 'error list' };
  return { ok: true, kind: 'error', transaction, code };
}

/** A seq or cas number: a non-negative int64. */
function readSeq(field: Bvalue | undefined): bigint | undefined {
  if (typeof field !== 'number' && typeof field !== 'bigint') return undefined;
  return field >= 0 ? BigInt(field) : undefined;
}

function readToken(field: Bvalue | undefined): Uint8Array | undefined {
  const token = asBytes(field);
  return token && token.length > 0 && token.length <= TOKEN_BYTES_MAX ? token : undefined;
}

/** A word of the protocol. All are ASCII: other bytes make a text that is none of them. */
function wordOf(field: Bvalue | undefined): string | undefined {
  const bytes = asBytes(field);
  if (!bytes || bytes.length > WORD_BYTES_MAX) return undefined;
  let word = '';
  for (let i = 0; i < bytes.length; i++) word += String.fromCharCode(bytes[i]!);
  return word;
}

/** The bytes of a query of ours. `id` is our id in the family it goes to. */
export function encodeQuery(
  transaction: Uint8Array,
  id: Uint8Array,
  readOnly: boolean,
  query: Query,
): Uint8Array {
  if (isTargetQuery(query)) return encodeTargetQuery(transaction, id, readOnly, query);
  const a = { id, ...argumentsOf(query) };
  return encode({ a, q: query.method, ...(readOnly && { ro: 1 }), t: transaction, y: 'q' });
}

function argumentsOf(query: Exclude<Query, TargetQuery>): {
  [key: string]: Encodable | undefined;
} {
  switch (query.method) {
    case 'ping':
      return {};
    case 'get_peers': {
      const flag = (set: boolean | undefined): number | undefined => (set ? 1 : undefined);
      const [scrape, noseed] = [flag(query.scrape), flag(query.noseed)];
      return { info_hash: query.target, want: wantOf(query.want), scrape, noseed };
    }
    case 'announce_peer': {
      const implied_port = query.port === undefined ? 1 : undefined;
      const { target: info_hash, token, port = 0 } = query;
      return { info_hash, token, port, implied_port, seed: query.seed ? 1 : undefined };
    }
    case 'put': {
      const { token, raw, mutable } = query;
      const { k, sig, seq, cas } = mutable ?? {};
      const salt = mutable && mutable.salt.length > 0 ? mutable.salt : undefined;
      return { token, v: embed(raw), k, sig, seq, cas, salt };
    }
  }
}

function wantOf(want: Want): Encodable | undefined {
  return want.length > 0 ? want.map((family) => (family === 'v4' ? 'n4' : 'n6')) : undefined;
}

/** What our own replies are made of; undefined fields are left out. */
export interface ReplyFields {
  readonly id: Uint8Array;
  readonly nodes?: readonly Contact[];
  readonly nodes6?: readonly Contact[];
  readonly token?: Uint8Array;
  readonly peers?: readonly Endpoint[];
  readonly item?: ItemFields;
  readonly seq?: bigint;
  /** BEP 33: filters of those who have everything, and of the others. */
  readonly scrape?: { readonly seeds: Uint8Array; readonly peers: Uint8Array };
  /** BEP 51: hashes we keep peers of. */
  readonly samples?: {
    readonly intervalS: number;
    readonly num: number;
    readonly hashes: readonly Uint8Array[];
  };
}

/** The bytes of a reply to somebody seen at `to`. */
export function encodeReply(
  transaction: Uint8Array,
  to: Endpoint,
  fields: ReplyFields,
): Uint8Array {
  const { id, token, item } = fields;
  // In the order of the keys, which spares sorting them.
  const r: { [key: string]: Encodable | undefined } = {
    BFpe: fields.scrape?.peers,
    BFsd: fields.scrape?.seeds,
    id,
    interval: fields.samples?.intervalS,
    k: item?.k,
    nodes: fields.nodes && encodeContacts(fields.nodes),
    nodes6: fields.nodes6 && encodeContacts(fields.nodes6),
    num: fields.samples?.num,
    samples: fields.samples && concat(...fields.samples.hashes),
    seq: item?.seq ?? fields.seq,
    sig: item?.sig,
    token,
    v: item && embed(item.raw),
    values: fields.peers?.map(encodeEndpoint),
  };
  return encode({ ip: encodeEndpoint(to), r, t: transaction, y: 'r' });
}

/** The bytes of an error to somebody seen at `to`. */
export function encodeError(
  transaction: Uint8Array,
  to: Endpoint,
  code: KrpcErrorCode,
): Uint8Array {
  const e = [code, ERROR_TEXT[code]];
  return encode({ e, ip: encodeEndpoint(to), t: transaction, y: 'e' });
}

const ERROR_TEXT: Readonly<Record<KrpcErrorCode, string>> = {
  201: 'Generic Error',
  202: 'Server Error',
  203: 'Protocol Error',
  204: 'Method Unknown',
  205: 'Message Too Big',
  206: 'Invalid Signature',
  207: 'Salt Too Big',
  301: 'CAS Mismatch',
  302: 'Sequence Number Too Low',
};

/**
 * A value that is already bencoded: canonical, so decoding and encoding gives the same bytes.
 * @throws AssertionError where it is not: our bug, for what strangers send is checked on reading.
 */
function embed(raw: Uint8Array): Encodable {
  const decoded = decode(raw);
  assert(decoded.ok, 'a raw value is canonical bencode');
  return decoded.value;
}
