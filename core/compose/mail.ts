/**
 * Mail: messages between us and the devices of our contacts. Every event is sealed and stored by
 * the vault before it is sent, opened and stored before it is receipted; the outboxes bring
 * sealed envelopes over whatever link is up.
 * @module
 */
import type { Dict } from '../base/bencode.ts';
import { fromHex, hex } from '../base/bytes.ts';
import { idsIn } from '../base/event.ts';
import { earliest } from '../base/time.ts';
import type { DocChange, Envelope, HeldAuthor, Loaded, Self } from '../base/vault.ts';
import type { StoredEvent, VaultFault } from '../base/vault.ts';
import { Gaps } from '../delivery/gaps.ts';
import { Outbox } from '../delivery/outbox.ts';
import { Receipts } from '../delivery/receipts.ts';
import { decodeDelivery, encodeDelivery, type DeliveryMessage } from '../delivery/wire.ts';
import type { Contact } from '../people/contact.ts';
import { conversationText } from '../people/conversation.ts';
import type { RouteName } from '../effects.ts';
import type { Book, KnownDevice } from './book.ts';
import { failed, type Context } from './context.ts';
import { Gathering, Lanes, OPENING_MAX, type Done } from './receiving.ts';

/** A session with one device is renewed at most this often (Matrix MSC1719's lesson). */
export const RENEW_EVERY_MS = 60_000;
/** Waiting events sealed per request once a device becomes known. */
export const SEAL_WAITING_EVENTS = 256;

/** Sealing that the disk refused is tried again after this time. */
export const SEAL_AGAIN_MS = 5_000;
/** So is writing what control events change. */
export const APPLY_AGAIN_MS = 5_000;

/** A link to a known device over which mail may go. */
export interface MailLink {
  readonly link: number;
  readonly device: string;
  readonly route: RouteName;
}

export interface MailPorts {
  /** False where the link has no room now. */
  send(link: number, body: Uint8Array): boolean;
  credit(link: number, bytes: number): void;
  /** Since when the far side has all that was sent; undefined while a part is under way. */
  idleSinceMs(link: number): number | undefined;
  /** A control event was stored: what it changes, to be written with it. */
  apply(contact: Contact, stored: StoredEvent): DocChange[];
  /** An event of ours has reached every device it was for. */
  arrived(): void;
}

export type Sent =
  { ok: true; stored: StoredEvent; duplicate: boolean } | { ok: false; reason: VaultFault };

interface Unapplied {
  readonly contact: Contact;
  readonly stored: StoredEvent;
  /** Once its effect is on disk. */
  readonly done: () => void;
  /** After the disk refused it; undefined while it is being written. */
  againAtMs?: number;
}

/** Receipts that came, and what is credited once they are stored. */
interface Got {
  readonly link: MailLink;
  readonly envelopes: readonly Uint8Array[];
  readonly bytes: number;
}

interface Line {
  link: MailLink;
  readonly receipts: Receipts;
}

export class Mail {
  /** By device key. */
  readonly #outboxes = new Map<string, Outbox>();
  readonly #lines = new Map<string, Line>();
  readonly #renewedAtMs = new Map<string, number>();
  /** Devices for which events wait unsealed because the disk refused. */
  readonly #sealAgainAtMs = new Map<string, number>();
  /** Control events on disk whose effect is not, by their id. */
  readonly #unapplied = new Map<string, Unapplied>();
  /** By device, as what it sent came in. */
  readonly #opening = new Lanes(OPENING_MAX);
  readonly #got = new Gathering<Got>((messages, done) => this.#store(messages, done));
  /** Undelivered events of ours by conversation. */
  readonly #pending = new Map<string, Set<string>>();
  /** Gaps being waited for, by conversation and author. */
  readonly #gaps = new Map<string, { held: HeldAuthor; gaps: Gaps }>();

  constructor(
    private readonly context: Context,
    private readonly self: Self,
    private readonly book: Book,
    private readonly ports: MailPorts,
    loaded: Loaded,
  ) {
    for (const { conversation, events } of loaded.waiting) {
      for (const event of idsIn(events)) this.#addPending(conversation, event);
    }
    // Which of them came last is not told: all of them are shown together.
    for (const held of loaded.held) this.#watchGap(held, Number.MAX_SAFE_INTEGER);
  }

  /** Events of this conversation that have not reached everybody. */
  waiting(contact: Contact): number {
    return this.#pending.get(hex(this.book.conversation(contact)))?.size ?? 0;
  }

  isPending(event: string): boolean {
    return [...this.#pending.values()].some((events) => events.has(event));
  }

  /** A link to a known device is ready; a former line of the device is replaced. */
  attach(link: MailLink): void {
    this.#lines.set(link.device, { link, receipts: new Receipts() });
    this.#outboxOf(link.device).handleLinkUp(this.context.now.monoMs);
    this.#pump(link.device);
    this.#sealWaiting(link.device, false);
  }

  /** Their hello came again on this link: its bundle may be another. */
  handleHello(device: string): void {
    this.#sealWaiting(device, false);
  }

  detach(device: string, link: number): void {
    if (this.#lines.get(device)?.link.link !== link) return;
    this.#lines.delete(device);
    this.#outboxes.get(device)?.handleLinkDown();
  }

  /** Appends an event of ours to the conversation with a contact and sends it when it can. */
  send(
    contact: Contact,
    draft: { kind: string; body: Uint8Array; clientId: Uint8Array },
    docs: readonly DocChange[],
    done: (sent: Sent) => void,
  ): void {
    const { context } = this;
    const conversation = this.book.conversation(contact);
    const targets = this.book.devicesOf(contact).map(({ bundle, peer }) => ({ peer, bundle }));
    const event = { ...draft, conversation, refs: [], timeMs: context.shownMs };
    context.vault({ op: 'seal', self: this.self, draft: event, targets, docs }, (reply) => {
      if (failed(reply)) return done({ ok: false, reason: reply.reason });
      if (!reply.duplicate) {
        this.#addPending(conversation, reply.stored.id);
        context.notify({ topic: 'feed' });
      }
      for (const envelope of reply.envelopes) this.#fresh(envelope);
      for (const device of reply.waiting) this.#sealWaiting(hex(device), false);
      done({ ok: true, stored: reply.stored, duplicate: reply.duplicate });
    });
  }

  /** Stops sending an undelivered event; `done(false)` where the vault refused. */
  cancel(event: Uint8Array, done: (cancelled: boolean) => void): void {
    const { wallMs } = this.context.now;
    this.context.vault({ op: 'cancel', event, wallMs }, (reply) => {
      const cancelled = !failed(reply);
      if (cancelled) {
        this.#settled([event]);
        for (const outbox of this.#outboxes.values()) outbox.handleCancelled(event);
      }
      done(cancelled);
    });
  }

  /** One delivery message from a device. Returns false where it is none. */
  handleMessage(link: MailLink, name: string, dict: Dict, bytes: number): boolean {
    const message = decodeDelivery(name, dict);
    if (!message) return false;
    switch (message.type) {
      case 'envelope':
        this.#opening.run(link.device, (done) => this.#open(link, message, bytes, done));
        break;
      case 'got':
        this.#outboxes.get(link.device)?.handleReceipt(message.envelopes, this.context.now.monoMs);
        this.#pump(link.device);
        this.#got.add(link.device, { link, envelopes: message.envelopes, bytes });
        break;
      case 'refused':
        this.ports.credit(link.link, bytes);
        this.#refused(link, message);
    }
    return true;
  }

  handleWritable(device: string): void {
    const { monoMs } = this.context.now;
    this.#lines.get(device)?.receipts.handleWritable(monoMs);
    this.#flushReceipts(device);
    this.#outboxes.get(device)?.handleWritable(monoMs);
    this.#pump(device);
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (const device of this.#lines.keys()) this.#flushReceipts(device);
    for (const [device, outbox] of this.#outboxes) {
      const line = this.#lines.get(device);
      outbox.handleTimeout(monoMs, line && this.ports.idleSinceMs(line.link.link));
      this.#pump(device);
    }
    for (const [device, atMs] of this.#sealAgainAtMs) {
      if (monoMs < atMs) continue;
      this.#sealAgainAtMs.delete(device);
      this.#sealWaiting(device, false);
    }
    for (const unapplied of [...this.#unapplied.values()]) {
      if (monoMs >= (unapplied.againAtMs ?? Infinity)) this.#apply(unapplied);
    }
    for (const [key, { gaps, held }] of this.#gaps) {
      const sequence = gaps.take(monoMs);
      if (gaps.size === 0) this.#gaps.delete(key);
      if (sequence !== undefined) this.#release({ ...held, sequence });
    }
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { receipts } of this.#lines.values()) {
      soonest = earliest(soonest, receipts.wakeAtMs());
    }
    for (const outbox of this.#outboxes.values()) soonest = earliest(soonest, outbox.wakeAtMs());
    soonest = earliest(soonest, ...this.#sealAgainAtMs.values());
    for (const { againAtMs } of this.#unapplied.values()) soonest = earliest(soonest, againAtMs);
    for (const { gaps } of this.#gaps.values()) soonest = earliest(soonest, gaps.wakeAtMs());
    return soonest;
  }

  /** The contact is gone: nothing of theirs is kept in memory. */
  forget(contact: Contact, devices: readonly KnownDevice[]): void {
    this.#pending.delete(hex(this.book.conversation(contact)));
    for (const [key, unapplied] of this.#unapplied) {
      if (unapplied.contact === contact) this.#unapplied.delete(key);
    }
    this.retire(devices);
  }

  /** These devices are no more. */
  retire(devices: readonly KnownDevice[]): void {
    for (const { key } of devices) {
      this.#outboxes.delete(key);
      this.#lines.delete(key);
      this.#renewedAtMs.delete(key);
      this.#sealAgainAtMs.delete(key);
    }
  }

  stats(): Record<string, number> {
    let [held, receipts] = [0, 0];
    for (const outbox of this.#outboxes.values()) held += outbox.held;
    for (const line of this.#lines.values()) receipts += line.receipts.waiting;
    return {
      outboxes: this.#outboxes.size,
      lines: this.#lines.size,
      envelopes: held,
      receipts,
      gaps: this.#gaps.size,
      unapplied: this.#unapplied.size,
    };
  }

  // Outgoing

  #outboxOf(device: string): Outbox {
    let outbox = this.#outboxes.get(device);
    if (!outbox) {
      outbox = new Outbox();
      this.#outboxes.set(device, outbox);
    }
    return outbox;
  }

  #fresh(envelope: Envelope): void {
    const device = hex(envelope.device);
    this.#outboxes.get(device)?.handleFresh([envelope], this.context.now.monoMs);
    this.#pump(device);
  }

  /** Lets the outbox of a device send and read what it wants. */
  #pump(device: string): void {
    const outbox = this.#outboxes.get(device);
    const line = this.#lines.get(device);
    if (!outbox || !line) return;
    for (let out = outbox.poll(); out; out = outbox.poll()) {
      if (out.type === 'page') {
        this.#page(device, outbox, out.after, out.limitBytes);
      } else if (!this.#sendOn(line, { type: 'envelope', ...out.envelope })) {
        outbox.handleBlocked(out.envelope);
        break;
      }
    }
  }

  #page(device: string, outbox: Outbox, after: Uint8Array | undefined, limitBytes: number): void {
    const known = this.book.device(device);
    if (!known) return;
    const request = { op: 'outbox' as const, device: known.peer.device, after, limitBytes };
    this.context.vault(request, (reply) => {
      const { monoMs } = this.context.now;
      if (failed(reply)) outbox.handlePageFailed(monoMs);
      else outbox.handlePage(reply.envelopes, reply.more, monoMs);
      this.#pump(device);
    });
  }

  #sendOn(line: Line, message: DeliveryMessage): boolean {
    return this.ports.send(line.link.link, encodeDelivery(message));
  }

  /** Seals what waits for a device whose bundle we have, all of it, page by page. */
  #sealWaiting(device: string, renew: boolean): void {
    const known = this.book.device(device);
    if (!known || !this.#lines.has(device)) return;
    const request = {
      op: 'seal-waiting' as const,
      self: this.self,
      conversation: this.book.conversation(known.contact),
      target: { peer: known.peer, bundle: known.bundle },
      limit: SEAL_WAITING_EVENTS,
      renew,
    };
    this.context.vault(request, (reply) => {
      if (failed(reply)) {
        this.context.log('warn', 'waiting events could not be sealed', { reason: reply.reason });
        this.#sealAgainAtMs.set(device, this.context.now.monoMs + SEAL_AGAIN_MS);
      } else if (reply.more) {
        this.#sealWaiting(device, false);
      } else if (reply.envelopes.length > 0 || renew) {
        this.#outboxes.get(device)?.handleRenewed(this.context.now.monoMs);
        this.#pump(device);
      }
    });
  }

  /** Credited only when the vault has answered: else it would be asked without end (DEL-12). */
  #store(messages: readonly Got[], done: Done): void {
    const { context } = this;
    const { device: key, route } = messages.at(-1)!.link;
    const credit = (): void => {
      for (const { bytes, link } of messages) this.ports.credit(link.link, bytes);
      done();
    };
    const known = this.book.device(key);
    if (!known) return credit();
    const { device } = known.peer;
    const envelopes = messages.flatMap((message) => message.envelopes);
    const { wallMs } = context.now;
    context.vault({ op: 'receipt', device, envelopes, route, wallMs }, (reply) => {
      credit();
      if (failed(reply)) {
        this.#outboxes.get(key)?.handleReceiptLost(context.now.monoMs);
      } else if (reply.events.length > 0) {
        this.#settled(reply.events);
        this.ports.arrived();
      }
    });
  }

  #refused(link: MailLink, message: Extract<DeliveryMessage, { type: 'refused' }>): void {
    const { monoMs } = this.context.now;
    this.context.log('warn', 'the far side could not take a message', { why: message.why });
    if (message.why === 'never') return;
    const lastMs = this.#renewedAtMs.get(link.device);
    if (lastMs !== undefined && monoMs - lastMs < RENEW_EVERY_MS) return;
    this.#renewedAtMs.set(link.device, monoMs);
    this.#sealWaiting(link.device, true);
  }

  /** These events have reached everybody, or were given up. */
  #settled(events: readonly Uint8Array[]): void {
    for (const event of events) {
      const key = hex(event);
      for (const [conversation, pending] of this.#pending) {
        if (!pending.delete(key)) continue;
        if (pending.size === 0) this.#pending.delete(conversation);
        this.#notifyWaiting(conversation);
      }
    }
    this.context.notify({ topic: 'feed' });
  }

  #addPending(conversation: Uint8Array, event: Uint8Array): void {
    const key = hex(conversation);
    const events = this.#pending.get(key) ?? new Set<string>();
    this.#pending.set(key, events.add(hex(event)));
    this.#notifyWaiting(key);
  }

  /** @param conversation hex */
  #notifyWaiting(conversation: string): void {
    const text = conversationText(fromHex(conversation)!);
    this.context.notify({ topic: 'waiting', conversation: text });
  }

  // Incoming

  #open(
    link: MailLink,
    message: Extract<DeliveryMessage, { type: 'envelope' }>,
    bytes: number,
    done: Done,
  ): void {
    const known = this.book.device(link.device);
    const credit = (): void => {
      this.ports.credit(link.link, bytes);
      done();
    };
    if (!known) return credit();
    const { contact, peer } = known;
    const { ciphertext, envelope, kind } = message;
    const conversation = this.book.conversation(contact);
    const request = { op: 'open' as const, self: this.self, from: peer, conversation, envelope };
    const { wallMs } = this.context.now;
    this.context.vault({ ...request, kind, ciphertext, wallMs }, (reply) => {
      credit();
      // A refusing disk gets no receipt: the sender keeps the message and tries again.
      if (failed(reply)) return this.context.log('error', 'not stored', { reason: reply.reason });
      if (reply.outcome === 'duplicate') {
        // It may be one of these, sealed anew. It is sent again, and then they are applied.
        if (this.#hasUnapplied(contact)) return;
        return this.#receipt(link, envelope);
      }
      if (reply.outcome === 'refused') return this.#refuse(link, envelope, reply.reason);
      if (reply.held) {
        const newest = Math.max(reply.held.sequence, reply.stored.event.sequence);
        this.#watchGap(reply.held, newest);
      }
      this.context.notify({ topic: 'feed' });
      if (reply.stored.event.kind === 'text') return this.#receipt(link, envelope);
      // A control event is receipted only when its effect is on disk too (DEL-5).
      this.applyControl(contact, reply.stored, () => this.#receipt(link, envelope));
    });
  }

  /** Carries out a stored control event; `done` runs once its effect is on disk too. */
  applyControl(contact: Contact, stored: StoredEvent, done: () => void): void {
    const unapplied: Unapplied = { contact, stored, done };
    this.#unapplied.set(hex(stored.id), unapplied);
    this.#apply(unapplied);
  }

  #apply(unapplied: Unapplied): void {
    const { contact, done, stored } = unapplied;
    const key = hex(stored.id);
    delete unapplied.againAtMs;
    const docs = this.ports.apply(contact, stored);
    this.context.vault({ op: 'put', docs, applied: [stored.id] }, (reply) => {
      if (this.#unapplied.get(key) !== unapplied) return; // the contact is gone
      if (failed(reply)) {
        unapplied.againAtMs = this.context.now.monoMs + APPLY_AGAIN_MS;
        return;
      }
      this.#unapplied.delete(key);
      done();
    });
  }

  #hasUnapplied(contact: Contact): boolean {
    return [...this.#unapplied.values()].some((unapplied) => unapplied.contact === contact);
  }

  #receipt(link: MailLink, envelope: Uint8Array): void {
    const line = this.#lines.get(link.device);
    if (line?.link.link !== link.link) return; // a new link will ask again
    line.receipts.add(envelope, this.context.now.monoMs);
    this.#flushReceipts(link.device);
  }

  #flushReceipts(device: string): void {
    const line = this.#lines.get(device);
    if (!line) return;
    const { monoMs } = this.context.now;
    for (let ids = line.receipts.take(monoMs); ids; ids = line.receipts.take(monoMs)) {
      if (this.#sendOn(line, { type: 'got', envelopes: ids })) continue;
      return line.receipts.putBack(ids);
    }
  }

  #refuse(link: MailLink, envelope: Uint8Array, reason: string): void {
    this.context.log('warn', 'a sealed message was refused', { reason });
    const renew = reason === 'no session' || reason === 'undecryptable';
    const line = this.#lines.get(link.device);
    if (line?.link.link !== link.link) return;
    this.#sendOn(line, { type: 'refused', envelope, why: renew ? 'renew' : 'never' });
  }

  #watchGap(held: HeldAuthor, sequence: number): void {
    const key = `${hex(held.conversation)} ${hex(held.author)}`;
    const watched = this.#gaps.get(key) ?? { held, gaps: new Gaps() };
    watched.gaps.hold(sequence, this.context.now.monoMs);
    this.#gaps.set(key, watched);
  }

  #release(held: HeldAuthor): void {
    this.context.vault({ op: 'release', ...held }, (reply) => {
      if (failed(reply)) this.#watchGap(held, held.sequence);
      else this.context.notify({ topic: 'feed' });
    });
  }
}
