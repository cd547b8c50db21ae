/**
 * Port mapper: asks the routers that this computer goes out through to send our ports on to us.
 *
 *   handleSites -> one SiteMapper per family -> datagrams, requests, and the ports that are open
 *   stop        -> everything given back -> stopped, within STOP_MS
 *
 * Sans-IO: call one `handle*`, drain `poll()`, sleep until `wakeAtMs()`, repeat. `nowMs` is
 * monotonic; `random` is the only entropy. Spec: docs/spec/port-map.md.
 * @module
 */
import { BoundedMap } from '../../base/bounded.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import { earliest, type Random } from '../../base/time.ts';
import type { ClientOutput, HttpReply, OwnPort, PortMap, Site } from './contract.ts';
import { NONCE_BYTES } from './control.ts';
import { SiteMapper, type SiteDeps, type SiteState } from './site.ts';

/** A stop waits so long for routers to acknowledge. */
export const STOP_MS = 1_000;
/** A router that we left and that is still there gets so long to take its ports back. */
export const LEAVE_MS = 5_000;
const LEAVING_MAX = 2;
/** Routers send little; what is longer is none of theirs. */
const DATAGRAM_BYTES_MAX = 2_048;
/** Nonces remembered: more ways out than a computer has in one run. */
const NONCES_MAX = 256;

export type MapperOutput =
  /** It leaves by that way: what is given back leaves from the address that had it. */
  | (Extract<ClientOutput, { type: 'datagram' }> & { site: Site })
  | Exclude<ClientOutput, { type: 'datagram' }>
  /** The ports that are open now. */
  | { type: 'maps'; maps: readonly PortMap[] }
  | { type: 'stopped' };

/** `no-router`: none stands between this computer and the world, or none that can be asked. */
export type MapperState = SiteState | 'no-router';

export class PortMapper {
  readonly #deps: SiteDeps;
  /** A router gives what it holds for one nonce to no other until its lease ends. */
  readonly #nonces = new BoundedMap<string, Uint8Array>(NONCES_MAX);
  readonly #out: MapperOutput[] = [];
  #sites: SiteMapper[] = [];
  /** Left behind, giving back what they have. */
  #leaving: { readonly mapper: SiteMapper; readonly untilMs: number }[] = [];
  #ports: readonly OwnPort[] = [];
  #nextId = 1;
  #said = '[]';
  #stopAtMs: number | undefined;
  #isStopped = false;

  constructor({ random }: { random: Random }) {
    this.#deps = {
      random,
      nextId: () => this.#nextId++,
      nonceOf: ({ gateway, local }, { port, transport }) =>
        this.#nonceOf([gateway, local, transport, port].join(' '), random),
    };
  }

  /**
   * The ways out there are now, at most one per family, and our ports.
   * @param routers those that are there, also where the way out is not by them.
   */
  handleSites(
    sites: readonly Site[],
    ports: readonly OwnPort[],
    nowMs: number,
    routers: readonly string[] = sites.map(({ gateway }) => gateway),
  ): void {
    if (this.#stopAtMs !== undefined) return;
    const samePorts = JSON.stringify(ports) === JSON.stringify(this.#ports);
    this.#ports = ports;
    const before = this.#sites;
    this.#sites = sites.map(
      (site) =>
        before.find((known) => samePorts && isSame(known.site, site)) ??
        new SiteMapper(site, ports, this.#deps, nowMs),
    );
    for (const mapper of before) {
      const isThere = routers.includes(mapper.site.gateway);
      if (isThere && !this.#sites.includes(mapper)) this.#leave(mapper, nowMs);
    }
    this.#settle(nowMs);
  }

  /** The ways by which routers are spoken to: those out, and those that we leave. */
  get sites(): readonly Site[] {
    return this.#all.map(({ site }) => site);
  }

  /** A person asks, or this computer has slept. */
  look(nowMs: number): void {
    for (const mapper of this.#sites) mapper.look(nowMs);
    this.#settle(nowMs);
  }

  /** @param at the way by which it came: an answer is for the address that has asked. */
  handleDatagram(at: Site, from: Endpoint, bytes: Uint8Array, nowMs: number): void {
    if (bytes.length > DATAGRAM_BYTES_MAX) return;
    for (const mapper of this.#all) {
      if (isSame(mapper.site, at)) mapper.handleDatagram(from, bytes, nowMs);
    }
    this.#settle(nowMs);
  }

  handleHttp(id: number, reply: HttpReply, nowMs: number): void {
    for (const mapper of this.#all) mapper.handleHttp(id, reply, nowMs);
    this.#settle(nowMs);
  }

  handleTimeout(nowMs: number): void {
    for (const mapper of this.#all) mapper.handleTimeout(nowMs);
    this.#settle(nowMs);
  }

  /** Gives everything back; `stopped` follows. */
  stop(nowMs: number): void {
    if (this.#stopAtMs !== undefined) return;
    this.#stopAtMs = nowMs + STOP_MS;
    for (const mapper of this.#sites) mapper.release(nowMs);
    this.#settle(nowMs);
  }

  wakeAtMs(): number | undefined {
    if (this.#isStopped) return undefined;
    const leaving = this.#leaving.map(({ untilMs }) => untilMs);
    return earliest(...this.#all.map((mapper) => mapper.wakeAtMs()), ...leaving, this.#stopAtMs);
  }

  poll(): MapperOutput | undefined {
    for (const mapper of this.#all) {
      const out = mapper.poll();
      if (out) return out.type === 'datagram' ? { ...out, site: mapper.site } : out;
    }
    return this.#out.shift();
  }

  /** What became of the asking; of several routers, the one that fared best. */
  state(nowMs: number): MapperState {
    const states = this.#sites.map((mapper) => mapper.state(nowMs));
    const order = ['open', 'looking', 'refused', 'silent'] as const;
    return order.find((state) => states.includes(state)) ?? 'no-router';
  }

  get maps(): readonly PortMap[] {
    return this.#stopAtMs === undefined ? this.#sites.flatMap(({ maps }) => maps) : [];
  }

  get #all(): readonly SiteMapper[] {
    // What is given back is said first, so that the same port is free again.
    return [...this.#leaving.map(({ mapper }) => mapper), ...this.#sites];
  }

  #nonceOf(key: string, random: Random): Uint8Array {
    const nonce = this.#nonces.get(key) ?? random(NONCE_BYTES);
    this.#nonces.set(key, nonce);
    return nonce;
  }

  /** The router is still there: what it keeps for us this way is given back. */
  #leave(mapper: SiteMapper, nowMs: number): void {
    mapper.release(nowMs);
    this.#leaving = [...this.#leaving, { mapper, untilMs: nowMs + LEAVE_MS }].slice(-LEAVING_MAX);
  }

  #settle(nowMs: number): void {
    this.#leaving = this.#leaving.filter(({ mapper, untilMs }) => mapper.isBusy && nowMs < untilMs);
    const said = JSON.stringify(this.maps);
    if (said !== this.#said) {
      this.#said = said;
      this.#out.push({ type: 'maps', maps: this.maps });
    }
    if (this.#stopAtMs === undefined || this.#isStopped) return;
    if (this.#all.some((mapper) => mapper.isBusy) && nowMs < this.#stopAtMs) return;
    this.#isStopped = true;
    this.#out.push({ type: 'stopped' });
  }
}

export function isSame(a: Site, b: Site): boolean {
  return a.family === b.family && a.gateway === b.gateway && a.local === b.local;
}
