/**
 * Mapped ports: what a router's word is worth. It says where our ports can be reached from outside;
 * that holds only where no second router stands before it, as with providers who put many homes
 * behind one address.
 *
 *   no address of it is public and the one that others see --> double   else --> open
 *
 * Behind a provider's router such a port is still reached by the provider's other customers.
 * Spec: docs/spec/port-map.md MAP-15, MAP-16, MAP-18.
 * @module
 */
import { isShared, scopeOf, type Endpoint } from '../base/endpoint.ts';
import type { PortMap } from './port-map/contract.ts';

/** `none`: no router maps a port. `double`: one does, and it leads nowhere. */
export type MapVerdict = 'none' | 'open' | 'double';

export interface MapJudgement {
  readonly verdict: MapVerdict;
  /** Where our IPv4 ports are reached; IPv6 ones keep their address and are only let in. */
  readonly udp: Endpoint | undefined;
  readonly tcp: Endpoint | undefined;
  /** Where they are reached from inside the provider's network, between the two routers. */
  readonly inside?: { readonly udp: Endpoint | undefined; readonly tcp: Endpoint | undefined };
}

export interface SeenAs {
  /** Our addresses as others see us, each where anybody said so in this run. */
  readonly external: string | undefined;
  readonly external6: string | undefined;
  /** Local interface addresses. */
  readonly local: readonly string[];
  /** Lab addresses count as public. */
  readonly allowReserved: boolean;
}

export function judgeMaps(maps: readonly PortMap[], seen: SeenAs): MapJudgement {
  const open = maps.filter((map) => isOpen(map, seen));
  const verdict = open.length > 0 ? 'open' : maps.length > 0 ? 'double' : 'none';
  const at = (among: readonly PortMap[], transport: PortMap['transport']): Endpoint | undefined =>
    among.find((map) => map.family === 'v4' && map.transport === transport)?.external;
  const outside = { verdict, udp: at(open, 'udp'), tcp: at(open, 'tcp') } as const;
  // A way in over IPv6 says nothing of what stands in front of the router over IPv4.
  if (open.some(({ family }) => family === 'v4')) return outside;
  const shared = maps.filter(({ external }) => isShared(external.host));
  if (shared.length === 0) return outside;
  return { ...outside, inside: { udp: at(shared, 'udp'), tcp: at(shared, 'tcp') } };
}

function isOpen({ external: { host }, family }: PortMap, seen: SeenAs): boolean {
  const scope = scopeOf(host);
  if (scope !== 'public' && !(seen.allowReserved && scope === 'reserved')) return false;
  if (family === 'v6') return seen.local.includes(host) || host === seen.external6;
  return seen.external === undefined || host === seen.external;
}
