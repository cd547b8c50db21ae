/**
 * Sealed content: what stands inside the ratchet, and how its length is hidden (VLT-6, VLT-20).
 *
 *   key  size   meaning
 *   e    bytes  the event, as its author encoded it
 *   w    32 B   between whom: H("sealed between" from-identity from-device to-identity to-device)
 *
 *   padded = bencode 80 00 00 ... up to the next bucket (ISO/IEC 7816-4)
 *
 * Who a message is from and for is inside what the ratchet authenticates, so nobody can take it
 * out of one conversation and show it in another. The recipient knows whom to expect, so a hash
 * says it as well as the four keys would, and leaves 60 bytes of text to the smallest bucket.
 * @module
 */
import { asBytes, asDict, decode, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal } from '@sotto/core/base/bytes.ts';
import { EVENT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import type { Self } from '@sotto/core/base/vault.ts';
import { LABELS, labelledHash } from '@sotto/core/crypto/kdf.ts';

/** Lengths that sealed content can have, in bytes. */
export const BUCKETS_BYTES = [256, 1024, 4096, 16 * 1024, EVENT_BYTES_MAX] as const;
const PAD_START = 0x80;

/** A device and its person, at either end. */
export type Party = Self;

function between(from: Party, to: Party): Uint8Array {
  const { identity, device } = from;
  return labelledHash(LABELS.sealedBetween, identity, device, to.identity, to.device);
}

/** Bytes of the dictionary around an event whose length has one digit. */
const WRAPPING_BYTES = encode({ e: new Uint8Array(0), w: new Uint8Array(32) }).length;

/** True where `encodeContent` has a bucket for this event. */
export function fitsContent(event: Uint8Array): boolean {
  const moreDigits = String(event.length).length - 1;
  return WRAPPING_BYTES + moreDigits + event.length < EVENT_BYTES_MAX;
}

/** Padded bytes, or undefined where the event does not fit the largest bucket. */
export function encodeContent(
  event: Uint8Array,
  from: Party,
  to: Party,
): Uint8Array<ArrayBuffer> | undefined {
  const bytes = encode({ e: event, w: between(from, to) });
  const bucket = BUCKETS_BYTES.find((size) => size > bytes.length);
  if (bucket === undefined) return undefined;
  return concat(bytes, Uint8Array.of(PAD_START), new Uint8Array(bucket - bytes.length - 1));
}

/** The event bytes of what `encodeContent` made for these two. Never throws. */
export function decodeContent(
  padded: Uint8Array,
  from: Party,
  to: Party,
): Uint8Array | 'malformed' | 'mismatch' {
  if (!BUCKETS_BYTES.some((size) => size === padded.length)) return 'malformed';
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== PAD_START) return 'malformed';
  const decoded = decode(padded.subarray(0, end));
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const event = asBytes(dict?.['e']);
  const who = asBytes(dict?.['w'], 32);
  if (!event || !who) return 'malformed';
  return equal(who, between(from, to)) ? event : 'mismatch';
}
