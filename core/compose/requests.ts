/**
 * Requests: people who knocked at our front door and wait to be let in, silently and capped
 * (DOR-14 to DOR-17). Nobody learns whether theirs was read, declined or blocked.
 *
 *   knock --list, device, seal, words all fit--> waiting --accept--> contact, both meet
 *                                                  | '--decline--> remembered, for a while
 *                                                  '--block--> a blocked contact (blocking.ts)
 *
 * @module
 */
import { compare, equal, fromHex, hex } from '../base/bytes.ts';
import { KNOCK_KIND, type Event } from '../base/event.ts';
import { CONTACTS_MAX } from '../base/limits.ts';
import type { Policy } from '../base/policy.ts';
import type { Doc, DocChange, VaultFault } from '../base/vault.ts';
import { newContact, type Contact } from '../people/contact.ts';
import { conversationOf, conversationText } from '../people/conversation.ts';
import { deviceIn, mergeDeviceLists, readDeviceList } from '../people/device-list.ts';
import { decodeHail, type Hail, type Knock } from '../people/knock.ts';
import {
  DECLINED_KEEP_MS,
  DECLINED_MAX,
  decodeRequest,
  encodeDeclined,
  encodeRequest,
  REQUEST_KEEP_MS,
  REQUESTS_MAX,
  type Request,
} from '../people/request.ts';
import type { Asking } from './asking.ts';
import type { Door } from './door.ts';
import { meantBy, peerDevice, type Book } from './book.ts';
import { failed, type Context } from './context.ts';
import type { Mail } from './mail.ts';
import type { Me } from './self.ts';
import { retiring } from './sessions.ts';

/** Knocks being opened by the vault at a time; the rest are read at the next look. */
export const OPENING_MAX = 16;

export interface RequestPorts {
  /** A contact that we may meet from now on. */
  takeUp(contact: Contact): void;
}

/** How somebody is let in. */
interface Wish {
  readonly policy: Policy | undefined;
  readonly docs: readonly DocChange[];
}

export type Decided = { ok: true; contact: Contact } | { ok: false; reason: VaultFault };

export class Requests {
  /** By hex of the identity key. */
  readonly #waiting = new Map<string, Request>();
  readonly #declinedMs = new Map<string, number>();
  #opening = 0;
  #settled: (() => void)[] = [];
  readonly #counters = { read: 0, refused: 0, dropped: 0 };

  constructor(
    private readonly context: Context,
    private readonly me: Me,
    private readonly book: Book,
    private readonly mail: Mail,
    private readonly asking: Asking,
    docs: readonly Doc[],
    private readonly ports: RequestPorts,
  ) {
    for (const { key, space, value } of docs) {
      const stored = space === 'request' ? decodeRequest(key, value) : undefined;
      const isShutOut = book.contactOf(key)?.blocked === true;
      if (stored?.state === 'waiting' && !isShutOut) this.#waiting.set(hex(key), stored.request);
      if (stored?.state === 'declined') this.#declinedMs.set(hex(key), stored.sinceMs);
    }
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Newest first. */
  list(): Request[] {
    return [...this.#waiting.values()].sort((a, b) => b.readMs - a.readMs);
  }

  /** The conversation that a request would become: names it in lists. */
  conversationText({ identity }: Request): string {
    return conversationText(conversationOf(this.me.identity, identity));
  }

  /** Does this request claim a name that is, or looks like, that of somebody else we know? */
  knownName({ identity, name }: Request): boolean {
    // A contact who knocks has lost us, and is not compared with themselves.
    const asker = this.book.contactOf(identity);
    return name !== undefined && this.book.looks.named(name, asker) !== undefined;
  }

  /** Whom a person means by a name, an ID text or a conversation id. */
  resolve(who: string): Request[] {
    return meantBy(who, this.list(), (request) => this.conversationText(request));
  }

  /** Looks at the door now; `done` once all that lay there is read and stored. */
  settle(door: Door, done: () => void): void {
    door.look(() => {
      if (this.#opening === 0) return done();
      this.#settled.push(done);
    });
  }

  /**
   * A knock was opened and names somebody whose list and device fit.
   * @param done true once it was looked at; false where there was no room for that, or no disk.
   */
  handleKnock(knock: Knock, bits: number, done: (isRead: boolean) => void): void {
    const key = hex(knock.identity);
    if (equal(knock.identity, this.me.identity) || this.#isShutOut(key)) return done(true);
    if (this.#opening >= OPENING_MAX) return done(false);
    if (!this.#isListCurrent(knock)) {
      this.#counters.refused++;
      return done(true);
    }
    const from = peerDevice(knock.certificate);
    const conversation = conversationOf(this.me.identity, knock.identity);
    const { ciphertext } = knock;
    this.#opening++;
    const request = { op: 'peek' as const, self: this.me, from, conversation, ciphertext };
    this.context.vault(request, (reply) => {
      const isRead = !failed(reply);
      done(isRead);
      if (isRead) this.#weigh(knock, reply.outcome === 'read' ? reply.event : undefined, bits);
      this.#opening--;
      if (this.#opening > 0) return;
      const settled = this.#settled;
      this.#settled = [];
      for (const tell of settled) tell();
    });
  }

  #weigh(knock: Knock, event: Event | undefined, bits: number): void {
    const hail = event?.kind === KNOCK_KIND ? decodeHail(event.body) : undefined;
    if (hail) this.#take(knock, hail, bits);
    else this.#counters.refused++;
  }

  /** @param wish the policy for somebody new, and what is stored with them. */
  accept(request: Request, wish: Wish, done: (decided: Decided) => void): void {
    const contact = this.#contactFor(request, wish.policy);
    if (!contact) return done({ ok: false, reason: 'no space' });
    const docs = [...wish.docs, this.book.contactDoc(contact), gone(request.identity)];
    const former = this.book.goneOf(contact);
    this.context.vault({ op: 'put', docs, ...retiring(former) }, (reply) => {
      if (failed(reply)) return done({ ok: false, reason: reply.reason });
      this.mail.retire(former);
      this.#waiting.delete(hex(request.identity));
      this.book.put(contact);
      this.#openFor(contact, request);
      this.ports.takeUp(contact);
      this.#changed();
      done({ ok: true, contact });
    });
  }

  /** Says nothing to them; their knock is not shown again. */
  decline({ identity }: Request, done: (fault: VaultFault | undefined) => void): void {
    const { soundMs } = this.context;
    const docs: DocChange[] = [
      { space: 'request', key: identity, value: encodeDeclined(soundMs) },
      ...this.#forgetDeclined(),
    ];
    this.context.vault({ op: 'put', docs }, (reply) => {
      if (failed(reply)) return done(reply.reason);
      this.#waiting.delete(hex(identity));
      this.#declinedMs.set(hex(identity), soundMs);
      this.#changed();
      done(undefined);
    });
  }

  /** Who is blocked asks for nothing any more: gone at once, until the disk refuses it. */
  forget({ identity }: Contact): { docs: readonly DocChange[]; undo: () => void } {
    const key = hex(identity);
    const request = this.#waiting.get(key);
    if (!request) return { docs: [], undo: () => undefined };
    this.#waiting.delete(key);
    this.#changed();
    const undo = (): void => {
      this.#waiting.set(key, request);
      this.#changed();
    };
    return { docs: [gone(identity)], undo };
  }

  stats(): Record<string, number> {
    return {
      ...this.#counters,
      waiting: this.#waiting.size,
      declined: this.#declinedMs.size,
      opening: this.#opening,
    };
  }

  #isShutOut(key: string): boolean {
    if (this.book.contacts.get(key)?.blocked) return true;
    const sinceMs = this.#declinedMs.get(key);
    return sinceMs !== undefined && this.context.soundMs - sinceMs < DECLINED_KEEP_MS;
  }

  /** A list that is older than one we know, or contradicts it, is not theirs any more. */
  #isListCurrent({ identity, list }: Knock): boolean {
    const bytes =
      this.book.contactOf(identity)?.deviceList ?? this.#waiting.get(hex(identity))?.deviceList;
    const known = bytes && readDeviceList(bytes, identity);
    if (!known?.ok) return true;
    const { outcome } = mergeDeviceLists(known.list, list);
    return outcome === 'same' || outcome === 'newer';
  }

  #take(knock: Knock, hail: Hail, bits: number): void {
    this.#counters.read++;
    const { ciphertext, envelope, identity, list } = knock;
    const key = hex(identity);
    if (this.#isShutOut(key)) return; // decided while the vault was reading
    const request: Request = {
      identity,
      device: knock.certificate.device,
      deviceList: list.bytes,
      envelope,
      ciphertext,
      name: hail.name,
      text: hail.text,
      secret: hail.secret,
      bits,
      readMs: this.#waiting.get(key)?.readMs ?? this.context.soundMs,
    };
    const contact = this.book.contactOf(identity);
    if (contact && this.asking.has(contact)) return this.#meetHalfway(contact, request);
    if (contact?.secret?.equals(hail.secret)) return; // let in already
    const docs = this.#makeRoom(key, bits);
    if (!docs) return void this.#counters.dropped++;
    this.#waiting.set(key, request);
    docs.push({ space: 'request', key: identity, value: encodeRequest(request) });
    this.context.vault({ op: 'put', docs }, (reply) => {
      if (!failed(reply)) return this.#changed();
      // Their knock lies there still, and is read again after the next start.
      if (this.#waiting.get(key) === request) this.#waiting.delete(key);
    });
  }

  /**
   * Each asked the other: nobody has to decide. Of the two secrets that of the lower identity
   * holds. They may never read our knock, with their door shut: so theirs leads to them as well,
   * until ours has reached them over a link.
   */
  #meetHalfway(contact: Contact, request: Request): void {
    const isOurs = compare(this.me.identity, contact.identity) < 0;
    this.accept(request, { policy: undefined, docs: [] }, (decided) => {
      if (decided.ok && !isOurs) this.asking.end(contact);
    });
  }

  /** Their knock is opened for good: its words are the first of the conversation. */
  #openFor(contact: Contact, { ciphertext, device, envelope }: Request): void {
    const from = this.book.device(hex(device))?.peer;
    if (!from) return;
    const conversation = this.book.conversation(contact);
    const { wallMs } = this.context.now;
    const sealed = { envelope, kind: 'prekey' as const, ciphertext, wallMs };
    this.context.vault({ op: 'open', self: this.me, from, conversation, ...sealed }, (reply) => {
      // Refused or not, they send it again over the link until it is receipted.
      if (failed(reply) || reply.outcome !== 'stored') return;
      this.mail.applyControl(contact, reply.stored, () => undefined);
      this.context.notify({ topic: 'feed' });
    });
  }

  #contactFor(request: Request, wished: Policy | undefined): Contact | undefined {
    const { deviceList, identity, secret } = request;
    const known = this.book.contactOf(identity);
    if (!known && this.book.contacts.size >= CONTACTS_MAX) return undefined;
    const read = readDeviceList(deviceList, identity);
    const certificate = read.ok ? deviceIn(read.list, request.device) : undefined;
    if (!read.ok || !certificate) return undefined;
    const policy = wished ?? this.context.profile.policy;
    const contact = known ?? newContact(identity, this.book.freeName(request.name), policy);
    const { device, bytes } = certificate;
    const former = contact.devices.find((entry) => equal(entry.device, device));
    const others = contact.devices.filter((entry) => {
      return entry !== former && deviceIn(read.list, entry.device);
    });
    const entry = former ?? { device, certificate: bytes, bundle: undefined, record: undefined };
    const isOurs = known && this.asking.has(known) && compare(this.me.identity, identity) < 0;
    const agreed = isOurs
      ? { secret: known.secret, pairing: true, besides: secret }
      : { secret, pairing: false, besides: undefined };
    const changed = { ...agreed, deviceList, devices: [entry, ...others] };
    return known ? Object.assign(known, changed) : { ...contact, ...changed };
  }

  /** What has to go for one more: the cheapest, of these the oldest; undefined: it is the one. */
  #makeRoom(key: string, bits: number): DocChange[] | undefined {
    const { soundMs } = this.context;
    const docs: DocChange[] = [];
    for (const [other, { identity, readMs }] of this.#waiting) {
      if (soundMs - readMs < REQUEST_KEEP_MS) continue;
      this.#waiting.delete(other);
      docs.push(gone(identity));
    }
    if (this.#waiting.has(key) || this.#waiting.size < REQUESTS_MAX) return docs;
    const least = this.list().sort((a, b) => a.bits - b.bits || a.readMs - b.readMs)[0]!;
    if (least.bits > bits) return undefined;
    this.#waiting.delete(hex(least.identity));
    this.#counters.dropped++;
    return [...docs, gone(least.identity)];
  }

  #forgetDeclined(): DocChange[] {
    const { soundMs } = this.context;
    const docs: DocChange[] = [];
    for (const [key, sinceMs] of this.#declinedMs) {
      const full = this.#declinedMs.size >= DECLINED_MAX;
      if (!full && soundMs - sinceMs < DECLINED_KEEP_MS) continue;
      this.#declinedMs.delete(key);
      docs.push(gone(fromHex(key)!));
    }
    return docs;
  }

  #changed(): void {
    this.context.notify({ topic: 'requests', waiting: this.waiting });
  }
}

function gone(identity: Uint8Array): DocChange {
  return { space: 'request', key: identity, value: undefined };
}
