/**
 * Tracker hash: under what two contacts find each other at a tracker (TRK-2).
 *
 *   hash  first 20 bytes of KDF(S, "tracker hash", e)     S: the pair secret, e: the epoch, 8 bytes
 *
 * Both ends know it and nobody else does; it is another one each hour, and no two can be linked.
 * Pure.
 * @module
 */
import { kdf, LABELS } from '../crypto/kdf.ts';
import type { PairSecret } from '../crypto/keys.ts';
import { EPOCH_MS, epochBytes, epochOf } from './epoch.ts';

const HASH_BYTES = 20;
/** So close to the turn of an epoch its neighbour counts too: clocks differ. */
export const TRACKER_TURN_MS = 600_000;

export function trackerHash(secret: PairSecret, epoch: number): Uint8Array<ArrayBuffer> {
  return kdf(secret.reveal(), LABELS.trackerHash, epochBytes(epoch), HASH_BYTES);
}

/** The epochs that count at this network time: its own first. */
export function epochsAround(networkMs: number): readonly number[] {
  const epoch = epochOf(networkMs);
  const intoMs = networkMs - epoch * EPOCH_MS;
  if (intoMs < TRACKER_TURN_MS && epoch > 0) return [epoch, epoch - 1];
  return intoMs > EPOCH_MS - TRACKER_TURN_MS ? [epoch, epoch + 1] : [epoch];
}
