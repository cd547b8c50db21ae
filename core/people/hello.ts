/**
 * Hello: the first message each side says on a new link, and again when something in it changes.
 * It carries what the other device needs to reach, name and seal for this one (CON-1, CON-2).
 *
 *   key  type   meaning
 *   b    bytes  our prekey bundle (PQXDH)
 *   c    bytes  our device certificate
 *   l    bytes  our device list, the whole log
 *   m    "h"    message name
 *   n    bytes  our name, UTF-8, only to people we added or who hold our invite
 *   r    bytes  our presence record: candidates, gate secret, policy, generation
 *   w    int    our wall clock, milliseconds: one voice for network time
 *
 * Unknown keys are ignored: later versions add theirs.
 * @module
 */
import { asBytes, asInt, encode, type Dict } from '../base/bencode.ts';
import { utf8Text } from '../base/bytes.ts';
import { BUNDLE_BYTES_MAX, NAME_BYTES_MAX, TIME_MS_MAX } from '../base/limits.ts';
import { CERTIFICATE_BYTES_MAX } from './certificate.ts';
import { DEVICE_LIST_BYTES_MAX } from './device-list.ts';
import { cleanName } from './name.ts';

export const RECORD_BYTES_MAX = 740;

export interface Hello {
  readonly certificate: Uint8Array;
  readonly deviceList: Uint8Array;
  readonly bundle: Uint8Array;
  readonly record: Uint8Array;
  readonly name: string | undefined;
  readonly wallMs: number;
}

export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  return encode({
    b: hello.bundle,
    c: hello.certificate,
    l: hello.deviceList,
    m: 'h',
    n: hello.name,
    r: hello.record,
    w: hello.wallMs,
  });
}

/** Reads the fields of a link message named `h`; undefined where one is missing or too large. */
export function decodeHello(dict: Dict): Hello | undefined {
  const bundle = bytesUpTo(dict['b'], BUNDLE_BYTES_MAX);
  const certificate = bytesUpTo(dict['c'], CERTIFICATE_BYTES_MAX);
  const deviceList = bytesUpTo(dict['l'], DEVICE_LIST_BYTES_MAX);
  const record = bytesUpTo(dict['r'], RECORD_BYTES_MAX);
  const wallMs = asInt(dict['w'], 0, TIME_MS_MAX);
  if (!bundle || !certificate || !deviceList || !record || wallMs === undefined) return undefined;
  const nameBytes = bytesUpTo(dict['n'], NAME_BYTES_MAX);
  const name = nameBytes && utf8Text(nameBytes);
  const clean = name === undefined ? undefined : cleanName(name);
  return { certificate, deviceList, bundle, record, name: clean, wallMs };
}

function bytesUpTo(value: Parameters<typeof asBytes>[0], max: number): Uint8Array | undefined {
  const bytes = asBytes(value);
  return bytes && bytes.length <= max ? bytes : undefined;
}
