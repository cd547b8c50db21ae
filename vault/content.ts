/**
 * Sealed content: what stands inside the ratchet, and how its length is hidden (VLT-6, VLT-20).
 *
 *   key  size   meaning
 *   d    32 B   sender's device
 *   e    bytes  the event, as its author encoded it
 *   f    32 B   sender's identity
 *   o    32 B   recipient's device
 *   r    32 B   recipient's identity
 *
 *   padded = bencode 80 00 00 ... up to the next bucket (ISO/IEC 7816-4)
 *
 * Who a message is from and for is inside what the ratchet authenticates, so nobody can take it
 * out of one conversation and show it in another.
 * @module
 */
import { asBytes, asDict, decode, encode } from '@sotto/core/base/bencode.ts';
import { concat } from '@sotto/core/base/bytes.ts';
import { EVENT_BYTES_MAX } from '@sotto/core/base/limits.ts';

/** Lengths that sealed content can have, in bytes. */
export const BUCKETS_BYTES = [256, 1024, 4096, 16 * 1024, EVENT_BYTES_MAX] as const;
const PAD_START = 0x80;

export interface Content {
  readonly event: Uint8Array;
  readonly fromIdentity: Uint8Array;
  readonly fromDevice: Uint8Array;
  readonly toIdentity: Uint8Array;
  readonly toDevice: Uint8Array;
}

/** Padded bytes, or undefined where the event does not fit the largest bucket. */
export function encodeContent(content: Content): Uint8Array<ArrayBuffer> | undefined {
  const bytes = encode({
    d: content.fromDevice,
    e: content.event,
    f: content.fromIdentity,
    o: content.toDevice,
    r: content.toIdentity,
  });
  const bucket = BUCKETS_BYTES.find((size) => size > bytes.length);
  if (bucket === undefined) return undefined;
  return concat(bytes, Uint8Array.of(PAD_START), new Uint8Array(bucket - bytes.length - 1));
}

/** Reads what `encodeContent` made, or undefined. Never throws. */
export function decodeContent(padded: Uint8Array): Content | undefined {
  if (!BUCKETS_BYTES.some((size) => size === padded.length)) return undefined;
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== PAD_START) return undefined;
  const decoded = decode(padded.subarray(0, end));
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const fromDevice = asBytes(dict?.['d'], 32);
  const event = asBytes(dict?.['e']);
  const fromIdentity = asBytes(dict?.['f'], 32);
  const toDevice = asBytes(dict?.['o'], 32);
  const toIdentity = asBytes(dict?.['r'], 32);
  if (!fromDevice || !event || !fromIdentity || !toDevice || !toIdentity) return undefined;
  return { event, fromIdentity, fromDevice, toIdentity, toDevice };
}
