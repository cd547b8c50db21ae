/**
 * In public: where strangers reach us as a relay, and whether we may look for theirs (RLY-26,
 * RLY-28).
 * @module
 */
import { type Endpoint, endpointKey, familyOf, type Family } from '../base/endpoint.ts';
import type { Ports } from '../discovery/peer-search.ts';
import { ownCandidates } from '../path/candidates.ts';
import type { Contact } from '../people/contact.ts';
import { inviteState } from '../people/invite.ts';
import { isRelayEndpoint } from '../relay/address.ts';
import type { Runtime } from './runtime.ts';

/**
 * Under which ports others reach us as a relay; none while nobody in the DHT could be told.
 * @param isReached somebody has come, or a local address is public.
 */
export function listedPorts(runtime: Runtime, isReached: boolean): Ports {
  const { finding, mapping } = runtime;
  const isOpen = isReached || mapping.verdict === 'open';
  if (!isOpen || finding.helpers === 0) return {};
  const places = ownPlaces(runtime, 'udp');
  const portOf = (family: Family): number | undefined =>
    places.find((endpoint) => familyOf(endpoint) === family)?.port;
  const [v4, v6] = [portOf('v4'), portOf('v6')];
  return { ...(v4 !== undefined && { v4 }), ...(v6 !== undefined && { v6 }) };
}

/** Do others reach us by TCP at the same port as by UDP? */
export function isOnBoth(runtime: Runtime): boolean {
  const names = ownPlaces(runtime, 'tcp').map(endpointKey);
  return ownPlaces(runtime, 'udp').some((endpoint) => names.includes(endpointKey(endpoint)));
}

/**
 * May the DHT be asked for strangers' relays, from our own address? ⚑ Not by who hides from new
 * people; and not for nothing: somebody has to be there who may come by a relay.
 */
export function mayLookForStrangers({ book, context, finding }: Runtime): boolean {
  const { dht, policy } = context.profile;
  if (!dht || policy === 'hidden' || finding.helpers === 0) return false;
  const mayRelay = (one: Pick<Contact, 'policy'>): boolean =>
    one.policy === 'auto' || one.policy === 'hidden';
  for (const contact of book.contacts.values()) {
    if (!contact.blocked && !contact.local && mayRelay(contact)) return true;
  }
  for (const invite of book.invites.values()) {
    if (inviteState(invite, context.soundMs) === 'open' && mayRelay(invite)) return true;
  }
  return false;
}

function ownPlaces(
  { context, finding, listening, mapping, place }: Runtime,
  transport: 'udp' | 'tcp',
): Endpoint[] {
  const routes = ownCandidates(place.own(finding, listening, mapping));
  const ours = routes.filter((route) => route.transport === transport);
  const { allowReserved } = context.profile;
  return ours
    .map(({ endpoint }) => endpoint)
    .filter((endpoint) => isRelayEndpoint(endpoint, allowReserved));
}
