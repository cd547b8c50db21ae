/**
 * Our gates: the secrets that accepted contacts need to make a first flight which we answer at
 * all. Random, told in records and hellos, never derived from a key (LNK-1). The direct one opens
 * to those whom we let come by an address, the circuit one through relays alone (POL-5). Each is
 * renewed weekly, the direct one also whenever somebody is blocked, removed, or may not come by an
 * address any more; after a weekly renewal the former one still opens for a week, so that nobody
 * who was away is shut out (CON-6).
 *
 *   key  type   meaning
 *   c    int    made at, wall clock, milliseconds
 *   k    int    1 for the circuit gate; absent for the direct one
 *   s    32 B   the secret
 *
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '../base/bencode.ts';
import { hex } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import { Secret, type GateSecret } from '../crypto/keys.ts';

export const GATE_LIFE_MS = 7 * 24 * 3600 * 1000;

/** By an address, or through relays alone. */
export type OwnGateKind = 'direct' | 'circuit';

export interface OwnGate {
  readonly id: string;
  readonly kind: OwnGateKind;
  readonly secret: GateSecret;
  readonly createdMs: number;
}

export function newGate(kind: OwnGateKind, random: Random, wallMs: number): OwnGate {
  return gateOf(kind, random(32), wallMs);
}

function gateOf(kind: OwnGateKind, secret: Uint8Array, createdMs: number): OwnGate {
  const id = hex(sha256(secret).subarray(0, 8));
  return { id, kind, secret: new Secret('gate', secret), createdMs };
}

/** Is it time for a new one? A clock that went back far does not keep a gate for ever. */
export function gateIsOld(gate: OwnGate, wallMs: number): boolean {
  return Math.abs(wallMs - gate.createdMs) >= GATE_LIFE_MS;
}

export function encodeGate(gate: OwnGate): Uint8Array<ArrayBuffer> {
  return encode({
    c: gate.createdMs,
    k: gate.kind === 'circuit' ? 1 : undefined,
    s: gate.secret.reveal(),
  });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeGate(bytes: Uint8Array): OwnGate | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const secret = asBytes(dict?.['s'], 32);
  const createdMs = asInt(dict?.['c'], 0, Number.MAX_SAFE_INTEGER);
  if (!secret || createdMs === undefined) return undefined;
  return gateOf(dict?.['k'] === 1 ? 'circuit' : 'direct', secret.slice(), createdMs);
}
