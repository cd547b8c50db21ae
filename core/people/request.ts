/**
 * Request: somebody who knocked and waits to be let in, as one document of the vault under their
 * identity key (DOR-17). Of who was declined only that is kept, for as long as their knock lies
 * there and would be read again.
 *
 *   key  type   meaning
 *   b    int    zero bits of the cost proof: of too many the cheapest go first
 *   c    bytes  PQXDH first message; opened for good when they are let in
 *   d    32 B   their device
 *   e    16 B   envelope id of the message
 *   l    bytes  their device list
 *   n    bytes  their name, UTF-8, where they told one
 *   s    32 B   pair secret they propose
 *   t    bytes  what they say, UTF-8
 *   w    int    when it was read, wall clock, milliseconds
 *   x    int    1 where they were declined: then only `w` is there
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '../base/bencode.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';

/** Requests that wait, and people declined that are remembered. */
export const REQUESTS_MAX = 100;
export const DECLINED_MAX = 1000;
/** A knock lies there for a week, and a day's door for another day. */
export const DECLINED_KEEP_MS = 9 * 24 * 3_600_000;
/** As long as the prekey lives that opens it. */
export const REQUEST_KEEP_MS = 30 * 24 * 3_600_000;

export interface Request {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly deviceList: Uint8Array;
  readonly envelope: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly name: string | undefined;
  readonly text: string;
  readonly secret: PairSecret;
  readonly bits: number;
  readonly readMs: number;
}
export type StoredRequest =
  | { readonly state: 'waiting'; readonly request: Request }
  | { readonly state: 'declined'; readonly identity: Uint8Array; readonly sinceMs: number };

export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  return encode({
    b: request.bits,
    c: request.ciphertext,
    d: request.device,
    e: request.envelope,
    l: request.deviceList,
    n: request.name,
    s: request.secret.reveal(),
    t: utf8(request.text),
    w: request.readMs,
  });
}

export function encodeDeclined(sinceMs: number): Uint8Array<ArrayBuffer> {
  return encode({ w: sinceMs, x: 1 });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeRequest(identity: Uint8Array, bytes: Uint8Array): StoredRequest | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const readMs = asInt(dict?.['w'], 0, Number.MAX_SAFE_INTEGER);
  if (!dict || readMs === undefined) return undefined;
  if (dict['x'] === 1) return { state: 'declined', identity, sinceMs: readMs };
  const ciphertext = asBytes(dict['c'])?.slice();
  const device = asBytes(dict['d'], 32)?.slice();
  const envelope = asBytes(dict['e'], 16)?.slice();
  const deviceList = asBytes(dict['l'])?.slice();
  const secret = asBytes(dict['s'], 32);
  const text = asBytes(dict['t']);
  const bits = asInt(dict['b'], 0, 256);
  if (!ciphertext || !device || !envelope || !deviceList || !secret || !text) return undefined;
  if (bits === undefined) return undefined;
  const name = asBytes(dict['n']);
  const request = {
    identity,
    device,
    deviceList,
    envelope,
    ciphertext,
    name: name && utf8Text(name),
    text: utf8Text(text) ?? '',
    secret: new Secret('pair', secret.slice()),
    bits,
    readMs,
  };
  return { state: 'waiting', request };
}
