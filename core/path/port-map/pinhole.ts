/**
 * A client of UPnP for IPv6: nothing is mapped there, but most routers let nothing in that was not
 * asked for. One with version 2 of IGD opens a pinhole in that wall when it is asked to, with the
 * service WANIPv6FirewallControl:1.
 *
 *   search --answer--> look --service--> is the wall up, are pinholes allowed? --> there
 *   map      per port: AddPinhole --ok--> open; the wall is down --> open, nothing to add
 *   check    the same, and per port: UpdatePinhole --no such one--> AddPinhole
 *   release  per port: DeletePinhole
 *
 * ⚑ A router opens them only for the address that asks; so what asks is that address (MAP-20).
 * Spec: docs/spec/port-map.md MAP-19 to MAP-21.
 * @module
 */
import type { Endpoint } from '../../base/endpoint.ts';
import { Calls, Search } from './calls.ts';
import { LEASE_S } from './contract.ts';
import type {
  ClientOutput,
  ClientState,
  HttpReply,
  OwnPort,
  PortClient,
  PortMap,
  Site,
} from './contract.ts';
import {
  lookRequest,
  parseAnswer,
  servicesOf,
  WALL_SERVICE,
  type CallReply,
  type Service,
} from './igd.ts';

/** Numbers of protocols, as the service wants them. */
const PROTOCOLS = { udp: 17, tcp: 6 } as const;

interface Port extends OwnPort {
  /** The router's number of its pinhole; undefined where there is none. */
  id: string | undefined;
  /** One was asked for, so that it has to be given back. */
  asked: boolean;
  open: boolean;
  refused: boolean;
}

/** What the router says of its wall. */
type Wall = 'up' | 'down' | 'shut';

export class PinholeClient implements PortClient {
  readonly via = 'upnp';
  readonly #site: Site;
  readonly #ports: readonly Port[];
  readonly #out: ClientOutput[] = [];
  readonly #search: Search;
  readonly #calls: Calls;
  #state: ClientState = 'asking';
  #service: Service | undefined;
  #wall: Wall = 'up';

  constructor(
    site: Site,
    ports: readonly OwnPort[],
    { nextId, nowMs }: { nowMs: number; nextId: () => number },
  ) {
    this.#site = site;
    const none = { id: undefined, asked: false, open: false, refused: false } as const;
    this.#ports = ports.map((own) => ({ ...own, ...none }));
    this.#calls = new Calls({ out: this.#out, nextId, from: site.local });
    this.#search = new Search(site.family, this.#out, nowMs);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Addresses and ports stay as they are; only the wall opens. */
  get maps(): PortMap[] {
    if (this.#state === 'released') return [];
    const { family, local: host } = this.#site;
    return this.#ports.flatMap(({ open, port, transport }) =>
      open ? [{ transport, family, external: { host, port }, via: this.via }] : [],
    );
  }

  get isBusy(): boolean {
    return this.#calls.isBusy;
  }

  map(): void {
    this.#state = 'opening';
    this.#openAll();
  }

  check(): void {
    if (!this.#service || this.isBusy) return;
    this.#askWall(this.#service, () => this.#openAll());
  }

  release(): void {
    this.#state = 'released';
    // What is being read is of no use any more; what is being added must be known first.
    this.#calls.clear();
    if (!this.#ports.some(({ asked }) => asked)) this.#calls.forget();
    for (const port of this.#ports) {
      if (port.id !== undefined) this.#remove(port.id);
      port.id = undefined;
    }
  }

  handleDatagram(_from: Endpoint, bytes: Uint8Array): void {
    if (this.#state !== 'asking' || this.isBusy) return;
    const place = parseAnswer(bytes, this.#site.gateway);
    if (!place) return;
    this.#calls.request(lookRequest(place), (reply) => {
      if (this.#state !== 'asking') return;
      const found = reply?.status === 200 ? servicesOf(reply.body, place, WALL_SERVICE) : [];
      const [service] = found;
      // Most have a wall and no way to ask for a hole in it: that is no refusal.
      if (!service) return this.#fallSilent();
      this.#askWall(service, () => {
        this.#service = service;
        this.#state = this.#wall === 'shut' ? 'refused' : 'there';
      });
    });
  }

  handleHttp(id: number, reply: HttpReply, nowMs: number): void {
    this.#calls.handleHttp(id, reply, nowMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#isSearching && this.#search.isOver(nowMs)) this.#state = 'silent';
    else if (this.#isSearching) this.#search.handle(nowMs);
  }

  wakeAtMs(): number | undefined {
    return this.#isSearching ? this.#search.dueAtMs : undefined;
  }

  poll(): ClientOutput | undefined {
    return this.#out.shift();
  }

  get #isSearching(): boolean {
    return this.#state === 'asking' && !this.isBusy;
  }

  /** Whoever does not say is taken to have a wall that can be asked. */
  #askWall(service: Service, done: () => void): void {
    this.#call(service, 'GetFirewallStatus', {}, (reply) => {
      const isNo = (name: string): boolean =>
        reply.ok && /^(0|false|no)$/i.test(reply.value(name) ?? '');
      const isShut = isNo('InboundPinholeAllowed');
      this.#wall = isNo('FirewallEnabled') ? 'down' : isShut ? 'shut' : 'up';
      done();
    });
  }

  /** Whatever is not open yet is opened, and what is open has its time again. */
  #openAll(): void {
    for (const port of this.#ports) {
      if (this.#wall === 'shut') this.#refuse(port);
      else if (this.#wall === 'up') this.#renew(port);
      else this.#opened(port);
    }
  }

  #renew(port: Port): void {
    const { id } = port;
    if (id === undefined) return this.#add(port);
    const values = { UniqueID: id, NewLeaseTime: LEASE_S };
    this.#call(this.#service!, 'UpdatePinhole', values, (reply) => {
      if (reply.ok) return this.#opened(port);
      // It was restarted. What it still knows it gives the same number again.
      port.id = undefined;
      this.#add(port);
    });
  }

  #add(port: Port): void {
    port.asked = true;
    const values = {
      RemoteHost: '',
      RemotePort: 0,
      InternalClient: this.#site.local,
      InternalPort: port.port,
      Protocol: PROTOCOLS[port.transport],
      LeaseTime: LEASE_S,
    };
    this.#calls.call(this.#service!, 'AddPinhole', values, (reply) => {
      const id = reply?.ok ? reply.value('UniqueID') : undefined;
      const isId = id !== undefined && /^\d{1,5}$/.test(id);
      if (this.#state === 'released') return isId ? this.#remove(id) : undefined;
      if (!reply) return this.#fallSilent();
      if (!isId) return this.#refuse(port);
      port.id = id;
      this.#opened(port);
    });
  }

  #opened(port: Port): void {
    port.open = true;
    port.refused = false;
    this.#state = 'open';
  }

  #refuse(port: Port): void {
    port.open = false;
    port.refused = true;
    if (this.#ports.every(({ refused }) => refused)) this.#state = 'refused';
  }

  #remove(id: string): void {
    this.#calls.call(this.#service!, 'DeletePinhole', { UniqueID: id }, () => undefined);
  }

  /** `done` is not told where nothing came back, or everything is given back meanwhile. */
  #call(
    service: Service,
    action: string,
    values: Readonly<Record<string, string | number>>,
    done: (reply: CallReply) => void,
  ): void {
    this.#calls.call(service, action, values, (reply) => {
      if (this.#state === 'released') return;
      if (reply) done(reply);
      else this.#fallSilent();
    });
  }

  #fallSilent(): void {
    this.#calls.clear();
    if (this.#state === 'released') return;
    this.#state = 'silent';
    for (const port of this.#ports) {
      port.open = false;
    }
  }
}
