/**
 * Reservations: the relays by which others reach us, which of them may be the first of two hops,
 * and whose each slot there is (RLY-18, RLY-23).
 *
 *   candidates --guards first, choice--> two relays kept --> entries of our records, a slot each
 *                     '--- up ---> guards, pinned for 60 days: all that who hides makes use of
 *
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import type { GateSecret } from '../crypto/keys.ts';
import { networkKey } from '../relay/address.ts';
import { type Candidate, chooseRelays, KEPT } from '../relay/choice.ts';
import type { Reservation } from '../relay/client.ts';
import { encodeEntry, type RelayAddress } from '../relay/entry.ts';
import { type Guard, Guards } from '../relay/guards.ts';
import { REVOKED_MAX } from '../relay/limits.ts';
import { INDEXES } from '../relay/slots.ts';
import type { RelayOrigin } from '../commands.ts';
import type { Context } from './context.ts';
import { PLACES_MAX, placesDoc, savedPlaces } from './places-saved.ts';
import type { KeptPublic } from './public-relays.ts';
import type { RelayLink } from './relay-link.ts';

/** Entries of relays in one record. */
const ENTRIES_MAX = 3;
/** The choice is looked at again after this: what failed may work again. */
export const CHOOSE_EVERY_MS = 60_000;
/** A relay that failed counts as good again after this. */
export const FORGIVE_MS = 300_000;
const HEALTH_MAX = 64;
/** All that leaves to where nodes of the DHT say that relays are counts together (PTH-3). */
const STRANGERS = 'public relays';
/** What records tell stays for so long where a reservation may yet come back. */
export const ENTRY_KEPT_MS = 30_000;
/** How long guards were away is written so often. */
const SAVE_GUARDS_EVERY_MS = 3_600_000;

/** A relay that we know of, and how. */
export interface RelaySource {
  readonly address: RelayAddress;
  /** On the user's own list. */
  readonly isOwn: boolean;
  /** Hex of the identity of the contact whose it is. */
  readonly owner?: string;
  /** A direct gate of that contact: shows that we are one of theirs. */
  readonly pass?: GateSecret | undefined;
  /** A stranger's, found in the DHT. */
  readonly isPublic?: true;
  /** From 0 to 1, by chance: which of those goes first. */
  readonly rank?: number;
}

/** What is known of one relay that we keep. */
export interface RelayView {
  readonly endpoint: Endpoint;
  readonly source: RelayOrigin;
  readonly isUp: boolean;
  readonly isReserved: boolean;
  readonly rttMs: number | undefined;
}

export interface ReservationsPorts {
  /** Relays that we may use: our own list first. */
  candidates(): readonly RelaySource[];
  /** Is a relay still of our own list, or of somebody to whom we show ourselves? */
  isOurs(guard: Guard): boolean;
  /**
   * The link to a relay, made where there is none.
   * @param namedBy whose word it is that it is there; undefined for the user's own.
   */
  link(address: RelayAddress, namedBy: string | undefined): RelayLink | undefined;
  /** Ends links to relays, and before them those that lead through them. */
  leave(relays: readonly RelayLink[]): void;
  /** Those to all relays, kept or not. */
  links(): Iterable<RelayLink>;
  /** Our records say something else now. */
  entriesChanged(): void;
}

interface Kept {
  readonly relay: RelayLink;
  readonly source: RelaySource;
  lostAtMs: number | undefined;
}

interface Health {
  readonly failures: number;
  /** It was there and gave us no place. */
  readonly refusals: number;
  readonly rttMs: number | undefined;
  readonly atMs: number;
}

export class Reservations {
  /** Those where we have, or want, a reservation; the best first. */
  #kept: Kept[] = [];
  readonly #health = new BoundedMap<string, Health>(HEALTH_MAX);
  readonly #guards: Guards;
  /** The index of each reader of our records, and whose each index is. */
  readonly #indexes: Map<string, number>;
  readonly #readers = new Map<number, string>();
  #nextIndex: number;
  readonly #places: Map<string, Reservation>;
  /** Is the disk behind? */
  #isUnsaved = false;
  #savedAtMs: number;
  #chooseAtMs: number;
  #said = '';
  /** What had ended by then is told. */
  #saidAtMs = -Infinity;

  constructor(
    private readonly context: Context,
    docs: readonly Doc[],
    private readonly ports: ReservationsPorts,
  ) {
    this.#chooseAtMs = context.now.monoMs;
    this.#savedAtMs = context.now.monoMs;
    const saved = savedPlaces(docs);
    this.#nextIndex = saved.nextIndex;
    this.#places = new Map(saved.places);
    this.#guards = new Guards(saved.guards);
    this.#indexes = new Map(saved.indexes);
    for (const [reader, index] of saved.indexes) this.#readers.set(index, reader);
    if (this.gone.length > REVOKED_MAX) this.#beginAnew();
  }

  /** Those that stand, at relays that answer. */
  get reserved(): number {
    return this.#kept.filter(serves).length;
  }

  get slots(): number {
    return this.#indexes.size;
  }

  /** The relays that we keep. */
  get views(): RelayView[] {
    return this.#kept.map(({ relay, source }) => ({
      endpoint: relay.address.endpoint,
      source: source.isPublic ? 'public' : source.isOwn ? 'own' : 'contact',
      isUp: relay.isUp,
      isReserved: relay.client.isReserved,
      rttMs: relay.rttMs,
    }));
  }

  /** Those of strangers among them. */
  get strangers(): KeptPublic[] {
    const strangers = this.#kept.filter(({ source }) => source.isPublic);
    return strangers.map(({ relay: { client, failures, isUp, name } }) => ({
      name,
      isReserved: isUp && client.isReserved,
      failures,
      refusals: client.refusals,
      isGuard: this.#guards.has(name),
    }));
  }

  /** Those of ours and of contacts that stand, at relays that answer. */
  get reservedAtOurs(): number {
    const ours = this.#kept.filter(({ source }) => !source.isPublic);
    return ours.filter(serves).length;
  }

  get relays(): readonly RelayLink[] {
    return this.#kept.map(({ relay }) => relay);
  }

  /**
   * What our record tells one reader: relays, with a slot that is theirs alone.
   * @param isHidden they may not see our address: guards alone.
   */
  entries(reader: string, isHidden = false): Uint8Array[] {
    const index = this.#indexOf(reader);
    return index === undefined ? [] : this.#entries(index, reader, isHidden);
  }

  /** The same with a slot that is nobody's: to see whether anything changed. */
  commonEntries(isHidden = false): Uint8Array[] {
    return this.#entries(0, undefined, isHidden);
  }

  /** Was this index given to somebody who may still come? */
  isRead(index: number): boolean {
    return this.#readers.has(index);
  }

  /** Indexes whose readers are gone: who has such a slot is refused. */
  get gone(): number[] {
    const gone: number[] = [];
    for (let index = 1; index < this.#nextIndex; index++) {
      if (!this.#readers.has(index)) gone.push(index);
    }
    return gone;
  }

  /** A reservation of before, by hex of the relay's key. */
  place(relay: string): Reservation | undefined {
    return this.#places.get(relay);
  }

  /** Nobody comes in by this reader's slots any more. */
  revoke(reader: string): void {
    const index = this.#indexes.get(reader);
    if (index === undefined) return;
    this.#indexes.delete(reader);
    this.#readers.delete(index);
    this.#isUnsaved = true;
    if (this.gone.length > REVOKED_MAX) return this.#beginAnew();
    for (const relay of this.ports.links()) {
      relay.client.revoke(index, this.context.now.monoMs);
      relay.drain();
    }
  }

  /** The same for all but these. */
  revokeOthers(readers: ReadonlySet<string>): void {
    for (const reader of [...this.#indexes.keys()]) if (!readers.has(reader)) this.revoke(reader);
  }

  /** A guard that is up and of another network than the far relay, and is not it (RLY-18). */
  guardFor({ endpoint, key }: RelayAddress): RelayLink | undefined {
    const network = networkKey(endpoint.host);
    const guard = this.#kept.find(({ relay }) => {
      const isOther = relay.name !== hex(key) && this.#guards.has(relay.name);
      return isOther && relay.isUp && networkKey(relay.address.endpoint.host) !== network;
    });
    return guard?.relay;
  }

  /** May it still be the first of two hops (RLY-23)? */
  mayGuard({ name }: RelayLink): boolean {
    const isKnown = this.ports.candidates().some(({ address }) => hex(address.key) === name);
    return isKnown && this.#guards.has(name);
  }

  /** Other relays may be known, or wanted, than before. */
  refresh(): void {
    this.#chooseAtMs = this.context.now.monoMs;
  }

  /** What may not be used any more, by other settings, is left at once, with its circuits. */
  leaveOthers(): void {
    const may = new Set(this.ports.candidates().map(({ address }) => hex(address.key)));
    const left = this.#kept.map(({ relay }) => relay).filter(({ name }) => !may.has(name));
    this.#kept = this.#kept.filter(({ relay }) => may.has(relay.name));
    this.ports.leave(left);
    this.refresh();
  }

  /** The link to a relay is up, or not any more, or its reservation. */
  handleChange(relay: RelayLink): void {
    if (relay.isExtended) return this.refresh();
    const { monoMs: atMs } = this.context.now;
    this.#health.set(relay.name, { ...healthOf(relay), atMs });
    for (const kept of this.#kept) {
      if (kept.relay === relay) kept.lostAtMs = serves(kept) ? undefined : (kept.lostAtMs ?? atMs);
    }
    this.refresh();
  }

  /** The reservation there is a new one: an earlier one opens nothing any more. */
  remember(relay: RelayLink): void {
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

  /** Chooses, where that is due. */
  look(): void {
    if (this.context.now.monoMs >= this.#chooseAtMs) this.#choose();
  }

  handleTimeout(): void {
    this.look();
    if (this.#isUnsaved) this.#save();
    this.#tellEntries();
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined = this.#isUnsaved ? this.context.now.monoMs : this.#chooseAtMs;
    for (const { lostAtMs } of this.#kept) {
      const goneAtMs = (lostAtMs ?? -Infinity) + ENTRY_KEPT_MS;
      if (goneAtMs > this.#saidAtMs) soonest = earliest(soonest, goneAtMs);
    }
    return soonest;
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
      const known = this.#known(name, source);
      const relay = known?.relay ?? this.#linkTo(name, source);
      if (!relay) continue;
      // At once: where the next one is made, links that nobody wants are forgotten.
      relay.keep(true);
      kept.push(known ? { ...known, source } : { relay, source, lostAtMs: monoMs });
    }
    const others = this.#kept.filter(({ relay }) => !kept.some((one) => one.relay === relay));
    // What serves us is left only once what is better does.
    const missing = Math.max(0, KEPT - kept.filter(serves).length);
    const staying = others.filter(({ relay }) => sources.has(relay.name)).filter(serves);
    this.#kept = [...kept, ...staying.slice(0, missing)];
    for (const one of others) if (!this.#kept.includes(one)) one.relay.keep(false);
    this.#watchGuards();
  }

  /** One that we keep; none where it is away and, as they say now, somewhere else. */
  #known(name: string, { address }: RelaySource): Kept | undefined {
    const known = this.#kept.find(({ relay }) => relay.name === name);
    if (!known || known.relay.isUp || isSamePlace(known.relay.address, address)) return known;
    this.#kept = this.#kept.filter((one) => one !== known);
    known.relay.close();
    return undefined;
  }

  /** A link made anew waits between its dials as the one before it would have. */
  #linkTo(name: string, { address, isPublic, owner }: RelaySource): RelayLink | undefined {
    const relay = this.ports.link(address, isPublic ? STRANGERS : owner);
    relay?.recall(this.#recentHealth(name)?.failures ?? 0);
    return relay;
  }

  /** None where it is forgiven. */
  #recentHealth(name: string): Health | undefined {
    const known = this.#health.get(name);
    return known && this.context.now.monoMs - known.atMs < FORGIVE_MS ? known : undefined;
  }

  #judge(name: string, source: RelaySource): Candidate {
    const { address, isOwn, isPublic = false, rank = 0 } = source;
    const kept = this.#kept.find(({ relay }) => relay.name === name);
    const health = kept ? healthOf(kept.relay) : this.#recentHealth(name);
    const isGuard = this.#guards.has(name);
    // A stranger's that refuses is asked once more, and forgotten then; but not a guard (RLY-29).
    const isRefusing = (health?.refusals ?? 0) > 0 && (!isPublic || isGuard);
    const failures = (health?.failures ?? 0) + (isRefusing ? 1 : 0);
    const isKept = kept !== undefined;
    const rttMs = this.#health.get(name)?.rttMs;
    return { name, address, isOwn, isPublic, rank, rttMs, failures, isKept, isGuard };
  }

  /** Those that we keep and that are there become guards, where some are wanted. */
  #watchGuards(): void {
    const { monoMs } = this.context.now;
    const pinnable = this.#kept.map(({ relay, source }) => ({
      name: relay.name,
      owner: source.isOwn ? undefined : source.owner,
      network: networkKey(relay.address.endpoint.host),
      isUp: serves({ relay }),
      ...(source.isPublic && { isPublic: true as const }),
    }));
    const isOurs = (guard: Guard): boolean => this.ports.isOurs(guard);
    const isOther = this.#guards.update(pinnable, isOurs, this.context.soundMs);
    const isLate = monoMs >= this.#savedAtMs + SAVE_GUARDS_EVERY_MS && this.#guards.all.length > 0;
    if (isOther || isLate) this.#isUnsaved = true;
  }

  #save(): void {
    this.#isUnsaved = false;
    this.#savedAtMs = this.context.now.monoMs;
    const doc = placesDoc({
      indexes: this.#indexes,
      nextIndex: this.#nextIndex,
      places: this.#places,
      guards: this.#guards.all,
    });
    this.context.vault({ op: 'put', docs: [doc] }, () => undefined);
  }

  #entries(index: number, reader: string | undefined, isHidden: boolean): Uint8Array[] {
    const { monoMs } = this.context.now;
    const entries: Uint8Array[] = [];
    for (const { lostAtMs, relay, source } of this.#kept) {
      const slot = relay.client.slot(index);
      const isGone = lostAtMs !== undefined && monoMs >= lostAtMs + ENTRY_KEPT_MS;
      const isTheirs = reader !== undefined && source.owner === reader;
      const isLeftOut = isGone || isTheirs || (isHidden && !this.#guards.has(relay.name));
      if (!slot || isLeftOut || entries.length >= ENTRIES_MAX) continue;
      entries.push(encodeEntry({ ...relay.address, slot }));
    }
    return entries;
  }

  #tellEntries(): void {
    this.#saidAtMs = this.context.now.monoMs;
    const said = [false, true].map((isHidden) => this.commonEntries(isHidden).map(hex).join());
    if (said.join('|') === this.#said) return;
    this.#said = said.join('|');
    this.ports.entriesChanged();
  }

  /** Other reservations at all relays: no slot of before opens anything, all indexes are free. */
  #beginAnew(): void {
    this.#indexes.clear();
    this.#readers.clear();
    this.#places.clear();
    this.#nextIndex = 1;
    this.#isUnsaved = true;
    for (const relay of this.ports.links()) {
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

function serves({ relay }: Pick<Kept, 'relay'>): boolean {
  return relay.isUp && relay.client.isReserved;
}

function healthOf({ client, failures, rttMs }: RelayLink): Omit<Health, 'atMs'> {
  return { failures, refusals: client.refusals, rttMs };
}

function isSamePlace(a: RelayAddress, b: RelayAddress): boolean {
  return endpointKey(a.endpoint) === endpointKey(b.endpoint) && a.web === b.web;
}
