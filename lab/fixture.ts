/**
 * A profile that looks as if somebody had lived in it, for measures and screenshots:
 *
 *   npx tsx lab/fixture.ts --data-dir DIR [--chats 500] [--messages 100000] [--largest 50000]
 *                          [--requests 2] [--seed 1]
 *
 * The folder must be new or empty. It holds a real vault, written by the vault's own code without
 * its worker and without libsignal, which would take minutes: what has arrived was never sealed.
 * A daemon opens it like any other; give it `--set dht.enabled=false`, because nobody is there.
 *
 * Chats: most people are known with a device, every tenth is verified, every twentieth was never
 * met, two are blocked, some have unread messages, a draft, or something that waits.
 * @module
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { encodeEvent, type Event, ZERO_HASH } from '@sotto/core/base/event.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { DocChange } from '@sotto/core/base/vault.ts';
import { createSelf, loadSelf, type Me } from '@sotto/core/compose/self.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { eventId } from '@sotto/core/crypto/event-id.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { CAN_ADMIT, issueCertificate } from '@sotto/core/people/certificate.ts';
import { encodeContact, newContact } from '@sotto/core/people/contact.ts';
import { conversationOf } from '@sotto/core/people/conversation.ts';
import { newDeviceList } from '@sotto/core/people/device-list.ts';
import { encodeRequest } from '@sotto/core/people/request.ts';
import { openStore } from '@sotto/vault/store.ts';
import { Tables } from '@sotto/vault/tables.ts';
import { FIRST_NAMES, LAST_NAMES, LONG_TEXT, SENTENCES } from './fixture-words.ts';

export interface FixtureOptions {
  readonly folder: string;
  readonly chats: number;
  readonly messages: number;
  /** Messages of the largest chat; the rest share what is left, the first ones most of it. */
  readonly largest: number;
  readonly requests: number;
  readonly seed: number;
  /** When the last message came. */
  readonly nowMs: number;
}

const SPAN_MS = 2 * 365 * 86_400_000;
const PER_TRANSACTION = 2_000;
const INDEXED_AT_ONCE = 5_000;
const DRAFTS = 5;
const BLOCKED = 2;
/** Chats whose last messages are unread, and how many those are at most. */
const UNREAD_CHATS = 40;
const UNREAD_MAX = 30;
/** Chats in which something of ours waits. */
const WAITING_CHATS = 12;

interface Person {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly conversation: Uint8Array;
  readonly met: boolean;
  /** Where each side stands: sequence of the last event, and its hash. */
  readonly ours: Head;
  readonly theirs: Head;
}

interface Head {
  sequence: number;
  hash: Uint8Array;
}

/** Writes the profile. 100,000 messages take about 15 s. */
export async function writeFixture(options: FixtureOptions): Promise<void> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  if (readdirSync(options.folder).length > 0) throw new Error(`${options.folder} is not empty`);
  const store = await openStore(options.folder, undefined, { synchronous: 'NORMAL' });
  try {
    const tables = new Tables(store.db);
    new Fixture(tables, options).write();
    while (tables.search.catchUp(INDEXED_AT_ONCE));
    store.db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    store.close();
  }
}

class Fixture {
  readonly #tables: Tables;
  readonly #options: FixtureOptions;
  readonly #prng: Prng;
  readonly #me: Me;
  readonly #people: Person[];

  constructor(tables: Tables, options: FixtureOptions) {
    this.#tables = tables;
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#me = this.#newSelf();
    this.#people = Array.from({ length: options.chats }, (_, i) => this.#person(i));
  }

  write(): void {
    const order = this.#order();
    const { nowMs } = this.#options;
    for (let from = 0; from < order.length; from += PER_TRANSACTION) {
      this.#transaction(() => {
        for (const [i, chat] of order.slice(from, from + PER_TRANSACTION).entries()) {
          const ageMs = (SPAN_MS * (order.length - from - i - 1)) / order.length;
          this.#message(chat, Math.floor(nowMs - ageMs), from + i >= order.length - 1);
        }
      });
    }
    this.#transaction(() => {
      this.#markRead();
      for (let i = 0; i < WAITING_CHATS; i++) this.#waiting(this.#chat(i * 3 + 1));
      this.#tables.docs.change([...this.#drafts(), ...this.#requests()]);
    });
  }

  #transaction(work: () => void): void {
    this.#tables.db.transaction(work).immediate();
  }

  #chat(index: number): number {
    return index % this.#people.length;
  }

  #random(count: number): Uint8Array {
    return this.#prng.bytes(count);
  }

  #newSelf(): Me {
    const signalIdentity = this.#tables.prekeys.identity.publicKey.serialize();
    const doc = createSelf(this.#prng.bytes, signalIdentity);
    this.#transaction(() => this.#tables.docs.change([doc]));
    const docs = this.#tables.docs.all();
    const me = loadSelf({ docs, signalIdentity, waiting: [], unapplied: [], held: [] });
    if (!me) throw new Error('the keys do not read back');
    return me;
  }

  #person(index: number): Person {
    const { nowMs } = this.#options;
    const identity = new SigningKey(new Secret('identity', this.#random(32)));
    const device = new SigningKey(new Secret('device signing', this.#random(32)));
    const signal = Uint8Array.of(5, ...this.#random(32));
    const noise = dhPublicKey(this.#random(32));
    const keys = { noise, signal, number: 1, capabilities: [CAN_ADMIT] };
    const certificate = issueCertificate(keys, identity, device);
    const contact = newContact(identity.publicKey, nameOf(index));
    const met = index % 20 !== 19;
    if (met) {
      const { bytes } = certificate;
      const entry = { device: device.publicKey, certificate: bytes };
      contact.devices = [{ ...entry, bundle: undefined, record: undefined }];
      contact.deviceList = newDeviceList(certificate, identity).bytes;
      contact.secret = new Secret('pair', this.#random(32));
      contact.lastSeenMs = nowMs - this.#prng.int(0, 40 * 86_400_000);
    }
    if (met && index % 10 === 0) contact.verifiedMs = nowMs - index * 3_600_000;
    contact.blocked = index >= this.#options.chats - BLOCKED && index > BLOCKED;
    const value = encodeContact(contact);
    const key = identity.publicKey;
    this.#transaction(() => this.#tables.docs.change([{ space: 'contact', key, value }]));
    return {
      identity: key,
      device: device.publicKey,
      conversation: conversationOf(this.#me.identity, key),
      met,
      ours: { sequence: 0, hash: ZERO_HASH },
      theirs: { sequence: 0, hash: ZERO_HASH },
    };
  }

  /** Which chat each message is of: shuffled, so that all of them have grown side by side. */
  #order(): number[] {
    const { chats, largest, messages } = this.#options;
    const rest = Math.max(0, messages - largest);
    const weights = Array.from({ length: chats - 1 }, (_, i) => 1 / (i + 4));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const order = Array<number>(Math.min(largest, messages)).fill(0);
    for (const [i, weight] of weights.entries()) {
      const count = Math.max(1, Math.floor((rest * weight) / total));
      order.push(...Array<number>(count).fill(i + 1));
    }
    while (order.length < messages) order.push(this.#prng.int(1, Math.max(1, chats - 1)));
    order.length = messages;
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.#prng.int(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  /** One text, theirs as it was received, ours as it was delivered. */
  #message(chat: number, timeMs: number, isLast: boolean): void {
    const person = this.#people[chat]!;
    const isOurs = !person.met || isLast || this.#prng.chance(0.45);
    const entry = this.#event(person, isOurs, timeMs);
    const { ledger, messages, outbox } = this.#tables;
    if (!isOurs) return void ledger.receive(entry);
    const own = { ...entry, hash: person.ours.hash, clientId: this.#random(16), waiting: 1 };
    const row = ledger.append(own);
    if (!person.met) {
      const { conversation } = person;
      return outbox.add(row, { conversation }, entry.bytes.length);
    }
    const { device } = person;
    const envelope = this.#random(16);
    const ciphertext = this.#random(32);
    const sealed = { envelope, event: entry.id, device, kind: 'message', ciphertext } as const;
    outbox.add(row, { device }, entry.bytes.length, sealed);
    messages.receipt(device, [envelope], { route: 'direct', wallMs: timeMs + 300 });
  }

  /** Ours, without a receipt and not sealed yet. */
  #waiting(chat: number): void {
    const person = this.#people[chat]!;
    const entry = this.#event(person, true, this.#options.nowMs);
    const clientId = this.#random(16);
    const { conversation, device, met, ours } = person;
    const row = this.#tables.ledger.append({ ...entry, hash: ours.hash, clientId, waiting: 1 });
    this.#tables.outbox.add(row, met ? { device } : { conversation }, entry.bytes.length);
  }

  #event(
    person: Person,
    isOurs: boolean,
    timeMs: number,
  ): { id: Uint8Array; event: Event; bytes: Uint8Array; storedMs: number } {
    const head = isOurs ? person.ours : person.theirs;
    const event: Event = {
      conversation: person.conversation,
      author: isOurs ? this.#me.device : person.device,
      sequence: ++head.sequence,
      timeMs,
      kind: 'text',
      body: utf8(this.#text()),
      refs: [],
      previous: head.hash,
    };
    const bytes = encodeEvent(event);
    head.hash = sha256(bytes);
    return { id: eventId(event), event, bytes, storedMs: timeMs };
  }

  #text(): string {
    if (this.#prng.chance(0.005)) return LONG_TEXT.repeat(this.#prng.int(3, 40));
    const count = this.#prng.chance(0.3) ? this.#prng.int(2, 4) : 1;
    const pick = (): string => SENTENCES[this.#prng.int(0, SENTENCES.length - 1)]!;
    return Array.from({ length: count }, pick).join(' ');
  }

  #markRead(): void {
    const rows = this.#tables.db.prepare(
      'SELECT e.cursor FROM events e JOIN conversations c ON c.id = e.conversation ' +
        'WHERE c.conversation = ? AND e.cursor IS NOT NULL ORDER BY e.cursor DESC LIMIT 1 OFFSET ?',
    );
    for (const [i, { conversation }] of this.#people.entries()) {
      const isUnread = i % Math.ceil(this.#people.length / UNREAD_CHATS) === 2;
      const offset = isUnread ? this.#prng.int(1, UNREAD_MAX) : 0;
      const row = rows.get(conversation, offset) as { cursor: number } | undefined;
      if (row) this.#tables.messages.markRead(conversation, row.cursor);
    }
  }

  #drafts(): DocChange[] {
    return this.#people.slice(3, 3 + DRAFTS).map(({ identity }, i) => {
      const value = utf8(`${SENTENCES[i + 6]!} and then`);
      return { space: 'draft', key: identity, value };
    });
  }

  /** People who knocked; their first message cannot be opened, so they can only be declined. */
  #requests(): DocChange[] {
    return Array.from({ length: this.#options.requests }, (_, i) => {
      const { publicKey: identity } = new SigningKey(new Secret('identity', this.#random(32)));
      const value = encodeRequest({
        identity,
        device: this.#random(32),
        deviceList: new Uint8Array(0),
        envelope: this.#random(16),
        ciphertext: this.#random(256),
        name: i % 2 === 0 ? 'Sam from the fair' : nameOf(0),
        text: 'Hello, we met at the fair on Saturday. Do you have a minute?',
        secret: new Secret('pair', this.#random(32)),
        bits: 20,
        readMs: this.#options.nowMs - i * 3_600_000,
      });
      return { space: 'request', key: identity, value };
    });
  }
}

/** No two people have one name. */
function nameOf(index: number): string {
  const first = FIRST_NAMES[index % FIRST_NAMES.length]!;
  const round = Math.floor(index / FIRST_NAMES.length);
  if (round === 0) return index % 3 === 0 ? `${first} ${LAST_NAMES[0]!}` : first;
  return `${first} ${LAST_NAMES[(index * 7 + round) % LAST_NAMES.length]!} ${round}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string' },
      chats: { type: 'string', default: '500' },
      messages: { type: 'string', default: '100000' },
      largest: { type: 'string', default: '50000' },
      requests: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
    },
  });
  const folder = values['data-dir'];
  const number = (name: 'chats' | 'messages' | 'largest' | 'requests' | 'seed'): number =>
    Number.parseInt(values[name], 10);
  if (folder === undefined) throw new Error('--data-dir DIR is needed');
  await writeFixture({
    folder,
    chats: number('chats'),
    messages: number('messages'),
    largest: number('largest'),
    requests: number('requests'),
    seed: number('seed'),
    nowMs: Date.now(),
  });
}

if (process.argv[1]?.endsWith('fixture.ts')) await main();
