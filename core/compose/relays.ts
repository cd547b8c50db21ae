/**
 * Relays: those that we use and the one that we are, as one part of the node (RLY-13 to RLY-18).
 *
 *   sources    our own list, then contacts who serve,  -> circuits.ts: links, reservations, streams
 *              then strangers' (public-relays.ts)
 *   our links  those by the relay gate                 -> relay-service.ts, the others to people
 *   records    of others: their relays become routes; of ours: our relays, a slot for each reader
 *
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { type Endpoint, endpointKey, familyOf, type Family, scopeOf } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import type { HealthView } from '../commands.ts';
import { decodeRecord, type PresenceRecord } from '../discovery/record.ts';
import type { Ports } from '../discovery/peer-search.ts';
import type { Input } from '../effects.ts';
import type { GateKey } from '../link/contract.ts';
import { streamIds } from '../link/stream-ids.ts';
import { familiesOf, type Route, type Via } from '../path/candidates.ts';
import { showsAddress } from '../path/policy.ts';
import type { Contact } from '../people/contact.ts';
import { HTTPS_PORT, isRelayEndpoint } from '../relay/address.ts';
import { decodeEntry, type RelayAddress } from '../relay/entry.ts';
import type { ListedRelay } from '../relay/directory.ts';
import type { StreamNews } from '../relay/extensions.ts';
import type { Guard } from '../relay/guards.ts';
import { formatRelay, parseRelay } from '../relay/relay-text.ts';
import { Circuits } from './circuits.ts';
import type { Connections, LinkHandlers } from './connections.ts';
import type { Context } from './context.ts';
import { prefixed } from './finding.ts';
import { isOnBoth, listedPorts, mayLookForStrangers, seekStrangers } from './in-public.ts';
import { readerOf } from './our-records.ts';
import { PublicRelays } from './public-relays.ts';
import { RelayListing } from './relay-listing.ts';
import { RelayedDht } from './relayed-dht.ts';
import { RelayService } from './relay-service.ts';
import { HopCheck } from './hop-check.ts';
import type { RelaySource } from './reservations.ts';
import type { Runtime } from './runtime.ts';

/** Bit of a record's flags: this device serves its contacts as a relay. */
export const SERVES_FLAG = 2;
/** And that on TCP port 443 too, beside the ports of its candidates. */
export const WEB_FLAG = 4;
type StreamInput = Extract<Input, { stream: number }>;

/** Where a record says that somebody is. */
export type Places = Pick<PresenceRecord, 'candidates' | 'relays'>;

export class Relays {
  readonly circuits: Circuits;
  /** The DHT behind two relays. */
  readonly dht: RelayedDht;
  /** Relays of strangers, for where ours do not suffice. */
  readonly strangers: PublicRelays;
  private readonly context: Context;
  readonly #service: RelayService;
  readonly #hopCheck: HopCheck;
  readonly #listing: RelayListing;
  #own: readonly RelaySource[];
  readonly #key: Uint8Array;
  /** Numbers of the streams of all our links, and those to relays. */
  readonly allocateStream = streamIds();

  constructor(
    private readonly runtime: Runtime,
    docs: readonly Doc[],
    /** Our records say something else now. */
    entriesChanged: () => void,
  ) {
    const { book, context, me } = runtime;
    this.context = context;
    const connections = (): Connections => runtime.connections;
    this.#key = dhPublicKey(me.noise.reveal());
    this.#own = ownSources(context.profile.relay?.list ?? []);
    this.circuits = new Circuits(context, docs, {
      candidates: () => this.#sources(),
      isOurs: (guard) => this.#isOurRelay(guard),
      mayBe: (endpoint) => this.#mayBe(endpoint),
      hidesFrom: (key) => this.#hidesFrom(key),
      nameOf: (noise) => connections().nameOf(noise),
      mayProbe: (name) => connections().mayProbe(name, 'relay'),
      mayConnect: (name) => connections().probes.takeConnect(name, context.now.monoMs),
      allocateStream: this.allocateStream,
      news: (stream, news) => this.#news(stream, news),
      accepted: (stream, relay) => connections().handleCircuit(stream, relay),
      entriesChanged,
      settled: (relay, isUp) => {
        this.dht.handleSettled(relay, isUp);
        if (isUp) runtime.finding.handleLinked();
      },
      askersChanged: (count) => {
        runtime.finding.setRelays(count);
        runtime.asking.review();
        this.dht.handleWay();
      },
    });
    this.#hopCheck = new HopCheck(context, this.allocateStream);
    this.dht = new RelayedDht(context, { asker: (avoided) => this.circuits.asker(avoided) });
    this.#service = new RelayService(context, me, {
      send: (link, body) => connections().send(link, body),
      credit: (link, bytes) => connections().credit(link, bytes),
      close: (link) => connections().close(link, 'closed'),
      allocateStream: this.allocateStream,
      passes: () =>
        book.gateKeys.filter(({ kind }) => kind === 'direct').map((gate) => gate.secret),
      mayBe: (endpoint) => this.#mayBe(endpoint) && !this.#isOurs(endpoint),
      verify: (hop, done) => this.#hopCheck.ask(hop, done),
      dht: () => runtime.finding.port,
    });
    this.#listing = new RelayListing(context, {
      isPublic: () => this.#service.serves === 'public',
      ports: () => listedPorts(runtime, this.#serves),
      key: this.#key,
      tcp: () => isOnBoth(runtime),
      web: () => (this.#isOnWeb ? true : undefined),
      networkMs: () => runtime.finding.networkMs,
      announce: (target, ports, done) => runtime.finding.seek(target, ports, done),
    });
    this.strangers = this.#makeStrangers(docs);
  }

  /** Other settings: from now on these are ours, and strangers' are used or not (RLY-31). */
  use(list: readonly string[], isPublic: boolean): void {
    this.#own = ownSources(list);
    this.strangers.use(isPublic);
    this.circuits.kept.leaveOthers();
  }

  /** Flags of our records for contacts. */
  get flags(): number {
    if (!this.#serves) return 0;
    return this.#isOnWeb ? SERVES_FLAG | WEB_FLAG : SERVES_FLAG;
  }

  /** Where we are announced as a relay for everybody, and under which ports. */
  get listed(): readonly { readonly hash: Uint8Array; readonly ports: Ports }[] {
    const ports = listedPorts(this.runtime, this.#serves);
    return this.#listing.hashes.map((hash) => ({ hash, ports }));
  }

  /** What we are to others, and the text by which they can name us. */
  get serving(): HealthView['serving'] {
    const whom = this.#service.serves;
    const clients = this.#service.clients;
    const { addresses, tcpPort, udpPort, web: hasWeb } = this.runtime.listening;
    const port = tcpPort ?? udpPort;
    const host = addresses.find((one) => port !== undefined && this.#mayBe({ host: one, port }));
    const { isListed } = this.#listing;
    if (whom === 'off' || host === undefined) return { whom, clients, isListed };
    const web = hasWeb ? (true as const) : undefined;
    const text = formatRelay({ endpoint: { host, port: port! }, key: this.#key, web });
    return { whom, clients, isListed, text };
  }

  /** By which others come to us as to a relay. */
  get gates(): readonly GateKey[] {
    return this.#service.gates;
  }

  /** The links of people, without those for whom we are a relay. */
  among(people: LinkHandlers): LinkHandlers {
    const service = this.#service;
    return {
      up: (link, target) => {
        if (link.gate.kind === 'relay') service.handleUp(link);
        else people.up(link, target);
      },
      message: (link, body, bytes) => {
        if (service.owns(link)) service.handleMessage(link, body, bytes);
        else people.message(link, body, bytes);
      },
      writable: (link) => {
        if (service.owns(link)) service.handleWritable(link);
        else people.writable(link);
      },
      path: (path) => {
        if (service.owns(path.link)) service.handlePath(path);
        else people.path(path);
      },
      down: (link) => {
        if (service.owns(link)) service.handleDown(link);
        else people.down(link);
      },
    };
  }

  /**
   * Where a record says that somebody is: their addresses, and circuits through their relays.
   * @param isHidden our address is to be hidden: through a relay of ours first.
   */
  placesOf(record: Places, isHidden: boolean): Route[] {
    this.circuits.kept.refresh(); // perhaps they serve now
    const routes: Route[] = [...record.candidates];
    for (const bytes of record.relays ?? []) {
      const entry = decodeEntry(bytes);
      if (!entry || !this.#mayBe(entry.endpoint) || equal(entry.key, this.#key)) continue;
      const { endpoint, key: relay, slot, tcp, udp, web } = entry;
      const via = { relay, slot, udp, tcp, web, ...(isHidden && { isHidden: true as const }) };
      routes.push({ transport: 'circuit', endpoint, via });
    }
    return routes;
  }

  /**
   * What our records tell a reader of our relays: with slots of their own, or of nobody's.
   * @param isHidden they may not see our address: guards alone.
   */
  told(reader: string | undefined, isHidden: boolean): readonly Uint8Array[] {
    const { kept } = this.circuits;
    if (reader === undefined) return kept.commonEntries(isHidden);
    return kept.entries(reader, isHidden);
  }

  /** Does this way lead through a stranger's relay, as far as we know? */
  isStrangers({ endpoint, transport, via }: Route): boolean {
    if (transport !== 'circuit') return false;
    const isThere = ({ address, name }: ListedRelay): boolean =>
      via ? name === hex(via.relay) : endpointKey(address.endpoint) === endpointKey(endpoint);
    const isFirst = this.isGuarded(via) && this.circuits.kept.strangers.some((one) => one.isGuard);
    return isFirst || this.strangers.known.some(isThere);
  }

  /** Is a guard of ours before this relay: for whom it leads to, or for whose it is (RLY-18)? */
  isGuarded(via: Via | undefined): boolean {
    return via !== undefined && (via.isHidden === true || this.#hidesFrom(via.relay));
  }

  /** They may not see our address any more, or have a relay as we know now: it is left (RLY-17). */
  hideFrom(contact: Contact): void {
    if (seesUs(contact)) return;
    this.circuits.leave(this.runtime.book.devicesOf(contact).map(({ noise }) => noise));
  }

  /** They come in by no slot any more: their own, nor those of invites that they used. */
  shutOut(contact: Contact): void {
    const { invites } = this.runtime.book;
    const used = [...invites.values()].filter(({ usedBy }) => {
      return usedBy.some((user) => equal(user, contact.identity));
    });
    for (const reader of [contact, ...used]) this.circuits.kept.revoke(readerOf(reader));
    this.hideFrom(contact);
  }

  /** No slot of who is gone opens anything: people, and invites that nobody needs (RLY-10). */
  revokeOthers(): void {
    const { book, invites } = this.runtime;
    const people = [...book.contacts.values()].filter(({ blocked }) => !blocked);
    const needed = [...book.invites.values()].filter((invite) => invites.isNeeded(invite));
    this.circuits.kept.revokeOthers(new Set([...people, ...needed].map(readerOf)));
  }

  open(out: Parameters<Circuits['open']>[0]): void {
    this.circuits.open(out);
  }

  write(stream: number, bytes: Uint8Array): boolean {
    return this.circuits.write(stream, bytes);
  }

  close(stream: number, reset: boolean): boolean {
    return this.circuits.close(stream, reset);
  }

  handleWake(): void {
    this.circuits.handleWake();
    this.strangers.hurry();
  }

  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    const parts = [this.circuits, this.#hopCheck, this.strangers, this.#listing];
    return parts.some((part) => part.handleDatagram(from, bytes));
  }

  /** False where the stream carries a link of people. */
  handleStream(input: StreamInput): boolean {
    const { stream } = input;
    if (input.type === 'stream-accepted') return false;
    const news = newsOf(input);
    return (
      this.circuits.handleStream(stream, news) ||
      this.#service.handleStream(stream, news) ||
      this.#hopCheck.handleStream(stream, news)
    );
  }

  handleTimeout(): void {
    this.circuits.handleTimeout();
    this.dht.handleTimeout();
    this.#hopCheck.handleTimeout();
    this.#service.handleTimeout();
    this.#listing.handleTimeout();
    this.strangers.handleTimeout();
  }

  /** We end: our relays, and who has us for a relay, are told. */
  stop(): void {
    this.circuits.stop();
    this.#service.stop();
  }

  wakeAtMs(): number | undefined {
    return earliest(
      earliest(this.circuits.wakeAtMs(), this.dht.wakeAtMs()),
      earliest(this.#hopCheck.wakeAtMs(), this.#service.wakeAtMs()),
      earliest(this.#listing.wakeAtMs(), this.strangers.wakeAtMs()),
    );
  }

  stats(): Record<string, number> {
    return {
      ...prefixed('circuits', this.circuits.stats()),
      ...prefixed('relayed', this.dht.stats()),
      ...prefixed('relay', {
        ...this.#service.stats(),
        ...this.#hopCheck.stats(),
        ...this.#listing.stats(),
      }),
      ...prefixed('public', this.strangers.stats()),
    };
  }

  /** Worth telling contacts: we serve, and others can reach us. */
  get #serves(): boolean {
    if (this.#service.serves === 'off') return false;
    const { addresses, tcpPort, udpPort } = this.runtime.listening;
    const port = tcpPort ?? udpPort;
    if (port === undefined) return false;
    return (
      this.runtime.sessions.fromOutside > 0 || addresses.some((host) => this.#mayBe({ host, port }))
    );
  }

  #makeStrangers(docs: readonly Doc[]): PublicRelays {
    const { context, runtime } = this;
    return new PublicRelays(context, docs, context.profile.relay?.public === true, {
      mayLook: () => mayLookForStrangers(runtime),
      ours: () => {
        const known = this.#ours().length;
        return { known, reserved: this.circuits.kept.reservedAtOurs };
      },
      kept: () => this.circuits.kept.strangers,
      isOnline: () => {
        return this.circuits.kept.views.some(({ isUp }) => isUp) || runtime.sessions.ready > 0;
      },
      mayBe: (endpoint) => {
        const isReached = this.#families().includes(familyOf(endpoint));
        const isKnown = this.#ours().some(({ address }) => {
          return endpointKey(address.endpoint) === endpointKey(endpoint);
        });
        return isReached && this.#mayBe(endpoint) && !this.#isOurs(endpoint) && !isKnown;
      },
      isBarred: (key) => {
        const contact = runtime.book.deviceByNoise(key)?.contact;
        return equal(key, this.#key) || (contact !== undefined && !seesUs(contact));
      },
      networkMs: () => runtime.finding.networkMs,
      seek: (target, done) => seekStrangers(runtime, target, done),
      verify: (hop, done) => this.#hopCheck.ask(hop, done),
      changed: () => this.circuits.kept.refresh(),
    });
  }

  #families(): readonly Family[] {
    const { addresses } = this.runtime.listening;
    return familiesOf(addresses, this.context.profile.allowReserved);
  }

  /** On TCP port 443 too? Behind a router that port is the router's. */
  get #isOnWeb(): boolean {
    const { addresses, web } = this.runtime.listening;
    return web === true && addresses.some((host) => this.#mayBe({ host, port: HTTPS_PORT }));
  }

  #mayBe(endpoint: Endpoint): boolean {
    return isRelayEndpoint(endpoint, this.context.profile.allowReserved);
  }

  #isOurs({ host }: Endpoint): boolean {
    return this.runtime.listening.addresses.includes(host);
  }

  #news(stream: number, news: StreamNews): void {
    const { connections } = this.runtime;
    if (news === 'opened') connections.handleStream({ type: 'stream-opened', stream });
    else if (news === 'writable') connections.handleStream({ type: 'stream-writable', stream });
    else if (news === 'closed') {
      connections.handleStream({ type: 'stream-closed', stream, reason: 'circuit' });
    } else connections.handleStream({ type: 'stream-bytes', stream, bytes: news });
  }

  /** May it go on being a guard: on the own list, or of somebody to whom we show ourselves? */
  #isOurRelay({ isPublic, name, owner }: Guard): boolean {
    if (isPublic) return this.strangers.known.some((relay) => relay.name === name);
    if (owner === undefined) return this.#own.some(({ address }) => hex(address.key) === name);
    const contact = this.runtime.book.contacts.get(owner);
    return contact !== undefined && seesUs(contact);
  }

  /** Whoever names a relay on the own list shows themselves to it, whosever it is. */
  #hidesFrom(key: Uint8Array): boolean {
    const contact = this.runtime.book.deviceByNoise(key)?.contact;
    if (!contact || (!contact.blocked && showsAddress(contact.policy))) return false;
    return !this.#own.some(({ address }) => equal(address.key, key));
  }

  /** Our own list first, then contacts who serve, then strangers. */
  #sources(): RelaySource[] {
    const families = this.#families();
    const strangers = this.strangers.known
      .filter(({ address }) => families.includes(familyOf(address.endpoint)))
      .map(({ address, rank }) => {
        const owner = this.runtime.book.deviceByNoise(address.key)?.contact.identity;
        const found = { address, rank, isOwn: false, isPublic: true as const };
        return owner ? { ...found, owner: hex(owner) } : found;
      });
    return [...this.#ours(), ...strangers];
  }

  #ours(): RelaySource[] {
    const sources = this.#reachableFirst(this.#own);
    const { book } = this.runtime;
    for (const contact of book.contacts.values()) {
      if (contact.blocked || contact.local || contact.policy !== 'auto') continue;
      for (const device of book.devicesOf(contact)) {
        const read = device.record && decodeRecord(device.record);
        if (!read?.ok || ((read.record.flags ?? 0) & SERVES_FLAG) === 0) continue;
        const address = this.#addressOf(read.record, device.noise);
        const { gate } = read.record;
        if (!address || gate?.kind !== 'direct') continue;
        const owner = hex(contact.identity);
        sources.push({ address, isOwn: false, pass: gate.secret, owner });
      }
    }
    return sources;
  }

  /** One relay may be listed by addresses of both families, and we may have one family alone. */
  #reachableFirst(sources: readonly RelaySource[]): RelaySource[] {
    const families = this.#families();
    const isOurs = ({ address }: RelaySource): boolean =>
      families.includes(familyOf(address.endpoint));
    return [...sources.filter(isOurs), ...sources.filter((source) => !isOurs(source))];
  }

  /** The endpoint of a contact's device that is best for a relay: one for both transports. */
  #addressOf({ candidates, flags = 0 }: PresenceRecord, key: Uint8Array): RelayAddress | undefined {
    const web = (flags & WEB_FLAG) === 0 ? undefined : (true as const);
    const found = new Map<string, RelayAddress>();
    for (const { endpoint, transport } of candidates) {
      if (!this.#mayBe(endpoint) || scopeOf(endpoint.host) === 'private') continue;
      const name = endpointKey(endpoint);
      const known = found.get(name) ?? { endpoint, key, udp: false, tcp: false, web };
      const udp = known.udp || transport === 'udp';
      found.set(name, { ...known, udp, tcp: known.tcp || transport === 'tcp' });
    }
    const all = [...found.values()];
    return all.find(({ tcp, udp }) => tcp && udp) ?? all.find(({ tcp }) => tcp) ?? all[0];
  }
}

/** What no relay can be read from is left out. */
function ownSources(list: readonly string[]): RelaySource[] {
  const listed = list.map(parseRelay);
  return listed.flatMap((address) => (address ? [{ address, isOwn: true }] : []));
}

/** Is this somebody to whom we show our address, and whose relay we may use? */
function seesUs({ blocked, policy }: Contact): boolean {
  return !blocked && policy === 'auto';
}

function newsOf(input: Exclude<StreamInput, { type: 'stream-accepted' }>): StreamNews {
  switch (input.type) {
    case 'stream-opened':
      return 'opened';
    case 'stream-writable':
      return 'writable';
    case 'stream-closed':
      return 'closed';
    case 'stream-bytes':
      return input.bytes;
  }
}
