/**
 * Checkers: what must hold at every moment of every run, and what must hold in the end.
 *
 *   always   what was accepted is on disk; what is said to be delivered is on the other disk;
 *            nothing is shown twice, from a stranger, changed, or out of its author's order;
 *            no message key seals two messages; generations and seqs of records never go back;
 *            no node is awake without pause
 *   in the end   everything accepted is shown where it was sent to, and its sender knows
 *
 * They look at disks and at what passes between node and vault, never inside the node.
 * @module
 */
import { hex, utf8Text } from '@sotto/core/base/bytes.ts';
import type { Doc, Envelope, VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { decodeRendezvous, decodeSelf, SELF_NAME } from '@sotto/core/discovery/presence-saved.ts';
import type { Answer } from './disk.ts';
import type { Host, Witness } from './host.ts';
import { keyName } from './model-ratchet.ts';
import type { ShownMessage } from './model-timeline.ts';

/** Enough to understand what went wrong; one is enough to fail. */
const VIOLATIONS_MAX = 20;

/** What a node may log while its disk is full. */
const DISK_ERRORS: readonly string[] = [
  'not stored',
  'our keys could not be stored',
  'the vault cannot be read',
];

export interface Violation {
  readonly check: string;
  readonly atMs: number;
  readonly detail: string;
}

/** A message a person has written, by its text: texts are unique. */
export interface Written {
  readonly from: Host;
  readonly to: Host;
  readonly text: string;
  /** Event id once the node has said that it will be delivered. */
  event: Uint8Array | undefined;
  cancelled: boolean;
}

export class Checkers implements Witness {
  readonly violations: Violation[] = [];
  readonly written = new Map<string, Written>();
  accepted = 0;
  readonly #nowMs: () => number;
  /** Hosts by hex of their device key. */
  readonly #devices = new Map<string, Host>();
  /** Ciphertext digests by message key. */
  readonly #keys = new Map<string, string>();
  /** Event and sender by envelope id. */
  readonly #envelopes = new Map<string, { event: Uint8Array; from: Host }>();
  /** Texts shown, by host. */
  readonly #received = new Map<Host, Set<string>>();
  /** By host, conversation and author: how far the latest release of held messages went. */
  readonly #releasedTo = new Map<string, number>();
  /** Highest generations and seqs seen on disks. */
  readonly #numbers = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  fail(check: string, detail: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    this.violations.push({ check, atMs: this.#nowMs(), detail });
  }

  /** A person has typed something; from now on this text may appear at the other end. */
  wrote(message: Written): void {
    this.written.set(message.text, message);
  }

  /** The node said yes: from now on it must arrive. */
  wasAccepted(message: Written, event: Uint8Array): void {
    if (message.event) {
      if (hex(message.event) === hex(event)) return;
      return this.fail('one client id is one message', `${message.from.name}: two events`);
    }
    message.event = event;
    this.accepted++;
    if (!message.from.vault.timeline.isDurable(event)) {
      this.fail('accepted is on disk', `${message.from.name} said yes to "${brief(message.text)}"`);
    }
  }

  /** A reply is about to reach the node: what it holds may leave the computer from here on. */
  answered(host: Host, { reply }: Answer): void {
    if ('envelopes' in reply) for (const envelope of reply.envelopes) this.#sealed(host, envelope);
  }

  committed(host: Host, { request, reply }: Answer): void {
    if ('self' in request) this.#devices.set(hex(request.self.device), host);
    if (reply.op === 'failed') return;
    if (request.op === 'open' && reply.op === 'open') this.#opened(host, request, reply);
    if (request.op === 'release') this.#released(host, request);
    if (request.op === 'receipt' && reply.op === 'receipt') this.#receipted(host, request);
    if ('docs' in request) {
      for (const doc of request.docs ?? []) {
        if (doc.space !== 'record') continue;
        if (doc.value) this.#record(host, { ...doc, value: doc.value });
        else this.#withdrawn(host, doc.key);
      }
    }
  }

  threw(host: Host, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fail('the node never throws', `${host.name}: ${text.split('\n').slice(0, 6).join(' | ')}`);
  }

  loggedError(host: Host, message: string): void {
    if (DISK_ERRORS.includes(message)) return;
    this.fail('no error without a cause', `${host.name}: ${message}`);
  }

  spins(host: Host): void {
    this.fail('no node spins', `${host.name}: what it waits for stays due`);
  }

  /** After a crash: the disk still holds everything that was accepted. */
  died(host: Host): void {
    for (const { event, from, text } of this.written.values()) {
      if (from !== host || !event || host.vault.timeline.isDurable(event)) continue;
      this.fail('a crash loses nothing accepted', `${host.name} lost "${brief(text)}"`);
    }
  }

  /** Messages accepted, not cancelled, and not yet shown at the other end and known to be. */
  undelivered(): Written[] {
    return [...this.written.values()].filter((message) => {
      const { cancelled, event, from, text, to } = message;
      if (!event || cancelled) return false;
      const known = from.vault.timeline.get(event)?.state === 'delivered';
      return !known || this.#received.get(to)?.has(text) !== true;
    });
  }

  /** What a person sees at the end: in order, once, by whom it is from. */
  checkScreens(hosts: readonly Host[]): void {
    for (const host of hosts) {
      const last = new Map<string, number>();
      const seen = new Set<string>();
      for (const message of host.vault.timeline.messages()) {
        this.#checkOrder(host, message, last);
        if (message.outgoing || message.text === undefined) continue;
        if (seen.has(message.text))
          this.fail('shown once', `${host.name}: "${brief(message.text)}"`);
        seen.add(message.text);
        if (message.fork) this.fail('no fork', `${host.name}: sequence ${message.sequence}`);
      }
      for (const { cancelled, event, text, to } of this.written.values()) {
        if (to !== host || !event || cancelled || seen.has(text)) continue;
        this.fail('everything accepted is shown', `${host.name} misses "${brief(text)}"`);
      }
    }
  }

  #checkOrder(host: Host, message: ShownMessage, last: Map<string, number>): void {
    const author = `${hex(message.conversation)} ${hex(message.author)}`;
    const before = last.get(author) ?? 0;
    const late = message.sequence < (this.#releasedTo.get(`${host.name} ${author}`) ?? 0);
    if (message.sequence < before && !late) {
      this.fail('shown in author order', `${host.name}: ${message.sequence} after ${before}`);
    }
    last.set(author, Math.max(before, message.sequence));
  }

  /** What was held behind a gap is shown from now on: the missing may still come, and late. */
  #released(host: Host, { author, conversation }: Extract<VaultRequest, { op: 'release' }>): void {
    const name = `${host.name} ${hex(conversation)} ${hex(author)}`;
    this.#releasedTo.set(name, host.vault.timeline.shownTo(conversation, author));
  }

  #sealed(host: Host, { ciphertext, envelope, event }: Envelope): void {
    this.#envelopes.set(hex(envelope), { event, from: host });
    const key = keyName(ciphertext);
    if (key === undefined) return;
    const digest = hex(sha256(ciphertext));
    const before = this.#keys.get(key);
    this.#keys.set(key, digest);
    if (before === undefined || before === digest) return;
    this.fail('no message key is used twice', `${host.name}: ${key.slice(0, 8)}${key.slice(64)}`);
  }

  #opened(
    host: Host,
    request: Extract<VaultRequest, { op: 'open' }>,
    reply: Extract<VaultReply, { op: 'open' }>,
  ): void {
    if (reply.outcome !== 'stored' || reply.stored.event.kind !== 'text') return;
    const text = utf8Text(reply.stored.event.body) ?? '';
    const message = this.written.get(text);
    if (!message) return this.fail('texts are unchanged', `${host.name}: "${brief(text)}"`);
    const author = this.#devices.get(hex(request.from.device));
    if (message.to !== host || message.from !== author) {
      this.fail('only from who wrote it', `${host.name}: "${brief(text)}" of ${message.from.name}`);
    }
    let received = this.#received.get(host);
    if (!received) this.#received.set(host, (received = new Set()));
    if (received.has(text)) this.fail('shown once', `${host.name}: "${brief(text)}"`);
    received.add(text);
  }

  #receipted(host: Host, request: Extract<VaultRequest, { op: 'receipt' }>): void {
    const recipient = this.#devices.get(hex(request.device));
    for (const id of request.envelopes) {
      const envelope = this.#envelopes.get(hex(id));
      if (envelope?.from !== host) continue; // an id we never gave out changes nothing
      if (recipient?.vault.timeline.isDurable(envelope.event) === true) continue;
      const who = recipient?.name ?? 'a stranger';
      this.fail('delivered is stored there', `${host.name} believes ${who} has it`);
    }
  }

  #record(host: Host, { key, value }: Doc): void {
    const name = recordName(host, key);
    if (utf8Text(key) === SELF_NAME) {
      return this.#neverBack(`${name} generation`, decodeSelf(value).generation);
    }
    const { highestSeq, read } = decodeRendezvous(value);
    this.#neverBack(`${name} seq`, highestSeq);
    for (const { device, generation } of read) {
      this.#neverBack(`${name} of ${hex(device)}`, generation);
    }
  }

  /** An invite that is over is forgotten; a contact's numbers are not. */
  #withdrawn(host: Host, key: Uint8Array): void {
    const name = recordName(host, key);
    if (!name.includes(' invite ')) return;
    for (const known of this.#numbers.keys())
      if (known.startsWith(name)) this.#numbers.delete(known);
  }

  #neverBack(name: string, value: number): void {
    const before = this.#numbers.get(name) ?? 0;
    if (value < before) this.fail('records never go back', `${name}: ${value} after ${before}`);
    this.#numbers.set(name, value);
  }
}

function recordName(host: Host, key: Uint8Array): string {
  return `${host.name} ${String.fromCharCode(...key).slice(0, 16)}`;
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
