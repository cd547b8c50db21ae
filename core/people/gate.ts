/**
 * Our direct gate: the secret that accepted contacts need to make a first flight which we answer
 * at all. Random, told in records and hellos, never derived from a key (LNK-1). Renewed weekly
 * and whenever somebody is blocked or removed; after a weekly renewal the former one still
 * opens for a week, so that nobody who was away is shut out (CON-6).
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '../base/bencode.ts';
import { hex } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import { Secret, type GateSecret } from '../crypto/keys.ts';

export const GATE_LIFE_MS = 7 * 24 * 3600 * 1000;

export interface DirectGate {
  readonly id: string;
  readonly secret: GateSecret;
  readonly createdMs: number;
}

export function newGate(random: Random, wallMs: number): DirectGate {
  return gateOf(random(32), wallMs);
}

function gateOf(secret: Uint8Array, createdMs: number): DirectGate {
  const id = hex(sha256(secret).subarray(0, 8));
  return { id, secret: new Secret('gate', secret), createdMs };
}

/** Is it time for a new one? A clock that went back far does not keep a gate for ever. */
export function gateIsOld(gate: DirectGate, wallMs: number): boolean {
  return Math.abs(wallMs - gate.createdMs) >= GATE_LIFE_MS;
}

export function encodeGate(gate: DirectGate): Uint8Array<ArrayBuffer> {
  return encode({ c: gate.createdMs, s: gate.secret.reveal() });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeGate(bytes: Uint8Array): DirectGate | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const secret = asBytes(dict?.['s'], 32);
  const createdMs = asInt(dict?.['c'], 0, Number.MAX_SAFE_INTEGER);
  return secret && createdMs !== undefined ? gateOf(secret.slice(), createdMs) : undefined;
}
