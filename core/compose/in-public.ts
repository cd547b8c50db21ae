/**
 * In public: where strangers reach us as a relay, and whether we may look for theirs (RLY-26,
 * RLY-28).
 * @module
 */
import { type Endpoint, endpointKey, familyOf, type Family } from '../base/endpoint.ts';
import type { TakeBack } from '../discovery/dht-port.ts';
import type { Ports } from '../discovery/peer-search.ts';
import { ownCandidates } from '../path/candidates.ts';
import type { Contact } from '../people/contact.ts';
import { inviteState } from '../people/invite.ts';
import { isRelayEndpoint } from '../relay/address.ts';
import type { PeersFound } from './finding.ts';
import type { Runtime } from './runtime.ts';

/**
 * Under which ports others reach us as a relay; none while nobody could be told.
 * @param isReached somebody has come, or a local address is public.
 */
export function listedPorts(runtime: Runtime, isReached: boolean): Ports {
  const isOpen = isReached || runtime.mapping.verdict === 'open';
  if (!isOpen || !canTell(runtime)) return {};
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
 * May the DHT and trackers be asked for strangers' relays, from our own address? ⚑ Not by who hides
 * from new people; and not for nothing: somebody has to be there who may come by a relay.
 */
export function mayLookForStrangers(runtime: Runtime): boolean {
  const { book, context } = runtime;
  if (context.profile.policy === 'hidden' || !canTell(runtime)) return false;
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

/**
 * Looks in the DHT and at trackers for those who are announced under a hash.
 * @param done runs once, in this call or later.
 */
export function seekStrangers(
  { finding, tracking }: Runtime,
  target: Uint8Array,
  done: (found: PeersFound) => void,
): TakeBack {
  const found: PeersFound[] = [];
  const take = (one: PeersFound): void => {
    found.push(one);
    if (found.length < 2) return;
    const peers = found.flatMap((part) => part.peers);
    const responders = found.reduce((sum, part) => sum + part.responders, 0);
    done({ announced: 0, peers, responders });
  };
  const ways = [finding.seek(target, undefined, take), tracking.ask(target, take)];
  return () => {
    for (const takeBack of ways) takeBack();
  };
}

/** Is there anybody to tell, or to ask: nodes of the DHT, or a tracker? */
function canTell({ context, finding, tracking }: Runtime): boolean {
  return tracking.isOn || (context.profile.dht && finding.helpers > 0);
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
