/**
 * Slots: what lets somebody open a circuit to the owner of a reservation (RLY-2 to RLY-4).
 *
 *   relay secret  KDF(the relay's Noise secret, "relay secret")
 *   K             KDF(relay secret, "relay reservation", number as 4 bytes)
 *
 *   slot  offset  size  field
 *         0       4     number of the reservation (20 bits) and index (12 bits), big-endian
 *         4       16    HMAC-SHA256(K, bytes 0..3), first 16 bytes
 *
 * The owner knows K and gives each contact another index; the relay checks a slot from its own
 * secret alone and keeps nothing. Who lacks K can make none.
 *
 *   proof  KDF(K, "relay proof", exporter of the relay link): shows the owner who comes back
 *   pass   KDF(a direct gate secret of the relay, "relay pass", exporter): shows a contact of the
 *          relay's person, and not which one
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, readUintBE, uintBE } from '../base/bytes.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import {
  type GateSecret,
  type NoiseSecret,
  type RelaySecret,
  type ReservationKey,
  Secret,
} from '../crypto/keys.ts';
import { equalSecret, hmac } from '../crypto/mac.ts';

export const NUMBERS = 2 ** 20;
export const INDEXES = 2 ** 12;
export const SLOT_BYTES = 20;
export const KEY_BYTES = 32;
const HEAD_BYTES = 4;
const MAC_BYTES = SLOT_BYTES - HEAD_BYTES;

/** What both ends of a relay link can compute. */
type Exporter = Secret<'link exporter'>;

export interface SlotName {
  readonly number: number;
  readonly index: number;
}

/** The gate of a relay: whoever knows its Noise key may knock (RLY-1). */
export function relayGateSecret(relayNoise: Uint8Array): GateSecret {
  return new Secret('gate', kdf(relayNoise, LABELS.relayGate));
}

/** The same after every restart, so that no reservation has to be stored. */
export function relaySecretOf(noise: NoiseSecret): RelaySecret {
  return new Secret('relay', kdf(noise.reveal(), LABELS.relaySecret));
}

export function reservationKey(relay: RelaySecret, number: number): ReservationKey {
  const info = uintBE(number, HEAD_BYTES);
  return new Secret('relay reservation', kdf(relay.reveal(), LABELS.relayReservation, info));
}

/** The 20 bytes for one contact. */
export function makeSlot(key: ReservationKey, { number, index }: SlotName): Uint8Array {
  assert(number >= 0 && number < NUMBERS && index >= 0 && index < INDEXES, 'a slot fits');
  const head = uintBE(number * INDEXES + index, HEAD_BYTES);
  return concat(head, macOf(key, head));
}

/** Whose slot this is; undefined where this relay never gave out its key. */
export function checkSlot(relay: RelaySecret, slot: Uint8Array): SlotName | undefined {
  if (slot.length !== SLOT_BYTES) return undefined;
  const head = slot.subarray(0, HEAD_BYTES);
  const value = readUintBE(slot, 0, HEAD_BYTES);
  const number = Math.floor(value / INDEXES);
  const key = reservationKey(relay, number);
  if (!equalSecret(slot.subarray(HEAD_BYTES), macOf(key, head))) return undefined;
  return { number, index: value % INDEXES };
}

export function proofOf(key: ReservationKey, exporter: Exporter): Uint8Array {
  return kdf(key.reveal(), LABELS.relayProof, exporter.reveal());
}

export function passOf(gate: GateSecret, exporter: Exporter): Uint8Array {
  return kdf(gate.reveal(), LABELS.relayPass, exporter.reveal());
}

function macOf(key: ReservationKey, head: Uint8Array): Uint8Array {
  return hmac(key.reveal(), head).subarray(0, MAC_BYTES);
}
