/**
 * Knock: bytes sealed for the person behind a door, so that others who have the ID cannot read
 * who asks (DOR-8). What is inside is the business of core/people.
 *
 *   body   HPKE(knock key of the day, info = "sotto/1 knock" 00 || door key || day, payload)
 *
 * The info binds a knock to one door and one day: it opens at no other.
 * @module
 */
import { concat } from '../base/bytes.ts';
import { HPKE_OVERHEAD_BYTES, hpkeOpen, hpkeSeal, type OpeningSecret } from '../crypto/hpke.ts';
import { domain, LABELS } from '../crypto/kdf.ts';
import { Secret } from '../crypto/keys.ts';
import type { Random } from '../base/time.ts';
import { epochBytes } from './epoch.ts';
import { PIECED_BYTES_MAX } from './pieces.ts';

/** What fits into one knock. */
export const KNOCK_PAYLOAD_BYTES_MAX = PIECED_BYTES_MAX - HPKE_OVERHEAD_BYTES;

/** The door a knock is for. */
export interface KnockAt {
  readonly doorKey: Uint8Array;
  readonly day: number;
}

function info({ day, doorKey }: KnockAt): Uint8Array {
  return concat(domain(LABELS.knock), doorKey, epochBytes(day));
}

/** Undefined where the knock key is of small order. */
export function sealKnock(
  payload: Uint8Array,
  at: KnockAt,
  knockKey: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> | undefined {
  const ephemeral = new Secret('hpke ephemeral', random(32));
  const body = hpkeSeal(knockKey, ephemeral, info(at), payload);
  ephemeral.wipe();
  return body;
}

export function openKnock(
  body: Uint8Array,
  at: KnockAt,
  secret: OpeningSecret,
): Uint8Array<ArrayBuffer> | undefined {
  return hpkeOpen(secret, info(at), body);
}
