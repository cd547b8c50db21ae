/**
 * Needles: every form in which a secret might leave by mistake. One place of the search knows them
 * all, so that the canary proves each of them to be findable.
 * @module
 */
import { createHash } from 'node:crypto';
import { base32 } from '@sotto/core/base/bytes.ts';

const HASHES = ['sha1', 'sha256', 'sha512', 'blake2b512', 'blake2s256'] as const;
/** Shorter forms would be found in random bytes by chance. */
const NEEDLE_BYTES_MIN = 8;

export interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

export function needlesOf(secret: string, value: Uint8Array): Needle[] {
  const raw = Buffer.from(value);
  const needles: Needle[] = [];
  for (const [kind, bytes] of [['itself', raw], ...digests(raw)] as const) {
    const forms: [string, Buffer][] = [
      ['raw', bytes],
      ['reversed', Buffer.from(bytes).reverse()],
      ['hex', Buffer.from(bytes.toString('hex'))],
      ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
      ['base32', Buffer.from(base32(bytes))],
      ['BASE32', Buffer.from(base32(bytes).toUpperCase())],
      ['base64', Buffer.from(bytes.toString('base64').replace(/=+$/, ''))],
      ['base64url', Buffer.from(bytes.toString('base64url'))],
    ];
    for (const [form, needle] of forms) {
      if (needle.length < NEEDLE_BYTES_MIN) continue;
      needles.push({ secret, form: `${kind} ${form}`, bytes: needle });
    }
  }
  return needles;
}

function digests(raw: Buffer): [string, Buffer][] {
  return HASHES.map((hash) => [hash, createHash(hash).update(raw).digest()]);
}

/** The needles that occur in the hay. */
export function search(hay: Buffer, needles: readonly Needle[]): Needle[] {
  return needles.filter(({ bytes }) => hay.includes(bytes));
}
