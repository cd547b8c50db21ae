/**
 * Sessions: what a link means. Each side says hello; the hello shows which person and device is
 * there, brings what is needed to seal for it and to find it again, and opens the mail.
 *
 *   link up --our hello--> waiting --their hello, checked--> storing --on disk--> ready --> gone
 *
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { endpointKey, scopeOf, type Endpoint } from '../base/endpoint.ts';
import { KNOCK_KIND, type Event } from '../base/event.ts';
import { CONTACTS_MAX, DEVICES_MAX } from '../base/limits.ts';
import type { Policy } from '../base/policy.ts';
import { earliest } from '../base/time.ts';
import type { DocChange, PeerDevice } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import { messageName } from '../delivery/wire.ts';
import type { PresenceRecord } from '../discovery/record.ts';
import { decodeRecord } from '../discovery/record.ts';
import type { RouteName, Rule } from '../effects.ts';
import type { Way } from '../path/policy.ts';
import { readCertificate, type Certificate } from '../people/certificate.ts';
import { newContact, type Contact } from '../people/contact.ts';
import {
  deviceIn,
  mergeDeviceLists,
  readDeviceList,
  type DeviceList,
} from '../people/device-list.ts';
import { decodeHello, encodeHello, type Hello } from '../people/hello.ts';
import { inviteAdmits } from '../people/invite.ts';
import { decodeHail } from '../people/knock.ts';
import type { Book, KnownDevice } from './book.ts';
import type { Connections, LinkPath, LinkUp } from './connections.ts';
import type { Context } from './context.ts';
import type { Mail } from './mail.ts';
import type { Me } from './self.ts';
import { Syncing } from './syncing.ts';

/** A link whose far side has not said a valid hello by then is closed. */
export const HELLO_TIMEOUT_MS = 10_000;

export interface Session {
  readonly link: number;
  readonly up: LinkUp;
  /** The device we dialled, by key. */
  readonly target: string | undefined;
  readonly helloByMs: number;
  /** Set once their hello was accepted and is on disk. */
  device: string | undefined;
  /**
   * While a hello is being stored: what came after it. The link's credit bounds it. Without the
   * wait a crash could forget a person whose messages it had receipted.
   */
  held: { readonly body: Uint8Array; readonly bytes: number }[] | undefined;
  /** Our hello has changed, and the link had no room for it. */
  owesHello?: boolean;
  /** The UDP candidates that our last hello named, and theirs. */
  said?: string;
  heard?: string;
  /** Where its path leads, or the last one led. */
  at: LinkUp['route'];
  route: RouteName;
  transport: 'tcp' | 'udx';
  endpoint: string;
  rttMs: number | undefined;
}

export interface SessionPorts {
  /** Everything our hello says on this link but the wall clock. */
  hello(up: LinkUp, target: string | undefined): Omit<Hello, 'wallMs' | 'name'> | undefined;
  /** A device has been met: seal the pair secret, set where it is, note the invite as used. */
  met(contact: Contact, device: KnownDevice, record: PresenceRecord, byInvite: boolean): void;
  /** What they said of their policy, with a hello. */
  heardPolicy(contact: Contact, policy: Policy): void;
  /** May a link with them use this route, under the policies of both? */
  allows(contact: Contact, route: LinkUp['route']): boolean;
  /** By which way this route leads to them, or to somebody who has not said who they are. */
  wayOf(contact: Contact | undefined, route: LinkUp['route']): Way;
  /** Their hello came by a way that is not allowed: where they are now counts, the link ends. */
  barred(contact: Contact): void;
  /** By which ways they may be reached, and why nothing can leave. */
  rule(contact: Contact): Rule;
  /** On this route, may they see an address of ours? */
  showsAddress(contact: Contact, route: RouteName): boolean;
  /** Somebody is linked, perhaps by another way than before. */
  linked(): void;
  /** What a contact's clock says: one voice for network time. */
  heardTime(contact: Contact, wallMs: number): void;
  lost(contact: Contact): void;
  /** A device is linked that was not, or is no more. */
  linksChanged(): void;
  /** False where this device list is older than one they have told before. */
  admitsList(contact: Contact, list: DeviceList): boolean;
}

export class Sessions {
  readonly #sessions = new Map<number, Session>();
  /** The ready session of each device. */
  readonly #byDevice = new Map<string, Session>();
  readonly #syncing: Syncing;

  constructor(
    private readonly context: Context,
    private readonly me: Me,
    private readonly book: Book,
    private readonly mail: Mail,
    private readonly connections: Connections,
    private readonly ports: SessionPorts,
  ) {
    this.#syncing = new Syncing(context, connections, ({ link }, route) => {
      const session = this.#sessions.get(link);
      const contact = session && this.#contactOf(session);
      return contact !== undefined && this.ports.allows(contact, route);
    });
  }

  get ready(): number {
    return this.#byDevice.size;
  }

  /** Where people answer us over UDP. */
  get answering(): Endpoint[] {
    const places = [...this.#byDevice.values()].map(({ at }) => at);
    return places.filter(({ transport }) => transport === 'udp').map(({ endpoint }) => endpoint);
  }

  of(device: string): Session | undefined {
    return this.#byDevice.get(device);
  }

  ofContact(contact: Contact): Session | undefined {
    for (const { key } of this.book.devicesOf(contact)) {
      const session = this.#byDevice.get(key);
      if (session) return session;
    }
    return undefined;
  }

  /** Is anybody linked who is not in this program itself, as Echo is? */
  get reachesOthers(): boolean {
    return [...this.#byDevice.keys()].some((key) => {
      return this.book.device(key)?.contact.local === false;
    });
  }

  /**
   * Links that people from outside this network began: proof that they can. Who has a private
   * address comes from within a provider's or a company's network: others may not get there.
   */
  get fromOutside(): number {
    return [...this.#byDevice.values()].filter(({ at, route, up }) => {
      return !up.initiator && route === 'direct' && scopeOf(at.endpoint.host) !== 'private';
    }).length;
  }

  /** Links that a relay carries. */
  get byRelay(): number {
    return [...this.#byDevice.values()].filter(({ route }) => route === 'relay').length;
  }

  handleUp(up: LinkUp, target: string | undefined): void {
    const session: Session = {
      link: up.link,
      up,
      target,
      helloByMs: this.context.now.monoMs + HELLO_TIMEOUT_MS,
      device: undefined,
      held: undefined,
      rttMs: undefined,
      ...this.#describe({ target, up }, up.route),
    };
    this.#sessions.set(up.link, session);
    this.#sayHello(session);
  }

  handlePath(path: LinkPath): void {
    const { link } = path;
    const session = this.#sessions.get(link);
    if (!session) return;
    session.rttMs = path.rttMs;
    if (path.route) Object.assign(session, this.#describe(session, path.route));
    const isMet = session.device !== undefined;
    if (isMet && path.route && !this.#isAllowed(session)) return this.#bar(session);
    const current = session.device !== undefined && this.of(session.device) === session;
    if (current && path.route && !path.doubted) {
      this.connections.linked(session.device!, link, session.up.initiator, path.route);
    } else if (current) {
      this.connections.pathLost(session.device!);
    }
    this.#syncing.look(session, path.route);
    if (isMet) this.ports.linked();
    this.#changed(session);
  }

  handleMessage(link: number, body: Uint8Array, bytes: number): void {
    const session = this.#sessions.get(link);
    if (!session) return;
    if (session.held) return void session.held.push({ body, bytes });
    const message = messageName(body);
    if (!message) return this.#reject(session, 'unreadable message');
    if (message.name === 'h') {
      this.connections.credit(link, bytes);
      const hello = decodeHello(message.dict);
      return hello ? this.#meet(session, hello) : this.#reject(session, 'bad hello');
    }
    if (session.device === undefined) return this.#reject(session, 'no hello first');
    if (message.name === 's') {
      this.connections.credit(link, bytes);
      return this.#syncing.handleMessage(link, message.dict);
    }
    const mailLink = { link, device: session.device, route: session.route };
    if (!this.mail.handleMessage(mailLink, message.name, message.dict, bytes)) {
      // A later version may say more: what we do not know we do not act on.
      this.connections.credit(link, bytes);
    }
  }

  handleWritable(link: number): void {
    const session = this.#sessions.get(link);
    if (session?.device === undefined) return;
    if (session.owesHello === true) this.#sayHello(session);
    this.mail.handleWritable(session.device);
  }

  handleDown(link: number): void {
    const session = this.#sessions.get(link);
    this.#sessions.delete(link);
    this.#syncing.forget(link);
    if (!session) return;
    if (session.device === undefined) {
      if (session.target !== undefined) this.connections.linkLost(session.target);
      return this.#gone(session);
    }
    this.mail.detach(session.device, link);
    if (this.#byDevice.get(session.device) !== session) return;
    this.#byDevice.delete(session.device);
    this.ports.linksChanged();
    this.connections.linkLost(session.device);
    this.#gone(session);
  }

  /** Nobody is lost while another link to them waits for its hello. */
  #gone({ up }: Session): void {
    const known = this.book.deviceByNoise(up.peerNoise);
    if (!known || this.#byDevice.has(known.key)) return;
    for (const other of this.#sessions.values()) {
      if (equal(other.up.peerNoise, up.peerNoise)) return;
    }
    this.ports.lost(known.contact);
    this.notifyRoute(known.contact);
  }

  /** Our hello has changed (gate, addresses, name): everybody linked hears it, or this contact. */
  sayAgain(only?: Contact): void {
    for (const session of this.#byDevice.values()) {
      if (only && this.#contactOf(session) !== only) continue;
      this.#sayHello(session);
    }
  }

  /** False where it is nothing for one of our links. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    return this.#syncing.handleDatagram(from, bytes);
  }

  /**
   * Another policy towards this contact, or we are elsewhere: links that lead where none may lead
   * any more end, the others stay.
   */
  enforce(only?: Contact): void {
    for (const session of [...this.#sessions.values()]) {
      const contact = this.#contactOf(session);
      if (!contact || (only && contact !== only)) continue;
      this.#restrict(session, contact);
      if (!this.#isAllowed(session)) this.#bar(session);
    }
  }

  #restrict({ at, link, up }: Session, contact: Contact): void {
    const allowed = (route: LinkUp['route']): boolean => this.ports.allows(contact, route);
    this.connections.restrict(link, up.peerNoise, at.endpoint.host, allowed);
  }

  closeAll(): void {
    for (const link of [...this.#sessions.keys()]) this.connections.close(link, 'closed');
  }

  closeContact(contact: Contact): void {
    for (const { key } of this.book.devicesOf(contact)) {
      const session = this.#byDevice.get(key);
      if (session) this.connections.close(session.link, 'closed');
    }
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    this.#syncing.handleTimeout();
    for (const session of this.#sessions.values()) {
      const late = session.device === undefined && monoMs >= session.helloByMs;
      if (late) this.#reject(session, 'no hello in time');
    }
  }

  wakeAtMs(): number | undefined {
    let soonest = this.#syncing.wakeAtMs();
    for (const session of this.#sessions.values()) {
      if (session.device === undefined) soonest = earliest(soonest, session.helloByMs);
    }
    return soonest;
  }

  #sayHello(session: Session): void {
    const hello = this.ports.hello(session.up, session.target);
    if (!hello) return this.#reject(session, 'not ready');
    const { now, profile } = this.context;
    const body = encodeHello({ ...hello, name: profile.displayName, wallMs: now.wallMs });
    session.owesHello = !this.connections.send(session.link, body);
    if (session.owesHello) {
      // A link full of mail has room again in a while; one that begins has it, or never.
      if (session.device === undefined) this.#reject(session, 'no room for a hello');
      return;
    }
    const read = decodeRecord(hello.record);
    if (read.ok) this.#places(session, 'said', read.record);
  }

  /** Where one side is may be another place than what it told before: a direct path may be near. */
  #places(session: Session, which: 'said' | 'heard', { candidates }: PresenceRecord): void {
    const udp = candidates.filter(({ transport }) => transport === 'udp');
    const names = udp.map(({ endpoint, nat }) => `${endpointKey(endpoint)} ${nat === 'random'}`);
    const text = names.join();
    const before = session[which];
    session[which] = text;
    if (before !== undefined && before !== text) this.#syncing.news(session.link);
  }

  /** Checks a hello against the link it came over, then opens the mail. */
  #meet(session: Session, hello: Hello): void {
    const read = readCertificate(hello.certificate);
    if (!read.ok) return this.#reject(session, 'bad certificate');
    const { certificate } = read;
    const key = hex(certificate.device);
    const fault = this.#mismatch(session, certificate, key);
    if (fault) return this.#reject(session, fault);
    const record = decodeRecord(hello.record);
    if (!record.ok) return this.#reject(session, 'bad record');
    const former = this.book.contactOf(certificate.identity);
    const list = this.#acceptList(former, certificate, hello);
    if (!list) return this.#reject(session, 'bad device list');
    const docs: DocChange[] = [];
    const contact = former ?? this.#newContact(session, certificate, hello, docs);
    if (!contact) return this.#reject(session, 'invite does not admit them');
    const before = { ...contact };
    this.#update(contact, certificate, hello, list);
    const gone = this.book.goneOf(contact);
    this.ports.heardPolicy(contact, record.record.policy);
    this.ports.heardTime(contact, hello.wallMs);
    docs.push(this.book.put(contact));
    // At once: the link may end before the disk has it, and then nobody may dial as before.
    if (!this.ports.allows(contact, session.at)) {
      this.ports.barred(contact);
      // Nor is anything said to them that they began and did not prove.
      this.#restrict(session, contact);
    }
    session.held = [];
    this.context.vault({ op: 'put', docs, ...retiring(gone) }, (reply) => {
      const stored = reply.op !== 'failed';
      if (stored) this.#retire(gone);
      else this.#forget(contact, before, former === undefined);
      // A person met before is on disk already; for them only news is lost until the next hello.
      const known = before.devices.length > 0;
      if (stored || known) this.#ready(session, key, contact, record.record);
      else this.#reject(session, 'the disk is full');
    });
  }

  /** Their newer list names these no more: nobody may speak for them. */
  #retire(gone: readonly KnownDevice[]): void {
    this.mail.retire(gone);
    for (const { key } of gone) {
      const session = this.#byDevice.get(key);
      if (session) this.connections.close(session.link, 'closed');
    }
  }

  /** The disk did not take what a hello brought. */
  #forget(contact: Contact, before: Contact, isNew: boolean): void {
    Object.assign(contact, before);
    if (isNew) this.book.forgetGuest(contact);
    else this.book.put(contact);
  }

  /** Why this certificate may not stand behind this link, if so. */
  #mismatch(session: Session, certificate: Certificate, key: string): string | undefined {
    if (!equal(certificate.noise, session.up.peerNoise)) return 'certificate of another device';
    if (equal(certificate.identity, this.me.identity)) return 'ourselves';
    if (session.target !== undefined && session.target !== key) return 'not whom we dialled';
    const contact = this.book.contactOf(certificate.identity);
    if (contact?.blocked) return 'blocked';
    if (session.up.gate.kind === 'direct' && !contact) return 'unknown person';
    return undefined;
  }

  /** The device list to keep, or undefined where theirs contradicts what we know. */
  #acceptList(
    contact: Contact | undefined,
    certificate: Certificate,
    hello: Hello,
  ): DeviceList | undefined {
    const shown = readDeviceList(hello.deviceList, certificate.identity);
    if (!shown.ok) return undefined;
    const known = contact?.deviceList
      ? readDeviceList(contact.deviceList, certificate.identity)
      : undefined;
    const merged = known?.ok ? mergeDeviceLists(known.list, shown.list) : undefined;
    if (merged?.outcome === 'fork') {
      this.context.log('warn', 'two device lists of one person contradict each other');
      return undefined;
    }
    const list = merged?.list ?? shown.list;
    // A front door told which list there is at least: who shows an older one is not up to date.
    if (contact && !this.ports.admitsList(contact, list)) return undefined;
    return deviceIn(list, certificate.device) ? list : undefined;
  }

  /** Somebody came in by an invite of ours; undefined where it, or our book, has no room. */
  #newContact(
    session: Session,
    certificate: Certificate,
    hello: Hello,
    docs: DocChange[],
  ): Contact | undefined {
    const invite = this.book.invites.get(session.up.gate.id);
    const { identity } = certificate;
    if (this.book.contacts.size >= CONTACTS_MAX) return undefined;
    if (!invite || !inviteAdmits(invite, identity, this.context.soundMs)) return undefined;
    if (!invite.usedBy.some((user) => equal(user, identity))) {
      invite.usedBy = [...invite.usedBy, identity];
      docs.push(this.book.inviteDoc(invite));
    }
    return newContact(identity, this.book.freeName(hello.name), invite.policy);
  }

  #update(contact: Contact, certificate: Certificate, hello: Hello, list: DeviceList): void {
    const { device } = certificate;
    const others = contact.devices.filter((other) => {
      return !equal(other.device, device) && deviceIn(list, other.device);
    });
    const { bundle, certificate: bytes, record } = hello;
    const met = { device, certificate: bytes, bundle, record };
    contact.devices = [met, ...others].slice(0, DEVICES_MAX);
    contact.deviceList = list.bytes;
    contact.lastSeenMs = this.context.shownMs;
    if (!contact.nameIsOurs && hello.name !== undefined && hello.name !== contact.name) {
      contact.name = this.book.freeName(hello.name, contact);
      this.book.looks.put(contact);
    }
  }

  #ready(session: Session, key: string, contact: Contact, record: PresenceRecord): void {
    const held = session.held ?? [];
    session.held = undefined;
    if (this.#sessions.get(session.link) !== session) return;
    if (contact.blocked || this.book.contactOf(contact.identity) !== contact) {
      return this.#reject(session, 'shut out meanwhile');
    }
    if (!this.ports.allows(contact, session.at)) {
      this.ports.barred(contact);
      return this.#bar(session);
    }
    const again = session.device !== undefined;
    session.device = key;
    // Only now is it known whose way it is, and where they are.
    Object.assign(session, this.#describe(session, session.at));
    const former = this.#byDevice.get(key);
    this.#byDevice.set(key, session);
    this.ports.linksChanged();
    if (former && former !== session) this.connections.close(former.link, 'replaced');
    this.connections.linked(key, session.link, session.up.initiator, session.at);
    this.#syncing.look(session, session.at);
    const byInvite = session.up.gate.kind === 'invite' && !again;
    this.ports.met(contact, this.book.device(key)!, record, byInvite);
    this.ports.linked();
    this.#places(session, 'heard', record);
    if (again) this.mail.handleHello(key);
    else this.mail.attach({ link: session.link, device: key, route: session.route });
    this.notifyRoute(contact);
    for (const { body, bytes } of held) this.handleMessage(session.link, body, bytes);
  }

  #changed(session: Session): void {
    const known = session.device === undefined ? undefined : this.book.device(session.device);
    if (known) this.notifyRoute(known.contact);
  }

  /** Screens hear how it goes now, and by which rule. */
  notifyRoute(contact: Contact): void {
    const conversation = this.book.conversationText(contact);
    const route = this.ofContact(contact)?.route ?? 'waiting';
    const now = { conversation, route, peerSeesMyIp: this.ports.showsAddress(contact, route) };
    this.context.notify({ topic: 'route', ...now, ...this.ports.rule(contact) });
  }

  /** Whose link this is, as far as its key is known; before their first hello, whom we dialled. */
  #contactOf({ target, up }: Pick<Session, 'target' | 'up'>): Contact | undefined {
    const known = this.book.deviceByNoise(up.peerNoise)?.contact;
    if (known || target === undefined) return known;
    const identity = this.connections.identityOf(target);
    return identity && this.book.contactOf(identity);
  }

  /** What a route is to a person: named as the policies judge it (POL-2). */
  #describe(
    link: Pick<Session, 'target' | 'up'>,
    at: LinkUp['route'],
  ): Pick<Session, 'at' | 'route' | 'transport' | 'endpoint'> {
    const isLoopback = at.transport !== 'circuit' && scopeOf(at.endpoint.host) === 'loopback';
    return {
      at,
      route: isLoopback ? 'local' : this.ports.wayOf(this.#contactOf(link), at),
      transport: at.transport === 'udp' ? 'udx' : 'tcp',
      endpoint: `${at.endpoint.host}:${at.endpoint.port}`,
    };
  }

  #isAllowed(session: Session): boolean {
    const contact = this.#contactOf(session);
    return contact === undefined || this.ports.allows(contact, session.at);
  }

  #bar(session: Session): void {
    this.context.log('info', 'link closed', { reason: 'route policy' });
    this.connections.close(session.link, 'closed');
  }

  #reject(session: Session, reason: string): void {
    this.context.log('info', 'link closed', { reason });
    this.connections.close(session.link, 'protocol');
  }
}

/** What of a `put` retires these devices. */
export function retiring(gone: readonly KnownDevice[]): { retired?: readonly PeerDevice[] } {
  return gone.length > 0 ? { retired: gone.map(({ peer }) => peer) } : {};
}

/** The secret that an event of theirs makes ours too: `pair`, or the `knock` of who asked us. */
export function pairSecretOf({ body, kind }: Event): Contact['secret'] {
  if (kind === KNOCK_KIND) return decodeHail(body)?.secret;
  return kind === 'pair' && body.length === 32 ? new Secret('pair', body.slice()) : undefined;
}
