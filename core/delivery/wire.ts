/**
 * What delivery says on a link: sealed envelopes, receipts for them, refusals. Each is one link
 * message, bencoded; `m` names it (DEL-1).
 *
 *   m  meaning   further keys
 *   e  envelope  c ciphertext, i envelope id (16 B), k 0 = prekey, 1 = message
 *   g  got       i concatenated envelope ids (n x 16 B): stored for good by this device
 *   x  refused   i one envelope id, w why: 1 = seal anew under the bundle of my latest hello,
 *                2 = never: it is malformed or names somebody else
 *
 * Hello (people/hello.ts) shares the link and the key `m`; its value there is `h`.
 * @module
 */
import { asBytes, asDict, asInt, decode, encode, type Dict } from '../base/bencode.ts';
import { concat } from '../base/bytes.ts';
import { ID_BYTES } from '../base/event.ts';
import { EVENT_BYTES_MAX } from '../base/limits.ts';
import type { EnvelopeKind } from '../base/vault.ts';

/** Envelope ids in one receipt. */
export const RECEIPT_IDS_MAX = 256;
/** Sealed bytes of one envelope: the largest bucket and libsignal's own overhead. */
export const CIPHERTEXT_BYTES_MAX = EVENT_BYTES_MAX + 4096;

export type DeliveryMessage =
  | { type: 'envelope'; envelope: Uint8Array; kind: EnvelopeKind; ciphertext: Uint8Array }
  | { type: 'got'; envelopes: readonly Uint8Array[] }
  | { type: 'refused'; envelope: Uint8Array; why: 'renew' | 'never' };

export function encodeDelivery(message: DeliveryMessage): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case 'envelope':
      return encode({
        c: message.ciphertext,
        i: message.envelope,
        k: message.kind === 'prekey' ? 0 : 1,
        m: 'e',
      });
    case 'got':
      return encode({ i: concat(...message.envelopes), m: 'g' });
    case 'refused':
      return encode({ i: message.envelope, m: 'x', w: message.why === 'renew' ? 1 : 2 });
  }
}

/** The key `m` of a link message, or undefined where the bytes are no message at all. */
export function messageName(bytes: Uint8Array): { name: string; dict: Dict } | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const name = asBytes(dict?.['m'], 1);
  return dict && name ? { name: String.fromCharCode(name[0]!), dict } : undefined;
}

/** Reads a delivery message; undefined where a field is missing, malformed or over its limit. */
export function decodeDelivery(name: string, dict: Dict): DeliveryMessage | undefined {
  const ids = asBytes(dict['i']);
  if (!ids) return undefined;
  if (name === 'g') {
    const count = ids.length / ID_BYTES;
    if (!Number.isInteger(count) || count < 1 || count > RECEIPT_IDS_MAX) return undefined;
    const envelopes = Array.from({ length: count }, (_, i) =>
      ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES),
    );
    return { type: 'got', envelopes };
  }
  if (ids.length !== ID_BYTES) return undefined;
  if (name === 'e') {
    const ciphertext = asBytes(dict['c']);
    const kind = asInt(dict['k'], 0, 1);
    if (!ciphertext || ciphertext.length > CIPHERTEXT_BYTES_MAX || kind === undefined) {
      return undefined;
    }
    return { type: 'envelope', envelope: ids, kind: kind === 0 ? 'prekey' : 'message', ciphertext };
  }
  const why = name === 'x' ? asInt(dict['w'], 1, 2) : undefined;
  if (why === undefined) return undefined;
  return { type: 'refused', envelope: ids, why: why === 1 ? 'renew' : 'never' };
}
