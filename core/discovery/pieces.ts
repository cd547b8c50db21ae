/**
 * Pieces: content too large for one item, as immutable items that nobody can overwrite, named by
 * the head in a mutable one (DOR-4, DOR-5).
 *
 *   head, bencoded, inside one sealed item
 *   key  type   meaning
 *   h    32 B   SHA-256 of the content
 *   n    int    its length, 1 to 3,690
 *   p    8 B    cost proof; knocks alone have one
 *   t    bytes  targets of the pieces, 20 B each, in order
 *
 *   piece: 738 bytes of the content inside one sealed item, the last one what is left
 *
 * @module
 */
import { asBytes, asDict, asInt, decode, encode, type Bvalue } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { concat, equal } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Secret } from '../crypto/keys.ts';
import { immutableTarget } from './item.ts';
import { INSIDE_BYTES_MAX, openItem, sealItem } from './sealed-item.ts';

export const PIECES_MAX = 5;
export const PIECED_BYTES_MAX = PIECES_MAX * INSIDE_BYTES_MAX;
const TARGET_BYTES = 20;
const PROOF_BYTES = 8;

export interface Head {
  /** SHA-256 of the content. */
  readonly hash: Uint8Array;
  readonly length: number;
  /** Where its pieces lie. */
  readonly targets: readonly Uint8Array[];
  readonly proof?: Uint8Array | undefined;
}

export interface Pieced {
  readonly head: Head;
  /** Bencoded values of the immutable items, to be put as they are. */
  readonly pieces: readonly Uint8Array[];
}

/** Cuts content into finished pieces. At most `PIECED_BYTES_MAX` bytes: more is our bug. */
export function cutPieces(content: Uint8Array, key: Secret<string>, random: Random): Pieced {
  const { length } = content;
  assert(length > 0 && length <= PIECED_BYTES_MAX, 'content fits its pieces');
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < length; at += INSIDE_BYTES_MAX) {
    pieces.push(encode(sealItem(content.subarray(at, at + INSIDE_BYTES_MAX), key, random)));
  }
  const targets = pieces.map(immutableTarget);
  return { head: { hash: sha256(content), length, targets }, pieces };
}

export function encodeHead({ hash, length, proof, targets }: Head): Uint8Array<ArrayBuffer> {
  return encode({ h: hash, n: length, p: proof, t: concat(...targets) });
}

/** Reads a head; undefined where it is none. Never throws. */
export function decodeHead(bytes: Uint8Array): Head | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const hash = asBytes(dict?.['h'], 32);
  const length = asInt(dict?.['n'], 1, PIECED_BYTES_MAX);
  const proof = asBytes(dict?.['p'], PROOF_BYTES);
  if (!dict || !hash || length === undefined) return undefined;
  if (dict['p'] !== undefined && !proof) return undefined;
  const count = Math.ceil(length / INSIDE_BYTES_MAX);
  const joined = asBytes(dict['t'], count * TARGET_BYTES);
  if (!joined) return undefined;
  const targets = Array.from({ length: count }, (_, i) =>
    joined.slice(i * TARGET_BYTES, (i + 1) * TARGET_BYTES),
  );
  return { hash, length, targets, proof };
}

/** The content of all pieces, in order; undefined where one is missing or is not what it was. */
export function joinPieces(
  head: Head,
  values: readonly (Bvalue | undefined)[],
  key: Secret<string>,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const value of values) {
    const opened = value === undefined ? undefined : openItem(value, key);
    if (!opened?.ok) return undefined;
    parts.push(opened.inside);
  }
  const content = concat(...parts);
  return content.length === head.length && equal(sha256(content), head.hash) ? content : undefined;
}
