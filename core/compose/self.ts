/**
 * Who we are: the identity and this device's keys, made at the first start and kept in one
 * document of the vault.
 *
 *   key  type   meaning
 *   c    bytes  this device's certificate
 *   d    32 B   device signing seed
 *   i    32 B   identity seed
 *   l    bytes  our device list
 *   n    32 B   device Noise secret
 * @module
 */
import { assert } from '../base/assert.ts';
import { asBytes, asDict, decode, encode } from '../base/bencode.ts';
import { utf8 } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import type { DocChange, Loaded, Self } from '../base/vault.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret, type IdentitySecret, type NoiseSecret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { CAN_ADMIT, issueCertificate } from '../people/certificate.ts';
import { newDeviceList, readDeviceList } from '../people/device-list.ts';
import { formatId } from '../people/id-text.ts';

export interface Me extends Self {
  readonly noise: NoiseSecret;
  /** On the device that made the identity; another device of the same person has none. */
  readonly identityKey: IdentitySecret | undefined;
  readonly certificate: Uint8Array;
  readonly deviceList: Uint8Array;
  /** Version and hash of the device list: what records tell of it. */
  readonly list: { readonly version: number; readonly hash: Uint8Array };
  /** `sotto:` and 56 characters. */
  readonly id: string;
}

const KEY = utf8('self');

/** The keys as stored, or undefined at the first start. */
export function loadSelf(loaded: Loaded): Me | undefined {
  const doc = loaded.docs.find(({ space }) => space === 'profile');
  const decoded = doc && decode(doc.value);
  const dict = decoded?.ok ? asDict(decoded.value) : undefined;
  const identity = asBytes(dict?.['i'], 32);
  const device = asBytes(dict?.['d'], 32);
  const noise = asBytes(dict?.['n'], 32);
  const certificate = asBytes(dict?.['c']);
  const deviceList = asBytes(dict?.['l']);
  if (!identity || !device || !noise || !certificate || !deviceList) return undefined;
  const identitySecret: IdentitySecret = new Secret('identity', identity.slice());
  const identityKey = new SigningKey(identitySecret);
  const deviceKey = new SigningKey(new Secret('device signing', device.slice()));
  const read = readDeviceList(deviceList, identityKey.publicKey);
  assert(read.ok, 'we can read our own device list');
  return {
    identity: identityKey.publicKey,
    device: deviceKey.publicKey,
    noise: new Secret('device noise', noise.slice()),
    identityKey: identitySecret,
    certificate: certificate.slice(),
    deviceList: deviceList.slice(),
    list: { version: read.list.version, hash: read.list.hash },
    id: formatId(identityKey.publicKey),
  };
}

/** New keys for a new person. Nobody is told; nothing is registered anywhere. */
export function createSelf(random: Random, signal: Uint8Array): DocChange {
  const identitySeed = random(32);
  const deviceSeed = random(32);
  const noise = random(32);
  const identity = new SigningKey(new Secret('identity', identitySeed));
  const device = new SigningKey(new Secret('device signing', deviceSeed));
  const keys = { noise: dhPublicKey(noise), signal, number: 1, capabilities: [CAN_ADMIT] };
  const certificate = issueCertificate(keys, identity, device);
  const value = encode({
    c: certificate.bytes,
    d: deviceSeed,
    i: identitySeed,
    l: newDeviceList(certificate, identity).bytes,
    n: noise,
  });
  return { space: 'profile', key: KEY, value };
}
