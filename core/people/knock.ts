/**
 * Knock: what somebody who has our ID tells us to be let in, and what they sealed for us alone
 * (DOR-14, DOR-15).
 *
 *   payload of a knock, bencoded, inside HPKE
 *   key  type   meaning
 *   d    32 B   the asking device: its Ed25519 signing key
 *   e    16 B   envelope id
 *   i    32 B   identity key of who asks
 *   l    bytes  their device list, the whole log, with the certificate of the device
 *   x    bytes  PQXDH first message: an event of kind `knock`, sealed for the door device
 *
 *   body of a `knock` event: what only the door device reads, now and later
 *   n    bytes  their name, UTF-8
 *   s    32 B   pair secret that both use once the knock is accepted
 *   t    bytes  what they say, UTF-8
 *
 * The payload opens for whoever holds the knock key of the day, the event only for the device;
 * so the name, the words and the secret are safe from a later quantum computer too.
 * @module
 */
import { asBytes, asDict, decode, encode } from '../base/bencode.ts';
import { KNOCK_TEXT_BYTES_MAX, NAME_BYTES_MAX } from '../base/limits.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';
import type { Certificate } from './certificate.ts';
import { deviceIn, readDeviceList, type DeviceList } from './device-list.ts';
import { cleanName } from './name.ts';

export interface Knock {
  readonly identity: Uint8Array;
  readonly list: DeviceList;
  /** Of the asking device. */
  readonly certificate: Certificate;
  readonly envelope: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface Hail {
  readonly name: string | undefined;
  readonly text: string;
  readonly secret: PairSecret;
}

export function encodeKnock(knock: {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly deviceList: Uint8Array;
  readonly envelope: Uint8Array;
  readonly ciphertext: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  return encode({
    d: knock.device,
    e: knock.envelope,
    i: knock.identity,
    l: knock.deviceList,
    x: knock.ciphertext,
  });
}

/** Reads a knock and checks who asks; undefined where anything is wrong. Never throws. */
export function decodeKnock(bytes: Uint8Array): Knock | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const device = asBytes(dict?.['d'], 32);
  const envelope = asBytes(dict?.['e'], 16);
  const identity = asBytes(dict?.['i'], 32);
  const listBytes = asBytes(dict?.['l']);
  const ciphertext = asBytes(dict?.['x']);
  if (!device || !envelope || !identity || !listBytes || !ciphertext) return undefined;
  const read = readDeviceList(listBytes.slice(), identity);
  const certificate = read.ok ? deviceIn(read.list, device) : undefined;
  if (!read.ok || !certificate) return undefined;
  return {
    identity: identity.slice(),
    list: read.list,
    certificate,
    envelope: envelope.slice(),
    ciphertext: ciphertext.slice(),
  };
}

export function encodeHail({ name, secret, text }: Hail): Uint8Array<ArrayBuffer> {
  return encode({ n: name, s: secret.reveal(), t: utf8(text) });
}

/** Reads the body of a `knock` event; undefined where it is none. Names are made harmless. */
export function decodeHail(body: Uint8Array): Hail | undefined {
  const decoded = decode(body);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const secret = asBytes(dict?.['s'], 32);
  const said = asBytes(dict?.['t']);
  const text = said && said.length <= KNOCK_TEXT_BYTES_MAX ? utf8Text(said) : undefined;
  if (!secret || text === undefined) return undefined;
  const nameBytes = asBytes(dict?.['n']);
  const name = nameBytes && nameBytes.length <= NAME_BYTES_MAX ? utf8Text(nameBytes) : undefined;
  return {
    name: name === undefined ? undefined : cleanName(name),
    text,
    secret: new Secret('pair', secret.slice()),
  };
}
