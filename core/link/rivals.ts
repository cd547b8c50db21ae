/**
 * Rivals: several links between the same two devices, and which of them stays (LNK-18).
 *
 * A new link replaces an old one: the peer restarted, or lost the old link before we noticed. The
 * exception is that both dialled at once. Then the dial of the device with the lower Noise key
 * stays, and that device alone says so, by CLOSE duplicate on the other: two judges could each
 * keep what the other drops.
 * @module
 */
import { compare, equal } from '../base/bytes.ts';
import type { Peer } from './handshake.ts';
import { SIMULTANEOUS_MS } from './limits.ts';
import type { Link } from './link.ts';

export interface Rival<Up> {
  readonly up: Up;
  readonly reason: 'duplicate' | 'replaced';
}

/** Links that must go for a new one to come up; 'stay' where it is the new one that must go. */
export function rivalsOf<Up extends { readonly link: Link; readonly upAtMs: number }>(
  initiator: boolean,
  { peerInstance, peerNoise }: Peer,
  others: Iterable<Up>,
  ourNoise: Uint8Array,
  nowMs: number,
): 'stay' | Rival<Up>[] {
  const going: Rival<Up>[] = [];
  for (const up of others) {
    const old = up.link;
    if (!equal(old.established.peerNoise, peerNoise)) continue;
    const atOnce =
      old.initiator !== initiator &&
      old.path !== undefined &&
      equal(old.established.peerInstance, peerInstance) &&
      nowMs - up.upAtMs < SIMULTANEOUS_MS;
    if (!atOnce) {
      going.push({ up, reason: 'replaced' });
    } else if (compare(ourNoise, peerNoise) < 0) {
      if (old.initiator) return 'stay';
      going.push({ up, reason: 'duplicate' });
    }
  }
  return going;
}
