/**
 * Why a relay carries a link: by the rules of both, and by what the two networks are known to let
 * through. The first that is so, from the surest to the least sure; what is not known is not said.
 *
 *   ours-hidden, theirs-hidden            a rule of the chat wants it
 *   ours-without-udp, theirs-without-udp  no datagram leaves, so no router can be opened
 *   both-varied                           routers that show everybody another port: none of the two
 *                                         can tell the other where to knock
 *   ours-varied, theirs-varied            one such router makes it a matter of chance
 *
 * @module
 */
import { familyOf } from '../base/endpoint.ts';
import type { Policy } from '../base/policy.ts';
import type { WhyRelay } from '../commands.ts';
import type { RecordCandidate } from '../discovery/record.ts';
import type { NatClass } from '../path/nat-class.ts';

export interface OurSide {
  readonly policy: Policy;
  readonly udpPort: number | undefined;
  /** What routers do with the port of our IPv4 socket. */
  readonly nat: NatClass;
}

export interface TheirSide {
  readonly policy: Policy | undefined;
  /** What their newest record names; undefined where there is none. */
  readonly candidates: readonly RecordCandidate[] | undefined;
}

export function whyRelay(ours: OurSide, theirs: TheirSide): WhyRelay {
  if (ours.policy === 'hidden') return 'ours-hidden';
  if (theirs.policy === 'hidden') return 'theirs-hidden';
  if (ours.udpPort === undefined) return 'ours-without-udp';
  const { candidates } = theirs;
  if (candidates === undefined) return 'unknown';
  const udp = candidates.filter(({ transport }) => transport === 'udp');
  if (udp.length === 0) return 'theirs-without-udp';
  const areTheirsVaried = udp.some(
    ({ endpoint, nat }) => familyOf(endpoint) === 'v4' && nat === 'random',
  );
  if (ours.nat !== 'random') return areTheirsVaried ? 'theirs-varied' : 'unknown';
  return areTheirsVaried ? 'both-varied' : 'ours-varied';
}
