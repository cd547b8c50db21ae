/**
 * Nobody: links to relays, as who we are nowhere else (RLY-1). The static key is made for them, so
 * that a relay sees no identity.
 * @module
 */
import type { Random } from '../base/time.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret } from '../crypto/keys.ts';
import type { LinksDeps, LinkTarget } from '../link/contract.ts';
import { RELAY_VERSIONS } from '../link/handshake.ts';
import { Links } from '../link/links.ts';
import { relayGateSecret } from '../relay/slots.ts';
import { FEATURES } from './versions.ts';

/** Links under a fresh key, by which nobody comes in. */
export function linksOfNobody(
  random: Random,
  more: Pick<LinksDeps, 'allocateStream' | 'mayConnect' | 'mayProbe'>,
): Links {
  const noise = new Secret<'device noise'>('device noise', random(32));
  const key = dhPublicKey(noise.reveal());
  return new Links({
    random,
    self: { identity: key, device: key, noise },
    versions: RELAY_VERSIONS,
    features: FEATURES,
    gates: () => [],
    admit: () => false,
    replaySeen: new Map(),
    ...more,
  });
}

/** A relay as whom to reach: its Noise key is all that is known of it. */
export function relayTarget(key: Uint8Array): LinkTarget {
  const gate = { id: 'relay', kind: 'relay', secret: relayGateSecret(key) } as const;
  return { identity: key, device: key, noise: key, versions: RELAY_VERSIONS, gate };
}
