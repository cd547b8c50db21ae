/**
 * One router, all protocols: they are asked at once, and the best that answers maps our ports.
 *
 *   searching --PCP answers, or the best after DECIDE_MS--> chosen --open--> checked, renewed
 *       ^--- AGAIN_MS later ---- nobody left <--refused-- next best     --silent--> searching
 *
 * Spec: docs/spec/port-map.md MAP-3, MAP-5, MAP-6, MAP-12, MAP-20.
 * @module
 */
import type { Endpoint } from '../../base/endpoint.ts';
import { earliest, type Random } from '../../base/time.ts';
import type { ClientOutput, HttpReply, OwnPort, PortClient, PortMap, Site } from './contract.ts';
import { CONTROL_PORT, ControlClient } from './control.ts';
import { NAT_PMP } from './nat-pmp.ts';
import { PCP } from './pcp.ts';
import { PinholeClient } from './pinhole.ts';
import { UpnpClient } from './upnp.ts';

/** So long a better protocol is waited for once a worse one has answered. */
export const DECIDE_MS = 1_000;
/** A router that has answered nothing so long is said to be silent; it is asked on. */
export const LOOK_MS = 5_000;
/** Pauses between searches that came to nothing; the last one repeats. */
export const AGAIN_MS = [60_000, 120_000, 240_000, 480_000, 900_000] as const;
/** So often the router is asked whether it still knows us, and has the address that it had. */
export const CHECK_EVERY_MS = 5 * 60_000;
/** A router that says it has just started is asked about it this often at most. */
const ANNOUNCED_MS_MIN = 10_000;

export type SiteState = 'looking' | 'open' | 'refused' | 'silent';

export interface SiteDeps {
  readonly random: Random;
  /** By which a router that speaks PCP knows us again. */
  readonly nonceOf: (site: Site, own: OwnPort) => Uint8Array;
  readonly nextId: () => number;
}

export class SiteMapper {
  readonly site: Site;
  readonly #ports: readonly OwnPort[];
  readonly #deps: SiteDeps;
  /** Best first. */
  #clients: PortClient[] = [];
  /** The one of them that may leave something behind for good. */
  #upnp: UpnpClient | undefined;
  #chosen: PortClient | undefined;
  #beganAtMs = -Infinity;
  #announcedAtMs = -Infinity;
  #againAtMs: number | undefined;
  #checkAtMs: number | undefined;
  #rounds = 0;
  #released = false;
  /** What the last search came to, where it came to nothing. */
  #concluded: 'refused' | 'silent' | undefined;
  #wasRefused = false;
  #wasOpen = false;

  constructor(site: Site, ports: readonly OwnPort[], deps: SiteDeps, nowMs: number) {
    this.site = site;
    this.#ports = ports;
    this.#deps = deps;
    this.#begin(nowMs);
  }

  get maps(): readonly PortMap[] {
    return this.#chosen?.maps ?? [];
  }

  state(nowMs: number): SiteState {
    if (this.maps.length > 0) return 'open';
    if (this.#concluded) return this.#concluded;
    if (nowMs < this.#beganAtMs + LOOK_MS) return 'looking';
    return this.#wasRefused ? 'refused' : 'silent';
  }

  get isBusy(): boolean {
    return this.#clients.some((client) => client.isBusy);
  }

  /** Somebody wants to know, or much may have changed: ask now. */
  look(nowMs: number): void {
    if (this.#released) return;
    this.#rounds = 0;
    this.#concluded = undefined;
    if (this.#wasOpen) this.#chosen!.check(nowMs, true);
    else this.#begin(nowMs);
    this.#settle(nowMs);
  }

  release(nowMs: number): void {
    this.#released = true;
    this.#againAtMs = undefined;
    this.#checkAtMs = undefined;
    for (const client of this.#clients) client.release(nowMs);
  }

  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): void {
    // ⚑ Only the router itself is believed (MAP-2).
    if (from.host !== this.site.gateway) return;
    if (from.port === CONTROL_PORT && this.#isNews(bytes)) this.#announced(nowMs);
    for (const client of this.#clients) client.handleDatagram(from, bytes, nowMs);
    this.#settle(nowMs);
  }

  handleHttp(id: number, reply: HttpReply, nowMs: number): void {
    for (const client of this.#clients) client.handleHttp(id, reply, nowMs);
    this.#settle(nowMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#againAtMs !== undefined && nowMs >= this.#againAtMs) this.#begin(nowMs);
    if (this.#checkAtMs !== undefined && nowMs >= this.#checkAtMs) {
      this.#checkAtMs = nowMs + CHECK_EVERY_MS;
      this.#chosen?.check(nowMs);
    }
    for (const client of this.#awake) client.handleTimeout(nowMs);
    this.#settle(nowMs);
  }

  wakeAtMs(): number | undefined {
    const times = this.#awake.map((client) => client.wakeAtMs());
    const decideAtMs = this.#beganAtMs + DECIDE_MS;
    const decides = !this.#chosen && this.#clients.some(({ state }) => state === 'there');
    return earliest(...times, this.#againAtMs, this.#checkAtMs, decides ? decideAtMs : undefined);
  }

  poll(): ClientOutput | undefined {
    for (const client of this.#clients) {
      const out = client.poll();
      if (out) return out;
    }
    return undefined;
  }

  /** While one maps our ports the others rest, in case it fails. */
  get #awake(): readonly PortClient[] {
    return this.#chosen && !this.#released ? [this.#chosen] : this.#clients;
  }

  /** Word of the router that the client which maps our ports does not read itself. */
  #isNews(bytes: Uint8Array): boolean {
    const others = [PCP, NAT_PMP].filter(({ via }) => via !== this.#chosen?.via);
    return others.some((codec) => codec.decode(bytes, [])?.type === 'alive');
  }

  /** A router may say in one protocol that it has started, and map our ports by another. */
  #announced(nowMs: number): void {
    const isIdle = this.#againAtMs !== undefined;
    if (this.#released || !(isIdle || this.#wasOpen)) return;
    if (nowMs < this.#announcedAtMs + ANNOUNCED_MS_MIN) return;
    this.#announcedAtMs = nowMs;
    if (isIdle) this.#begin(nowMs);
    else this.#chosen?.check(nowMs);
  }

  #begin(nowMs: number): void {
    const { nextId, random } = this.#deps;
    const [site, ports] = [this.site, this.#ports];
    this.#beganAtMs = nowMs;
    this.#againAtMs = undefined;
    this.#checkAtMs = undefined;
    this.#chosen = undefined;
    this.#wasRefused = false;
    this.#wasOpen = false;
    const nonceOf = (own: OwnPort): Uint8Array => this.#deps.nonceOf(site, own);
    const pcp = new ControlClient(PCP, site, ports, { nowMs, nonceOf });
    // NAT-PMP knows IPv4 alone, and UPnP has something else for IPv6.
    if (site.family === 'v6') {
      this.#clients = [pcp, new PinholeClient(site, ports, { nowMs, nextId })];
      return;
    }
    const natPmp = new ControlClient(NAT_PMP, site, ports, { nowMs, nonceOf });
    this.#upnp = new UpnpClient(site, ports, { nowMs, random, nextId, before: this.#upnp });
    this.#clients = [pcp, natPmp, this.#upnp];
  }

  #settle(nowMs: number): void {
    if (this.#released) return;
    const chosen = this.#chosen;
    if (chosen?.state === 'open' && !this.#wasOpen) {
      this.#wasOpen = true;
      this.#rounds = 0;
      this.#concluded = undefined;
      this.#checkAtMs = nowMs + CHECK_EVERY_MS;
    }
    if (chosen && (chosen.state === 'refused' || chosen.state === 'silent')) {
      // One that mapped and does no more: perhaps another router stands here now.
      if (this.#wasOpen) return this.#begin(nowMs);
      this.#chosen = undefined;
    }
    this.#wasRefused ||= this.#clients.some(({ state }) => state === 'refused');
    if (!this.#chosen) this.#choose(nowMs);
  }

  #choose(nowMs: number): void {
    const isWaiting = nowMs < this.#beganAtMs + DECIDE_MS;
    for (const client of this.#clients) {
      if (client.state === 'there') {
        this.#chosen = client;
        client.map(nowMs);
        // It may be open already.
        return this.#settle(nowMs);
      }
      if (client.state === 'asking' && isWaiting) return;
    }
    if (this.#againAtMs !== undefined) return;
    if (this.#clients.some(({ state }) => state === 'asking')) return;
    this.#concluded = this.#wasRefused ? 'refused' : 'silent';
    this.#againAtMs = nowMs + AGAIN_MS[Math.min(this.#rounds, AGAIN_MS.length - 1)]!;
    this.#rounds++;
  }
}
