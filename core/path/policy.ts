/**
 * Policy of routes: which ways two policies leave, and what follows for addresses. The one place
 * that decides what may be dialled, published, improved to, and let in (POL-1 to POL-9).
 *
 *   policy  means              ways                   we publish            shows our IP address
 *   auto    Automatic          lan, direct, relay     all candidates        yes
 *   hidden  Hidden IP          relay (two hops)       none, by relays       no
 *   direct  Direct only        lan, direct            all candidates        yes
 *   local   This network only  lan                    private ones          in this network alone
 *
 * Two people use what both allow; where that is nothing, nothing leaves. Each side guards itself:
 * what it publishes, asks the DHT for and lets in goes by its own policy alone, so a wrong idea of
 * the other's can lock nobody out. What it dials, attaches and keeps goes by both.
 *
 * A way is told by where a route leads: a circuit is a relay's, a private address of a network
 * that we are on is in this network, and everything else is direct. Pure.
 * @module
 */
import { isShared, isWithin, scopeOf, type Endpoint } from '../base/endpoint.ts';
import type { Policy } from '../base/policy.ts';
import {
  isBelieved,
  ownCandidates,
  raced,
  type DirectRoute,
  type OwnAddresses,
  type Route,
} from './candidates.ts';

export type Way = 'lan' | 'direct' | 'relay';

/** The policies of both sides; theirs is undefined until they have told. */
export interface Pact {
  readonly ours: Policy;
  readonly theirs: Policy | undefined;
}

const WAYS: Readonly<Record<Policy, readonly Way[]>> = {
  auto: ['lan', 'direct', 'relay'],
  hidden: ['relay'],
  direct: ['lan', 'direct'],
  local: ['lan'],
};
/** What a mask would be where the system does not say. */
const BITS_V4 = 24;
const BITS_V6 = 64;

/** The ways that both policies allow; none is a conflict. */
export function waysOf({ ours, theirs }: Pact): readonly Way[] {
  return WAYS[ours].filter((way) => WAYS[theirs ?? 'auto'].includes(way));
}

/** Does one side allow this way? */
export function allowsWay(policy: Policy, way: Way): boolean {
  return WAYS[policy].includes(way);
}

/** Does a policy let the other see an address of ours that leads here from anywhere? */
export function showsAddress(policy: Policy): boolean {
  return allowsWay(policy, 'direct');
}

/**
 * Who asks the DHT where somebody for whom this is our policy could watch it: we, relays in our
 * place, or nobody (POL-8).
 */
export function asksBy(policy: Policy): 'ourselves' | 'relays' | undefined {
  if (showsAddress(policy)) return 'ourselves';
  return allowsWay(policy, 'relay') ? 'relays' : undefined;
}

/** Would they see more of our address under the new policy? Then a person is asked first. */
export function isLooser(from: Policy, to: Policy): boolean {
  return exposure(to) > exposure(from);
}

/** Is there a way to our own doors that the new policy shuts? Then the old key opens nothing. */
export function shutsOut(from: Policy, to: Policy): boolean {
  return WAYS[from].some((way) => way !== 'relay' && !WAYS[to].includes(way));
}

function exposure(policy: Policy): number {
  if (showsAddress(policy)) return 2;
  return WAYS[policy].includes('lan') ? 1 : 0;
}

/**
 * Is this address on a network that we are on? Told by masks alone, so only of addresses that no
 * router carries further: this computer's, link-local ones, and private ones with our prefix. The
 * range that providers share among customers (100.64.0.0/10) is nobody's own network.
 */
export function isHere({ host }: Endpoint, own: OwnAddresses): boolean {
  const scope = scopeOf(host);
  if (scope === 'loopback' || scope === 'link-local') return true;
  if (scope !== 'private' || isShared(host)) return false;
  return networksOf(own).some((network) => isWithin(host, network));
}

/**
 * By which way a route leads.
 * @param isSameSite one of the other's candidates names our own outside address.
 */
export function wayOf(route: Route, own: OwnAddresses, isSameSite = false): Way {
  if (route.transport === 'circuit') return 'relay';
  const { endpoint } = route;
  if (isHere(endpoint, own)) return 'lan';
  const isInside = scopeOf(endpoint.host) === 'private' && !isShared(endpoint.host);
  return isInside && isSameSite ? 'lan' : 'direct';
}

/**
 * May a link use this route under both policies?
 *
 * ⚑ A circuit that we opened shows our address to the first relay: who hides opens it through a
 * guard alone (RLY-18). One that came in leads to our own relay, and has nothing to open.
 * @param isSameSite one of the other's candidates names our own outside address.
 */
export function allows(pact: Pact, route: Route, own: OwnAddresses, isSameSite: boolean): boolean {
  const isBare = route.via !== undefined && route.via.isHidden !== true;
  if (pact.ours === 'hidden' && isBare) return false;
  return waysOf(pact).includes(wayOf(route, own, isSameSite));
}

/** What of our addresses we tell somebody for whom this is our policy. */
export function candidatesFor(policy: Policy, own: OwnAddresses): DirectRoute[] {
  if (policy === 'hidden') return [];
  if (policy !== 'local') return ownCandidates(own);
  const inside = own.local.filter((host) => isInside(host, own));
  const told = ownCandidates({
    ...own,
    local: inside,
    external: undefined,
    external6: undefined,
    mapped: { udp: undefined, tcp: undefined },
  });
  return told.filter(({ endpoint }) => isInside(endpoint.host, own));
}

/**
 * Those of a peer's candidates that we may dial and attach under both policies.
 *
 * ⚑ A private address that we cannot know to be theirs is tried only where we ourselves allow
 * nothing but this network: a peer's word alone must not make us knock at our own neighbours.
 * @param heard routes by which they were heard in this network: these are theirs.
 */
export function dialable(
  theirs: readonly Route[],
  own: OwnAddresses,
  pact: Pact,
  heard: readonly Route[] = [],
): Route[] {
  const sameSite = isSameSite(theirs, own);
  const near = ({ endpoint }: Route): boolean =>
    pact.ours === 'local' && scopeOf(endpoint.host) === 'private' && isHere(endpoint, own);
  const believed = theirs.filter((route) => isBelieved(route, own, sameSite) || near(route));
  const allowed = believed.filter((route) => allows(pact, route, own, sameSite));
  return raced(allowed, waysOf(pact).includes('lan') ? heard : []);
}

/** May somebody for whom this is our policy come in by this route? Ours alone decides. */
export function admits(
  policy: Policy,
  route: Route,
  own: OwnAddresses,
  isSameSite: boolean,
): boolean {
  return WAYS[policy].includes(wayOf(route, own, isSameSite));
}

/** Do they name our own outside address? So do two devices behind one router. */
export function isSameSite(theirs: readonly Route[], own: OwnAddresses): boolean {
  return theirs.some(({ endpoint: { host } }) => {
    return host === own.external?.host || host === own.external6?.host;
  });
}

/** Reached from this network alone; in a lab also from this computer alone. */
function isInside(host: string, { allowReserved }: OwnAddresses): boolean {
  const scope = scopeOf(host);
  return (scope === 'private' && !isShared(host)) || (allowReserved && scope === 'loopback');
}

function networksOf({ local, networks }: OwnAddresses): readonly string[] {
  return networks ?? local.map((host) => `${host}/${host.includes(':') ? BITS_V6 : BITS_V4}`);
}
