/**
 * Circuits: byte streams through relays, for links as TCP is (RLY-13), and the reservations by
 * which others reach us there (RLY-18).
 *
 *   a link opens a stream to (relay, slot) --relay linked--> circuit asked for --accepted--> opened
 *   somebody comes by a slot of ours -------------------------------------------> stream accepted
 *
 *   candidates --choice--> two relays with a reservation --> entries of our records, a slot each
 *
 * The relays' own links run over streams and datagrams of the driver, or over circuits of another
 * relay; everything else is as if they were direct.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { GateSecret } from '../crypto/keys.ts';
import type { Doc } from '../base/vault.ts';
import type { LinksOutput, StreamId, Via } from '../link/contract.ts';
import { networkKey } from '../relay/address.ts';
import { type Candidate, chooseRelays } from '../relay/choice.ts';
import type { Reservation } from '../relay/client.ts';
import { encodeEntry, type RelayAddress } from '../relay/entry.ts';
import type { StreamNews } from '../relay/extensions.ts';
import { REVOKED_MAX } from '../relay/limits.ts';
import { INDEXES } from '../relay/slots.ts';
import type { CircuitId } from '../relay/wire.ts';
import type { Context } from './context.ts';
import { PLACES_MAX, placesDoc, savedPlaces } from './places-saved.ts';
import { RelayLink, type RelayLinkPorts } from './relay-link.ts';

/** Links to relays: ours, and those of the people we talk to. */
export const RELAY_LINKS_MAX = 24;
/** Streams over circuits, both ways together. */
export const CIRCUIT_STREAMS_MAX = 512;
/** Entries of relays in one record. */
const ENTRIES_MAX = 3;
/** The choice is looked at again after this: what failed may work again. */
export const CHOOSE_EVERY_MS = 60_000;
/** A relay that failed counts as good again after this. */
export const FORGIVE_MS = 300_000;
const HEALTH_MAX = 64;
/** What records tell stays for so long where a reservation may yet come back. */
export const ENTRY_KEPT_MS = 30_000;

type StreamOut = Extract<LinksOutput, { stream: StreamId }>;
type StreamOpen = Extract<LinksOutput, { type: 'stream-open' }>;

/** Whose stream it is: the links of this person, or a relay behind a relay. */
interface StreamUser {
  news(stream: StreamId, news: StreamNews): void;
}

export interface CircuitsPorts {
  /** Relays that we may use: our own list first. */
  candidates(): readonly RelaySource[];
  /** Where a relay may be, in this network. */
  mayBe(endpoint: Endpoint): boolean;
  /** Who has a device with this Noise key, as far as we know: a name. */
  nameOf(noise: Uint8Array): string;
  /** May a datagram leave to where the bearer of a name says that a relay is (PTH-3)? */
  mayProbe(name: string): boolean;
  allocateStream(): StreamId;
  /** A circuit of ours: what happened to a stream that our links opened or were given. */
  news(stream: StreamId, news: StreamNews): void;
  /** Somebody came by a slot of ours, through the relay there. */
  accepted(stream: StreamId, relay: Endpoint): void;
  /** Our records say something else now. */
  entriesChanged(): void;
}

/** A relay that we know of, and how. */
export interface RelaySource {
  readonly address: RelayAddress;
  /** On the user's own list. */
  readonly isOwn: boolean;
  /** Hex of the identity of the contact whose it is. */
  readonly owner?: string;
  /** A direct gate of that contact: shows that we are one of theirs. */
  readonly pass?: GateSecret | undefined;
}

/** What is known of one relay that we keep. */
export interface RelayView {
  readonly endpoint: Endpoint;
  readonly isUp: boolean;
  readonly isReserved: boolean;
  readonly rttMs: number | undefined;
}

interface Use {
  readonly relay: RelayLink;
  readonly user: StreamUser;
  /** What is asked for once the relay is linked; undefined for one that came in. */
  readonly ask: ((relay: RelayLink) => CircuitId | undefined) | undefined;
  circuit: CircuitId | undefined;
}

interface Kept {
  readonly relay: RelayLink;
  readonly source: RelaySource;
  lostAtMs: number | undefined;
}

interface Health {
  readonly failures: number;
  readonly rttMs: number | undefined;
  readonly atMs: number;
}

export class Circuits {
  /** By key and endpoint. */
  readonly #relays = new Map<string, RelayLink>();
  /** Those where we have, or want, a reservation; the best first. */
  #kept: Kept[] = [];
  readonly #health = new BoundedMap<string, Health>(HEALTH_MAX);
  readonly #uses = new Map<StreamId, Use>();
  readonly #byCircuit = new Map<RelayLink, Map<CircuitId, StreamId>>();
  /** Streams of the driver that carry the links of relays. */
  readonly #lower = new Map<StreamId, RelayLink>();
  /** The index of each reader of our records, and whose each index is. */
  readonly #indexes: Map<string, number>;
  readonly #readers = new Map<number, string>();
  #nextIndex: number;
  readonly #places: Map<string, Reservation>;
  /** Is the disk behind? */
  #isUnsaved = false;
  #chooseAtMs: number;
  #said = '';

  constructor(
    private readonly context: Context,
    docs: readonly Doc[],
    private readonly ports: CircuitsPorts,
  ) {
    this.#chooseAtMs = context.now.monoMs;
    const saved = savedPlaces(docs);
    this.#nextIndex = saved.nextIndex;
    this.#places = new Map(saved.places);
    this.#indexes = new Map(saved.indexes);
    for (const [reader, index] of saved.indexes) this.#readers.set(index, reader);
    if (this.#gone.length > REVOKED_MAX) this.#beginAnew();
  }

  /** Reservations that stand, at relays that answer. */
  get reserved(): number {
    return this.#kept.filter(({ relay }) => relay.isUp && relay.client.isReserved).length;
  }

  /** The relays that we keep. */
  get views(): RelayView[] {
    return this.#kept.map(({ relay }) => ({
      endpoint: relay.address.endpoint,
      isUp: relay.isUp,
      isReserved: relay.client.isReserved,
      rttMs: relay.rttMs,
    }));
  }

  /** What our record tells one reader: relays, with a slot that is theirs alone. */
  entries(reader: string): Uint8Array[] {
    const index = this.#indexOf(reader);
    return index === undefined ? [] : this.#entries(index, reader);
  }

  /** The same with a slot that is nobody's: to see whether anything changed. */
  get commonEntries(): Uint8Array[] {
    return this.#entries(0);
  }

  /** Nobody comes in by this reader's slots any more. */
  revoke(reader: string): void {
    const index = this.#indexes.get(reader);
    if (index === undefined) return;
    this.#indexes.delete(reader);
    this.#readers.delete(index);
    this.#isUnsaved = true;
    if (this.#gone.length > REVOKED_MAX) return this.#beginAnew();
    for (const relay of this.#relays.values()) {
      relay.client.revoke(index, this.context.now.monoMs);
      relay.drain();
    }
  }

  /** Other relays may be known, or wanted, than before. */
  refresh(): void {
    this.#chooseAtMs = this.context.now.monoMs;
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
    this.refresh();
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (const relay of [...this.#relays.values()]) {
      const dueMs = relay.wakeAtMs();
      if (dueMs !== undefined && monoMs >= dueMs) relay.handleTimeout();
    }
    if (monoMs >= this.#chooseAtMs) this.#choose();
    if (this.#isUnsaved) this.#save();
    this.#forgetOver();
    this.#tellEntries();
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined = this.#isUnsaved ? this.context.now.monoMs : this.#chooseAtMs;
    for (const relay of this.#relays.values()) soonest = earliest(soonest, relay.wakeAtMs());
    for (const { lostAtMs } of this.#kept) {
      if (lostAtMs !== undefined) soonest = earliest(soonest, lostAtMs + ENTRY_KEPT_MS);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    return {
      relays: this.#relays.size,
      kept: this.#kept.length,
      reserved: this.reserved,
      streams: this.#uses.size,
      slots: this.#indexes.size,
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
    if (!this.#readers.has(index) || this.#uses.size >= CIRCUIT_STREAMS_MAX) return false;
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
    const { relay: key, tcp, udp } = via;
    const address = { endpoint, key, udp, tcp };
    if (!via.isHidden) return this.#relayAt(address, { namedBy });
    // Ours asks it by UDP whether it is there, and goes to it by TCP (RLY-12).
    if (!udp || !tcp) return undefined;
    const guard = this.#guardFor(address);
    return guard && this.#relayAt(address, { guard });
  }

  /** A relay of ours that is in another network than the far one, and is not it (RLY-18). */
  #guardFor({ endpoint, key }: RelayAddress): RelayLink | undefined {
    const network = networkKey(endpoint.host);
    const guard = this.#kept.find(({ relay }) => {
      const isOther = relay.name !== hex(key);
      return isOther && relay.isUp && networkKey(relay.address.endpoint.host) !== network;
    });
    return guard?.relay;
  }

  /**
   * The link to a relay: a linked one of that key before one that would have to be made.
   * @param guard through which it is reached, for who hides from it.
   * @param namedBy whose word it is that it is there; undefined for the user's own.
   */
  #relayAt(
    address: RelayAddress,
    { guard, namedBy }: { guard?: RelayLink; namedBy?: string | undefined } = {},
  ): RelayLink | undefined {
    const first = guard ? `${guard.name} ` : '';
    const name = `${first}${hex(address.key)} ${endpointKey(address.endpoint)}`;
    const known = this.#relays.get(name);
    if (known) return known;
    const key = hex(address.key);
    for (const relay of guard ? [] : this.#relays.values()) {
      if (relay.name === key && relay.isUp && !relay.isExtended) return relay;
    }
    this.#forgetOver();
    if (this.#relays.size >= RELAY_LINKS_MAX || !this.ports.mayBe(address.endpoint)) {
      return undefined;
    }
    const ports: RelayLinkPorts = {
      pass: () => this.#passOf(key),
      allocateStream: () => this.ports.allocateStream(),
      mayProbe: () => namedBy === undefined || this.ports.mayProbe(namedBy),
      stream: (out) => this.#lowerStream(relay, guard, out),
      settled: (isUp) => this.#settled(relay, isUp),
      changed: () => this.#changed(relay),
      reserved: (isFresh) => {
        if (isFresh) this.#remember(relay);
        this.#changed(relay);
      },
      incoming: (circuit, index) => this.#incoming(relay, circuit, index),
      opened: (circuit) => this.#opened(relay, circuit),
      bytes: (circuit, bytes) => this.#tell(relay, circuit, bytes),
      drained: (circuit) => this.#tell(relay, circuit, 'writable'),
      closed: (circuit) => {
        const found = this.#streamOf(relay, circuit);
        if (found) this.#over(...found);
      },
    };
    const former = guard ? undefined : this.#places.get(key);
    const relay: RelayLink = new RelayLink(
      this.context,
      address,
      guard !== undefined,
      ports,
      former,
    );
    // It may have restarted, or we: what it refuses it knows from us.
    for (const index of former ? this.#gone : [])
      relay.client.revoke(index, this.context.now.monoMs);
    this.#relays.set(name, relay);
    return relay;
  }

  #tell(relay: RelayLink, circuit: CircuitId, news: StreamNews): void {
    const found = this.#streamOf(relay, circuit);
    if (found) found[1].user.news(found[0], news);
  }

  /** What a relay's own link wants of the driver, or of the relay before it. */
  #lowerStream(relay: RelayLink, guard: RelayLink | undefined, out: StreamOut): void {
    const { stream } = out;
    if (out.type === 'stream-open') {
      const { transport, ...rest } = out;
      if (transport === 'circuit') return this.#extend(stream, relay, guard!);
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

  /** The way to a relay behind our guard: a stream that the guard opens for us. */
  #extend(stream: StreamId, relay: RelayLink, guard: RelayLink): void {
    const user: StreamUser = { news: (_, news) => relay.handleStream(stream, news) };
    const { endpoint, key } = relay.address;
    const ask = (first: RelayLink): CircuitId | undefined =>
      first.client.extend({ endpoint, key }, this.context.now.monoMs);
    this.#ask(stream, { relay: guard, user, ask, circuit: undefined });
  }

  #passOf(key: string): GateSecret | undefined {
    return this.ports.candidates().find(({ address }) => hex(address.key) === key)?.pass;
  }

  #changed(relay: RelayLink): void {
    const { failures, rttMs } = relay;
    const { monoMs: atMs } = this.context.now;
    this.#health.set(relay.name, { failures, rttMs, atMs });
    for (const kept of this.#kept) {
      if (kept.relay !== relay) continue;
      kept.lostAtMs = relay.client.isReserved ? undefined : (kept.lostAtMs ?? atMs);
    }
    this.refresh();
  }

  /** The reservation there is a new one: an earlier one opens nothing any more. */
  #remember(relay: RelayLink): void {
    const { reservation } = relay.client;
    if (!reservation || relay.isExtended) return;
    this.#places.delete(relay.name);
    this.#places.set(relay.name, reservation);
    for (const [oldest] of this.#places) {
      if (this.#places.size <= PLACES_MAX) break;
      this.#places.delete(oldest);
    }
    this.#isUnsaved = true;
  }

  #save(): void {
    this.#isUnsaved = false;
    const places = this.#places;
    const docs = [placesDoc({ indexes: this.#indexes, nextIndex: this.#nextIndex, places })];
    this.context.vault({ op: 'put', docs }, () => undefined);
  }

  #choose(): void {
    const { monoMs } = this.context.now;
    this.#chooseAtMs = monoMs + CHOOSE_EVERY_MS;
    const sources = new Map<string, RelaySource>();
    for (const source of this.ports.candidates()) {
      const name = hex(source.address.key);
      if (!sources.has(name)) sources.set(name, source);
    }
    const chosen = chooseRelays([...sources].map(([name, source]) => this.#judge(name, source)));
    const kept: Kept[] = [];
    for (const { name } of chosen) {
      const source = sources.get(name)!;
      const known = this.#kept.find(({ relay }) => relay.name === name);
      const relay = known?.relay ?? this.#relayAt(source.address, { namedBy: source.owner });
      if (!relay) continue;
      kept.push(known ?? { relay, source, lostAtMs: monoMs });
    }
    const left = this.#kept.filter(({ relay }) => !kept.some((one) => one.relay === relay));
    this.#kept = kept;
    for (const { relay } of left) relay.keep(false);
    for (const { relay } of kept) relay.keep(true);
  }

  #judge(name: string, { address, isOwn }: RelaySource): Candidate {
    const known = this.#health.get(name);
    const isForgiven = !known || this.context.now.monoMs - known.atMs >= FORGIVE_MS;
    const kept = this.#kept.find(({ relay }) => relay.name === name);
    const failures = kept?.relay.failures ?? (isForgiven ? 0 : known.failures);
    return { name, address, isOwn, rttMs: known?.rttMs, failures, isKept: kept !== undefined };
  }

  #forgetOver(): void {
    for (const [name, relay] of this.#relays) {
      const isKept = this.#kept.some((kept) => kept.relay === relay);
      if (isKept || !relay.isOver) continue;
      this.#relays.delete(name);
      this.#byCircuit.delete(relay);
    }
  }

  // What our records say

  #entries(index: number, reader?: string): Uint8Array[] {
    const { monoMs } = this.context.now;
    const entries: Uint8Array[] = [];
    for (const { lostAtMs, relay, source } of this.#kept) {
      const slot = relay.client.slot(index);
      const isGone = lostAtMs !== undefined && monoMs >= lostAtMs + ENTRY_KEPT_MS;
      const isTheirs = reader !== undefined && source.owner === reader;
      if (!slot || isGone || isTheirs || entries.length >= ENTRIES_MAX) continue;
      entries.push(encodeEntry({ ...relay.address, slot }));
    }
    return entries;
  }

  #tellEntries(): void {
    const said = this.commonEntries.map(hex).join();
    if (said === this.#said) return;
    this.#said = said;
    this.ports.entriesChanged();
  }

  /** Indexes whose readers are gone: who has such a slot is refused. */
  get #gone(): number[] {
    const gone: number[] = [];
    for (let index = 1; index < this.#nextIndex; index++) {
      if (!this.#readers.has(index)) gone.push(index);
    }
    return gone;
  }

  /** Other reservations at all relays: no slot of before opens anything, all indexes are free. */
  #beginAnew(): void {
    this.#indexes.clear();
    this.#readers.clear();
    this.#places.clear();
    this.#nextIndex = 1;
    this.#isUnsaved = true;
    for (const relay of this.#relays.values()) {
      relay.client.renew();
      relay.drain();
    }
  }

  #indexOf(reader: string): number | undefined {
    const known = this.#indexes.get(reader);
    if (known !== undefined) return known;
    if (this.#nextIndex >= INDEXES) return undefined;
    const index = this.#nextIndex++;
    this.#indexes.set(reader, index);
    this.#readers.set(index, reader);
    this.#isUnsaved = true;
    return index;
  }
}
