/**
 * Contact: what we keep of one person we talk to, as one document of the vault (CON-4).
 *
 *   key  type   meaning
 *   a    int    1 while blocked
 *   b    32 B   pair secret that they proposed, where each asked the other by ID and ours, which
 *               holds, has not reached them
 *   d    list   their devices: {b bundle, c certificate, k signing key, r last known
 *               record}, as far as known
 *   e    int    our policy for this conversation; absent for Automatic
 *   f    int    when their safety number was found the same, wall clock; absent for never
 *   h    list   changes of both policies, oldest first, at most 16, each
 *               [wall clock, 0 ours or 1 theirs, policy]
 *   i    bytes  the invite text by which we added them, until both hold the pair secret
 *   k    32 B   their identity key
 *   l    bytes  their device list, the whole log
 *   n    bytes  the name we show, UTF-8
 *   o    int    1 where the name is ours (renamed): theirs no longer replaces it
 *   p    int    1 while the pair secret that we made has not reached them
 *   q    int    1 for a partner inside this computer (Echo)
 *   s    32 B   pair secret, once exchanged
 *   t    int    their policy, as they told it last; absent for never
 *   v    int    when we last heard from them, wall clock, milliseconds; 0 for never
 *
 * A contact is `added` until the first link has shown a device of theirs, then `connected`.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode, type Bvalue } from '../base/bencode.ts';
import { utf8Text } from '../base/bytes.ts';
import { policyNumber, readPolicy, type Policy, type PolicyChange } from '../base/policy.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';

/** Changes of policy remembered; the oldest gives way. */
export const POLICY_CHANGES_MAX = 16;

export interface ContactDevice {
  /** Signing key, 32 bytes. */
  readonly device: Uint8Array;
  readonly certificate: Uint8Array;
  readonly bundle: Uint8Array | undefined;
  readonly record: Uint8Array | undefined;
}

export interface Contact {
  readonly identity: Uint8Array;
  name: string;
  nameIsOurs: boolean;
  blocked: boolean;
  local: boolean;
  invite: string | undefined;
  secret: PairSecret | undefined;
  pairing: boolean;
  /** Until ours has reached them they may know this one alone (DOR-19). */
  besides?: PairSecret | undefined;
  deviceList: Uint8Array | undefined;
  devices: readonly ContactDevice[];
  lastSeenMs: number;
  /** By which ways we let it be reached. */
  policy: Policy;
  /** What they chose, as far as they have told. */
  theirPolicy?: Policy | undefined;
  policyChanges: readonly PolicyChange[];
  /** When a person found the safety number the same, wall clock; absent for never. */
  verifiedMs?: number | undefined;
}

/** Somebody not met yet. */
export function newContact(identity: Uint8Array, name: string, policy: Policy = 'auto'): Contact {
  return {
    identity,
    name,
    nameIsOurs: false,
    blocked: false,
    local: false,
    invite: undefined,
    secret: undefined,
    pairing: false,
    deviceList: undefined,
    devices: [],
    lastSeenMs: 0,
    policy,
    policyChanges: [],
  };
}

/** Do both hold the pair secret? Until then the invite is the only sure way to find each other. */
export function isPaired(contact: Contact): boolean {
  return contact.secret !== undefined && !contact.pairing;
}

/** The changes with one more. */
export function withChange(
  changes: readonly PolicyChange[],
  change: PolicyChange,
): readonly PolicyChange[] {
  return [...changes, change].slice(-POLICY_CHANGES_MAX);
}

export function encodeContact(contact: Contact): Uint8Array<ArrayBuffer> {
  return encode({
    a: contact.blocked ? 1 : 0,
    b: contact.besides?.reveal(),
    d: contact.devices.map(({ bundle, certificate, device, record }) => ({
      b: bundle,
      c: certificate,
      k: device,
      r: record,
    })),
    e: contact.policy === 'auto' ? undefined : policyNumber(contact.policy),
    f: contact.verifiedMs,
    h: contact.policyChanges.length === 0 ? undefined : contact.policyChanges.map(encodeChange),
    i: contact.invite,
    k: contact.identity,
    l: contact.deviceList,
    n: contact.name,
    o: contact.nameIsOurs ? 1 : 0,
    p: contact.pairing ? 1 : 0,
    q: contact.local ? 1 : 0,
    s: contact.secret?.reveal(),
    t: contact.theirPolicy === undefined ? undefined : policyNumber(contact.theirPolicy),
    v: contact.lastSeenMs,
  });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeContact(bytes: Uint8Array): Contact | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const identity = asBytes(dict?.['k'], 32);
  const name = asBytes(dict?.['n']);
  const devices = asList(dict?.['d'])?.map(decodeDevice);
  if (!dict || !identity || !name || !devices) return undefined;
  const secret = asBytes(dict['s'], 32);
  const besides = asBytes(dict['b'], 32);
  const invite = asBytes(dict['i']);
  return {
    identity: identity.slice(),
    name: utf8Text(name) ?? '',
    nameIsOurs: dict['o'] === 1,
    blocked: dict['a'] === 1,
    local: dict['q'] === 1,
    invite: invite && utf8Text(invite),
    secret: secret && new Secret('pair', secret.slice()),
    pairing: dict['p'] === 1,
    besides: besides && new Secret('pair', besides.slice()),
    deviceList: asBytes(dict['l']),
    devices: devices.filter((device) => device !== undefined),
    lastSeenMs: asInt(dict['v'], 0, Number.MAX_SAFE_INTEGER) ?? 0,
    policy: dict['e'] === undefined ? 'auto' : (readPolicy(dict['e']) ?? 'hidden'),
    theirPolicy: readPolicy(dict['t']),
    policyChanges: (asList(dict['h']) ?? []).flatMap(decodeChange),
    verifiedMs: asInt(dict['f'], 0, Number.MAX_SAFE_INTEGER),
  };
}

function encodeChange({ atMs, by, policy }: PolicyChange): Bvalue[] {
  return [atMs, by === 'us' ? 0 : 1, policyNumber(policy)];
}

function decodeChange(value: Bvalue): PolicyChange[] {
  const [at, by, number] = asList(value) ?? [];
  const atMs = asInt(at, 0, Number.MAX_SAFE_INTEGER);
  const policy = readPolicy(number);
  return atMs === undefined || !policy ? [] : [{ atMs, by: by === 1 ? 'them' : 'us', policy }];
}

function decodeDevice(value: Bvalue): ContactDevice | undefined {
  const dict = asDict(value);
  const certificate = asBytes(dict?.['c']);
  const device = asBytes(dict?.['k'], 32);
  if (!dict || !certificate || !device) return undefined;
  return { device, certificate, bundle: asBytes(dict['b']), record: asBytes(dict['r']) };
}
