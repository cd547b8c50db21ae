/**
 * A client of UPnP-IGD. One request at a time; each router gets as many as it needs and no more.
 *
 *   search --answer--> look --services--> outside address of each, the first that has one --> there
 *   map      per port: whose is it? --nobody's or ours--> add --ok--> open
 *                                    \--another's--> another port, a few times
 *   add      725, 402 --> another lease    718, 501, 729 --> another port    else refused
 *   release  per port: whose is it? --ours--> delete
 *   silent   what the router has for us goes to the client that comes next
 *
 * Spec: docs/spec/port-map.md MAP-7 to MAP-12.
 * @module
 */
import { parseAddress, type Endpoint } from '../../base/endpoint.ts';
import { earliest, randomInt, type Random } from '../../base/time.ts';
import { Calls, Search } from './calls.ts';
import { ANEW_MS_MIN, REFUSED_AGAIN_MS, renewAtMs } from './contract.ts';
import type {
  ClientOutput,
  ClientState,
  HttpReply,
  OwnPort,
  PortClient,
  PortMap,
  Site,
} from './contract.ts';
import { lookRequest, parseAnswer, servicesOf, type CallReply, type Service } from './igd.ts';

/** Ports tried where one is taken, and the range of those that are no one's in particular. */
export const PORTS_TRIED_MAX = 5;
const PORT_FIRST = 20_000;
const PORT_COUNT = 40_000;
/** Seconds, in the order in which they are asked for; 0 is for good (MAP-10). */
export const LEASES_S = [7_200, 0, 604_800, 3_600] as const;

const NO_SUCH_ENTRY = 714;
const TRY_LEASE = new Set([402, 725]);
const TRY_PORT = new Set([501, 718, 729]);

interface Port extends OwnPort {
  /** The port outside, as wished for or as got. */
  outside: number;
  tried: number;
  /** Index into LEASES_S. */
  lease: number;
  /** It was asked for, so that it has to be given back. */
  asked: boolean;
  /** The router has said yes once, whatever it says later: its entry may be there. */
  held: boolean;
  open: boolean;
  refused: boolean;
  renewAtMs: number | undefined;
}

type Done = (reply: CallReply, nowMs: number) => void;

export class UpnpClient implements PortClient {
  readonly via = 'upnp';
  readonly #site: Site;
  readonly #ports: readonly Port[];
  readonly #random: Random;
  readonly #out: ClientOutput[] = [];
  readonly #search: Search;
  readonly #calls: Calls;
  #state: ClientState = 'asking';
  #service: Service | undefined;
  #external: string | undefined;
  #anewAtMs = -Infinity;

  /** @param deps `before` asked the same router: what that has for us is ours to give back. */
  constructor(
    site: Site,
    ports: readonly OwnPort[],
    deps: {
      readonly nowMs: number;
      readonly random: Random;
      readonly nextId: () => number;
      readonly before: UpnpClient | undefined;
    },
  ) {
    const { before } = deps;
    this.#site = site;
    this.#random = deps.random;
    this.#calls = new Calls({ out: this.#out, nextId: deps.nextId });
    this.#search = new Search(site.family, this.#out, deps.nowMs);
    this.#service = before && before.#service;
    const none = { lease: 0, asked: false, held: false };
    const had = before
      ? before.#ports
      : ports.map((own) => ({ ...own, ...none, outside: own.port }));
    const fresh = { tried: 1, open: false, refused: false, renewAtMs: undefined };
    this.#ports = had.map((port) => ({ ...port, ...fresh }));
  }

  get state(): ClientState {
    return this.#state;
  }

  get maps(): PortMap[] {
    const host = this.#external;
    if (host === undefined || this.#state === 'released') return [];
    const { family } = this.#site;
    return this.#ports.flatMap(({ open, outside, transport }) =>
      open ? [{ transport, family, external: { host, port: outside }, via: this.via }] : [],
    );
  }

  get isBusy(): boolean {
    return this.#calls.isBusy;
  }

  map(): void {
    this.#state = 'opening';
    for (const port of this.#ports) this.#open(port);
  }

  check(nowMs: number, isWished = false): void {
    const isAnew = isWished && nowMs >= this.#anewAtMs + ANEW_MS_MIN;
    if (!this.#service || (this.isBusy && !isAnew)) return;
    if (isAnew) this.#anewAtMs = nowMs;
    this.#askAddress(this.#service, (host) => {
      this.#external = host;
      for (const port of this.#ports) {
        if (isAnew) this.#openAnew(port);
        else if (port.open) this.#checkEntry(port);
      }
    });
  }

  release(): void {
    // What is being read is of no use any more; what is being added must be known first.
    const isReading = this.#state === 'asking' || !this.#ports.some(({ asked }) => asked);
    this.#state = 'released';
    this.#calls.clear();
    if (isReading) this.#calls.forget();
    for (const port of this.#ports) {
      port.renewAtMs = undefined;
      if (port.asked) this.#close(port);
    }
  }

  handleDatagram(_from: Endpoint, bytes: Uint8Array): void {
    if (this.#state !== 'asking' || this.isBusy) return;
    const place = parseAnswer(bytes, this.#site.gateway);
    if (!place) return;
    this.#calls.request(lookRequest(place), (reply) => {
      if (!reply) return this.#fallSilent();
      this.#choose(reply.status === 200 ? servicesOf(reply.body, place) : []);
    });
  }

  handleHttp(id: number, reply: HttpReply, nowMs: number): void {
    this.#calls.handleHttp(id, reply, nowMs);
  }

  handleTimeout(nowMs: number): void {
    const isSearching = this.#isSearching;
    if (isSearching && this.#search.isOver(nowMs)) this.#state = 'silent';
    else if (isSearching) this.#search.handle(nowMs);
    for (const port of this.#ports) {
      if (port.renewAtMs !== undefined && nowMs >= port.renewAtMs) this.#openAnew(port);
    }
  }

  wakeAtMs(): number | undefined {
    const isSearching = this.#isSearching;
    return earliest(
      isSearching ? this.#search.dueAtMs : undefined,
      ...this.#ports.map((port) => port.renewAtMs),
    );
  }

  poll(): ClientOutput | undefined {
    return this.#out.shift();
  }

  get #isSearching(): boolean {
    return this.#state === 'asking' && !this.isBusy;
  }

  /** A router may have several ways out; the one that is up has an address. */
  #choose([service, ...others]: readonly Service[]): void {
    if (this.#state !== 'asking') return;
    if (!service) {
      this.#state = 'refused';
      return;
    }
    this.#askAddress(service, (host) => {
      if (host === undefined) return this.#choose(others);
      this.#service = service;
      this.#external = host;
      this.#state = 'there';
    });
  }

  #askAddress(service: Service, done: (host: string | undefined) => void): void {
    this.#call(service, 'GetExternalIPAddress', {}, (reply) => {
      const host = reply.ok ? (reply.value('NewExternalIPAddress') ?? '') : '';
      const address = host.includes(':') ? undefined : parseAddress(host);
      done(address && address[0] !== 0 ? host : undefined);
    });
  }

  /** Whose port is it? Some routers let anyone overwrite what is another's (MAP-11). */
  #askOwner(
    port: Port,
    done: (owner: 'nobody' | 'us' | 'another' | 'unknown', nowMs: number) => void,
  ): void {
    const values = {
      NewRemoteHost: '',
      NewExternalPort: port.outside,
      NewProtocol: port.transport.toUpperCase(),
    };
    this.#call(this.#service!, 'GetSpecificPortMappingEntry', values, (reply, nowMs) => {
      if (!reply.ok) return done(reply.code === NO_SUCH_ENTRY ? 'nobody' : 'unknown', nowMs);
      const isOurs =
        reply.value('NewInternalClient') === this.#site.local &&
        reply.value('NewInternalPort') === String(port.port);
      done(isOurs ? 'us' : 'another', nowMs);
    });
  }

  #openAnew(port: Port): void {
    port.renewAtMs = undefined;
    port.tried = 1;
    this.#open(port);
  }

  #open(port: Port): void {
    this.#askOwner(port, (owner, nowMs) => {
      if (this.#state === 'released') return;
      if (owner === 'another') this.#tryPort(port, nowMs);
      else this.#add(port);
    });
  }

  #add(port: Port): void {
    const leaseS = LEASES_S[port.lease]!;
    port.asked = true;
    const values = {
      NewRemoteHost: '',
      NewExternalPort: port.outside,
      NewProtocol: port.transport.toUpperCase(),
      NewInternalPort: port.port,
      NewInternalClient: this.#site.local,
      NewEnabled: 1,
      // ⚑ Whoever looks at the router's list learns no name of a program from us (MAP-14).
      NewPortMappingDescription: `${port.port} ${port.transport.toUpperCase()}`,
      NewLeaseDuration: leaseS,
    };
    this.#call(this.#service!, 'AddPortMapping', values, (reply, nowMs) => {
      if (this.#state === 'released') return;
      if (!reply.ok) return this.#refusedWith(port, reply.code, nowMs);
      port.open = true;
      port.held = true;
      port.refused = false;
      port.renewAtMs = leaseS === 0 ? undefined : renewAtMs(leaseS, nowMs);
      this.#state = 'open';
    });
  }

  #refusedWith(port: Port, code: number, nowMs: number): void {
    if (TRY_LEASE.has(code) && port.lease + 1 < LEASES_S.length) {
      port.lease++;
      return this.#add(port);
    }
    if (TRY_PORT.has(code)) return this.#tryPort(port, nowMs);
    this.#refuse(port, nowMs);
  }

  #tryPort(port: Port, nowMs: number): void {
    port.open = false;
    port.asked = false;
    port.held = false;
    if (port.tried >= PORTS_TRIED_MAX) return this.#refuse(port, nowMs);
    port.tried++;
    port.outside = PORT_FIRST + randomInt(this.#random, PORT_COUNT);
    this.#open(port);
  }

  #refuse(port: Port, nowMs: number): void {
    port.open = false;
    port.asked = port.held;
    port.refused = true;
    port.renewAtMs = nowMs + REFUSED_AGAIN_MS;
    if (!this.#ports.every(({ refused }) => refused)) return;
    this.#state = 'refused';
    for (const each of this.#ports) each.renewAtMs = undefined;
  }

  #checkEntry(port: Port): void {
    this.#askOwner(port, (owner, nowMs) => {
      if (this.#state === 'released') return;
      // It was restarted, or somebody took it from us.
      if (owner === 'nobody') this.#add(port);
      if (owner !== 'another') return;
      port.tried = 1;
      this.#tryPort(port, nowMs);
    });
  }

  #close(port: Port): void {
    port.asked = false;
    this.#askOwner(port, (owner) => {
      port.open = false;
      if (owner !== 'us' && owner !== 'unknown') return;
      const values = {
        NewRemoteHost: '',
        NewExternalPort: port.outside,
        NewProtocol: port.transport.toUpperCase(),
      };
      this.#call(this.#service!, 'DeletePortMapping', values, () => undefined);
    });
  }

  #call(
    service: Service,
    action: string,
    values: Readonly<Record<string, string | number>>,
    done: Done,
  ): void {
    this.#calls.call(service, action, values, (reply, nowMs) => {
      if (reply) done(reply, nowMs);
      else this.#fallSilent();
    });
  }

  #fallSilent(): void {
    this.#calls.clear();
    if (this.#state === 'released') return;
    this.#state = 'silent';
    for (const port of this.#ports) {
      port.open = false;
      port.renewAtMs = undefined;
    }
  }
}
