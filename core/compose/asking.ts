/**
 * Asking: people whom we ask, by their ID alone, to let us in (DOR-12, DOR-13, DOR-18).
 *
 *   add --> held --a relay, or agreed--> asking: find their door, knock, keep it lying there
 *                                           |  '--a week--> given up, until asked again
 *                                           '--first link--> met, and nothing of it is left
 *
 * Held means that not a byte leaves: whoever has their ID could see where the question comes from
 * (DOR-3). Who hides from them asks by relays alone, and waits for one. The words, our name and the
 * pair secret are one `knock` event, sealed for their door device and, like every event, on disk
 * before it leaves; it is sent again over the first link until it is receipted.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { ID_BYTES, KNOCK_KIND } from '../base/event.ts';
import { earliest } from '../base/time.ts';
import type { Doc, DocChange, Envelope, VaultFault } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import type { AskingState } from '../commands.ts';
import type { AskedBy } from '../discovery/presence.ts';
import { dayOf } from '../discovery/door.ts';
import { KNOCK_PAYLOAD_BYTES_MAX } from '../discovery/knock.ts';
import { Knocker, type FoundDoor } from '../discovery/knocker.ts';
import { decodeAsked, encodeAsked, type Asked } from '../people/asked.ts';
import { readCertificate, type Certificate } from '../people/certificate.ts';
import type { Contact } from '../people/contact.ts';
import type { DeviceList } from '../people/device-list.ts';
import { encodeHail, encodeKnock } from '../people/knock.ts';
import { peerDevice, type Book } from './book.ts';
import { failed, type Context } from './context.ts';
import type { Finding } from './finding.ts';
import type { Mail } from './mail.ts';
import type { Me } from './self.ts';
import { VERSIONS } from './versions.ts';

/** People asked at a time; more wait until one has answered. */
export const ASKED_MAX = 16;
/** A knock that nobody answers is given up. */
export const GIVE_UP_MS = 7 * 24 * 3_600_000;
/** Waiting events sealed and looked at to find the knock among them. */
const SEAL_EVENTS = 256;
const PAGE_BYTES = 16 * 1024;
const CHECK_EVERY_MS = 3_600_000;
/** The id of an event that was stored a moment before a crash. */
const UNKNOWN = new Uint8Array(ID_BYTES);

export interface AskingPorts {
  /** Their door named a device: we may meet it. */
  takeUp(contact: Contact): void;
  /** Who asks the DHT where they could watch; undefined for nobody, whatever was agreed. */
  asksBy(contact: Contact): AskedBy | undefined;
}

/** How somebody is asked. */
export interface AskingWish {
  /** A person agrees that it may show our address (DOR-3). */
  readonly agreed: boolean;
  /** What is stored with it. */
  readonly docs: readonly DocChange[];
}

export class Asking {
  /** By hex of the identity key. */
  readonly #asked = new Map<string, Asked>();
  readonly #knockers = new Map<string, Knocker>();
  /** What screens were told last. */
  readonly #told = new Map<string, AskingState>();
  #checkAtMs: number;

  constructor(
    private readonly context: Context,
    private readonly me: Me,
    private readonly book: Book,
    private readonly mail: Pick<Mail, 'send'>,
    private readonly finding: Pick<Finding, 'strangers' | 'canHide' | 'networkMs'>,
    docs: readonly Doc[],
    private readonly ports: AskingPorts,
  ) {
    for (const { key, space, value } of docs) {
      const asked = space === 'knock' ? decodeAsked(key, value) : undefined;
      if (asked && book.contactOf(key)) this.#asked.set(hex(key), asked);
    }
    this.#checkAtMs = context.now.monoMs;
  }

  has(contact: Contact): boolean {
    return this.#asked.has(hex(contact.identity));
  }

  step(contact: Contact): AskingState | undefined {
    const asked = this.#asked.get(hex(contact.identity));
    if (!asked) return undefined;
    if (!this.#mayAsk(asked, contact)) return 'held';
    if (this.#isOver(asked)) return 'over';
    const step = this.#knockers.get(hex(contact.identity))?.step;
    if (step === undefined) return 'queued';
    return step === 'preparing' || step === 'minting' || step === 'placing' ? 'knocking' : step;
  }

  /** The device list that their door told: an older one than that is not theirs any more. */
  admitsList(contact: Contact, list: DeviceList): boolean {
    const told = this.#asked.get(hex(contact.identity))?.list;
    if (!told?.hash) return true;
    const entry = list.entries.find(({ version }) => version === told.version);
    return entry !== undefined && equal(entry.hash, told.hash);
  }

  /**
   * Stores a new contact with the words for them.
   * @param contact not in the book yet; it gets a pair secret here.
   */
  begin(
    contact: Contact,
    text: string,
    { agreed, docs: besides }: AskingWish,
    done: (fault: VaultFault | undefined) => void,
  ): void {
    const { identity } = contact;
    contact.secret = new Secret('pair', this.context.random(32));
    contact.pairing = true;
    const asked: Asked = {
      identity,
      agreed,
      sinceMs: this.context.soundMs,
      event: UNKNOWN,
      list: { version: 0, hash: undefined },
      placed: undefined,
    };
    const { displayName: name } = this.context.profile;
    const body = encodeHail({ name, secret: contact.secret, text });
    const draft = { kind: KNOCK_KIND, body, clientId: this.context.random(16) };
    const docs = [...besides, this.book.contactDoc(contact), this.#doc(asked)];
    this.mail.send(contact, draft, docs, (sent) => {
      if (!sent.ok) return done(sent.reason);
      asked.event = sent.stored.id;
      this.book.put(contact);
      this.#asked.set(hex(identity), asked);
      this.#save(asked);
      this.#fill();
      done(undefined);
    });
  }

  /** A person asks again: agrees now, or has had no answer for a week. */
  again(
    contact: Contact,
    { agreed, docs: besides }: AskingWish,
    done: (fault: VaultFault | undefined) => void,
  ): void {
    const asked = this.#asked.get(hex(contact.identity));
    if (!asked) return done(undefined);
    const changed = { agreed: asked.agreed || agreed, sinceMs: this.context.soundMs };
    const docs = [...besides, this.#doc({ ...asked, ...changed })];
    this.context.vault({ op: 'put', docs }, (reply) => {
      if (failed(reply)) return done(reply.reason);
      Object.assign(asked, changed);
      this.#fill();
      done(undefined);
    });
  }

  /** Another policy, for one of those who are asked, or other relays. */
  review(): void {
    this.#fill();
  }

  /** They want to be found now. */
  want(contact: Contact): void {
    this.#knockers.get(hex(contact.identity))?.want();
  }

  /** Met, or not wanted any more: nothing of it is kept. */
  end(contact: Contact): void {
    const key = hex(contact.identity);
    this.#knockers.get(key)?.stop();
    this.#knockers.delete(key);
    this.#told.delete(key);
    if (!this.#asked.delete(key)) return;
    const docs: DocChange[] = [{ space: 'knock', key: contact.identity, value: undefined }];
    this.context.vault({ op: 'put', docs }, () => undefined);
    this.#fill();
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    if (monoMs >= this.#checkAtMs) {
      this.#checkAtMs = monoMs + CHECK_EVERY_MS;
      this.#fill();
    }
    for (const knocker of this.#knockers.values()) knocker.handleTimeout();
  }

  wakeAtMs(): number | undefined {
    if (this.#asked.size === 0) return undefined;
    const knocks = [...this.#knockers.values()].map((knocker) => knocker.wakeAtMs());
    return earliest(this.#checkAtMs, ...knocks);
  }

  stats(): Record<string, number> {
    return { asked: this.#asked.size, knockers: this.#knockers.size };
  }

  #isOver(asked: Asked): boolean {
    return Math.abs(this.context.soundMs - asked.sinceMs) >= GIVE_UP_MS;
  }

  /** Is there a way that hides us, or one that was agreed to? */
  #mayAsk({ agreed }: Asked, contact: Contact): boolean {
    const by = this.ports.asksBy(contact);
    if (by === undefined) return false;
    return by === 'relays' || agreed || this.finding.canHide;
  }

  /** Ends what is over, and begins what has waited for a place. */
  #fill(): void {
    for (const [key, asked] of this.#asked) {
      const contact = this.book.contacts.get(key);
      const over = !contact || !this.#mayAsk(asked, contact) || this.#isOver(asked);
      const knocker = this.#knockers.get(key);
      if (over && knocker) {
        knocker.stop();
        this.#knockers.delete(key);
      }
      if (!over && !knocker && this.#knockers.size < ASKED_MAX) {
        this.#knockers.set(key, this.#knocker(key, asked));
      }
      this.#tell(key);
    }
  }

  /** Screens hear of each step once. */
  #tell(key: string): void {
    const contact = this.book.contacts.get(key);
    const step = contact && this.step(contact);
    if (!step || this.#told.get(key) === step) return;
    this.#told.set(key, step);
    const conversation = this.book.conversationText(contact);
    this.context.notify({ topic: 'contact', conversation });
  }

  #knocker(key: string, asked: Asked): Knocker {
    const { context, finding } = this;
    const mayShow = (): boolean => {
      const contact = this.book.contacts.get(key);
      return asked.agreed && contact !== undefined && this.ports.asksBy(contact) === 'ourselves';
    };
    return new Knocker({
      identity: asked.identity,
      random: context.random,
      dht: finding.strangers(mayShow),
      nowMs: () => context.now.monoMs,
      day: () => dayOf(finding.networkMs),
      listVersion: asked.list.version,
      placed: asked.placed,
      found: (found) => this.#found(key, found),
      stepped: () => this.#tell(key),
      save: (placed) => {
        asked.placed = placed;
        this.#save(asked);
      },
    });
  }

  /** A door was read. Its device is theirs where their identity certified it. */
  #found(key: string, { door, pointer }: FoundDoor): void {
    const asked = this.#asked.get(key);
    const contact = this.book.contacts.get(key);
    const answer = (payload: Uint8Array | undefined): void =>
      this.#knockers.get(key)?.handlePayload(payload);
    const read = readCertificate(door.certificate);
    const speaks = door.majors.some((major) => VERSIONS.includes(major));
    if (!asked || !contact || !read.ok || !speaks) return answer(undefined);
    const { certificate } = read;
    if (!equal(certificate.identity, asked.identity)) return answer(undefined);
    asked.list = pointer.list;
    const { bytes, device } = certificate;
    const { record } = contact.devices.find((entry) => equal(entry.device, device)) ?? {};
    contact.devices = [{ device, certificate: bytes, bundle: door.bundle, record }];
    const docs = [this.book.put(contact), this.#doc(asked)];
    this.context.vault({ op: 'put', docs }, (reply) => {
      if (failed(reply) || !this.#asked.has(key)) return answer(undefined);
      this.ports.takeUp(contact);
      this.#seal(contact, asked, { certificate, bundle: door.bundle }, (envelope) =>
        answer(envelope && this.#payload(envelope)),
      );
    });
  }

  #payload({ ciphertext, envelope }: Envelope): Uint8Array | undefined {
    const { device, deviceList, identity } = this.me;
    const payload = encodeKnock({ identity, device, deviceList, envelope, ciphertext });
    if (payload.length <= KNOCK_PAYLOAD_BYTES_MAX) return payload;
    this.context.log('warn', 'a knock is too large', { bytes: payload.length });
    return undefined;
  }

  /** The sealed `knock` event: from now, or from an earlier day. */
  #seal(
    contact: Contact,
    asked: Asked,
    to: { readonly certificate: Certificate; readonly bundle: Uint8Array },
    done: (envelope: Envelope | undefined) => void,
  ): void {
    const peer = peerDevice(to.certificate);
    const conversation = this.book.conversation(contact);
    // It is the first of our events, so the first envelope, even where a crash took its id.
    const isKnock = ({ event }: Envelope): boolean =>
      equal(event, asked.event) || equal(asked.event, UNKNOWN);
    const target = { peer, bundle: to.bundle };
    const waiting = { conversation, target, limit: SEAL_EVENTS, renew: false };
    this.context.vault({ op: 'seal-waiting', self: this.me, ...waiting }, (reply) => {
      if (failed(reply)) return done(undefined);
      const fresh = reply.envelopes.find(isKnock);
      if (fresh) return done(fresh);
      const { device } = peer;
      const page = { device, after: undefined, limitBytes: PAGE_BYTES };
      this.context.vault({ op: 'outbox', ...page }, (stored) => {
        done(failed(stored) ? undefined : stored.envelopes.find(isKnock));
      });
    });
  }

  #doc(asked: Asked): DocChange {
    return { space: 'knock', key: asked.identity, value: encodeAsked(asked) };
  }

  #save(asked: Asked): void {
    this.context.vault({ op: 'put', docs: [this.#doc(asked)] }, () => undefined);
  }
}
