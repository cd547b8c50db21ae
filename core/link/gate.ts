/**
 * Gate: what the first bytes of a handshake look like, and who can make them (LNK-3 to LNK-5).
 *
 *   offset  size   field    content
 *   0       32     opening  random; for an attach the single-use id (attach.ts)
 *   32      16     mac      HMAC-SHA256(mac key, context | opening | masked)[0..16]
 *   48      2      length   n, of the Noise message, masked
 *   50      2      padding  p, 0 to 256, masked
 *   52      n      noise    masked
 *   52+n    p      zeros    masked
 *
 *   mac key  KDF(gate secret, "gate mac")
 *   mask     KDF(gate secret, "gate mask", context | opening), as long as what it masks
 *   context  01 for a first flight; 02 | opening of the first flight for its reply
 *
 * The whole is at most 1,200 bytes: one datagram, or the first bytes of a stream, where the masked
 * lengths tell its end. Who lacks the secret sees random bytes and can make nothing that costs us
 * more than one HMAC for each gate. HKDF's output is the mask and HMAC authenticates what was
 * masked (encrypt-then-MAC); the MAC itself is the output of a PRF and needs no mask.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import type { Secret } from '../crypto/keys.ts';
import { equalSecret, HmacKey } from '../crypto/mac.ts';

export const OPENING_BYTES = 32;
const MAC_BYTES = 16;
const LENGTHS_AT = OPENING_BYTES + MAC_BYTES;
/** Opening, MAC and lengths: enough to find the end. */
export const HEAD_BYTES = LENGTHS_AT + 4;
/** A flight or reply: fits any path's datagram (QUIC's minimum, RFC 9000 14). */
export const FLIGHT_BYTES_MAX = 1200;
export const PADDING_BYTES_MAX = 256;
/**
 * By so much a reply on UDP is shorter than its flight: the stream made for it ends with one packet
 * of 20 bytes where nobody takes it up (LNK-5).
 */
export const FAREWELL_BYTES = 32;
/** The shortest Noise message in use: NNpsk0's, without a payload. */
const NOISE_BYTES_MIN = 48;
export const FLIGHT_BYTES_MIN = HEAD_BYTES + NOISE_BYTES_MIN;

const REQUEST = Uint8Array.of(1);
const REPLY = Uint8Array.of(2);

/** A gate secret with its MAC key at hand, so that a wrong flight costs one HMAC. */
export class FlightKey {
  readonly #secret: Secret<string>;
  readonly #macKey: HmacKey;

  constructor(secret: Secret<string>) {
    this.#secret = secret;
    this.#macKey = new HmacKey(kdf(secret.reveal(), LABELS.gateMac));
  }

  mac(context: Uint8Array, flight: Uint8Array): Uint8Array {
    const opening = flight.subarray(0, OPENING_BYTES);
    const tag = this.#macKey.mac(context, opening, flight.subarray(LENGTHS_AT));
    return tag.subarray(0, MAC_BYTES);
  }

  mask(context: Uint8Array, opening: Uint8Array, length: number): Uint8Array {
    return kdf(this.#secret.reveal(), LABELS.gateMask, concat(context, opening), length);
  }
}

/** The context of a first flight, or of the reply to the flight with this opening. */
export function contextOf(repliesTo?: Uint8Array): Uint8Array {
  return repliesTo === undefined ? REQUEST : concat(REPLY, repliesTo);
}

/**
 * Wraps a Noise message.
 * @param opening 32 bytes that no other flight under this key has.
 * @param padding 0 to 256 bytes; the whole stays within 1,200.
 */
export function sealFlight(
  key: FlightKey,
  context: Uint8Array,
  opening: Uint8Array,
  noise: Uint8Array,
  padding: number,
): Uint8Array {
  const length = HEAD_BYTES + noise.length + padding;
  assert(opening.length === OPENING_BYTES, 'an opening is 32 bytes');
  assert(padding >= 0 && padding <= PADDING_BYTES_MAX, 'padding is bounded');
  assert(noise.length >= NOISE_BYTES_MIN && length <= FLIGHT_BYTES_MAX, 'a flight fits a datagram');
  const flight = new Uint8Array(length);
  flight.set(opening);
  flight[LENGTHS_AT] = noise.length >> 8;
  flight[LENGTHS_AT + 1] = noise.length & 255;
  flight[LENGTHS_AT + 2] = padding >> 8;
  flight[LENGTHS_AT + 3] = padding & 255;
  flight.set(noise, HEAD_BYTES);
  unmask(key, context, flight);
  flight.set(key.mac(context, flight), OPENING_BYTES);
  return flight;
}

/**
 * The Noise message of a whole flight, or undefined where the MAC, and so the key, is another one.
 * @param flight any bytes; left as they are.
 */
export function openFlight(
  key: FlightKey,
  context: Uint8Array,
  flight: Uint8Array,
): Uint8Array | undefined {
  if (flight.length < FLIGHT_BYTES_MIN || flight.length > FLIGHT_BYTES_MAX) return undefined;
  const mac = flight.subarray(OPENING_BYTES, LENGTHS_AT);
  if (!equalSecret(mac, key.mac(context, flight))) return undefined;
  const clear = flight.slice();
  unmask(key, context, clear);
  const { noise, padding } = lengthsOf(clear);
  if (HEAD_BYTES + noise + padding !== flight.length) return undefined;
  for (let i = HEAD_BYTES + noise; i < clear.length; i++) if (clear[i] !== 0) return undefined;
  return clear.subarray(HEAD_BYTES, HEAD_BYTES + noise);
}

/**
 * How long a flight on a stream is if this is its key; undefined where the lengths make no sense,
 * as they do for all but 1 in 15,000 flights of another key.
 * @param head at least `HEAD_BYTES`.
 */
export function flightLength(
  key: FlightKey,
  context: Uint8Array,
  head: Uint8Array,
): number | undefined {
  const clear = head.slice(0, HEAD_BYTES);
  unmask(key, context, clear);
  const { noise, padding } = lengthsOf(clear);
  const length = HEAD_BYTES + noise + padding;
  const sound =
    noise >= NOISE_BYTES_MIN && padding <= PADDING_BYTES_MAX && length <= FLIGHT_BYTES_MAX;
  return sound ? length : undefined;
}

/** Applies or removes the mask in place; the opening and the MAC are not masked. */
function unmask(key: FlightKey, context: Uint8Array, flight: Uint8Array): void {
  const mask = key.mask(context, flight.subarray(0, OPENING_BYTES), flight.length - LENGTHS_AT);
  for (let i = 0; i < mask.length; i++) flight[LENGTHS_AT + i]! ^= mask[i]!;
}

function lengthsOf(clear: Uint8Array): { noise: number; padding: number } {
  return {
    noise: (clear[LENGTHS_AT]! << 8) | clear[LENGTHS_AT + 1]!,
    padding: (clear[LENGTHS_AT + 2]! << 8) | clear[LENGTHS_AT + 3]!,
  };
}
