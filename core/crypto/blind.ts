/**
 * Ed25519 key blinding as Tor's onion services do it (rend-spec-v3, appendix A), unmodified.
 *
 *   B    the base point, as the text of its two coordinates
 *   N    "key-blind" || INT_8(period number) || INT_8(period length in minutes)
 *   h    clamp(SHA3-256("Derive temporary signing key" 00 || A || B || N))
 *   A'   h A                          what everyone with the public key A can compute
 *   a'   h a mod l                    what only the owner of A's scalar a can compute
 *   RH'  SHA-512("Derive temporary signing key hash input" || RH)[0..31]
 *
 * Blinded keys of two periods cannot be linked without A. A blinded *secret* key together with A
 * yields a: it never leaves the device that holds the identity (CRY-9).
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { assert } from '../base/assert.ts';
import { concat, uintBE, utf8 } from '../base/bytes.ts';
import { sha3, sha512 } from './hash.ts';
import { type IdentitySecret, Secret } from './keys.ts';
import { PUBLIC_KEY_BYTES, SEED_BYTES } from './sign.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const BASE_TEXT =
  '(15112221349535400772501151409588531511454012693041857206046113283949847762202, ' +
  '46316835694926478169428394003475163141307993866256225615783033603165251855960)';

export const BLINDING_FACTOR_BYTES = 32;
/** a' and RH': enough to sign, and with A enough to compute the identity. */
export type BlindedSecret = Secret<'blinded identity'>;

/** One span of time under one blinded key: `number` counts spans since the epoch. */
export interface BlindingPeriod {
  readonly number: number;
  readonly minutes: number;
}

/** 32 bytes that blind `publicKey` in one period; before clamping, as Tor's vectors give it. */
export function blindingFactor(
  publicKey: Uint8Array,
  period: BlindingPeriod,
): Uint8Array<ArrayBuffer> {
  return sha3(
    utf8('Derive temporary signing key\0'),
    publicKey,
    utf8(BASE_TEXT),
    utf8('key-blind'),
    int8(period.number),
    int8(period.minutes),
  );
}

/** The blinded public key, or undefined where `publicKey` is no point or of small order. */
export function blindPublicKey(
  publicKey: Uint8Array,
  factor: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined;
  try {
    const point = Point.fromBytes(publicKey);
    if (!point.isTorsionFree() || point.isSmallOrder()) return undefined;
    // h A for a clamped h; A is in the prime-order group, so h counts modulo its order.
    return new Uint8Array(point.multiply(clamped(factor) % ORDER).toBytes());
  } catch {
    return undefined;
  }
}

/** The blinded half that signs. */
export function blindSecret(identity: IdentitySecret, factor: Uint8Array): BlindedSecret {
  assert(identity.length === SEED_BYTES, 'an Ed25519 seed is 32 bytes');
  const expanded = sha512(identity.reveal());
  const scalar = clamped(expanded.subarray(0, 32));
  const blinded = (clamped(factor) * scalar) % ORDER;
  const prefix = sha512(
    utf8('Derive temporary signing key hash input'),
    expanded.subarray(32),
  ).subarray(0, 32);
  expanded.fill(0);
  return new Secret('blinded identity', concat(littleEndian(blinded), prefix));
}

/** A plain Ed25519 signature that verifies under the blinded public key. */
export function signBlinded(secret: BlindedSecret, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = fromLittleEndian(secret.reveal().subarray(0, 32));
  const publicKey = Point.BASE.multiply(scalar).toBytes();
  const nonce = fromLittleEndian(sha512(secret.reveal().subarray(32), bytes)) % ORDER;
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = fromLittleEndian(sha512(commitment, publicKey, bytes)) % ORDER;
  return concat(commitment, littleEndian((nonce + challenge * scalar) % ORDER));
}

/** RFC 8032 5.1.5: a multiple of the cofactor, with the highest bit fixed. */
function clamped(bytes: Uint8Array): bigint {
  assert(bytes.length === BLINDING_FACTOR_BYTES, 'a scalar is 32 bytes');
  const copy = bytes.slice();
  copy[0]! &= 248;
  copy[31]! &= 63;
  copy[31]! |= 64;
  return fromLittleEndian(copy);
}

function int8(value: number): Uint8Array {
  return concat(new Uint8Array(2), uintBE(value, 6));
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}
