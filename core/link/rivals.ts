/**
 * Rivals: several links between the same two devices, and which of them stays (LNK-18).
 *
 * A new link replaces an old one: the peer restarted, or lost the old link before we noticed. The
 * exception is that both dialled at once: one dial began before the other's link was up. Then the
 * dial of the device with the lower Noise key stays, and that device alone says so, by CLOSE
 * duplicate on the other: two judges could each keep what the other drops. The other device goes
 * by time alone, and waits to be told.
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

/** A link that is about to come up. */
interface Newcomer {
  readonly initiator: boolean;
  /** When its dial began, or its first flight came. */
  readonly startedAtMs: number;
  readonly peer: Peer;
}

/** Links that must go for a new one to come up; 'stay' where it is the new one that must go. */
export function rivalsOf<Up extends { readonly link: Link; readonly upAtMs: number }>(
  { initiator, peer, startedAtMs }: Newcomer,
  others: Iterable<Up>,
  ourNoise: Uint8Array,
  nowMs: number,
): 'stay' | Rival<Up>[] {
  const { peerInstance, peerNoise } = peer;
  const judges = compare(ourNoise, peerNoise) < 0;
  const going: Rival<Up>[] = [];
  for (const up of others) {
    const old = up.link;
    if (!equal(old.established.peerNoise, peerNoise)) continue;
    const recent =
      old.initiator !== initiator &&
      old.path !== undefined &&
      equal(old.established.peerInstance, peerInstance) &&
      nowMs - up.upAtMs < SIMULTANEOUS_MS;
    // Who dials after the old link came up has lost it, whatever its path looks like from here.
    const isLater = judges && startedAtMs > up.upAtMs;
    if (!recent || isLater) {
      going.push({ up, reason: 'replaced' });
    } else if (judges) {
      if (old.initiator) return 'stay';
      going.push({ up, reason: 'duplicate' });
    }
  }
  return going;
}
