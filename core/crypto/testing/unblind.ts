/**
 * The attack on key blinding (protocol: a blinded secret never leaves the identity's device): from
 * a blinded scalar a' and the public key A anybody computes a = a' / h, the identity's scalar.
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { equal } from '../../base/bytes.ts';
import { blindingFactor, type BlindingPeriod } from '../blind.ts';

const { Point } = ed25519;
const { Fn } = Point;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/**
 * Takes 32 bytes for a scalar blinded in this period.
 * @returns true where they yield the scalar behind `identity`.
 */
export function yieldsIdentity(
  candidate: Uint8Array,
  identity: Uint8Array,
  period: BlindingPeriod,
): boolean {
  const factor = blindingFactor(identity, period).slice();
  factor[0]! &= 248;
  factor[31]! &= 63;
  factor[31]! |= 64;
  const blinded = Fn.create(littleEndian(candidate));
  if (blinded === 0n) return false;
  const scalar = Fn.mul(blinded, Fn.inv(Fn.create(littleEndian(factor))));
  return equal(Point.BASE.multiply(scalar).toBytes(), identity);
}
