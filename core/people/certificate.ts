/**
 * Device certificate: one device of one person, named by its three public keys (IDN-9 to IDN-11).
 *
 *   outer  key  type   meaning
 *          b    bytes  body, as signed
 *          d    64 B   signature by the device's own signing key over the body
 *          i    64 B   signature by the identity key over the body
 *
 *   body   key  type   meaning
 *          c    list   capabilities, sorted, none twice; `admit`: may change the device list
 *          d    32 B   Ed25519 signing key: names the device
 *          i    32 B   identity key of its person
 *          n    int    number, from 1, given once
 *          s    33 B   libsignal identity key (05 and an X25519 key)
 *          v    1      version
 *          x    32 B   X25519 key for links
 *
 * Both sign, under the label "device certificate". Without the device's signature somebody could
 * certify another person's device as his own, and messages meant for him would be taken as meant
 * for her (unknown key share). Unknown keys of the body are ignored and stay signed.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { compare, equal, utf8 } from '../base/bytes.ts';
import { LABELS } from '../crypto/kdf.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKey, verify } from '../crypto/sign.ts';

export const CERTIFICATE_BYTES_MAX = 1024;
export const DEVICE_NUMBER_MAX = 2 ** 31 - 1;
export const CAPABILITIES_MAX = 16;
const CAPABILITY_BYTES_MAX = 16;
const SIGNAL_KEY_BYTES = 33;
const SIGNAL_KEY_TYPE = 5;
const NOISE_KEY_BYTES = 32;
const VERSION = 1;

/** May sign changes of the device list. */
export const CAN_ADMIT = 'admit';

export interface DeviceKeys {
  readonly identity: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly device: Uint8Array;
  /** X25519, 32 bytes. */
  readonly noise: Uint8Array;
  /** libsignal identity key, 33 bytes. */
  readonly signal: Uint8Array;
  readonly number: number;
  readonly capabilities: readonly string[];
}
/** A certificate that verified; `bytes` is all of it, as it travels. */
export interface Certificate extends DeviceKeys {
  readonly bytes: Uint8Array;
}

export type CertificateFault =
  'too long' | 'malformed' | 'newer version' | 'identity signature' | 'device signature';
export type CertificateRead =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly reason: CertificateFault };

/** Makes the certificate of a device. Both keys are at hand only where the identity is. */
export function issueCertificate(
  keys: Pick<DeviceKeys, 'noise' | 'signal' | 'number' | 'capabilities'>,
  identity: SigningKey,
  device: SigningKey,
): Certificate {
  const body = encode({
    c: keys.capabilities.map((name) => utf8(name)).sort(compare),
    d: device.publicKey,
    i: identity.publicKey,
    n: keys.number,
    s: keys.signal,
    v: VERSION,
    x: keys.noise,
  });
  const bytes = encode({
    b: body,
    d: device.sign(LABELS.certificate, body),
    i: identity.sign(LABELS.certificate, body),
  });
  const read = readCertificate(bytes);
  assert(read.ok, 'our own certificate reads back');
  return read.certificate;
}

/** Reads and verifies a certificate. Never throws. */
export function readCertificate(input: Uint8Array): CertificateRead {
  if (input.length > CERTIFICATE_BYTES_MAX) return { ok: false, reason: 'too long' };
  const bytes = input.slice();
  const decoded = decode(bytes);
  const outer = decoded.ok ? asDict(decoded.value) : undefined;
  const body = asBytes(outer?.['b']);
  const bySelf = asBytes(outer?.['d'], SIGNATURE_BYTES);
  const byIdentity = asBytes(outer?.['i'], SIGNATURE_BYTES);
  if (!body || !bySelf || !byIdentity) return { ok: false, reason: 'malformed' };
  const keys = readBody(body);
  if (keys === 'newer version') return { ok: false, reason: keys };
  if (!keys) return { ok: false, reason: 'malformed' };
  if (!verify(keys.identity, LABELS.certificate, body, byIdentity)) {
    return { ok: false, reason: 'identity signature' };
  }
  if (!verify(keys.device, LABELS.certificate, body, bySelf)) {
    return { ok: false, reason: 'device signature' };
  }
  return { ok: true, certificate: { ...keys, bytes } };
}

function readBody(body: Uint8Array): DeviceKeys | 'newer version' | undefined {
  const decoded = decode(body);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const version = asInt(dict?.['v'], VERSION, Number.MAX_SAFE_INTEGER);
  if (version === undefined) return undefined;
  if (version > VERSION) return 'newer version';
  const identity = asBytes(dict?.['i'], PUBLIC_KEY_BYTES);
  const device = asBytes(dict?.['d'], PUBLIC_KEY_BYTES);
  const noise = asBytes(dict?.['x'], NOISE_KEY_BYTES);
  const signal = asBytes(dict?.['s'], SIGNAL_KEY_BYTES);
  const number = asInt(dict?.['n'], 1, DEVICE_NUMBER_MAX);
  const capabilities = readCapabilities(asList(dict?.['c']));
  if (!identity || !device || !noise || !signal || number === undefined || !capabilities) {
    return undefined;
  }
  // The identity key signs for people and a device key for itself: one key must not be both.
  if (equal(identity, device) || signal[0] !== SIGNAL_KEY_TYPE) return undefined;
  return { identity, device, noise, signal, number, capabilities };
}

/** Names of 1 to 16 lower-case letters or hyphens, in order: one list has one writing. */
function readCapabilities(list: ReturnType<typeof asList>): string[] | undefined {
  if (!list || list.length > CAPABILITIES_MAX) return undefined;
  const names: string[] = [];
  for (const item of list) {
    const bytes = asBytes(item);
    if (!bytes || bytes.length > CAPABILITY_BYTES_MAX) return undefined;
    const name = String.fromCharCode(...bytes);
    const previous = names.at(-1);
    if (!/^[a-z-]+$/.test(name) || (previous !== undefined && name <= previous)) return undefined;
    names.push(name);
  }
  return names;
}
