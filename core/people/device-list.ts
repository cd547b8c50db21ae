/**
 * Device list: which devices a person has, as a hash-linked log (IDN-12 to IDN-16).
 *
 *   list   bencoded list of entries, the oldest first
 *   entry  key  type   meaning
 *          b    bytes  body, as signed
 *          s    64 B   signature of the signer over the body, label "device list entry"
 *   body   key  type   meaning
 *          a    bytes  certificate of the device that is added            (either a or r)
 *          n    int    version: 1 for the first entry, then one more each
 *          p    32 B   hash of the body before, zeros for the first
 *          r    32 B   signing key of the device that is revoked          (either a or r)
 *          s    32 B   signer: the identity key, or a device's signing key
 *
 * Who may sign: the identity always; a device that is in the list before this entry and whose
 * certificate says `admit`. So there is no single primary device. A revoked device never comes
 * back, nor does its number.
 *
 *   merge      known is a beginning of seen          newer   take seen
 *              seen is a beginning of known          older   keep, and show ours
 *              both go on differently: alarm         fork    the branch that the identity signed
 *                                                            after the fork; else what we have
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode, type Bvalue } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { equal } from '../base/bytes.ts';
import { DEVICES_MAX } from '../base/limits.ts';
import { LABELS, labelledHash } from '../crypto/kdf.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKey, verify } from '../crypto/sign.ts';
import { CAN_ADMIT, type Certificate, readCertificate } from './certificate.ts';

export const DEVICE_LIST_BYTES_MAX = 16 * 1024;
export const ENTRIES_MAX = 64;
const HASH_BYTES = 32;
const NO_HASH = new Uint8Array(HASH_BYTES);

export type Change =
  | { readonly kind: 'add'; readonly certificate: Certificate }
  | { readonly kind: 'revoke'; readonly device: Uint8Array };

interface Entry {
  readonly change: Change;
  readonly signer: Uint8Array;
  readonly previous: Uint8Array;
  readonly version: number;
  readonly hash: Uint8Array;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Entries that verified so far. */
interface Log {
  readonly identity: Uint8Array;
  /** Number of entries. */
  readonly version: number;
  /** Of the last entry's body. */
  readonly hash: Uint8Array;
  /** Current devices, in the order of their numbers. */
  readonly devices: readonly Certificate[];
  readonly entries: readonly Entry[];
}
/** A list whose every entry verified. */
export interface DeviceList extends Log {
  /** All of it, as it travels. */
  readonly bytes: Uint8Array;
}

export type DeviceListFault =
  | 'too long'
  | 'malformed'
  | 'broken link' // a version or previous hash that does not fit
  | 'signature'
  | 'not allowed' // signed by a device that may not
  | 'bad device'; // certificate of another person, device or number known before, too many
export type DeviceListRead =
  | { readonly ok: true; readonly list: DeviceList }
  | { readonly ok: false; readonly reason: DeviceListFault };

export interface Merged {
  /** What holds from now on. */
  readonly list: DeviceList;
  /** `fork`: two entries of one version exist; people are told. */
  readonly outcome: 'same' | 'newer' | 'older' | 'fork';
}

/** The list of a person's first device, signed by the identity. */
export function newDeviceList(first: Certificate, identity: SigningKey): DeviceList {
  const empty = emptyLog(identity.publicKey);
  return appendChange(empty, { kind: 'add', certificate: first }, identity);
}

function emptyLog(identity: Uint8Array): Log {
  return { identity, version: 0, hash: NO_HASH, devices: [], entries: [] };
}

/**
 * The list with one more entry.
 * @throws AssertionError where the signer may not, or the change does not fit: our bug.
 */
export function appendChange(list: Log, change: Change, signer: SigningKey): DeviceList {
  assert(list.version < ENTRIES_MAX, 'our own list is short enough');
  const body = encode({
    a: change.kind === 'add' ? change.certificate.bytes : undefined,
    n: list.version + 1,
    p: list.hash,
    r: change.kind === 'revoke' ? change.device : undefined,
    s: signer.publicKey,
  });
  const entry: Entry = {
    change,
    signer: signer.publicKey,
    previous: list.hash,
    version: list.version + 1,
    hash: labelledHash(LABELS.deviceListHash, body),
    body,
    signature: signer.sign(LABELS.deviceListEntry, body),
  };
  const next = extend(list, entry);
  assert(typeof next !== 'string', 'our own entry fits its list');
  const written = withBytes(next);
  assert(written.bytes.length <= DEVICE_LIST_BYTES_MAX, 'our own list is short enough');
  return written;
}

/** Reads and verifies a whole list of one identity. Never throws. */
export function readDeviceList(input: Uint8Array, identity: Uint8Array): DeviceListRead {
  if (input.length > DEVICE_LIST_BYTES_MAX) return { ok: false, reason: 'too long' };
  const decoded = decode(input.slice());
  const items = decoded.ok ? asList(decoded.value) : undefined;
  if (!items || items.length === 0) return { ok: false, reason: 'malformed' };
  if (items.length > ENTRIES_MAX) return { ok: false, reason: 'too long' };
  let list = emptyLog(identity.slice());
  for (const item of items) {
    const entry = readEntry(item);
    if (typeof entry === 'string') return { ok: false, reason: entry };
    const next = extend(list, entry);
    if (typeof next === 'string') return { ok: false, reason: next };
    list = next;
  }
  return { ok: true, list: withBytes(list) };
}

/** Written once, for a whole list; never longer than what was read, which may say more. */
function withBytes(list: Log): DeviceList {
  const bytes = encode(list.entries.map(({ body, signature }) => ({ b: body, s: signature })));
  return { ...list, bytes };
}

/** The current device of that signing key, or undefined. */
export function deviceIn(list: Log, device: Uint8Array): Certificate | undefined {
  return list.devices.find((certificate) => equal(certificate.device, device));
}

/** What holds after a list of the same person was seen. Both verified. */
export function mergeDeviceLists(known: DeviceList, seen: DeviceList): Merged {
  assert(equal(known.identity, seen.identity), 'lists of one person are merged');
  const shared = known.entries.findIndex(({ hash }, i) => {
    const other = seen.entries[i];
    return other !== undefined && !equal(hash, other.hash);
  });
  if (shared < 0) {
    if (seen.version === known.version) return { list: known, outcome: 'same' };
    return seen.version > known.version
      ? { list: seen, outcome: 'newer' }
      : { list: known, outcome: 'older' };
  }
  const byIdentity = (list: DeviceList): boolean =>
    list.entries.slice(shared).some(({ signer }) => equal(signer, list.identity));
  return { list: byIdentity(seen) && !byIdentity(known) ? seen : known, outcome: 'fork' };
}

function readEntry(item: Bvalue): Entry | DeviceListFault {
  const outer = asDict(item);
  const body = asBytes(outer?.['b']);
  const signature = asBytes(outer?.['s'], SIGNATURE_BYTES);
  const decoded = body && decode(body);
  const dict = decoded?.ok ? asDict(decoded.value) : undefined;
  const version = asInt(dict?.['n'], 1, ENTRIES_MAX);
  const previous = asBytes(dict?.['p'], HASH_BYTES);
  const signer = asBytes(dict?.['s'], PUBLIC_KEY_BYTES);
  if (!body || !signature || !dict || version === undefined || !previous || !signer) {
    return 'malformed';
  }
  const added = asBytes(dict['a']);
  const revoked = asBytes(dict['r'], PUBLIC_KEY_BYTES);
  if ((dict['a'] === undefined) === (dict['r'] === undefined)) return 'malformed';
  const hash = labelledHash(LABELS.deviceListHash, body);
  const rest = { signer, previous, version, hash, body, signature };
  if (revoked) return { change: { kind: 'revoke', device: revoked }, ...rest };
  const read = added && readCertificate(added);
  if (!read) return 'malformed';
  if (!read.ok) return 'bad device';
  return { change: { kind: 'add', certificate: read.certificate }, ...rest };
}

/** The list with a further entry, every rule checked, or which one it breaks. */
function extend(list: Log, entry: Entry): Log | DeviceListFault {
  if (entry.version !== list.version + 1 || !equal(entry.previous, list.hash)) {
    return 'broken link';
  }
  if (!maySign(list, entry.signer)) return 'not allowed';
  if (!verify(entry.signer, LABELS.deviceListEntry, entry.body, entry.signature)) {
    return 'signature';
  }
  const devices = applied(list, entry.change);
  if (!devices) return 'bad device';
  const { hash, version } = entry;
  return { identity: list.identity, version, hash, devices, entries: [...list.entries, entry] };
}

function maySign(list: Log, signer: Uint8Array): boolean {
  if (equal(signer, list.identity)) return true;
  return deviceIn(list, signer)?.capabilities.includes(CAN_ADMIT) === true;
}

function applied(list: Log, change: Change): Certificate[] | undefined {
  if (change.kind === 'revoke') {
    if (!deviceIn(list, change.device)) return undefined;
    return list.devices.filter(({ device }) => !equal(device, change.device));
  }
  const { certificate } = change;
  if (!equal(certificate.identity, list.identity)) return undefined;
  if (list.devices.length >= DEVICES_MAX) return undefined;
  const keys = keysOf(certificate);
  const isKnown = list.entries.some(
    ({ change: earlier }) =>
      earlier.kind === 'add' &&
      (earlier.certificate.number === certificate.number ||
        keysOf(earlier.certificate).some((key) => keys.some((other) => equal(key, other)))),
  );
  if (isKnown) return undefined;
  return [...list.devices, certificate].sort((a, b) => a.number - b.number);
}

/** The three keys of a device: each belongs to one device for ever. */
function keysOf(certificate: Certificate): Uint8Array[] {
  return [certificate.device, certificate.noise, certificate.signal];
}
