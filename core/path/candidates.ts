/**
 * Candidates: the addresses under which a device may be reached, ours to publish and a peer's to
 * try (PTH-1 to PTH-4).
 *
 * ⚑ A peer's list is not believed: it could name strangers, to have us bombard them, or hosts
 * inside our own network. So at most ROUTES_MAX are tried, and private addresses only where the
 * peer's public address equals ours, which is what two devices behind one router look like.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { endpointKey, familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import type { MapJudgement } from './mapped.ts';
import type { NatClass } from './nat-class.ts';

export type RouteTransport = 'udp' | 'tcp';
/** A way to a device: its own endpoint, or a relay's and what opens a circuit there. */
export interface Route {
  readonly transport: RouteTransport | 'circuit';
  readonly endpoint: Endpoint;
  readonly via?: Via | undefined;
  /** Of a peer, as its record says. */
  readonly nat?: NatClass;
}
/** An endpoint of the device itself. */
export interface DirectRoute extends Route {
  readonly transport: RouteTransport;
}
/** Of a circuit that we may open: the relay's Noise key, our slot, how the relay listens. */
export interface Via {
  readonly relay: Uint8Array;
  readonly slot: Uint8Array;
  readonly udp: boolean;
  readonly tcp: boolean;
  /** On TCP port 443 as well. */
  readonly web?: true | undefined;
  /** The relay is not to see our address either: through one of ours first. */
  readonly isHidden?: true;
}

/** Candidates in one record. */
export const CANDIDATES_MAX = 4;
/** Routes raced in one dial; with five flights per UDP route, at most 15 probes (PTH-3). */
export const ROUTES_MAX = 4;
export const UDP_ROUTES_MAX = 3;
/** Beside these: circuits, which send nothing to an address that the peer names. */
export const CIRCUITS_MAX = 2;

export interface OwnAddresses {
  /** Local interface addresses. */
  readonly local: readonly string[];
  readonly udpPort: number | undefined;
  readonly tcpPort: number | undefined;
  /** Our address as the network sees it: by vote, with the UDP port it saw. */
  readonly external: Endpoint | undefined;
  /** The same over IPv6, where most have no router that changes it. */
  readonly external6?: Endpoint | undefined;
  /** Where a router lets in whatever is for our IPv4 ports (MAP-15). */
  readonly mapped?: Pick<MapJudgement, 'udp' | 'tcp' | 'inside'>;
  /** Lab and loopback addresses count as public. */
  readonly allowReserved: boolean;
  /** Networks that we are on, such as 192.168.1.7/24; guessed from `local` where left out. */
  readonly networks?: readonly string[] | undefined;
  /** Whatever we dial goes by a proxy, and nobody is told an address of ours. */
  readonly proxied?: boolean | undefined;
}

/**
 * What we publish: the outside address first, then that inside a provider's network, then local
 * ones from the widest reach to the narrowest, UDP before TCP.
 */
export function ownCandidates(own: OwnAddresses): DirectRoute[] {
  const routes: DirectRoute[] = [];
  const add = (transport: RouteTransport, host: string, port: number | undefined): void => {
    if (port !== undefined) routes.push({ transport, endpoint: { host, port } });
  };
  const { external6 } = own;
  const inside = insideFour(own);
  // Two routers in a row let no call in: of what is outside only the UDP mapping is worth telling.
  const outside = outsideFour(own).filter(({ transport }) => !inside || transport === 'udp');
  const byReach = [...own.local].sort((a, b) => reachOf(a) - reachOf(b));
  const local = byReach.filter((host) => publishable(host, own.allowReserved));
  const beyond = local.filter((host) => scopeOf(host) !== 'loopback');
  const six = external6?.host ?? beyond.find((host) => host.includes(':'));
  const other = beyond.find((host) => !host.includes(':'));
  const four = outside[0]?.endpoint.host ?? other;
  if (six !== undefined && four !== undefined) {
    // Both families: each gets its two ways, so that a peer with only one of them finds one.
    const portOf = (transport: RouteTransport): number | undefined =>
      outside.find((route) => route.transport === transport)?.endpoint.port;
    add('udp', four, portOf('udp') ?? own.udpPort);
    add('udp', six, external6?.port ?? own.udpPort);
    if (inside) routes.push(...inside.slice(0, 1));
    else add('tcp', four, portOf('tcp') ?? own.tcpPort);
    add('tcp', six, own.tcpPort);
  }
  routes.push(...outside, ...(inside ?? []));
  if (external6) {
    add('udp', external6.host, external6.port);
    add('tcp', external6.host, own.tcpPort);
  }
  for (const host of local) {
    add('udp', host, own.udpPort);
    add('tcp', host, own.tcpPort);
  }
  return unique(routes).slice(0, CANDIDATES_MAX);
}

/** Where we are outside, over IPv4: what lets in anyone goes before what lets in answers. */
function outsideFour({ external, mapped, tcpPort }: OwnAddresses): DirectRoute[] {
  const said = mapped?.udp ?? mapped?.tcp;
  // What others saw in an earlier run gives way to what the router says now.
  const seen = !said || external?.host === said.host ? external : undefined;
  const host = seen?.host ?? said?.host;
  if (host === undefined) return [];
  const udp = [mapped?.udp, seen].filter((endpoint) => endpoint !== undefined);
  const port = mapped?.tcp?.port ?? tcpPort;
  return [
    ...udp.map((endpoint) => ({ transport: 'udp' as const, endpoint })),
    ...(port === undefined ? [] : [{ transport: 'tcp' as const, endpoint: { host, port } }]),
  ];
}

/** Where the provider's other customers reach us; undefined where no provider stands before us. */
function insideFour({ mapped }: OwnAddresses): DirectRoute[] | undefined {
  const { tcp, udp } = mapped?.inside ?? {};
  if (!tcp && !udp) return undefined;
  return [
    ...(udp ? [{ transport: 'udp' as const, endpoint: udp }] : []),
    ...(tcp ? [{ transport: 'tcp' as const, endpoint: tcp }] : []),
  ];
}

/**
 * The families by which others may be reached: those of our addresses beyond this computer; where
 * there is none yet, IPv4. Private IPv6 addresses lead nowhere but in a lab.
 */
export function familiesOf(local: readonly string[], allowReserved: boolean): Family[] {
  const beyond = local.filter((host) => {
    const scope = scopeOf(host);
    if (scope === 'loopback' || scope === 'link-local') return false;
    return !host.includes(':') || scope === 'public' || allowReserved;
  });
  const families = new Set(beyond.map((host) => familyOf({ host, port: 0 })));
  return families.size > 0 ? [...families].sort() : ['v4'];
}

/** Loopback counts in a lab alone, and would otherwise push out what others can reach. */
function reachOf(host: string): number {
  return ['public', 'reserved', 'private', 'link-local', 'loopback'].indexOf(scopeOf(host));
}

function publishable(host: string, allowReserved: boolean): boolean {
  const scope = scopeOf(host);
  return scope === 'public' || scope === 'private' || (allowReserved && scope !== 'link-local');
}

/**
 * May we believe that this candidate is theirs? A public address is their own affair; a private one
 * could be anybody in our own network, but for two devices behind one router (PTH-2).
 * @param isSameSite one of their candidates names our own outside address.
 */
export function isBelieved(
  { endpoint }: Route,
  { allowReserved }: OwnAddresses,
  isSameSite: boolean,
): boolean {
  const scope = scopeOf(endpoint.host);
  if (scope === 'private') return isSameSite;
  return scope === 'public' || (allowReserved && scope !== 'link-local');
}

/** As many of these as may be raced at once (PTH-3), and of those where it was heard. */
export function raced(routes: readonly Route[], heard: readonly Route[]): Route[] {
  const udp = routes.filter((route) => route.transport === 'udp');
  const tcp = routes.filter((route) => route.transport === 'tcp');
  const circuits = routes.filter((route) => route.transport === 'circuit');
  const own = [...unique(udp).slice(0, UDP_ROUTES_MAX), ...unique(tcp)].slice(0, ROUTES_MAX);
  return [...withHeard(heard, own), ...unique(circuits).slice(0, CIRCUITS_MAX)];
}

/**
 * What to race where a device was heard in our network: there first, then by its record, so that
 * the first UDP and TCP route of the record are among them (LAN-13).
 */
export function withHeard(heard: readonly Route[], allowed: readonly Route[]): Route[] {
  if (heard.length === 0) return [...allowed];
  const first = (transport: RouteTransport): Route[] =>
    allowed.filter((route) => route.transport === transport).slice(0, 1);
  const all = unique([...heard, ...first('udp'), ...first('tcp'), ...allowed]);
  const udp = all.filter(({ transport }) => transport === 'udp').slice(0, UDP_ROUTES_MAX);
  return all
    .filter((route) => route.transport !== 'udp' || udp.includes(route))
    .slice(0, ROUTES_MAX);
}

/** The same where somebody else names a place of theirs; circuits stay what they are (TRK-12). */
export function withNamed(named: readonly Route[], told: readonly Route[]): Route[] {
  const circuits = told.filter(({ transport }) => transport === 'circuit');
  const own = told.filter(({ transport }) => transport !== 'circuit');
  return [...withHeard(named, own), ...circuits];
}

/** Those of these routes that lead through less of the world than the present one. */
export function nearerRoutes(routes: readonly Route[], present: Route): Route[] {
  const near = distanceOf(present);
  return routes.filter((route) => distanceOf(route) < near);
}

function distanceOf({ endpoint, transport }: Route): number {
  if (transport === 'circuit') return 3;
  const scope = scopeOf(endpoint.host);
  if (scope === 'loopback') return 0;
  return scope === 'private' || scope === 'link-local' ? 1 : 2;
}

function unique<R extends Route>(routes: readonly R[]): R[] {
  const seen = new Set<string>();
  return routes.filter((route) => {
    const key = routeKey(route);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Does it lead where the other does? A relay is the same by each of its addresses and slots. */
export function isSameWay(a: Route, b: Route): boolean {
  if (a.via && b.via) return equal(a.via.relay, b.via.relay);
  return routeKey(a) === routeKey(b);
}

/** Same routes in the same order? */
export function sameRoutes(a: readonly Route[], b: readonly Route[]): boolean {
  const text = (routes: readonly Route[]): string => routes.map(routeKey).join();
  return text(a) === text(b);
}

function routeKey({ endpoint, transport, via }: Route): string {
  const guarded = via?.isHidden ? ' guarded' : '';
  const circuit = via ? ` ${hex(via.relay)} ${hex(via.slot)}${guarded}` : '';
  return `${transport} ${endpointKey(endpoint)}${circuit}`;
}
