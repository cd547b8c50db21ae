/**
 * Frame: what one sealed record of a link says (LNK-20 to LNK-22).
 *
 *   offset  size  field    content
 *   0       1     type     see below
 *   1       6     number   DATA, PART: counts up from 0 over the life of the link; else 0
 *   7       6     ack      number of the next frame that the sender expects
 *   13      6     limit    charge that the receiver of this frame may send in all (link.ts)
 *   19      2     length   n, of the content
 *   21      n     content
 *   21+n    p     padding  zeros, up to a bucket: 64, 128, ... 16,384 bytes in all
 *
 *   01 START  opens each direction of a path; content: for a new link the initiator's ML-KEM key
 *             (1,184) or the responder's ciphertext (1,088), for a further path empty
 *   02 DATA   the last, or only, fragment of a body        numbered
 *   03 PART   a fragment that another one follows          numbered
 *   04 ACK    nothing but ack and limit; content empty
 *   05 PING   asks for a PONG with the same 8 bytes
 *   06 PONG
 *   07 CLOSE  the link ends; content: one reason byte
 *   08 REKEY  the last record under the sender's key; content empty
 *
 * Integers are unsigned, big-endian. Any other type ends the path (LNK-22).
 * @module
 */
import { assert } from '../base/assert.ts';
import { FRAME_BYTES_MAX } from '../base/limits.ts';
import { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES } from '../crypto/mlkem.ts';

export const FRAME_HEADER_BYTES = 21;
/** The most one frame carries; larger bodies are split. */
export const CONTENT_BYTES_MAX = FRAME_BYTES_MAX - FRAME_HEADER_BYTES;
const BUCKET_BYTES_MIN = 64;
export const PING_BYTES = 8;

export const FRAME = {
  start: 1,
  data: 2,
  part: 3,
  ack: 4,
  ping: 5,
  pong: 6,
  close: 7,
  rekey: 8,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];
const TYPE_MAX = FRAME.rekey;

export interface Frame {
  readonly type: FrameType;
  readonly number: number;
  readonly ack: number;
  readonly limit: number;
  readonly content: Uint8Array;
}

/** True for the types that are counted, acknowledged and sent again. */
function isNumbered(type: FrameType): boolean {
  return type === FRAME.data || type === FRAME.part;
}

/** The frame with its padding: 64 to 16,384 bytes, a power of two. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { content } = frame;
  const used = FRAME_HEADER_BYTES + content.length;
  assert(used <= FRAME_BYTES_MAX, 'a frame fits its limit');
  const bytes = new Uint8Array(bucketOf(used));
  bytes[0] = frame.type;
  writeUint48(bytes, 1, frame.number);
  writeUint48(bytes, 7, frame.ack);
  writeUint48(bytes, 13, frame.limit);
  bytes[19] = content.length >> 8;
  bytes[20] = content.length & 255;
  bytes.set(content, FRAME_HEADER_BYTES);
  return bytes;
}

/** Reads what `encodeFrame` wrote, and nothing else: undefined for any other bytes. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  const type = bytes[0]!;
  if (type < 1 || type > TYPE_MAX) return undefined;
  const length = (bytes[19]! << 8) | bytes[20]!;
  const used = FRAME_HEADER_BYTES + length;
  if (used > FRAME_BYTES_MAX || bytes.length !== bucketOf(used)) return undefined;
  for (let i = used; i < bytes.length; i++) if (bytes[i] !== 0) return undefined;
  const frame: Frame = {
    type: type as FrameType,
    number: readUint48(bytes, 1),
    ack: readUint48(bytes, 7),
    limit: readUint48(bytes, 13),
    content: bytes.subarray(FRAME_HEADER_BYTES, used),
  };
  if (!isNumbered(frame.type) && frame.number !== 0) return undefined;
  return contentFits(frame.type, length) ? frame : undefined;
}

function contentFits(type: FrameType, length: number): boolean {
  switch (type) {
    case FRAME.start:
      return length === 0 || length === ENCAPSULATION_KEY_BYTES || length === CIPHERTEXT_BYTES;
    case FRAME.data:
    case FRAME.part:
      return length > 0;
    case FRAME.ping:
    case FRAME.pong:
      return length === PING_BYTES;
    case FRAME.close:
      return length === 1;
    case FRAME.ack:
    case FRAME.rekey:
      return length === 0;
  }
}

/** The smallest bucket that holds `used` bytes. */
export function bucketOf(used: number): number {
  let bucket = BUCKET_BYTES_MIN;
  while (bucket < used) bucket *= 2;
  return bucket;
}

function writeUint48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  const low = value >>> 0;
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = low >>> 24;
  bytes[at + 3] = low >>> 16;
  bytes[at + 4] = low >>> 8;
  bytes[at + 5] = low;
}

function readUint48(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  const low =
    ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>>
    0;
  return high * 2 ** 32 + low;
}
