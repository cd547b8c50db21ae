/**
 * Tracking: whom we look for at trackers, and what becomes of the answers (TRK-10 to TRK-16).
 *
 *   contacts who may be met directly and are not linked, a hash for each --> discovery/trackers.ts
 *   endpoints under such a hash --5 s each--> one more place of theirs to dial (whereabouts.ts)
 *   hashes of public relays --asked once, or announced by who serves--> public-relays.ts
 *
 * ⚑ Whoever runs a tracker sees our address. So nobody is looked for there from whom we hide, and
 * nothing leaves where the list is empty, as it is until a person fills it.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { endpointKey, familyOf, type Endpoint } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { HealthView } from '../commands.ts';
import type { TakeBack } from '../discovery/dht-port.ts';
import type { Ports } from '../discovery/peer-search.ts';
import { epochsAround, trackerHash } from '../discovery/tracker-hash.ts';
import { parseTracker } from '../discovery/tracker-url.ts';
import { Trackers, type TrackersOutput, type TrackerTarget } from '../discovery/trackers.ts';
import { familiesOf, type Route } from '../path/candidates.ts';
import type { Contact } from '../people/contact.ts';
import { NOBODY, type PeersFound } from './finding.ts';
import type { Runtime } from './runtime.ts';

/** Contacts looked for at a time: those wanted first, then those seen last. */
export const TRACKED_CONTACTS_MAX = 32;
/** Places of one contact that are tried for one answer, and for how long each. */
export const NAMED_PLACES_MAX = 6;
export const NAMED_PLACE_MS = 5_000;
/** A wish counts for so long. */
const WISH_MS = 60_000;
/** Who is to be looked for is gone through after a change, and now and then: epochs end. */
const REVIEW_SOON_MS = 500;
const REVIEW_EVERY_MS = 60_000;
/** Questions for relays at a time, and for how long answers are waited for, after the first too. */
const QUESTIONS_MAX = 8;
export const QUESTION_MS = 10_000;
export const QUESTION_MORE_MS = 3_000;

/** The places of one contact, one after the other. */
interface Tour {
  places: readonly Endpoint[];
  at: number;
  nextAtMs: number | undefined;
}

interface Question {
  readonly hash: Uint8Array;
  readonly done: (found: PeersFound) => void;
  readonly peers: Map<string, Endpoint>;
  endsAtMs: number;
  responders: number;
}

export class Tracking {
  readonly #trackers: Trackers;
  #isOn = false;
  #reviewAtMs: number | undefined;
  /** Of a router, as trackers know it. */
  #mappedPort: number | undefined;
  /** Contacts by the hex of a hash of theirs. */
  #sought = new Map<string, Contact>(); // bounded by TRACKED_CONTACTS_MAX
  readonly #tours = new Map<Contact, Tour>(); // of those sought
  readonly #wishedUntilMs = new Map<Contact, number>(); // pruned at each review
  readonly #questions = new Map<string, Question>(); // bounded by QUESTIONS_MAX

  constructor(private readonly runtime: Runtime) {
    const { context } = runtime;
    this.#trackers = new Trackers({
      random: context.random,
      allowReserved: context.profile.allowReserved,
      isOurs: (endpoint) => this.#isOurs(endpoint),
    });
    this.use(context.profile.trackers ?? []);
  }

  /** From now on these trackers, as text. */
  use(list: readonly string[]): void {
    const trackers = list.map(parseTracker).filter((one) => one !== undefined);
    this.#trackers.use(trackers);
    this.#isOn = trackers.length > 0;
    this.#lookSoon();
  }

  /** Are there any? */
  get isOn(): boolean {
    return this.#isOn;
  }

  get state(): HealthView['trackers'] {
    return this.#trackers.state;
  }

  /** Whom we look for may be others than before. Whoever is out of bounds is left at once. */
  review(contact?: Contact): void {
    if (!this.#isOn) return;
    if (contact && !this.#mayMeet(contact)) this.hush(contact);
    this.#lookSoon();
  }

  /** From now on not a word more of them leaves, nor a goodbye. */
  hush(contact: Contact): void {
    for (const [name, sought] of this.#sought) {
      if (!equal(sought.identity, contact.identity)) continue;
      this.#sought.delete(name);
      this.#trackers.hush(name);
    }
    this.#endTour(contact);
    this.#wishedUntilMs.delete(contact);
  }

  /** A person or a message waits for them. */
  want(contact: Contact): void {
    if (!this.#isOn) return;
    this.#wishedUntilMs.set(contact, this.runtime.context.now.monoMs + WISH_MS);
    this.review();
  }

  /** We have other addresses, or slept: trackers know us where we are not. */
  handleMove(): void {
    this.#trackers.handleMove();
    this.review();
  }

  /** Where trackers say that somebody is: the place whose turn it is. */
  placesOf(contact: Contact | undefined): Route[] {
    const tour = contact && this.#tours.get(contact);
    const endpoint = tour?.places[tour.at];
    if (!endpoint) return [];
    return (['udp', 'tcp'] as const).map((transport) => ({ transport, endpoint }));
  }

  /**
   * Who is announced under a hash, asked once, by who is not to be found there. Without trackers
   * nobody is. @param done runs once, in this call or later.
   */
  ask(hash: Uint8Array, done: (found: PeersFound) => void): TakeBack {
    const name = hex(hash);
    if (!this.#isOn || this.#questions.size >= QUESTIONS_MAX || this.#questions.has(name)) {
      done(NOBODY);
      return () => undefined;
    }
    const endsAtMs = this.runtime.context.now.monoMs + QUESTION_MS;
    const question: Question = { hash, done, peers: new Map(), endsAtMs, responders: 0 };
    this.#questions.set(name, question);
    this.#look();
    return () => {
      if (this.#questions.get(name) === question) this.#questions.delete(name);
    };
  }

  /** True where it was a tracker's answer. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (!this.#isOn) return false;
    const { monoMs } = this.runtime.context.now;
    if (!this.#trackers.handleDatagram(from, bytes, monoMs)) return false;
    this.#drain();
    return true;
  }

  handleTimeout(): void {
    const { monoMs } = this.runtime.context.now;
    if (this.#reviewAtMs !== undefined && monoMs >= this.#reviewAtMs) this.#look();
    for (const [contact, tour] of this.#tours) {
      if (tour.nextAtMs === undefined || monoMs < tour.nextAtMs) continue;
      tour.at++;
      const isLast = tour.at >= tour.places.length - 1;
      tour.nextAtMs = isLast ? undefined : monoMs + NAMED_PLACE_MS;
      this.runtime.whereabouts.review(contact);
    }
    for (const [name, { done, endsAtMs, peers, responders }] of [...this.#questions]) {
      if (monoMs < endsAtMs) continue;
      this.#questions.delete(name);
      this.review();
      const named = [...peers.values()].map((endpoint) => ({ endpoint, voices: 1 }));
      done({ announced: 0, peers: named, responders });
    }
    this.#trackers.handleTimeout(monoMs);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    let soonest = earliest(this.#reviewAtMs, this.#trackers.wakeAtMs());
    for (const { nextAtMs } of this.#tours.values()) soonest = earliest(soonest, nextAtMs);
    for (const { endsAtMs } of this.#questions.values()) soonest = earliest(soonest, endsAtMs);
    return soonest;
  }

  stop(): void {
    this.#trackers.stop(this.runtime.context.now.monoMs);
    this.#drain();
  }

  stats(): Record<string, number> {
    return {
      ...this.#trackers.stats(),
      sought: this.#sought.size,
      tours: this.#tours.size,
      wishes: this.#wishedUntilMs.size,
      questions: this.#questions.size,
    };
  }

  #lookSoon(): void {
    const soonMs = this.runtime.context.now.monoMs + REVIEW_SOON_MS;
    this.#reviewAtMs = Math.min(this.#reviewAtMs ?? Infinity, soonMs);
  }

  /** Who is to be looked for now, and under what others are to find us. */
  #look(): void {
    const { context, finding, mapping, relays } = this.runtime;
    const { monoMs } = context.now;
    this.#reviewAtMs = this.#isOn ? monoMs + REVIEW_EVERY_MS : undefined;
    const mappedPort = (mapping.udp ?? mapping.tcp)?.port;
    if (mappedPort !== this.#mappedPort) this.#trackers.handleMove();
    this.#mappedPort = mappedPort;
    const ports = this.#ports();
    const targets: TrackerTarget[] = [...this.#questions.values()].map(({ hash }) => {
      return { hash, ports, isWanted: true, isQuestion: true };
    });
    for (const { hash, ports: listed } of relays.listed) {
      targets.push({ hash, ports: listed, isWanted: false });
    }
    this.#sought = new Map();
    for (const [contact, isWanted] of this.#isOn ? this.#chosen(monoMs) : []) {
      for (const epoch of epochsAround(finding.networkMs)) {
        const hash = trackerHash(contact.secret!, epoch);
        this.#sought.set(hex(hash), contact);
        targets.push({ hash, ports, isWanted });
      }
    }
    const sought = new Set(this.#sought.values());
    for (const contact of [...this.#tours.keys()]) {
      if (!sought.has(contact)) this.#endTour(contact);
    }
    this.#trackers.setTargets(targets);
    this.#trackers.handleTimeout(monoMs);
    this.#drain();
  }

  /** Those whom we look for, and whether somebody waits for them. */
  #chosen(nowMs: number): [Contact, boolean][] {
    const { book, mail } = this.runtime;
    for (const [contact, untilMs] of this.#wishedUntilMs) {
      if (nowMs >= untilMs) this.#wishedUntilMs.delete(contact);
    }
    const all = [...book.contacts.values()].filter((contact) => this.#isSought(contact));
    const isWanted = (contact: Contact): boolean =>
      this.#wishedUntilMs.has(contact) || mail.waiting(contact) > 0;
    return all
      .map((contact): [Contact, boolean] => [contact, isWanted(contact)])
      .sort(([a, one], [b, other]) => Number(other) - Number(one) || b.lastSeenMs - a.lastSeenMs)
      .slice(0, TRACKED_CONTACTS_MAX);
  }

  #isSought(contact: Contact): boolean {
    const { book, sessions } = this.runtime;
    if (!contact.secret || sessions.ofContact(contact)) return false;
    return this.#mayMeet(contact) && book.devicesOf(contact).length > 0;
  }

  /** ⚑ Who may not see our address is never looked for where they could be the tracker. */
  #mayMeet(contact: Contact): boolean {
    return !contact.local && this.runtime.routes.meetsDirectly(contact);
  }

  #endTour(contact: Contact): void {
    if (this.#tours.delete(contact)) this.runtime.whereabouts.review(contact);
  }

  /** Under which ports others reach us, as far as we know. */
  #ports(): Ports {
    const { context, finding, listening, mapping } = this.runtime;
    const { addresses, tcpPort, udpPort } = listening;
    const own = udpPort ?? tcpPort;
    if (own === undefined || addresses.length === 0) return {};
    const families = familiesOf(addresses, context.profile.allowReserved);
    const outside = mapping.udp ?? mapping.tcp ?? finding.external;
    return {
      ...(families.includes('v4') && { v4: outside?.port ?? own }),
      ...(families.includes('v6') && { v6: finding.external6?.port ?? own }),
    };
  }

  #isOurs({ host, port }: Endpoint): boolean {
    const { finding, listening, mapping } = this.runtime;
    const { external, external6 } = finding;
    const hosts = [...listening.addresses, external?.host, external6?.host, mapping.udp?.host];
    const ports = [listening.udpPort, listening.tcpPort, ...Object.values(this.#ports())];
    return hosts.includes(host) && ports.includes(port);
  }

  #drain(): void {
    for (let out = this.#trackers.poll(); out; out = this.#trackers.poll()) this.#carryOut(out);
  }

  #carryOut(out: TrackersOutput): void {
    const { context } = this.runtime;
    const after = (tell: (nowMs: number) => void): void => {
      tell(context.now.monoMs);
      this.#drain();
    };
    switch (out.type) {
      case 'send':
        return context.emit({ type: 'datagram', to: out.to, bytes: out.bytes });
      case 'resolve':
        return context.resolve(out.host, out.port, (endpoints) => {
          after((nowMs) => this.#trackers.handleResolved(out.ask, endpoints, nowMs));
        });
      case 'fetch': {
        const { host, kind, port } = out.tracker;
        const request = { secure: kind === 'https', host, port, family: out.family };
        return context.fetch({ ...request, path: out.path }, (body) => {
          after((nowMs) => this.#trackers.handleFetched(out.ask, body, nowMs));
        });
      }
      case 'peers':
        return this.#named(out.hash, out.peers);
    }
  }

  #named(name: string, peers: readonly Endpoint[]): void {
    const { context } = this.runtime;
    const { monoMs } = context.now;
    const question = this.#questions.get(name);
    if (question) {
      question.responders++;
      for (const endpoint of peers) question.peers.set(endpointKey(endpoint), endpoint);
      if (peers.length === 0) return;
      question.endsAtMs = Math.min(question.endsAtMs, monoMs + QUESTION_MORE_MS);
    }
    const contact = this.#sought.get(name);
    if (contact && this.#isSought(contact)) this.#tour(contact, peers);
  }

  /** Those named anew first. Others may be theirs too, or nobody's any more. */
  #tour(contact: Contact, peers: readonly Endpoint[]): void {
    const { context, whereabouts } = this.runtime;
    const known = this.#tours.get(contact)?.places ?? [];
    const isKnown = (one: Endpoint): boolean =>
      known.some((other) => endpointKey(other) === endpointKey(one));
    const fresh = peers.filter((one) => !isKnown(one));
    const isOver = this.#tours.get(contact)?.nextAtMs === undefined;
    if (fresh.length === 0 && (!isOver || known.length < 2)) return;
    const places = [...mixed(fresh), ...known].slice(0, NAMED_PLACES_MAX);
    const nextAtMs = places.length > 1 ? context.now.monoMs + NAMED_PLACE_MS : undefined;
    this.#tours.set(contact, { places, at: 0, nextAtMs });
    whereabouts.review(contact);
  }
}

/** IPv4 and IPv6 by turns: we may have only one of them. */
function mixed(endpoints: readonly Endpoint[]): Endpoint[] {
  const four = endpoints.filter((one) => familyOf(one) === 'v4');
  const six = endpoints.filter((one) => familyOf(one) === 'v6');
  return Array.from({ length: Math.max(four.length, six.length) }, (_, i) => [four[i], six[i]])
    .flat()
    .filter((one) => one !== undefined);
}
