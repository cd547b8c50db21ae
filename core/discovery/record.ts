/**
 * Presence record: where one device can be reached now, readable by one contact alone.
 *
 * Bencoded, inside one sealed item (sealed-item.ts):
 *
 *   key  type     meaning
 *   c    list     candidates, at most 4: 1 byte (bits 0-1 transport: 0 UDP, 1 TCP; bits 2-4 NAT
 *                 class: 0 unknown, 1 open, 2 independent, 3 random), compact endpoint
 *   d    list     drop references, at most 4 of 20 B
 *   f    integer  flags: bit 0 "send me a prekey bundle", bit 1 serves as a relay (RLY-17),
 *                 bit 2 on TCP port 443 too (RLY-25)
 *   g    integer  generation, from 1: grows with every change of what this device says
 *   h    32 B     hash of the device list
 *   i    64 B     signing key || Noise key of the device; only in records for invites
 *   k    33 B     gate: 1 byte kind (0 direct, 1 circuit), 32 bytes secret
 *   l    integer  version of the device list
 *   m    bytes    protocol majors, one byte each, ascending, 1 to 8
 *   o    16 B     mark, which its writer alone can check
 *   p    integer  policy: 0 automatic, 1 hidden IP, 2 direct only, 3 this network only
 *   r    list     relays with slots, at most 3 of at most 72 B
 *   x    list     mailboxes, at most 3 of at most 44 B
 *
 * Empty lists and absent things are left out. Keys we do not know are kept.
 * Spec: DSC-8 to DSC-13. Pure.
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
} from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import { decodeEndpoint, encodeEndpoint, scopeOf, type Endpoint } from '../base/endpoint.ts';
import { policyNumber, readPolicy, type Policy } from '../base/policy.ts';
import type { Random } from '../base/time.ts';
import { Secret, type GateSecret, type RecordSecret } from '../crypto/keys.ts';
import { INSIDE_BYTES_MAX, openItem, sealItem, type SealedItemFault } from './sealed-item.ts';

export const RECORD_BYTES_MAX = INSIDE_BYTES_MAX;
export const CANDIDATES_MAX = 4;
export const RELAYS_MAX = 3;
export const RELAY_BYTES_MAX = 72;
export const MAILBOXES_MAX = 3;
export const MAILBOX_BYTES_MAX = 44;
export const DROPS_MAX = 4;
export const DROP_BYTES = 20;
export const MAJORS_MAX = 8;
export const MARK_BYTES = 16;
const HASH_BYTES = 32;
const KEY_BYTES = 32;

const TRANSPORTS = ['udp', 'tcp'] as const;
const NAT_CLASSES = ['unknown', 'open', 'independent', 'random'] as const;
const GATES = ['direct', 'circuit'] as const;
export type Transport = (typeof TRANSPORTS)[number];
export type NatClass = (typeof NAT_CLASSES)[number];

export interface RecordCandidate {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly nat: NatClass;
}
/** The gate its reader may pass. */
export interface RecordGate {
  readonly kind: (typeof GATES)[number];
  readonly secret: GateSecret;
}
/** What a newcomer cannot know from a certificate yet; 32 bytes each. */
export interface DeviceKeys {
  readonly signing: Uint8Array;
  readonly noise: Uint8Array;
}

export interface PresenceRecord {
  readonly majors: readonly number[];
  readonly policy: Policy;
  readonly generation: number;
  readonly list: { readonly version: number; readonly hash: Uint8Array };
  readonly candidates: readonly RecordCandidate[];
  readonly gate?: RecordGate | undefined;
  /** Entries of core/relay/entry.ts; of mailboxes this version knows nothing. */
  readonly relays?: readonly Uint8Array[];
  readonly mailboxes?: readonly Uint8Array[];
  /** Targets of immutable items. */
  readonly drops?: readonly Uint8Array[];
  /** Bit 0: the reader should send a prekey bundle. */
  readonly flags?: number;
  readonly keys?: DeviceKeys | undefined;
  readonly mark?: Uint8Array | undefined;
  /** Entries under keys this version does not know. */
  readonly unknown?: Dict;
}

export type RecordFault = SealedItemFault | 'not bencode' | 'bad field';
export type DecodedRecord =
  { ok: true; record: PresenceRecord } | { ok: false; reason: RecordFault };

/** The 768 bytes that go into the DHT. */
export function sealRecord(
  record: PresenceRecord,
  sealing: RecordSecret,
  random: Random,
): Uint8Array<ArrayBuffer> {
  return sealItem(encodeRecord(record), sealing, random);
}

/** Reads what `sealRecord` made. `value` is whatever lay in the DHT; never throws. */
export function openRecord(value: Bvalue, sealing: RecordSecret): DecodedRecord {
  const opened = openItem(value, sealing);
  return opened.ok ? decodeRecord(opened.inside) : opened;
}

/**
 * A record in the clear: as it is sealed, and as a hint handed over outside the DHT.
 * @throws AssertionError where it breaks a limit or names an address that its policy hides.
 */
export function encodeRecord(record: PresenceRecord): Uint8Array<ArrayBuffer> {
  const { relays = [], mailboxes = [], drops = [], flags = 0 } = record;
  assert(keepsToPolicy(record), 'no record names an address that its policy hides');
  assert(record.candidates.length <= CANDIDATES_MAX, 'at most 4 candidates');
  assert(relays.length <= RELAYS_MAX && mailboxes.length <= MAILBOXES_MAX, 'at most 3 relays');
  assert(drops.length <= DROPS_MAX, 'at most 4 drops');
  const bytes = encode({
    ...record.unknown,
    c: unlessEmpty(record.candidates.map(packCandidate)),
    d: unlessEmpty(drops),
    f: flags === 0 ? undefined : flags,
    g: record.generation,
    h: record.list.hash,
    i: record.keys && concat(record.keys.signing, record.keys.noise),
    k: record.gate && packGate(record.gate),
    l: record.list.version,
    m: Uint8Array.from(record.majors),
    o: record.mark,
    p: policyNumber(record.policy),
    r: unlessEmpty(relays),
    x: unlessEmpty(mailboxes),
  });
  assert(bytes.length <= RECORD_BYTES_MAX, `a record has at most ${RECORD_BYTES_MAX} bytes`);
  return bytes;
}

const KNOWN_KEYS = new Set('cdfghiklmoprx');
const MALFORMED = 'malformed';

/** Reads a record in the clear. Never throws. */
export function decodeRecord(bytes: Uint8Array): DecodedRecord {
  if (bytes.length > RECORD_BYTES_MAX) return { ok: false, reason: 'size' };
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  if (!dict) return { ok: false, reason: 'not bencode' };
  const record = recordOf(dict);
  return record ? { ok: true, record } : { ok: false, reason: 'bad field' };
}

/** All of it or nothing: a record with one bad field is no record. */
function recordOf(dict: Dict): PresenceRecord | undefined {
  const majors = asBytes(dict['m']);
  const generation = asInt(dict['g'], 1, Number.MAX_SAFE_INTEGER);
  const version = asInt(dict['l'], 0, Number.MAX_SAFE_INTEGER);
  const hash = asBytes(dict['h'], HASH_BYTES);
  const policy = readPolicy(dict['p']);
  const candidates = listOf(dict['c'], CANDIDATES_MAX, 1, 1 + 18);
  const relays = listOf(dict['r'], RELAYS_MAX, 1, RELAY_BYTES_MAX);
  const mailboxes = listOf(dict['x'], MAILBOXES_MAX, 1, MAILBOX_BYTES_MAX);
  const drops = listOf(dict['d'], DROPS_MAX, DROP_BYTES, DROP_BYTES);
  const flags = optional(dict['f'], (value) => asInt(value, 0, Number.MAX_SAFE_INTEGER));
  const keys = optional(dict['i'], unpackKeys);
  const mark = optional(dict['o'], (value) => asBytes(value, MARK_BYTES));
  const gate = unpackGate(dict['k']);
  if (!majors || !ascending(majors) || generation === undefined || version === undefined) {
    return undefined;
  }
  if (!hash || !policy || !candidates || !relays || !mailboxes || !drops) return undefined;
  if (flags === MALFORMED || keys === MALFORMED || mark === MALFORMED || gate === MALFORMED) {
    return undefined;
  }
  const unpacked = candidates.map(unpackCandidate);
  if (unpacked.includes(MALFORMED)) return undefined;
  const known = unpacked.filter((candidate) => typeof candidate === 'object');
  if (!keepsToPolicy({ policy, candidates: known })) return undefined;
  return {
    majors: [...majors],
    policy,
    generation,
    list: { version, hash },
    candidates: known,
    relays,
    mailboxes,
    drops,
    flags: flags ?? 0,
    gate,
    keys,
    mark,
    unknown: unknownOf(dict),
  };
}

/** Under Hidden IP no address is told, under This network only none that others could reach. */
function keepsToPolicy({
  candidates,
  policy,
}: Pick<PresenceRecord, 'candidates' | 'policy'>): boolean {
  if (policy === 'hidden') return candidates.length === 0;
  return (
    policy !== 'local' || candidates.every(({ endpoint }) => scopeOf(endpoint.host) !== 'public')
  );
}

function unlessEmpty(list: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Absent is fine; present and malformed is not. */
function optional<T>(
  value: Bvalue | undefined,
  read: (value: Bvalue) => T | undefined,
): T | typeof MALFORMED | undefined {
  return value === undefined ? undefined : (read(value) ?? MALFORMED);
}

/** A list of byte strings of bounded size; absent is empty. */
function listOf(
  value: Bvalue | undefined,
  countMax: number,
  bytesMin: number,
  bytesMax: number,
): Uint8Array[] | undefined {
  if (value === undefined) return [];
  const list = asList(value);
  if (!list || list.length > countMax) return undefined;
  const items: Uint8Array[] = [];
  for (const entry of list) {
    const bytes = asBytes(entry);
    if (!bytes || bytes.length < bytesMin || bytes.length > bytesMax) return undefined;
    items.push(bytes);
  }
  return items;
}

function ascending(majors: Uint8Array): boolean {
  if (majors.length < 1 || majors.length > MAJORS_MAX) return false;
  return majors.every((major, i) => major > (i === 0 ? 0 : majors[i - 1]!));
}

function packCandidate({ transport, nat, endpoint }: RecordCandidate): Uint8Array {
  const kind = TRANSPORTS.indexOf(transport) | (NAT_CLASSES.indexOf(nat) << 2);
  return concat(Uint8Array.of(kind), encodeEndpoint(endpoint));
}

/** A transport or NAT class of a later version is no error: the former is skipped. */
function unpackCandidate(bytes: Uint8Array): RecordCandidate | typeof MALFORMED | undefined {
  const endpoint = decodeEndpoint(bytes.subarray(1));
  if (!endpoint) return MALFORMED;
  const transport = TRANSPORTS[bytes[0]! & 3];
  const nat = NAT_CLASSES[(bytes[0]! >> 2) & 7] ?? 'unknown';
  return transport && { transport, endpoint, nat };
}

function packGate(gate: RecordGate): Uint8Array {
  return concat(Uint8Array.of(GATES.indexOf(gate.kind)), gate.secret.reveal());
}

/** A gate of a later version's kind is as good as none. */
function unpackGate(value: Bvalue | undefined): RecordGate | typeof MALFORMED | undefined {
  if (value === undefined) return undefined;
  const bytes = asBytes(value, 1 + KEY_BYTES);
  if (!bytes) return MALFORMED;
  const kind = GATES[bytes[0]!];
  return kind && { kind, secret: new Secret('gate', bytes.slice(1)) };
}

function unpackKeys(value: Bvalue): DeviceKeys | undefined {
  const bytes = asBytes(value, 2 * KEY_BYTES);
  return bytes && { signing: bytes.subarray(0, KEY_BYTES), noise: bytes.subarray(KEY_BYTES) };
}

function unknownOf(dict: Dict): Dict {
  const unknown = Object.create(null) as Dict;
  for (const [key, value] of Object.entries(dict)) {
    if (!KNOWN_KEYS.has(key)) unknown[key] = value;
  }
  return unknown;
}
