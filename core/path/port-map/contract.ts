/**
 * What the parts of port mapping share: who is asked for what, and what a client of one protocol
 * looks like to the mapper that chooses among them.
 *
 *   asking --answers--> there --map--> opening --mapped--> open --release--> released
 *      \---silence--> silent     \---refused--> refused     (open, opening --silence--> silent)
 *
 * Spec: docs/spec/port-map.md.
 * @module
 */
import type { Endpoint, Family } from '../../base/endpoint.ts';

export type MapTransport = 'udp' | 'tcp';
export type MapVia = 'pcp' | 'nat-pmp' | 'upnp';

/** A port that the router sends on to us. */
export interface PortMap {
  readonly transport: MapTransport;
  readonly family: Family;
  /** Where it is reached from outside, as the router says. */
  readonly external: Endpoint;
  readonly via: MapVia;
}

/** A port on which we listen. */
export interface OwnPort {
  readonly transport: MapTransport;
  readonly port: number;
}

/** The way out of this computer for one family: the router, and our address towards it. */
export interface Site {
  readonly family: Family;
  readonly gateway: string;
  readonly local: string;
}

export interface HttpRequest {
  /** Our address that has to ask, where the router wants to see it; else any. */
  readonly from?: string;
  readonly to: Endpoint;
  /** Visible ASCII without blanks: nothing in it ends a line. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back, whatever its status; undefined: nothing did, or too much. */
export type HttpReply = { readonly status: number; readonly body: Uint8Array } | undefined;

export type ClientOutput =
  | { type: 'datagram'; to: Endpoint; bytes: Uint8Array }
  | { type: 'http'; id: number; request: HttpRequest };

/** Bodies that are longer count as no reply. Descriptions of routers have 2 to 30 KB. */
export const HTTP_BYTES_MAX = 128 * 1024;
/** A reply that takes longer is none. */
export const HTTP_MS = 3_000;

/** What we ask for; a router may grant less. */
export const LEASE_S = 7_200;
/** However short a lease the router grants, it is renewed no more often. */
export const RENEW_MS_MIN = 60_000;
/** A port that is refused while another one is open is asked for again. */
export const REFUSED_AGAIN_MS = 15 * 60_000;
/** A router that goes on forgetting, or a person who goes on asking, has it asked so often. */
export const ANEW_MS_MIN = 5_000;
/** However long a lease is, half of this is the time until it is renewed. */
export const LEASE_S_MAX = 604_800;

export type ClientState =
  'asking' | 'there' | 'opening' | 'open' | 'refused' | 'silent' | 'released';

/** One protocol, spoken to one router. */
export interface PortClient {
  readonly via: MapVia;
  readonly state: ClientState;
  readonly maps: readonly PortMap[];
  /** It was chosen: asks for our ports. */
  map(nowMs: number): void;
  /** Asks whether the router still knows us. @param isWished for our ports too, in any case. */
  check(nowMs: number, isWished?: boolean): void;
  /** Gives back whatever was asked for; `isBusy` until that is acknowledged or given up. */
  release(nowMs: number): void;
  readonly isBusy: boolean;
  /** From the router's own address. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): void;
  handleHttp(id: number, reply: HttpReply, nowMs: number): void;
  handleTimeout(nowMs: number): void;
  wakeAtMs(): number | undefined;
  poll(): ClientOutput | undefined;
}

/** When a lease that begins now is renewed: at half of it. */
export function renewAtMs(leaseS: number, nowMs: number): number {
  return nowMs + Math.max(RENEW_MS_MIN, Math.min(leaseS, LEASE_S_MAX) * 500);
}
