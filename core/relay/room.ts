/**
 * Room at a relay: so much for everybody together, and of it a share for each address (RLY-9).
 *
 * Behind one address may be an office, or a thousand customers of a carrier: they have what nobody
 * else asks for, and less the more do (a dynamic threshold, Choudhury and Hahne 1998).
 * @module
 */
import {
  CLIENTS_ASSURED,
  CLIENTS_MAX,
  EXTENDED_ASSURED,
  EXTENDED_MAX,
  RESERVATIONS_ASSURED,
  RESERVATIONS_MAX,
} from './limits.ts';

export interface Room {
  /** For all addresses together. */
  readonly max: number;
  /** What one address may have however full it is. */
  readonly assured: number;
  /** Of what is left one address may have this share. */
  readonly share: number;
}

export const CLIENTS: Room = { max: CLIENTS_MAX, assured: CLIENTS_ASSURED, share: 1 / 4 };
export const RESERVATIONS: Room = {
  max: RESERVATIONS_MAX,
  assured: RESERVATIONS_ASSURED,
  share: 1 / 4,
};
/** Who hides from many people has a second hop for each of them. */
export const EXTENDED: Room = { max: EXTENDED_MAX, assured: EXTENDED_ASSURED, share: 1 / 2 };

/** How many one address may have, where all addresses together have `used`. */
export function shareOf({ assured, max, share }: Room, used: number): number {
  return Math.max(assured, Math.ceil((max - used) * share));
}
