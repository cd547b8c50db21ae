/**
 * Nearby: contacts and invites in the networks that this computer is in (docs/spec/lan.md). What is
 * heard there becomes routes of a device, which are tried at once and stand before those of its
 * record; without any record, the card of whoever made an invite leads to the first meeting.
 *
 *   heard on this LAN --> routes of the device --> dialled, or the link is moved there (PTH-11)
 *
 * How one is heard lies in core/discovery/lan.ts; whether somebody may be met this way at all, in
 * core/path.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { equal, hex } from '../base/bytes.ts';
import { familyOf, isWithin, zoneOf, type Endpoint } from '../base/endpoint.ts';
import { epochOf } from '../discovery/epoch.ts';
import { Lan, type LanNetwork, type LanOutput } from '../discovery/lan.ts';
import type { LanClock, LanPeer } from '../discovery/lan-announcer.ts';
import { INVITEE, INVITER } from '../discovery/lan-card.ts';
import { decodeRecord, type PresenceRecord } from '../discovery/record.ts';
import type { Input } from '../effects.ts';
import { sameRoutes, type Route } from '../path/candidates.ts';
import type { Contact } from '../people/contact.ts';
import { inviteId, type Invite } from '../people/invite.ts';
import type { Book, KnownDevice } from './book.ts';
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';
import { invitedBy, type Invites } from './invites.ts';
import type { Mail } from './mail.ts';
import type { Routes } from './routes.ts';
import type { Me } from './self.ts';
import type { Sessions } from './sessions.ts';

/** Devices whose place in the network is remembered. */
export const HEARD_DEVICES_MAX = 1_024;
/** Places of one device, and the routes to them that are tried: the rest is left to its record. */
export const PLACES_MAX = 3;
export const HEARD_ROUTES_MAX = 2;
/** Who was not heard for so long is not thought to be there: two turns of theirs, and some. */
export const HEARD_MS = 12 * 60_000;
/** What one announcement says on several addresses arrives within this time. */
const SAME_TURN_MS = 10_000;

export interface NearbyPorts {
  readonly book: Book;
  readonly finding: Pick<Finding, 'networkMs'>;
  readonly invites: Pick<Invites, 'handleHeard' | 'isTold'>;
  readonly mail: Pick<Mail, 'waiting'>;
  readonly sessions: Pick<Sessions, 'of' | 'ofContact'>;
  /** Asked by their ID alone, so that they do not know the secret yet. */
  isAsked(contact: Contact): boolean;
  /** May this person know that we are in a network with them, and may we meet there? */
  readonly routes: Pick<Routes, 'meetsHere' | 'showsHere'>;
  /** Our record without an address, for a contact or for who holds this invite. */
  record(to: Contact | Invite): Uint8Array;
  port(): number | undefined;
  /** The device is where it was heard; this is how to pass its gate. It is tried at once. */
  reach(device: KnownDevice, record: PresenceRecord): void;
}

interface Place {
  readonly at: Endpoint;
  heardAtMs: number;
}

export class Nearby {
  readonly #lan: Lan;
  /** By hex of the device's signing key. */
  readonly #places = new BoundedMap<string, Place[]>(HEARD_DEVICES_MAX);
  #networks: readonly LanNetwork[] = [];
  /** Secrets of invites that we follow. */
  readonly #followed = new BoundedMap<string, Invite['secret']>(HEARD_DEVICES_MAX);

  constructor(
    private readonly context: Context,
    private readonly me: Me,
    private readonly ports: NearbyPorts,
  ) {
    this.#lan = new Lan({
      random: context.random,
      own: me.noise,
      peers: () => this.#peers(),
      record: (peer) => this.#record(peer),
      port: () => ports.port(),
    });
  }

  /** Where this device was heard, the present link's route first, else IPv4 before IPv6. */
  routes(device: string): Route[] {
    const { monoMs } = this.context.now;
    const present = this.ports.sessions.of(device)?.at;
    const isPresent = (route: Route): boolean =>
      present !== undefined && sameRoutes([route], [present]);
    const all = (this.#places.get(device) ?? []).flatMap(({ at, heardAtMs }) => {
      const isFresh = monoMs - heardAtMs < HEARD_MS;
      return routesTo(at).filter((route) => isFresh || isPresent(route));
    });
    const there = all.filter(isPresent);
    return [...there, ...all.filter((route) => !isPresent(route))].slice(0, HEARD_ROUTES_MAX);
  }

  /** Whom we look for has changed: somebody new, somebody gone, or another policy. */
  refresh(): void {
    this.#lan.handlePeers(this.context.now.monoMs);
  }

  handleNetworks(networks: readonly LanNetwork[]): void {
    this.#networks = networks;
    for (const [device, places] of this.#places.entries()) {
      const left = places.filter(({ at }) => this.#isHere(at));
      if (left.length === 0) this.#places.delete(device);
      else if (left.length < places.length) this.#places.set(device, left);
    }
    this.#lan.handleNetworks(networks, this.context.now.monoMs);
  }

  handleWake(): void {
    this.#lan.handleWake(this.context.now.monoMs);
  }

  /** False where it meant nothing to us. */
  handleMessage({ bytes, from, network }: Extract<Input, { type: 'lan' }>): boolean {
    const known = this.#lan.handleMessage(network, from, bytes, this.#clock());
    this.#drain();
    return known;
  }

  handleTimeout(): void {
    this.#lan.handleTimeout(this.#clock());
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    return this.#lan.wakeAtMs();
  }

  stats(): Record<string, number> {
    return { ...this.#lan.stats(), places: this.#places.size };
  }

  #clock(): LanClock {
    return {
      monoMs: this.context.now.monoMs,
      epoch: epochOf(this.ports.finding.networkMs),
    };
  }

  #isHere({ host }: Endpoint): boolean {
    const zone = zoneOf(host);
    return this.#networks.some(
      ({ addresses, name }) =>
        (zone === undefined || zone === name) && addresses.some((own) => isWithin(host, own)),
    );
  }

  #drain(): void {
    for (let out = this.#lan.poll(); out; out = this.#lan.poll()) {
      if (out.type === 'heard') this.#heard(out);
      else if (out.type === 'multicast') this.context.emit(out);
      else this.context.emit({ ...out, type: 'lan-send' });
    }
  }

  // Whom we look for

  #peers(): LanPeer[] {
    return [...this.#invites(), ...this.#contacts()];
  }

  #contacts(): LanPeer[] {
    const { book, isAsked, routes } = this.ports;
    const peers: LanPeer[] = [];
    for (const contact of book.contacts.values()) {
      const theirs = book.devicesOf(contact).map(({ peer }) => peer.device);
      if (!isMet(contact) || theirs.length === 0 || isAsked(contact)) continue;
      if (!routes.showsHere(contact)) continue;
      const rank = this.#rankOf(contact);
      const id = hex(contact.identity);
      peers.push({ id, key: contact.secret!, ours: this.me.device, theirs, rank });
    }
    return peers;
  }

  /** Whoever says that they are there may have changed their mind: they are heard all the same. */
  #rankOf(contact: Contact): LanPeer['rank'] {
    const { mail, routes, sessions } = this.ports;
    if (!routes.meetsHere(contact)) return 'unsaid';
    const route = sessions.ofContact(contact)?.route;
    if (route === undefined && mail.waiting(contact) > 0) return 'wanted';
    return route === 'lan' ? 'linked' : 'usual';
  }

  /** Ours, for as long as somebody needs them; and those by which we have not met yet. */
  #invites(): LanPeer[] {
    const { book, invites, routes } = this.ports;
    const peers: LanPeer[] = [];
    for (const invite of book.invites.values()) {
      if (!invites.isTold(invite, 'lan')) continue;
      const id = `${OURS}${invite.id}`;
      peers.push({ id, key: invite.secret, ours: INVITER, theirs: [INVITEE], rank: 'usual' });
    }
    for (const contact of book.contacts.values()) {
      const read = !routes.meetsHere(contact) ? undefined : invitedBy(contact);
      if (!read || this.context.soundMs >= read.expiresMs) continue;
      const id = `${THEIRS}${inviteId(read.secret)}`;
      peers.push({
        id,
        key: this.#keyOf(id, read),
        ours: INVITEE,
        theirs: [INVITER],
        rank: 'wanted',
      });
    }
    return peers;
  }

  /** One object per secret: what is derived from it is kept with the object. */
  #keyOf(id: string, { secret }: Pick<Invite, 'secret'>): Invite['secret'] {
    const known = this.#followed.get(id);
    if (known) return known;
    this.#followed.set(id, secret);
    return secret;
  }

  #record(peer: string): Uint8Array {
    if (peer.startsWith(THEIRS)) return NOTHING;
    const { book, record } = this.ports;
    const isOurs = peer.startsWith(OURS);
    const to = isOurs ? book.invites.get(peer.slice(OURS.length)) : book.contacts.get(peer);
    return to ? record(to) : NOTHING;
  }

  // Whom we have heard

  #heard({ at, peer, record: bytes, sender }: Extract<LanOutput, { type: 'heard' }>): void {
    const read = bytes === undefined ? undefined : decodeRecord(bytes);
    const record = read?.ok ? read.record : undefined;
    if (peer.startsWith(OURS)) return; // who holds our invite comes to us, by the card
    if (peer.startsWith(THEIRS)) {
      if (!record?.keys) return;
      this.#note(hex(record.keys.signing), at);
      return this.ports.invites.handleHeard(peer.slice(THEIRS.length), {
        ...record,
        candidates: [],
      });
    }
    const contact = this.ports.book.contacts.get(peer);
    const device = this.ports.book.device(hex(sender));
    if (!contact || !device || !equal(device.contact.identity, contact.identity)) return;
    const told = device.record === undefined ? undefined : decodeRecord(device.record);
    const known = told?.ok ? told.record : undefined;
    const isNewer = record && (!known || record.generation >= known.generation);
    const best = isNewer ? { ...record, candidates: known?.candidates ?? [] } : known;
    if (!best) return;
    this.#note(device.key, at);
    this.ports.reach(device, best);
  }

  /** They speak on all of their addresses at once: one that is silent meanwhile is left. */
  #note(device: string, at: Endpoint): void {
    const { monoMs } = this.context.now;
    const isLeft = (one: Place): boolean =>
      one.at.host === at.host ||
      (familyOf(one.at) === familyOf(at) && monoMs - one.heardAtMs > SAME_TURN_MS);
    const places = (this.#places.get(device) ?? []).filter((one) => !isLeft(one));
    places.sort((a, b) => b.heardAtMs - a.heardAtMs).splice(PLACES_MAX - 1);
    places.push({ at, heardAtMs: monoMs });
    this.#places.set(device, places.sort(byFamily));
  }
}

const OURS = 'our invite ';
const THEIRS = 'their invite ';
const NOTHING = new Uint8Array(0);

/** Do they hold the pair secret too, or will with the first link? */
function isMet({ blocked, local, secret }: Contact): boolean {
  return !blocked && !local && secret !== undefined;
}

/** UDX knows no zones, so a link-local IPv6 neighbour is reached by TCP alone. */
function routesTo(endpoint: Endpoint): Route[] {
  const tcp: Route = { transport: 'tcp', endpoint };
  return zoneOf(endpoint.host) === undefined ? [{ transport: 'udp', endpoint }, tcp] : [tcp];
}

/** Always the same order, or routes would seem new with each message. */
function byFamily({ at: a }: Place, { at: b }: Place): number {
  return orderOf(a) - orderOf(b) || (a.host < b.host ? -1 : 1);
}

function orderOf(at: Endpoint): number {
  if (familyOf(at) === 'v4') return 0;
  return zoneOf(at.host) === undefined ? 1 : 2;
}
