/**
 * Call: how the responder of a link tells the initiator where it is now (LNK-61 to LNK-63). Only
 * the initiator attaches paths; a responder whose router gave it another port, or whose address is
 * another one, would not be found by it.
 *
 *   responder   path lost, woke, moved --calls after 0.15, 0.4, 0.8, 1.6 ... 12.8 s--> path: silent
 *   initiator   a call id as opening --once--> one attach flight to where the call came from
 *
 * A call is a flight like any other to look at: opening, MAC, mask and padding. What is inside is
 * random and means nothing.
 * @module
 */
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { type Random, randomInt } from '../base/time.ts';
import type { Emit, Route } from './contract.ts';
import { contextOf, FAREWELL_BYTES, FlightKey, PADDING_BYTES_MAX, sealFlight } from './gate.ts';
import { ATTACH_BYTES, attachFlightSecret, callIds } from './handshake.ts';
import { ATTACH_ROUTES_MAX } from './limits.ts';
import type { Link } from './link.ts';
import { OneTimeIds } from './one-time-ids.ts';

/** Calls leave so long after the path was lost: the initiator may know as well, and be quicker. */
const CALLS_MS = [150, 400, 800, 1_600, 3_200, 6_400, 12_800] as const;
/** Rounds while the path may be alive: after a sleep, or with another address. */
const WOKEN_ROUNDS = 2;
/** The initiator may not know yet which of the newest paths the responder calls by. */
const PATHS_KNOWN = 3;
/** The attach flight that answers a call fits into it, and a farewell where nobody takes it up. */
const LEAST_PADDING_BYTES = 2 * FAREWELL_BYTES;
/** What stands for the opening of the path that made the link. */
export const FIRST_PATH = new Uint8Array(0);

export interface CallerDeps {
  readonly random: Random;
  readonly emit: Emit;
  /** May a datagram leave to where this device is said to be? */
  readonly mayProbe: (noise: Uint8Array, nowMs: number) => boolean;
}

/** The responder's side of one link. */
export class Caller {
  readonly #link: Link;
  readonly #deps: CallerDeps;
  readonly #key: FlightKey;
  /** Where the last path led, while that is allowed. */
  #route: Route | undefined;
  /** Where else the peer may be. */
  #others: readonly Route[] = [];
  #ids: Uint8Array[];
  #startedAtMs: number | undefined;
  #rounds = 0;

  constructor(link: Link, route: Route, deps: CallerDeps) {
    const { attach } = link.established;
    this.#link = link;
    this.#deps = deps;
    this.#key = new FlightKey(attachFlightSecret(attach));
    this.#route = route;
    this.#ids = callIds(attach, FIRST_PATH);
  }

  wakeAtMs(): number | undefined {
    const afterMs = CALLS_MS[this.#rounds];
    if (this.#startedAtMs === undefined || afterMs === undefined) return undefined;
    return this.#startedAtMs + afterMs;
  }

  handleTimeout(nowMs: number): void {
    const wakeAtMs = this.wakeAtMs();
    if (wakeAtMs === undefined || wakeAtMs > nowMs) return;
    if (this.#link.path !== undefined && this.#rounds >= WOKEN_ROUNDS) {
      this.#startedAtMs = undefined;
      return;
    }
    this.#rounds++;
    this.#call(nowMs);
  }

  /** The path is lost or doubtful: calls from now on. */
  start(nowMs: number): void {
    this.#startedAtMs = nowMs;
    this.#rounds = 0;
  }

  /** The initiator's START came by a path with this opening. */
  proven(route: Route, opening: Uint8Array): void {
    this.#route = route;
    this.#ids = callIds(this.#link.established.attach, opening);
    this.#startedAtMs = undefined;
  }

  /** Where the peer is said to be now. */
  setRoutes(routes: readonly Route[]): void {
    this.#others = routes;
  }

  /** Nothing leaves to where it is not allowed any more. */
  restrict(allowed: (route: Route) => boolean): void {
    this.#others = this.#others.filter(allowed);
    if (this.#route && !allowed(this.#route)) this.#route = undefined;
  }

  #call(nowMs: number): void {
    const { emit, mayProbe, random } = this.#deps;
    const { peerNoise } = this.#link.established;
    const last = this.#route && endpointKey(this.#route.endpoint);
    for (const [key, to] of this.#targets()) {
      // Where the last path led somebody has answered; elsewhere only the peer says that it is.
      if (key !== last && !mayProbe(peerNoise, nowMs)) continue;
      const opening = this.#ids.shift();
      if (opening === undefined) return;
      const padding =
        LEAST_PADDING_BYTES + randomInt(random, PADDING_BYTES_MAX - LEAST_PADDING_BYTES + 1);
      const bytes = sealFlight(this.#key, contextOf(), opening, random(ATTACH_BYTES), padding);
      emit({ type: 'datagram', to, bytes });
    }
  }

  /** Where the last path led first, none twice. */
  #targets(): [string, Endpoint][] {
    const known = [...(this.#route ? [this.#route] : []), ...this.#others];
    const udp = known.filter(({ transport }) => transport === 'udp');
    const targets = new Map(udp.map(({ endpoint }) => [endpointKey(endpoint), endpoint]));
    return [...targets].slice(0, ATTACH_ROUTES_MAX);
  }
}

/** The initiator's side, for all its links: which link an opening calls. */
export class CallIndex {
  readonly #ids = new OneTimeIds<Link>();
  /** Ids by path, the newest last. */
  readonly #byLink = new Map<Link, Uint8Array[][]>();

  /** Ids that are waiting: at most 96 for each link. */
  get size(): number {
    return this.#ids.size;
  }

  /** The responder may call by this path from now on. */
  add(link: Link, opening: Uint8Array): void {
    const ids = callIds(link.established.attach, opening);
    const paths = [...(this.#byLink.get(link) ?? []), ids];
    for (const old of paths.splice(0, paths.length - PATHS_KNOWN)) this.#ids.remove(old);
    this.#byLink.set(link, paths);
    this.#ids.add(ids, link);
  }

  find(opening: Uint8Array): Link | undefined {
    return this.#ids.find(opening);
  }

  /** A flight with this opening verified: it names nothing any more. */
  use(opening: Uint8Array): void {
    this.#ids.remove([opening]);
  }

  remove(link: Link): void {
    for (const ids of this.#byLink.get(link) ?? []) this.#ids.remove(ids);
    this.#byLink.delete(link);
  }
}
