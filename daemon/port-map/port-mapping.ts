/**
 * Port mapping: the sockets, requests and timer of the port mapper (core/path/port-map/mapper.ts).
 * It looks every LOOK_EVERY_MS where the way out leads now, and tells the mapper.
 *
 *   off --start--> looking at routes, mapper running --stop--> everything given back, off
 *
 * Spec: docs/spec/port-map.md.
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { formatAddress, parseAddress, scopeOf } from '@sotto/core/base/endpoint.ts';
import type { Endpoint, Family } from '@sotto/core/base/endpoint.ts';
import type { Random } from '@sotto/core/base/time.ts';
import type { Listening } from '@sotto/core/effects.ts';
import type {
  HttpReply,
  HttpRequest,
  OwnPort,
  PortMap,
  Site,
} from '@sotto/core/path/port-map/contract.ts';
import { SSDP } from '@sotto/core/path/port-map/igd.ts';
import { isSame, PortMapper } from '@sotto/core/path/port-map/mapper.ts';
import type { MapperOutput, MapperState } from '@sotto/core/path/port-map/mapper.ts';
import { SLEPT_MS } from '@sotto/core/node.ts';
import { plain } from '../byte-stream.ts';
import type { Log } from '../logs.ts';
import { addressTowards, dialName, readGateways } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { askHttp } from './http.ts';

/** How often the routes of this computer are looked at. */
export const LOOK_EVERY_MS = 5_000;
/** Routers say here that they have just started (RFC 6886 3.2.1, RFC 6887 14.1). */
const ANNOUNCED_PORT = 5350;
const ANNOUNCED_AT: Readonly<Record<Family, string>> = { v4: '224.0.0.1', v6: 'ff02::1' };
/** As far as another router in the same home. */
const MULTICAST_TTL = 2;

/** `off`: by the settings. `unsupported`: this system does not say which router is ours. */
export type PortMappingState = MapperState | 'off' | 'unsupported';

export interface PortMappingParts {
  readonly random: Random;
  readonly log: Log;
  readonly listening: () => Listening;
  readonly allowReserved: boolean;
  readonly onMaps: (maps: readonly PortMap[]) => void;
}

/** A router with the sockets towards it. */
interface Way {
  readonly gateway: Gateway;
  readonly site: Site;
  /** Asks it, hears its announcements, and searches for it where another address has to. */
  readonly asks: Socket;
  readonly hears: Socket;
  readonly searches: Socket;
}

export class PortMapping {
  readonly #parts: PortMappingParts;
  #mapper: PortMapper | undefined;
  #ways: Way[] = [];
  #isSupported = true;
  #timer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isAsleepSince = { monoMs: 0, wallMs: 0 };
  readonly #requests = new Set<() => void>();
  #onStopped: (() => void) | undefined;
  /** One change after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: PortMappingParts) {
    this.#parts = parts;
  }

  get state(): PortMappingState {
    if (!this.#mapper) return 'off';
    return this.#isSupported ? this.#mapper.state(performance.now()) : 'unsupported';
  }

  get maps(): readonly PortMap[] {
    return this.#mapper?.maps ?? [];
  }

  stats(): Record<string, number> {
    return { portMaps: this.maps.length, portMapRequests: this.#requests.size };
  }

  /** On or off. Off resolves when everything is given back, at the latest after STOP_MS. */
  set(isOn: boolean): Promise<void> {
    this.#changing = this.#changing.then(() => (isOn ? this.#start() : this.#stop()));
    return this.#changing;
  }

  #start(): void {
    if (this.#mapper) return;
    this.#mapper = new PortMapper({ random: this.#parts.random });
    this.#isAsleepSince = { monoMs: performance.now(), wallMs: Date.now() };
    this.#lookSoon();
    this.#lookTimer = setInterval(() => this.#lookSoon(), LOOK_EVERY_MS);
  }

  /** Asks now: a person wants to know. Resolves when there is an answer, or after `withinMs`. */
  async ask(withinMs: number): Promise<void> {
    if (!this.#mapper) return;
    const untilMs = performance.now() + withinMs;
    this.#mapper.look(performance.now());
    this.#drain();
    while (this.state === 'looking' && performance.now() < untilMs) {
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async #stop(): Promise<void> {
    const mapper = this.#mapper;
    if (!mapper) return;
    clearInterval(this.#lookTimer);
    await this.#looking;
    await new Promise<void>((done) => {
      this.#onStopped = done;
      mapper.stop(performance.now());
      this.#drain();
    });
    this.#onStopped = undefined;
    this.#mapper = undefined;
    clearTimeout(this.#timer);
    for (const end of this.#requests) end();
    this.#requests.clear();
    for (const way of this.#ways) close(way);
    this.#ways = [];
  }

  #lookSoon(): void {
    this.#looking = this.#looking.then(() => this.#look());
  }

  async #look(): Promise<void> {
    const ports = ownPorts(this.#parts.listening());
    // With no port of ours there is nothing to ask for.
    const gateways = ports.length > 0 ? readGateways() : [];
    this.#isSupported = gateways !== undefined;
    const found = await Promise.all((gateways ?? []).map((gateway) => this.#siteOf(gateway)));
    if (!this.#mapper || this.#onStopped) return;
    const ways = found
      .filter((one) => one !== undefined)
      .map(([gateway, site]) => {
        const known = this.#ways.find((way) => isSame(way.site, site));
        return known ?? { gateway, site, ...this.#open(gateway, site) };
      });
    const before = this.#ways.filter((way) => !ways.includes(way));
    this.#ways = [...ways, ...before];
    const sites = ways.map(({ site }) => site);
    const routers = (gateways ?? []).map(({ host }) => host);
    this.#mapper.handleSites(sites, ports, performance.now(), routers);
    this.#watchSleep(this.#mapper);
    this.#drain();
    this.#closeLeft(this.#mapper, before);
  }

  /** A way is open for as long as something is given back by it. */
  #closeLeft(mapper: PortMapper, before: readonly Way[]): void {
    const left = before.filter(({ site }) => !mapper.sites.some((one) => isSame(one, site)));
    for (const way of left) close(way);
    this.#ways = this.#ways.filter((way) => !left.includes(way));
  }

  /** Undefined where nothing has to be mapped, or nothing could be reached by it. */
  async #siteOf(gateway: Gateway): Promise<[Gateway, Site] | undefined> {
    const local = await addressTowards(gateway);
    if (local === undefined || !this.#parts.listening().addresses.includes(local)) return undefined;
    const { family, host } = gateway;
    const scope = scopeOf(local);
    const isPublic = scope === 'public' || (this.#parts.allowReserved && scope === 'reserved');
    // IPv6 addresses are public, and it is the router's wall that has to open.
    if (isPublic !== (family === 'v6')) return undefined;
    return [gateway, { family, gateway: host, local }];
  }

  /** Where timers stood still the network may be another one with the same addresses. */
  #watchSleep(mapper: PortMapper): void {
    const now = { monoMs: performance.now(), wallMs: Date.now() };
    const { monoMs, wallMs } = this.#isAsleepSince;
    this.#isAsleepSince = now;
    const aheadMs = now.wallMs - wallMs - (now.monoMs - monoMs);
    const lateMs = now.monoMs - monoMs - LOOK_EVERY_MS;
    if (aheadMs >= SLEPT_MS || lateMs >= SLEPT_MS) mapper.look(now.monoMs);
  }

  #open(gateway: Gateway, site: Site): Pick<Way, 'asks' | 'hears' | 'searches'> {
    const { family, local } = site;
    const on = family === 'v4' ? local : `::%${gateway.iface}`;
    const sends = (socket: Socket): void => {
      socket.setMulticastInterface(on);
      if (family === 'v4') socket.setMulticastTTL(MULTICAST_TTL);
    };
    const asks = this.#socket(gateway, site, { address: local, port: 0 }, sends);
    const address = dialName(ANNOUNCED_AT[family], gateway);
    const hears = this.#socket(gateway, site, { address, port: ANNOUNCED_PORT }, (socket) => {
      socket.addMembership(address, on);
    });
    // A router that is known by an address of this network answers with it who asks by such a one.
    const isOfLink = scopeOf(site.gateway) === 'link-local';
    const searches = isOfLink
      ? this.#socket(gateway, site, { address: '::', port: 0 }, sends)
      : asks;
    return { asks, hears, searches };
  }

  #socket(
    { family, iface }: Gateway,
    site: Site,
    at: { address: string; port: number },
    prepare: (socket: Socket) => void,
  ): Socket {
    const socket = createSocket({ type: family === 'v4' ? 'udp4' : 'udp6', reuseAddr: true });
    // Without one of its sockets a router is not heard; everything else goes on.
    socket.on('error', () => undefined);
    socket.on('message', (bytes, { address, port }) => {
      const [name, zone] = address.split('%');
      const host = canonical(name!);
      // Other networks of this computer may have a router of that name.
      if (host !== site.gateway || (zone !== undefined && zone !== iface)) return;
      this.#mapper?.handleDatagram(site, { host, port }, plain(bytes), performance.now());
      this.#drain();
    });
    socket.bind({ ...at, exclusive: false }, () => {
      try {
        prepare(socket);
      } catch {
        // The same: it has only lost a way to be heard.
      }
    });
    return socket;
  }

  #drain(): void {
    const mapper = this.#mapper;
    if (!mapper) return;
    for (let out = mapper.poll(); out; out = mapper.poll()) this.#carryOut(mapper, out);
    clearTimeout(this.#timer);
    const wakeAtMs = mapper.wakeAtMs();
    if (wakeAtMs === undefined) return;
    const inMs = Math.max(0, Math.ceil(wakeAtMs - performance.now()));
    this.#timer = setTimeout(() => {
      mapper.handleTimeout(performance.now());
      this.#drain();
    }, inMs);
  }

  #carryOut(mapper: PortMapper, out: MapperOutput): void {
    switch (out.type) {
      case 'datagram':
        return this.#send(out.site, out.to, out.bytes);
      case 'http':
        return this.#askHttp(mapper, out.id, out.request);
      case 'maps': {
        const { log, onMaps } = this.#parts;
        const via = out.maps[0]?.via ?? 'none';
        log('info', 'ports that the router sends on', { ports: out.maps.length, via });
        return onMaps(out.maps);
      }
      case 'stopped':
        this.#onStopped?.();
    }
  }

  #askHttp(mapper: PortMapper, id: number, request: HttpRequest): void {
    const { host } = request.to;
    const way = this.#ways.find(({ site }) => site.gateway === host);
    const done = (reply: HttpReply): void => {
      this.#requests.delete(end);
      mapper.handleHttp(id, reply, performance.now());
      this.#drain();
    };
    const end = askHttp(request, done, way && dialName(host, way.gateway));
    this.#requests.add(end);
  }

  #send(site: Site, to: Endpoint, bytes: Uint8Array): void {
    const way = this.#ways.find((one) => isSame(one.site, site));
    const host = way && dialName(to.host, way.gateway);
    try {
      const socket = to.host === SSDP[site.family].host ? way?.searches : way?.asks;
      socket?.send(bytes, to.port, host, () => undefined);
    } catch {
      // A datagram is a hope: it is sent again, or the router counts as silent.
    }
  }
}

function ownPorts({ tcpPort, udpPort }: Listening): OwnPort[] {
  const ports: OwnPort[] = [];
  if (udpPort !== undefined) ports.push({ transport: 'udp', port: udpPort });
  if (tcpPort !== undefined) ports.push({ transport: 'tcp', port: tcpPort });
  return ports;
}

function close({ asks, hears, searches }: Way): void {
  for (const socket of new Set([asks, hears, searches])) {
    try {
      socket.close();
    } catch {
      // It never came to be.
    }
  }
}

/** The one text of an address. */
function canonical(address: string): string | undefined {
  const bytes = parseAddress(address);
  return bytes && formatAddress(bytes);
}
