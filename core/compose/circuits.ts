/**
 * Circuits: byte streams through relays, for links as TCP is (RLY-13).
 *
 *   a link opens a stream to (relay, slot) --relay linked--> circuit asked for --accepted--> opened
 *   somebody comes by a slot of ours -------------------------------------------> stream accepted
 *
 * The relays' own links run over streams and datagrams of the driver, or over circuits of another
 * relay; everything else is as if they were direct.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { earliest, unit } from '../base/time.ts';
import type { GateSecret } from '../crypto/keys.ts';
import type { Doc } from '../base/vault.ts';
import type { LinksOutput, StreamId, Via } from '../link/contract.ts';
import type { RelayAddress } from '../relay/entry.ts';
import type { StreamNews } from '../relay/extensions.ts';
import type { CircuitId } from '../relay/wire.ts';
import type { Context } from './context.ts';
import { RelayLink, type RelayLinkPorts } from './relay-link.ts';
import { roomAmong } from './relay-links.ts';
import { Reservations, type ReservationsPorts } from './reservations.ts';

/** Streams over circuits, both ways together. */
export const CIRCUIT_STREAMS_MAX = 512;
/** Links by which relays ask the DHT for us carry nothing else. */
const FOR_DHT = 'dht';
type StreamOut = Extract<LinksOutput, { stream: StreamId }>;
type StreamOpen = Extract<LinksOutput, { type: 'stream-open' }>;

/** Whose stream it is: the links of this person, or a relay behind a relay. */
interface StreamUser {
  news(stream: StreamId, news: StreamNews): void;
}

export interface CircuitsPorts extends Omit<ReservationsPorts, 'leave' | 'link' | 'links'> {
  /** Where a relay may be, in this network. */
  mayBe(endpoint: Endpoint): boolean;
  /** Is this the relay of somebody who is not to see our address? */
  hidesFrom(key: Uint8Array): boolean;
  /** Who has a device with this Noise key, as far as we know: a name. */
  nameOf(noise: Uint8Array): string;
  /** May a datagram leave to where the bearer of a name says that a relay is (PTH-3)? */
  mayProbe(name: string): boolean;
  /** May a TCP connection begin to there? */
  mayConnect(name: string): boolean;
  allocateStream(): StreamId;
  /** A circuit of ours: what happened to a stream that our links opened or were given. */
  news(stream: StreamId, news: StreamNews): void;
  /** Somebody came by a slot of ours, through the relay there. */
  accepted(stream: StreamId, relay: Endpoint): void;
  /** The link to a relay is up, or came to nothing. */
  settled(relay: RelayLink, isUp: boolean): void;
  /** So many relays can ask the DHT for us now. */
  askersChanged(count: number): void;
}

interface Use {
  readonly relay: RelayLink;
  readonly user: StreamUser;
  /** What is asked for once the relay is linked; undefined for one that came in. */
  readonly ask: ((relay: RelayLink) => CircuitId | undefined) | undefined;
  circuit: CircuitId | undefined;
}

interface Asker {
  readonly address: RelayAddress;
  readonly guard: RelayLink;
  readonly isPublic: boolean;
}

/** What a link to a relay is for, and by whose word. */
interface LinkWish {
  readonly guard?: RelayLink;
  readonly isKept?: boolean;
  readonly namedBy?: string | undefined;
  readonly purpose?: string;
}

export class Circuits {
  readonly kept: Reservations;
  /** By key and endpoint. */
  readonly #relays = new Map<string, RelayLink>();
  readonly #uses = new Map<StreamId, Use>();
  readonly #byCircuit = new Map<RelayLink, Map<CircuitId, StreamId>>();
  /** Streams of the driver that carry the links of relays. */
  readonly #lower = new Map<StreamId, RelayLink>();
  #askerCount = 0;

  constructor(
    private readonly context: Context,
    docs: readonly Doc[],
    private readonly ports: CircuitsPorts,
  ) {
    this.kept = new Reservations(context, docs, {
      candidates: () => ports.candidates(),
      isOurs: (guard) => ports.isOurs(guard),
      link: (address, namedBy) => this.#relayAt(address, { namedBy, isKept: true }),
      leave: (relays) => this.#leave(relays),
      links: () => this.#relays.values(),
      entriesChanged: () => ports.entriesChanged(),
    });
  }

  /** Opens a stream through a relay, for our links. */
  open(out: StreamOpen): void {
    this.#open(out, { news: (stream, news) => this.ports.news(stream, news) });
  }

  /** False where the stream is none of these. */
  write(stream: StreamId, bytes: Uint8Array): boolean {
    const use = this.#uses.get(stream);
    if (use?.circuit !== undefined) {
      use.relay.client.write(use.circuit, bytes, this.context.now.monoMs);
      use.relay.drain();
    }
    return use !== undefined;
  }

  close(stream: StreamId, reset = false): boolean {
    const use = this.#uses.get(stream);
    if (use === undefined) return false;
    this.#forget(stream, use);
    if (use.circuit !== undefined) {
      use.relay.client.close(use.circuit, this.context.now.monoMs, reset);
      use.relay.drain();
    }
    return true;
  }

  /** News of a stream of the driver; false where it carries no relay's link. */
  handleStream(stream: StreamId, news: StreamNews): boolean {
    const relay = this.#lower.get(stream);
    if (relay === undefined) return false;
    if (news === 'closed') this.#lower.delete(stream);
    relay.handleStream(stream, news);
    return true;
  }

  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    for (const relay of this.#relays.values()) {
      if (relay.handleDatagram(from, bytes)) return true;
    }
    return false;
  }

  handleWake(): void {
    for (const relay of this.#relays.values()) relay.handleWake();
    this.kept.refresh();
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (const relay of [...this.#relays.values()]) {
      const dueMs = relay.wakeAtMs();
      if (dueMs !== undefined && monoMs >= dueMs) relay.handleTimeout();
    }
    this.kept.handleTimeout();
    this.#forgetOver();
    this.#tellAskers();
  }

  wakeAtMs(): number | undefined {
    let soonest = this.kept.wakeAtMs();
    for (const relay of this.#relays.values()) soonest = earliest(soonest, relay.wakeAtMs());
    return soonest;
  }

  /** Goodbye to every relay, that our places there are free at once; to the far ones first. */
  stop(): void {
    this.#leave([...this.#relays.values()]);
  }

  /**
   * A relay that asks the DHT for us, behind one of ours that is of another network (RLY-22): one
   * that is linked, else one by chance, strangers' late and those that know our address last.
   */
  asker(isAvoided: (name: string) => boolean): RelayLink | undefined {
    const ways = this.#askers();
    const shuffled = ways.map((way) => ({ ...way, rank: unit(this.context.random) }));
    const cost = ({ address, guard, isPublic, rank }: (typeof shuffled)[number]): number => {
      const name = hex(address.key);
      const isLinked = this.#relays.get(nameOf(address, guard, FOR_DHT))?.isUp === true;
      const isKept = this.kept.relays.some((relay) => relay.name === name);
      const likes = (isLinked ? 0 : 4) + (isKept ? 2 : 0) + (isPublic ? 1 : 0);
      return (isAvoided(name) ? 8 : 0) + likes + rank;
    };
    shuffled.sort((a, b) => cost(a) - cost(b));
    const [best] = shuffled;
    return best && this.#relayAt(best.address, { guard: best.guard, purpose: FOR_DHT });
  }

  /** Whose relays these are may perhaps not see us any more: then no link of ours leads there. */
  leave(keys: readonly Uint8Array[]): void {
    const names = new Set(keys.map(hex));
    const all = [...this.#relays.values()];
    const theirs = all.filter(({ isExtended, name }) => !isExtended && names.has(name));
    if (theirs.length === 0) return;
    this.kept.leaveOthers();
    const hidden = theirs.filter(({ address }) => this.ports.hidesFrom(address.key));
    for (const relay of this.#leave(hidden)) this.#settled(relay, false);
  }

  /** Where relays answer us over UDP that no other relay stands before. */
  get answering(): Endpoint[] {
    return [...this.#relays.values()].flatMap(({ udpAt }) => (udpAt ? [udpAt] : []));
  }

  stats(): Record<string, number> {
    return {
      relays: this.#relays.size,
      kept: this.kept.relays.length,
      reserved: this.kept.reserved,
      streams: this.#uses.size,
      slots: this.kept.slots,
    };
  }

  // Streams

  #open({ peer, stream, to, via }: StreamOpen, user: StreamUser): void {
    const ask = (relay: RelayLink): CircuitId | undefined =>
      relay.client.open(via!.slot, this.context.now.monoMs);
    const isFull = this.#uses.size >= CIRCUIT_STREAMS_MAX;
    const namedBy = peer && this.ports.nameOf(peer);
    const relay = isFull ? undefined : this.#relayVia(to, via!, namedBy);
    if (relay === undefined) return user.news(stream, 'closed');
    this.#ask(stream, { relay, user, ask, circuit: undefined });
  }

  /** Asks for the circuit now, or once the relay is linked. */
  #ask(stream: StreamId, use: Use): void {
    this.#uses.set(stream, use);
    const { relay } = use;
    if (!relay.isUp) return relay.need();
    const circuit = use.ask!(relay);
    if (circuit === undefined) return this.#over(stream, use);
    use.circuit = circuit;
    this.#circuitsOf(relay).set(circuit, stream);
    relay.drain();
  }

  /** The relay is linked, or cannot be: all that waits for it goes on. */
  #settled(relay: RelayLink, isUp: boolean): void {
    for (const [stream, use] of [...this.#uses]) {
      if (use.relay !== relay || use.circuit !== undefined) continue;
      if (isUp) this.#ask(stream, use);
      else this.#over(stream, use);
    }
    this.ports.settled(relay, isUp);
  }

  #streamOf(relay: RelayLink, circuit: CircuitId): [StreamId, Use] | undefined {
    const stream = this.#byCircuit.get(relay)?.get(circuit);
    const use = stream === undefined ? undefined : this.#uses.get(stream);
    return use && [stream!, use];
  }

  #over(stream: StreamId, use: Use): void {
    this.#forget(stream, use);
    use.user.news(stream, 'closed');
  }

  #forget(stream: StreamId, { circuit, relay }: Use): void {
    this.#uses.delete(stream);
    if (circuit !== undefined) this.#byCircuit.get(relay)?.delete(circuit);
  }

  #circuitsOf(relay: RelayLink): Map<CircuitId, StreamId> {
    const known = this.#byCircuit.get(relay) ?? new Map<CircuitId, StreamId>();
    this.#byCircuit.set(relay, known);
    return known;
  }

  /** Somebody came by a slot: the circuit is a stream that our links accept. */
  #incoming(relay: RelayLink, circuit: CircuitId, index: number): boolean {
    if (!this.kept.isRead(index) || this.#uses.size >= CIRCUIT_STREAMS_MAX) return false;
    const stream = this.ports.allocateStream();
    const user: StreamUser = { news: (id, news) => this.ports.news(id, news) };
    this.#uses.set(stream, { relay, user, ask: undefined, circuit });
    this.#circuitsOf(relay).set(circuit, stream);
    return true;
  }

  #opened(relay: RelayLink, circuit: CircuitId): void {
    const found = this.#streamOf(relay, circuit);
    if (!found) return;
    const [stream, { ask, user }] = found;
    if (ask) user.news(stream, 'opened');
    else this.ports.accepted(stream, relay.address.endpoint);
  }

  // Relays

  #relayVia(endpoint: Endpoint, via: Via, namedBy: string | undefined): RelayLink | undefined {
    // At the start links are dialled before anything else has had its turn.
    this.kept.look();
    const { relay: key, tcp, udp, web } = via;
    const address = { endpoint, key, udp, tcp, web };
    // Asked at each turn: a link that looks for a new path may know the way from before.
    const isBare = !via.isHidden && !this.ports.hidesFrom(key);
    if (isBare) return this.#relayAt(address, { namedBy });
    const guard = this.#guardFor(address);
    return guard && this.#relayAt(address, { guard, namedBy });
  }

  /** The first of two hops; it asks the second by UDP, and goes to it by TCP (RLY-12, RLY-18). */
  #guardFor(far: RelayAddress): RelayLink | undefined {
    return far.udp && far.tcp ? this.kept.guardFor(far) : undefined;
  }

  /**
   * The link to a relay: one of that key that is up, or that we keep, before one to this place.
   * Others may name it by an address that we cannot reach, such as that of the other family.
   * @param guard through which it is reached, for who hides from it.
   * @param namedBy whose word it is that it is there; undefined for the user's own.
   * @param isKept one where we want a place: there are few of these, and they need no room.
   * @param purpose links of two purposes are of two clients, as far as the relay can see.
   */
  #relayAt(
    address: RelayAddress,
    { guard, isKept = false, namedBy, purpose = '' }: LinkWish,
  ): RelayLink | undefined {
    const name = nameOf(address, guard, purpose);
    const key = hex(address.key);
    const isOurs = guard === undefined && purpose === '';
    const known = (isOurs ? this.#ofKey(address.key) : undefined) ?? this.#relays.get(name);
    if (known) return known;
    if (!this.ports.mayBe(address.endpoint)) return undefined;
    this.#forgetOver();
    if (!isKept && !this.#makeRoom(namedBy)) return undefined;
    const ports: RelayLinkPorts = {
      pass: () => this.#passOf(key),
      allocateStream: () => this.ports.allocateStream(),
      mayProbe: () => namedBy === undefined || this.ports.mayProbe(namedBy),
      mayConnect: () => namedBy === undefined || this.ports.mayConnect(namedBy),
      stream: (out) => this.#lowerStream(relay, out),
      settled: (isUp) => this.#settled(relay, isUp),
      changed: () => this.kept.handleChange(relay),
      reserved: (isFresh) => {
        if (isFresh) this.kept.remember(relay);
        this.kept.handleChange(relay);
      },
      refused: () => this.kept.handleChange(relay),
      incoming: (circuit, index) => this.#incoming(relay, circuit, index),
      opened: (circuit) => this.#opened(relay, circuit),
      bytes: (circuit, bytes) => this.#tell(relay, circuit, bytes),
      drained: (circuit) => this.#tell(relay, circuit, 'writable'),
      closed: (circuit) => {
        const found = this.#streamOf(relay, circuit);
        if (found) this.#over(...found);
      },
    };
    const former = guard ? undefined : this.kept.place(key);
    const relay: RelayLink = new RelayLink(this.context, address, ports, {
      guard,
      namedBy,
      former,
    });
    // It may have restarted, or we: what it refuses it knows from us.
    for (const index of former ? this.kept.gone : [])
      relay.client.revoke(index, this.context.now.monoMs);
    this.#relays.set(name, relay);
    return relay;
  }

  /** Is there room for one more? One that nobody uses is left for it (RLY-33). */
  #makeRoom(namedBy: string | undefined): boolean {
    const { relays: kept } = this.kept;
    const others = [...this.#relays.values()].filter((relay) => !kept.includes(relay));
    const found = roomAmong(others, namedBy, (relay) => this.#isUnused(relay));
    if (found === 'full' || found === 'room') return found === 'room';
    this.#leave([found]);
    this.#forgetOver();
    return true;
  }

  /** Linked, and nobody has anything there or waits for it. */
  #isUnused(relay: RelayLink): boolean {
    const isAwaited = [...this.#uses.values()].some((use) => use.relay === relay);
    return relay.isUp && !relay.client.isUsed && !isAwaited;
  }

  /** A link of ours with this relay, wherever it leads: one that is up, or that we keep. */
  #ofKey(key: Uint8Array): RelayLink | undefined {
    const all = [...this.#relays].filter(([name, relay]) => name === nameOf(relay.address));
    const same = all.map(([, relay]) => relay).filter(({ address }) => equal(address.key, key));
    return same.find(({ isUp }) => isUp) ?? same.find((one) => this.kept.relays.includes(one));
  }

  /**
   * Ends links, and first those that lead through them, which would have them dialled anew.
   * @returns all that were ended.
   */
  #leave(relays: readonly RelayLink[]): RelayLink[] {
    const all = [...this.#relays.values()];
    const behind = all.filter(({ guard }) => guard !== undefined && relays.includes(guard));
    const left = [...new Set([...behind, ...relays])];
    for (const relay of left) relay.close();
    return left;
  }

  #tell(relay: RelayLink, circuit: CircuitId, news: StreamNews): void {
    const found = this.#streamOf(relay, circuit);
    if (found) found[1].user.news(found[0], news);
  }

  /** What a relay's own link wants of the driver, or of the relay before it. */
  #lowerStream(relay: RelayLink, out: StreamOut): void {
    const { stream } = out;
    if (out.type === 'stream-open') {
      const { transport, ...rest } = out;
      if (transport === 'circuit') return this.#extend(stream, relay);
      this.#lower.set(stream, relay);
      return this.context.emit({ ...rest, transport });
    }
    const isCircuit =
      out.type === 'stream-write'
        ? this.write(stream, out.bytes)
        : this.close(stream, out.reset === true);
    if (isCircuit) return;
    if (out.type === 'stream-close') this.#lower.delete(stream);
    this.context.emit(out);
  }

  /**
   * The way to a relay behind our guard: a stream that the guard opens for us, as long as it is
   * one: a link that resumes does not ask for another.
   */
  #extend(stream: StreamId, relay: RelayLink): void {
    const guard = relay.guard!;
    if (!this.kept.mayGuard(guard)) return relay.handleStream(stream, 'closed');
    const user: StreamUser = { news: (_, news) => relay.handleStream(stream, news) };
    const { endpoint, key } = relay.address;
    const ask = (first: RelayLink): CircuitId | undefined =>
      first.client.extend({ endpoint, key }, this.context.now.monoMs);
    this.#ask(stream, { relay: guard, user, ask, circuit: undefined });
  }

  #passOf(key: string): GateSecret | undefined {
    return this.ports.candidates().find(({ address }) => hex(address.key) === key)?.pass;
  }

  #forgetOver(): void {
    for (const [name, relay] of this.#relays) {
      const isKept = this.kept.relays.includes(relay);
      if (isKept || !relay.isOver) continue;
      this.#relays.delete(name);
      this.#byCircuit.delete(relay);
    }
  }

  /** Relays that may ask the DHT for us, and the one before each of them. */
  #askers(): Asker[] {
    return this.ports.candidates().flatMap(({ address, isPublic = false }) => {
      const guard = this.ports.mayBe(address.endpoint) ? this.#guardFor(address) : undefined;
      return guard ? [{ address, guard, isPublic }] : [];
    });
  }

  #tellAskers(): void {
    const { length } = this.#askers();
    if (length === this.#askerCount) return;
    this.#askerCount = length;
    this.ports.askersChanged(length);
  }
}

function nameOf({ endpoint, key }: RelayAddress, guard?: RelayLink, purpose = ''): string {
  return `${purpose} ${guard?.name ?? ''} ${hex(key)} ${endpointKey(endpoint)}`;
}
