/**
 * First flights of people who have no business here, made by core's own code: whole and well
 * formed, under secrets that are not the ones that open.
 * @module
 */
import type { Prng } from '@sotto/core/base/prng.ts';
import { type GateSecret, Secret } from '@sotto/core/crypto/keys.ts';
import { contextOf, FlightKey, sealFlight } from '@sotto/core/link/gate.ts';
import { openLink } from '@sotto/core/link/handshake.ts';
import { VERSIONS } from '@sotto/core/compose/versions.ts';

/** What of a device its visitors must know. */
export interface Door {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly noise: Uint8Array;
}

/** A gate as somebody outside has it: its secret, and what he takes it for. */
export interface Gate {
  readonly kind: 'direct' | 'invite';
  readonly secret: GateSecret;
}

const PADDING_MAX = 256;

/**
 * Each call is one visitor with keys of their own, who dials the door through a gate.
 * @param gate absent: one that they made up.
 * @param udp a UDX stream is offered; else the flight is for TCP.
 */
export function flightOf(prng: Prng, door: Door, udp: boolean, gate?: Gate): Uint8Array {
  const noise = new Secret('device noise', prng.bytes(32));
  const self = { identity: prng.bytes(32), device: prng.bytes(32), noise };
  return flightBy(prng, self, door, udp, gate);
}

/** The same by a device whose keys are given. */
export function flightBy(
  prng: Prng,
  self: Parameters<typeof openLink>[0]['self'],
  door: Door,
  udp: boolean,
  gate: Gate = { kind: 'direct', secret: new Secret('gate', prng.bytes(32)) },
): Uint8Array {
  const random = prng.bytes;
  const deps = { random, self, versions: VERSIONS, features: 0, instance: random(8) };
  const { kind, secret } = gate;
  const target = { ...door, versions: VERSIONS, gate: { id: 'x', kind, secret } };
  const opening = openLink(deps, target, udp ? prng.int(1, 2 ** 31) : 0, new Uint8Array(0))!;
  const padding = prng.int(0, PADDING_MAX);
  const key = new FlightKey(secret);
  return sealFlight(key, contextOf(), prng.bytes(32), opening.message, padding);
}

/** Payloads as flood.c reads them: each after its length in two bytes. */
export function payloadFile(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((bytes) => [Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]),
  );
}
