/**
 * Runtime: a started person. It owns every part, hands each what another has found out, and
 * decides nothing that a part could decide for itself.
 * @module
 */
import { concat, equal, hex } from '../base/bytes.ts';
import type { Family } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { Doc, DocChange, Loaded } from '../base/vault.ts';
import type { RendezvousId } from '../discovery/presence-saved.ts';
import { decodeRecord, encodeRecord, type PresenceRecord } from '../discovery/record.ts';
import type { Input, Listening } from '../effects.ts';
import type { GateKey } from '../link/contract.ts';
import { Asking } from './asking.ts';
import { Door } from './door.ts';
import { Drafts } from './drafts.ts';
import { Requests } from './requests.ts';
import { familiesOf, type OwnAddresses, type Route } from '../path/candidates.ts';
import type { MapJudgement } from '../path/mapped.ts';
import type { PortMap } from '../path/port-map/contract.ts';
import { isPaired, type Contact } from '../people/contact.ts';
import { inviteState, type Invite } from '../people/invite.ts';
import { Book, type KnownDevice } from './book.ts';
import { Connections, type LinkUp } from './connections.ts';
import type { Context } from './context.ts';
import { Finding, prefixed } from './finding.ts';
import { inviteIdOf, Invites } from './invites.ts';
import { Longing } from './longing.ts';
import { Mail } from './mail.ts';
import { Nearby } from './nearby.ts';
import { Online } from './online.ts';
import { besides, OurRecords, readerOf } from './our-records.ts';
import { Pairing } from './pairing.ts';
import { Place } from './place.ts';
import { portsOf, Punching } from './punching.ts';
import { Relays } from './relays.ts';
import { isNewerRecord, Routes } from './routes.ts';
import type { Me } from './self.ts';
import { Sessions, type SessionPorts } from './sessions.ts';
import { Tracking } from './tracking.ts';
import { linkedAt, takesPart, watchLoss, watchPresence } from './watching.ts';
import { Whereabouts } from './whereabouts.ts';

/** The gate's age and the prekey bundle's are looked at this often. */
export const UPKEEP_EVERY_MS = 60 * 60_000;

export class Runtime {
  readonly book: Book;
  readonly finding: Finding;
  readonly invites: Invites;
  readonly connections: Connections;
  readonly mail: Mail;
  readonly sessions: Sessions;
  readonly asking: Asking;
  readonly requests: Requests;
  readonly door: Door;
  readonly drafts: Drafts;
  readonly nearby: Nearby;
  readonly online = new Online(this);
  readonly place: Place;
  readonly punching: Punching;
  readonly routes: Routes;
  readonly whereabouts: Whereabouts;
  readonly relays: Relays;
  readonly tracking: Tracking;
  #listen: Listening;
  /** What routers say they send on to us. */
  #maps: readonly PortMap[] = [];
  #bundle: Uint8Array;
  #upkeepAtMs: number;
  /** What our record and hello last said, to notice a change. */
  #saidRecord: Uint8Array = new Uint8Array(0);
  readonly #records: OurRecords;
  readonly #pairing: Pairing;
  readonly #longing = new Longing();
  readonly #startedAtMs: number;

  constructor(
    readonly context: Context,
    readonly me: Me,
    loaded: Loaded,
    bundle: Uint8Array,
    listen: Listening,
  ) {
    this.#bundle = bundle;
    this.#listen = listen;
    this.#startedAtMs = context.now.monoMs;
    this.#upkeepAtMs = context.now.monoMs + UPKEEP_EVERY_MS;
    this.book = new Book(me.identity, loaded.docs);
    this.#put(this.book.renewOldGates(context.random, context.soundMs));
    this.drafts = new Drafts(context, this.book, loaded.docs);
    this.place = new Place(context, loaded.docs);
    this.routes = new Routes(context, {
      own: () => this.#here(),
      isLinked: (contact) => this.sessions.ofContact(contact) !== undefined,
      hasRelay: () => this.relays.circuits.kept.reserved > 0,
    });
    this.whereabouts = new Whereabouts(this, () => this.#here());
    this.relays = new Relays(this, loaded.docs, () => void this.#refreshRecord());
    this.#records = new OurRecords(me, this.book, {
      candidates: (policy) => this.place.candidates(policy, this.finding, this.#own()),
      generation: () => this.finding.presence.generation,
      relays: (reader, isHidden) => this.relays.told(reader, isHidden === true),
      flags: () => this.relays.flags,
      policyOf: (invite) => this.invites.policyOf(invite),
      identityOf: (device) => this.connections.identityOf(device),
    });
    this.finding = new Finding(context, me.device, loaded.docs, this.#families(), {
      found: (at, device, record, fresh) => this.#found(at, device, record, fresh),
      recordFor: (at, record) => this.#records.at(at, record),
      external: () => this.#seen(),
      votes: () => this.#seen(),
      helpers: () => this.online.review(),
      copyOfUs: () => this.online.tell(),
      relayed: () => this.relays.dht,
      takesPart: () => takesPart(context, this.book),
      linkedAt: () => linkedAt(this),
    });
    this.invites = this.#makeInvites();
    this.connections = this.#makeConnections(loaded.docs);
    this.mail = new Mail(context, me, this.book, this.#mailPorts(), loaded);
    this.#pairing = new Pairing(context, me.identity, {
      book: this.book,
      mail: this.mail,
      paired: (contact) => this.#paired(contact),
    });
    const { docs } = loaded;
    const takeUp = (contact: Contact): void => this.takeUp(contact);
    this.asking = new Asking(context, me, this.book, this.mail, this.finding, docs, {
      takeUp,
      asksBy: (contact) => this.routes.asksBy(contact),
    });
    const { asking, book, finding, mail } = this;
    this.requests = new Requests(context, me, book, mail, asking, docs, { takeUp });
    this.door = new Door(context, me, finding, docs, {
      bundle: () => this.#bundle,
      knocked: (knock, bits, done) => this.requests.handleKnock(knock, bits, done),
    });
    const ports = this.#sessionPorts();
    this.sessions = new Sessions(context, me, book, mail, this.connections, ports);
    this.nearby = this.#makeNearby();
    this.punching = new Punching(context, portsOf(finding, this.connections));
    this.tracking = new Tracking(this);
    this.#begin(loaded);
  }

  /** Where this device listens. */
  get listening(): Listening {
    return this.#listen;
  }

  /** What that is worth, by how others see us now. */
  get mapping(): MapJudgement {
    return this.place.judge(this.finding, this.#listen, this.#maps);
  }

  /** @returns false where nobody took it, so that nothing has changed. */
  handle(input: Input): boolean {
    if (input.type === 'datagram') {
      const { bytes, from } = input;
      const { connections, finding, sessions, tracking } = this;
      const parts = [finding, tracking, connections, sessions];
      if (parts.some((part) => part.handleDatagram(from, bytes))) return true;
      const isDialled = connections.handleOpener(from, bytes);
      return isDialled || this.invites.meetings.handleDatagram(from, bytes);
    }
    if (input.type === 'lan') return this.nearby.handleMessage(input);
    this.#take(input);
    return true;
  }

  #take(input: Input): void {
    switch (input.type) {
      case 'listening':
        return this.#moved(input.listen);
      case 'mapped':
        this.#maps = input.maps;
        return void this.#refreshRecord();
      case 'stream-accepted':
      case 'stream-opened':
      case 'stream-bytes':
      case 'stream-writable':
      case 'stream-closed':
        return this.connections.handleStream(input);
      case 'lan-networks':
        this.nearby.handleNetworks(input.networks);
        return this.whereabouts.handleNearby();
      case 'hint':
        return this.#hint(input.identity, input.record);
      default:
        return;
    }
  }

  /** This computer slept: nothing that it knew of others need hold. */
  handleWake(): void {
    this.connections.handleWake(false);
    this.finding.handleNetworkChange([]);
    this.tracking.handleMove();
    this.nearby.handleWake();
  }

  /** This computer listens elsewhere. */
  #moved(listen: Listening): void {
    const gone = this.#listen.addresses.filter((host) => !listen.addresses.includes(host));
    this.#listen = listen;
    this.place.handleMove();
    this.finding.handleNetworkChange(this.#families(), gone);
    this.tracking.handleMove();
    this.#refreshRecord();
    // Before anybody is dialled: what was theirs in the last network is somebody else's here.
    this.whereabouts.handlePlace();
    this.sessions.enforce();
    this.connections.handleWake(gone.length > 0);
  }

  /** Others see us elsewhere than before, or for the first time. */
  #seen(): void {
    this.#refreshRecord();
    this.whereabouts.handlePlace();
  }

  handleTimeout(): void {
    const { now } = this.context;
    for (const part of this.#timed()) part.handleTimeout();
    for (const peer of this.#longing.take(now.monoMs)) this.#look(peer);
    if (now.monoMs >= this.#upkeepAtMs) this.#upkeep();
  }

  wakeAtMs(): number | undefined {
    const parts = this.#timed().map((part) => part.wakeAtMs());
    return earliest(...parts, this.#longing.wakeAtMs(), this.#upkeepAtMs);
  }

  /** What acts by itself, in the order in which it does. */
  #timed(): readonly Pick<Mail, 'handleTimeout' | 'wakeAtMs'>[] {
    const { asking, connections, door, finding, mail, nearby, sessions, tracking } = this;
    const others = [this.punching, this.invites.meetings];
    return [finding, tracking, connections, ...others, sessions, mail, asking, door, nearby];
  }

  stats(): Record<string, number> {
    return {
      contacts: this.book.contacts.size,
      invites: this.book.invites.size,
      sessions: this.sessions.ready,
      missed: this.#longing.size,
      whereabouts: this.whereabouts.size,
      awaited: this.punching.size + this.invites.meetings.size,
      ...this.finding.stats(),
      ...this.relays.stats(),
      ...prefixed('link', this.connections.stats()),
      ...prefixed('mail', this.mail.stats()),
      ...prefixed('asking', this.asking.stats()),
      ...prefixed('requests', this.requests.stats()),
      ...prefixed('door', this.door.stats()),
      ...prefixed('lan', this.nearby.stats()),
      ...prefixed('tracker', this.tracking.stats()),
    };
  }

  stop(done: () => void): void {
    this.sessions.closeAll();
    this.relays.stop();
    this.tracking.stop();
    this.finding.save(done);
  }

  /** A person asks for this contact, or a message waits for them. */
  want(contact: Contact): void {
    if (contact.blocked || this.sessions.ofContact(contact)) return;
    this.#miss(contact, this.#startedAtMs);
    this.connections.want(contact.identity);
    this.relays.strangers.wish();
    this.tracking.want(contact);
    this.asking.want(contact);
    const { presence } = this.finding;
    if (contact.secret) presence.want({ peer: hex(contact.identity) }, this.context.now);
    const invite = inviteIdOf(contact);
    if (invite !== undefined) presence.want({ invite }, this.context.now);
    this.finding.drain();
  }

  /** Our record for people who hold this invite: where we are, who we are, which gate. */
  inviteRecord(invite: Invite): Uint8Array {
    return this.#records.forInvite(invite);
  }

  /**
   * Shuts somebody out: their links, their place in the DHT, our old gates, what is told under an
   * invite that they came by. Who is blocked may come back, so the numbers of our records for them
   * stay; who is removed leaves nothing.
   */
  dropContact(contact: Contact, removed: boolean): DocChange[] {
    this.sessions.closeContact(contact);
    this.asking.end(contact);
    this.whereabouts.forget(contact);
    this.relays.shutOut(contact);
    this.tracking.hush(contact);
    const peer = hex(contact.identity);
    if (removed) {
      this.finding.presence.removePeer(peer, this.context.now);
      this.finding.presence.removePeer(besides(peer), this.context.now);
    } else watchPresence(this, contact);
    this.invites.unfollow(contact);
    const { random, soundMs } = this.context;
    const docs = this.book.renewGates(['direct', 'circuit'], random, soundMs);
    if (removed) docs.push(this.book.remove(contact));
    // Before anything new is told of us: not under an invite that nobody else needs.
    this.invites.retire();
    this.#refreshRecord();
    return docs;
  }

  /**
   * Our policy towards somebody is another one. What it forbids has ended when this returns: links
   * on ways that are shut, lookups that would show our address (POL-7).
   */
  followPolicy(contact: Contact): void {
    watchPresence(this, contact);
    this.invites.review(contact);
    this.asking.review();
    this.nearby.refresh();
    // Told before a link ends that has to: they need not find out by knocking.
    if (!this.#refreshRecord()) this.sessions.sayAgain(contact);
    this.takeUp(contact);
    this.whereabouts.review(contact);
    this.sessions.enforce(contact);
    this.relays.hideFrom(contact);
    this.want(contact);
    this.sessions.notifyRoute(contact);
    this.context.notify({ topic: 'contact', conversation: this.book.conversationText(contact) });
  }

  /** Takes up contact with somebody in the book: at start, on adding and on unblocking. */
  takeUp(contact: Contact): void {
    if (contact.blocked) return;
    if (contact.invite !== undefined) this.invites.follow(contact);
    this.whereabouts.takeUp(contact);
    watchPresence(this, contact);
    this.punching.watch(contact);
  }

  /** Uses a record that came another way than through the DHT (Echo, tests). */
  #hint(identity: Uint8Array, bytes: Uint8Array): void {
    const contact = this.book.contactOf(identity);
    if (contact) this.meetByHint(contact, bytes);
  }

  meetByHint(contact: Contact, bytes: Uint8Array): void {
    const read = decodeRecord(bytes);
    if (!read.ok) return;
    const known = this.book.devicesOf(contact)[0];
    if (known) {
      // Their gate is what their hello told; the hint knows only where they are now.
      const told = known.record && decodeRecord(known.record);
      const { candidates } = read.record;
      this.whereabouts.reach(known, told?.ok ? { ...told.record, candidates } : read.record);
    }
    if (!known || !isPaired(contact)) this.invites.meet(contact, read.record);
  }

  #begin(loaded: Loaded): void {
    this.relays.revokeOthers();
    for (const invite of this.book.invites.values()) this.invites.offer(invite);
    this.#refreshRecord();
    for (const contact of this.book.contacts.values()) {
      this.takeUp(contact);
      this.#miss(contact, this.#startedAtMs);
    }
    for (const stored of loaded.unapplied) {
      const contact = this.book.byConversation(stored.event.conversation);
      if (contact) this.mail.applyControl(contact, stored, () => undefined);
    }
  }

  #makeInvites(): Invites {
    return new Invites(this.context, this.book, this.finding, {
      target: (key, target, record) => this.whereabouts.set(key, target, record),
      shutOut: (invite) => this.relays.circuits.kept.revoke(readerOf(invite)),
      changed: () => {
        this.nearby.refresh();
        this.finding.review();
      },
      asksBy: (contact) => this.routes.asksBy(contact),
      connections: () => this.connections,
    });
  }

  #makeConnections(docs: readonly Doc[]): Connections {
    return new Connections(this.context, {
      self: this.me,
      docs,
      gates: () => this.#gates(),
      admit: (noise, gate, from) => this.#admit(noise, gate, from),
      nat: (family) => this.place.nat(family),
      circuits: this.relays,
      allocateStream: this.relays.allocateStream,
      handlers: this.relays.among({
        up: (link, target) => this.sessions.handleUp(link, target),
        message: (link, body, bytes) => this.sessions.handleMessage(link, body, bytes),
        writable: (link) => this.sessions.handleWritable(link),
        path: (path) => this.sessions.handlePath(path),
        down: (link) => this.sessions.handleDown(link),
      }),
    });
  }

  #sessionPorts(): SessionPorts {
    return {
      hello: (up, target) => this.#hello(up, target),
      heardPolicy: (contact, policy) => this.routes.heard(contact, policy),
      allows: (contact, route) => this.routes.allows(contact, route),
      wayOf: (contact, route) => this.routes.wayOf(contact, route),
      barred: (contact) => this.#barred(contact),
      rule: (contact) => this.routes.rule(contact),
      showsAddress: (contact, route) => this.routes.showsAddress(contact, route),
      met: (contact, device, record, byInvite) => this.#met(contact, device, record, byInvite),
      linked: () => this.finding.handleLinked(),
      heardTime: (contact, wallMs) => this.finding.heardTime(hex(contact.identity), wallMs),
      lost: (contact) => this.#lost(contact),
      linksChanged: () => this.online.review(),
      admitsList: (contact, list) => this.asking.admitsList(contact, list),
    };
  }

  #mailPorts(): ConstructorParameters<typeof Mail>[3] {
    return {
      send: (link, body) => this.connections.send(link, body),
      credit: (link, bytes) => this.connections.credit(link, bytes),
      idleSinceMs: (link) => this.connections.idleSinceMs(link),
      apply: (contact, stored) => this.#pairing.apply(contact, stored),
      arrived: () => this.#put(this.#pairing.arrived()),
    };
  }

  #put(docs: readonly DocChange[]): void {
    if (docs.length > 0) this.context.vault({ op: 'put', docs }, () => undefined);
  }

  // Who may come in

  #gates(): readonly GateKey[] {
    return [...this.book.gateKeys, ...this.relays.gates, ...this.invites.gates()];
  }

  #admit(noise: Uint8Array, gate: GateKey, from: Route): boolean {
    const known = this.book.deviceByNoise(noise)?.contact;
    if (known) return !known.blocked && this.routes.admits(known, from);
    const invite = gate.kind === 'invite' ? this.book.invites.get(gate.id) : undefined;
    if (!invite || inviteState(invite, this.context.soundMs) !== 'open') return false;
    return this.routes.admitsBy(invite.policy, from);
  }

  // Where we are

  #families(): Family[] {
    return familiesOf(this.#listen.addresses, this.context.profile.allowReserved);
  }

  #own(): OwnAddresses {
    return this.place.own(this.finding, this.#listen, this.mapping);
  }

  /** The same, as far as it tells who is in a network with us. */
  #here(): OwnAddresses {
    return this.place.seen(this.finding, this.#own());
  }

  #hello(up: LinkUp, target: string | undefined): ReturnType<SessionPorts['hello']> {
    const { certificate, deviceList } = this.me;
    const record = this.#records.onLink(up, target);
    return { bundle: this.#bundle, certificate, deviceList, record };
  }

  /** Tells the DHT and everybody linked where we are now. @returns false where nothing is new. */
  #refreshRecord(): boolean {
    const record = this.#records.all();
    const hidden = this.#records.hidden();
    const bytes = concat(encodeRecord({ ...record, generation: 1 }), hidden);
    if (equal(bytes, this.#saidRecord)) return false;
    this.#saidRecord = bytes;
    this.finding.setOurRecord(record, hidden);
    this.sessions.sayAgain();
    return true;
  }

  #upkeep(): void {
    const { context } = this;
    this.#upkeepAtMs = context.now.monoMs + UPKEEP_EVERY_MS;
    const gate = this.book.renewOldGates(context.random, context.soundMs);
    const open = new Set(this.#gates().map(({ id }) => id));
    this.#put([...gate, ...this.connections.retireGates(open)]);
    this.relays.revokeOthers();
    this.#refreshRecord();
    context.vault({ op: 'bundle', wallMs: context.soundMs }, (reply) => {
      if (reply.op === 'failed' || equal(reply.bundle, this.#bundle)) return;
      this.#bundle = reply.bundle;
      this.sessions.sayAgain();
    });
  }

  // Where they are

  #found(
    at: RendezvousId,
    device: Uint8Array | undefined,
    record: PresenceRecord,
    fresh: boolean,
  ): void {
    if ('invite' in at) return this.invites.handleFound(at.invite, record, fresh);
    const known = device && this.book.device(hex(device));
    if (!known || known.contact.blocked) return;
    const { contact } = known;
    const isNew = isNewerRecord(contact, known.peer.device, record.generation);
    const isOther = isNew && this.routes.heard(contact, record.policy);
    const change = this.book.putRecord(known, encodeRecord(record));
    if (change) this.#put([change]);
    this.whereabouts.reach(known, record);
    if (fresh) this.connections.news(known.key);
    if (!isOther) return;
    this.sessions.enforce(contact);
    this.sessions.notifyRoute(contact);
  }

  /** Their hello came by a way that is shut: what it said of where they are counts all the same. */
  #barred(contact: Contact): void {
    this.takeUp(contact);
    this.sessions.notifyRoute(contact);
  }

  #makeNearby(): Nearby {
    const { book, finding, invites, mail, routes, sessions } = this;
    return new Nearby(this.context, this.me, {
      book,
      finding,
      invites,
      mail,
      routes,
      sessions,
      isAsked: (contact) => this.asking.has(contact),
      record: (to) => this.#records.inNetwork(to),
      port: () => this.#listen.tcpPort ?? this.#listen.udpPort,
      reach: (device, record) => {
        this.whereabouts.reach(device, record);
        this.connections.hurry(device.key);
      },
    });
  }

  // Whom we miss

  #miss(contact: Contact, sinceMs: number): void {
    if (contact.blocked || this.mail.waiting(contact) === 0) return;
    this.#longing.miss(hex(contact.identity), sinceMs, this.context.now.monoMs);
  }

  #lost(contact: Contact): void {
    this.finding.time.forget(hex(contact.identity));
    watchLoss(this, contact);
    this.#miss(contact, this.context.now.monoMs);
  }

  /** Messages still wait for somebody who is not here: look again. */
  #look(peer: string): void {
    const contact = this.book.contacts.get(peer);
    if (contact && this.mail.waiting(contact) > 0) this.want(contact);
    else this.#longing.settle(peer);
  }

  // Meeting

  #met(contact: Contact, device: KnownDevice, record: PresenceRecord, byInvite: boolean): void {
    this.#longing.settle(hex(contact.identity));
    this.asking.end(contact);
    this.whereabouts.reach(device, record);
    this.relays.hideFrom(contact);
    // They know the slots of the invite; these are theirs, for when it is gone.
    if (byInvite) this.sessions.sayAgain(contact);
    // Who comes by an invite may know us no more: removed, or restored from nothing.
    if (!contact.secret || (byInvite && isPaired(contact))) this.#pairing.make(contact);
    watchPresence(this, contact);
    this.invites.retire();
    const conversation = this.book.conversationText(contact);
    this.context.notify({ topic: 'contact', conversation });
  }

  /** Both hold the secret: from here on it alone leads them to each other. */
  #paired(contact: Contact): void {
    this.invites.unfollow(contact);
    // By the gate of their hello: that of the invite may have been told after it.
    this.whereabouts.takeUp(contact);
    this.connections.leaveInvite(contact.identity);
    contact.invite = undefined;
    watchPresence(this, contact);
    this.invites.retire();
  }
}
