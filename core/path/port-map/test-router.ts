/**
 * A router of tests: speaks NAT-PMP, PCP and UPnP-IGD as their texts say, keeps a table of ports,
 * and plays a mapper's time. It can be restarted, refuse, be taken by others, and fall silent.
 * @module
 */
import { concat, hex, readUintBE, uintBE, utf8, utf8Text } from '../../base/bytes.ts';
import { parseAddress, type Endpoint } from '../../base/endpoint.ts';
import { Prng } from '../../base/prng.ts';
import type { HttpReply, HttpRequest, OwnPort, PortMap, Site } from './contract.ts';
import { SSDP } from './igd.ts';
import { PortMapper } from './mapper.ts';
import { DECIDE_MS } from './site.ts';

export const GATEWAY = '192.168.1.1';
export const LOCAL = '192.168.1.11';
export const OUTSIDE = '93.184.216.34';
export const SITE: Site = { family: 'v4', gateway: GATEWAY, local: LOCAL };
export const SITE_SIX: Site = { family: 'v6', gateway: 'fe80::1', local: '2a00:1::5' };
/** As the router calls itself over IPv6. */
const GLOBAL_SIX = '2a00:1::1';
export const PORTS: readonly OwnPort[] = [
  { transport: 'udp', port: 40_001 },
  { transport: 'tcp', port: 40_001 },
];
const SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1';
const WALL = 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1';
export const HOUR_MS = 3_600_000;
/** RFC 6887 7.4. */
const PCP_NOT_AUTHORIZED = 2;
const LOCATION: Endpoint = { host: GATEWAY, port: 5000 };

export interface Entry {
  readonly client: string;
  readonly port: number;
  readonly leaseS: number;
  /** Of PCP: only who shows it may change the entry (RFC 6887 11.3). */
  readonly nonce?: string;
}

/** Somebody's opening in the wall of IPv6. */
export interface Hole {
  readonly client: string;
  readonly port: string;
  readonly protocol: string;
  readonly leaseS: string;
}

export interface Abilities {
  pcp?: boolean;
  natPmp?: boolean;
  upnp?: boolean;
  /** What it says of its wall over IPv6: FirewallEnabled, InboundPinholeAllowed. */
  wall?: readonly [string, string];
  /** SOAP error of each AddPinhole; undefined: it is opened. */
  refusesHole?: number | undefined;
  external?: string;
  /** SOAP error of each AddPortMapping, by lease and outside port; undefined: it is added. */
  refuses?: (leaseS: number, port: number) => number | undefined;
  /** PCP and NAT-PMP result of each wish for a port. */
  result?: number;
  /** The same by transport and lease, where it differs: `udp`, 7200. */
  resultOf?: (transport: string, leaseS: number) => number | undefined;
  /** Longest lease it grants, s. */
  leaseMaxS?: number;
  /** What a description says instead of the usual. */
  description?: string;
  location?: string;
}

/** One home: a router, a mapper on a device behind it, and time. */
export class Home {
  nowMs = 1_000_000;
  /** By `udp 40001`, the outside port. */
  readonly table = new Map<string, Entry>();
  /** By number: what the wall lets in. */
  readonly holes = new Map<string, Hole>();
  #holes = 0;
  #sender: Site | undefined;
  readonly mapper: PortMapper;
  maps: readonly PortMap[] = [];
  isStopped = false;
  isSilent = false;
  /** So many requests over HTTP get no reply from now on. */
  repliesLost = 0;
  bootedMs = 0;
  /** What was sent, in words: `pcp map udp 7200`, `http AddPortMapping`. */
  readonly heard: string[] = [];
  readonly requests: HttpRequest[] = [];
  readonly datagrams: { readonly to: Endpoint; readonly bytes: Uint8Array }[] = [];

  constructor(
    readonly can: Abilities,
    seed = 1,
    public site: Site = SITE,
  ) {
    const prng = new Prng(seed);
    this.mapper = new PortMapper({ random: (bytes) => prng.bytes(bytes) });
  }

  begin(ports: readonly OwnPort[] = PORTS): void {
    this.mapper.handleSites([this.site], ports, this.nowMs);
    this.settle();
  }

  /** The device has another address, at the same router. */
  move(local: string): void {
    this.site = { ...this.site, local };
    this.begin();
  }

  /** There is no way out. @param routers of those that are there all the same. */
  leave(routers: readonly string[] = []): void {
    this.mapper.handleSites([], PORTS, this.nowMs, routers);
    this.settle();
  }

  /** Time passes; whatever is due happens on the way. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let due = this.mapper.wakeAtMs(); due !== undefined && due <= untilMs;) {
      this.nowMs = Math.max(this.nowMs, due);
      this.mapper.handleTimeout(this.nowMs);
      this.settle();
      due = this.mapper.wakeAtMs();
    }
    this.nowMs = untilMs;
  }

  stop(): void {
    this.mapper.stop(this.nowMs);
    this.settle();
  }

  restart(): void {
    this.table.clear();
    this.holes.clear();
    this.#holes += 10;
    this.bootedMs = this.nowMs;
  }

  /** Carries out what the mapper wants until it wants nothing. */
  settle(): void {
    for (let out = this.mapper.poll(); out; out = this.mapper.poll()) {
      if (out.type === 'maps') this.maps = out.maps;
      else if (out.type === 'stopped') this.isStopped = true;
      else if (out.type === 'http') {
        this.requests.push(out.request);
        const isLost = this.isSilent || this.repliesLost > 0;
        if (this.repliesLost > 0) this.repliesLost--;
        const reply = isLost ? undefined : this.#http(out.request);
        this.mapper.handleHttp(out.id, reply, this.nowMs);
      } else {
        this.datagrams.push({ to: out.to, bytes: out.bytes });
        this.#sender = out.site;
        if (!this.isSilent) this.#datagram(out.to, out.bytes);
        this.#sender = undefined;
      }
    }
  }

  get epochS(): number {
    return Math.floor((this.nowMs - this.bootedMs) / 1000);
  }

  /** Says that it has just started, to everybody. */
  announce(inPcp = this.can.pcp === true): void {
    const bytes = inPcp
      ? this.#pcpHead(0, 0, 0)
      : concat(this.#natPmpHead(0, 0), parseAddress(this.#external)!);
    this.answer(bytes);
  }

  /** To who is asking just now; else to where the device is. */
  answer(bytes: Uint8Array, from: Endpoint = { host: this.site.gateway, port: 5351 }): void {
    this.mapper.handleDatagram(this.#sender ?? this.site, from, bytes, this.nowMs);
  }

  get #description(): string {
    if (this.site.family === 'v4') return DESCRIPTION;
    return DESCRIPTION.replace(SERVICE, WALL).replace('/ctl/IPConn', '/ctl/IP6FCtl');
  }

  get #external(): string {
    return this.can.external ?? OUTSIDE;
  }

  #datagram(to: Endpoint, bytes: Uint8Array): void {
    if (to.port === SSDP.v4.port) return this.#search(utf8Text(bytes)!);
    if (bytes[0] === 2) this.#pcp(bytes);
    else this.#natPmp(bytes);
  }

  #search(text: string): void {
    const target = /^ST: (.+)$/m.exec(text)![1]!.trim();
    if (!this.can.upnp || !target.endsWith(':1')) return;
    const six = this.site.family === 'v6';
    const host = six ? `[${GLOBAL_SIX}]` : LOCATION.host;
    const location = this.can.location ?? `http://${host}:${LOCATION.port}/desc.xml`;
    const answer = `HTTP/1.1 200 OK\r\nST: ${target}\r\nLOCATION: ${location}\r\n\r\n`;
    this.answer(utf8(answer), { host: this.site.gateway, port: 1900 });
  }

  #natPmpHead(op: number, result: number): Uint8Array {
    return concat(new Uint8Array([0, 0x80 + op]), uintBE(result, 2), uintBE(this.epochS, 4));
  }

  #natPmp(bytes: Uint8Array): void {
    const op = bytes[1]!;
    if (!this.can.natPmp) {
      if (this.can.pcp) this.answer(new Uint8Array([2, 0x80, 0, 1, ...new Uint8Array(20)]));
      return;
    }
    if (op === 0) {
      this.heard.push('nat-pmp address');
      return this.answer(concat(this.#natPmpHead(0, 0), parseAddress(this.#external)!));
    }
    const transport = op === 1 ? 'udp' : 'tcp';
    const leaseS = readUintBE(bytes, 8, 4);
    this.heard.push(`nat-pmp ${transport} ${leaseS}`);
    const result = this.#resultOf(transport, leaseS);
    if (result !== 0) return this.answer(concat(this.#natPmpHead(op, result), bytes.slice(4)));
    const own = readUintBE(bytes, 4, 2);
    const outside = this.#map(transport, own, readUintBE(bytes, 6, 2), { leaseS })!;
    const granted = Math.min(leaseS, this.can.leaseMaxS ?? leaseS);
    const body = concat(uintBE(own, 2), uintBE(outside, 2), uintBE(granted, 4));
    this.answer(concat(this.#natPmpHead(op, 0), body));
  }

  #pcpHead(op: number, result: number, leaseS: number): Uint8Array {
    return concat(
      new Uint8Array([2, 0x80 + op, 0, result]),
      uintBE(leaseS, 4),
      uintBE(this.epochS, 4),
      new Uint8Array(12),
    );
  }

  #pcp(bytes: Uint8Array): void {
    if (!this.can.pcp) {
      if (this.can.natPmp) this.answer(new Uint8Array([0, 0x80, 0, 1, 0, 0, 0, 0]));
      return;
    }
    const op = bytes[1]!;
    if (op === 0) {
      this.heard.push('pcp announce');
      return this.answer(this.#pcpHead(0, 0, 0));
    }
    const transport = bytes[36] === 17 ? 'udp' : 'tcp';
    const leaseS = readUintBE(bytes, 4, 4);
    this.heard.push(`pcp ${transport} ${leaseS}`);
    const refuse = (result: number): void =>
      this.answer(concat(this.#pcpHead(1, result, 30), bytes.slice(24)));
    const result = this.#resultOf(transport, leaseS);
    if (result !== 0) return refuse(result);
    const own = readUintBE(bytes, 40, 2);
    const nonce = hex(bytes.slice(24, 36));
    const outside = this.#map(transport, own, readUintBE(bytes, 42, 2), { leaseS, nonce });
    if (outside === undefined) return refuse(PCP_NOT_AUTHORIZED);
    const six = this.site.family === 'v6';
    const address = six
      ? parseAddress(this.#client)!
      : concat(new Uint8Array(10), new Uint8Array([255, 255]), parseAddress(this.#external)!);
    const granted = Math.min(leaseS, this.can.leaseMaxS ?? leaseS);
    const body = concat(bytes.slice(24, 42), uintBE(outside, 2), address);
    this.answer(concat(this.#pcpHead(1, 0, granted), body));
  }

  get #client(): string {
    return (this.#sender ?? this.site).local;
  }

  #resultOf(transport: string, leaseS: number): number {
    return this.can.resultOf?.(transport, leaseS) ?? this.can.result ?? 0;
  }

  /** The port outside, 0 where it was given back; undefined where it is not for who asks. */
  #map(
    transport: string,
    own: number,
    wanted: number,
    { leaseS, nonce }: Pick<Entry, 'leaseS' | 'nonce'>,
  ): number | undefined {
    const client = this.#client;
    for (const [key, entry] of this.table) {
      if (!key.startsWith(transport) || entry.client !== client || entry.port !== own) continue;
      if (entry.nonce !== nonce) return undefined;
      if (leaseS === 0) this.table.delete(key);
      return leaseS === 0 ? 0 : Number(key.split(' ')[1]);
    }
    if (leaseS === 0) return 0;
    let outside = wanted;
    while (this.table.has(`${transport} ${outside}`)) outside++;
    const entry = { client, port: own, leaseS, ...(nonce !== undefined && { nonce }) };
    this.table.set(`${transport} ${outside}`, entry);
    return outside;
  }

  #http({ body, from, headers, method }: HttpRequest): HttpReply {
    if (method === 'GET') {
      this.heard.push('http GET');
      return { status: 200, body: utf8(this.can.description ?? this.#description) };
    }
    const action = /#(\w+)"/.exec(headers['SOAPAction']!)![1]!;
    this.heard.push(`http ${action}`);
    const value = (name: string): string => new RegExp(`<${name}>([^<]*)<`).exec(body)?.[1] ?? '';
    if (this.site.family === 'v6') {
      return from === this.site.local ? this.#wall(action, value) : fault(606);
    }
    const port = Number(value('NewExternalPort'));
    const key = `${value('NewProtocol').toLowerCase()} ${port}`;
    const entry = this.table.get(key);
    switch (action) {
      case 'GetExternalIPAddress':
        return soap(`<NewExternalIPAddress>${this.#external}</NewExternalIPAddress>`);
      case 'GetSpecificPortMappingEntry':
        if (!entry) return fault(714);
        return soap(
          `<NewInternalPort>${entry.port}</NewInternalPort>` +
            `<NewInternalClient>${entry.client}</NewInternalClient>`,
        );
      case 'AddPortMapping': {
        const leaseS = Number(value('NewLeaseDuration'));
        const code = this.can.refuses?.(leaseS, port);
        if (code !== undefined) return fault(code);
        const client = value('NewInternalClient');
        this.table.set(key, { client, port: Number(value('NewInternalPort')), leaseS });
        return soap('');
      }
      default:
        return this.table.delete(key) ? soap('') : fault(714);
    }
  }

  /** WANIPv6FirewallControl:1, 2.5: for whom it is must be who asks. */
  #wall(action: string, value: (name: string) => string): HttpReply {
    const [enabled, allowed] = this.can.wall ?? ['1', '1'];
    const id = value('UniqueID');
    const known = this.holes.get(id);
    switch (action) {
      case 'GetFirewallStatus':
        return soap(
          `<FirewallEnabled>${enabled}</FirewallEnabled>` +
            `<InboundPinholeAllowed>${allowed}</InboundPinholeAllowed>`,
        );
      case 'AddPinhole': {
        if (this.can.refusesHole !== undefined) return fault(this.can.refusesHole);
        const [client, port] = [value('InternalClient'), value('InternalPort')];
        const hole = { client, port, protocol: value('Protocol'), leaseS: value('LeaseTime') };
        const same = [...this.holes].find(
          ([, other]) => other.port === port && other.protocol === hole.protocol,
        );
        const number = same?.[0] ?? String(++this.#holes);
        this.holes.set(number, hole);
        return soap(`<UniqueID>${number}</UniqueID>`);
      }
      case 'UpdatePinhole':
        if (!known) return fault(704);
        this.holes.set(id, { ...known, leaseS: value('NewLeaseTime') });
        return soap('');
      default:
        return this.holes.delete(id) ? soap('') : fault(704);
    }
  }
}

/** A home whose mapper has decided. */
export function home(can: Abilities): Home {
  const made = new Home(can);
  made.begin();
  made.pass(DECIDE_MS);
  return made;
}

/** What is open: `udp 40001 pcp`, sorted. */
export function open({ maps }: Home): string[] {
  return maps.map(({ external, transport, via }) => `${transport} ${external.port} ${via}`).sort();
}

export const both = (via: string, port = 40_001): string[] => [
  `tcp ${port} ${via}`,
  `udp ${port} ${via}`,
];

function soap(inside: string): HttpReply {
  return {
    status: 200,
    body: utf8(`<s:Envelope><s:Body><u:R>${inside}</u:R></s:Body></s:Envelope>`),
  };
}

function fault(code: number): HttpReply {
  return { status: 500, body: utf8(`<UPnPError><errorCode>${code}</errorCode></UPnPError>`) };
}

export const DESCRIPTION = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>A router</friendlyName>
<serviceList><service>
<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<controlURL>/ctl/L3F</controlURL></service></serviceList>
<deviceList><device><serviceList><service>
<serviceType>${SERVICE}</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/WANIPCn.xml</SCPDURL>
<controlURL>/ctl/IPConn</controlURL>
<eventSubURL>/evt/IPConn</eventSubURL></service></serviceList></device></deviceList>
</device></root>`;
