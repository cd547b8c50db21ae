/**
 * Model of the vault's sessions: our prekeys, one ratchet record per peer device, and the sealed
 * content that names both ends.
 *
 *   content  d recipient device, e event, f sender device, i sender identity, r recipient identity
 * @module
 */
import { asBytes, asDict, decode, encode } from '@sotto/core/base/bencode.ts';
import { equal, hex } from '@sotto/core/base/bytes.ts';
import { decodeEvent, type Event, ID_BYTES } from '@sotto/core/base/event.ts';
import { TIME_MS_MAX } from '@sotto/core/base/limits.ts';
import type { Random } from '@sotto/core/base/time.ts';
import type {
  Envelope,
  OpenRefusal,
  PeerDevice,
  SealTarget,
  Self,
  VaultRequest,
} from '@sotto/core/base/vault.ts';
import { type Journal, JournalMap } from './journal.ts';
import {
  BASE_BYTES,
  decrypt,
  encodeBundle,
  encrypt,
  initiate,
  PREKEY_ID_BYTES,
  readBundle,
  SIGNAL_IDENTITY_BYTES,
  type SessionRecord,
} from './model-ratchet.ts';
import type { EventRow } from './model-timeline.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_BUNDLE_MS = 7 * DAY_MS;
const KEEP_PREKEY_MS = 30 * DAY_MS;

/** Bugs to plant: each breaks one promise of the contract. */
export interface VaultFlaws {
  /** Every so many encryptions the session's step is not stored. */
  readonly skipStepEvery?: number;
  /** Requests of one batch work on sessions as they were when it began. */
  readonly noPeerOrder?: boolean;
}

interface Prekey {
  readonly id: Uint8Array;
  readonly madeMs: number;
  readonly retiredMs: number | undefined;
}

type OpenRequest = Extract<VaultRequest, { op: 'open' }>;
type Sealed = Pick<OpenRequest, 'self' | 'from' | 'conversation' | 'ciphertext' | 'kind'>;
export type OpenedContent =
  { ok: true; event: Event; bytes: Uint8Array } | { ok: false; reason: OpenRefusal };

export class ModelSessions {
  readonly signalIdentity: Uint8Array;
  readonly #random: Random;
  readonly #flaws: VaultFlaws;
  readonly #records: JournalMap<SessionRecord>;
  readonly #spentBases: JournalMap<true>;
  readonly #prekeys: JournalMap<Prekey>;
  readonly #batch = new Map<string, SessionRecord>();
  #encryptions = 0;

  constructor(journal: Journal, random: Random, flaws: VaultFlaws) {
    this.#random = random;
    this.#flaws = flaws;
    this.#records = new JournalMap(journal);
    this.#spentBases = new JournalMap(journal);
    this.#prekeys = new JournalMap(journal);
    this.signalIdentity = random(SIGNAL_IDENTITY_BYTES);
    this.signalIdentity[0] = 5; // libsignal's type byte for Curve25519 keys
  }

  /** After a commit or a crash: no batch is under way. */
  settle(): void {
    this.#batch.clear();
  }

  bundle(wallMs: number): Uint8Array {
    for (const { id, retiredMs } of [...this.#prekeys.values()]) {
      const old = retiredMs !== undefined && retiredMs <= wallMs - KEEP_PREKEY_MS;
      if (old) this.#prekeys.delete(hex(id));
    }
    let current = [...this.#prekeys.values()].find((prekey) => prekey.retiredMs === undefined);
    if (!current || wallMs - current.madeMs >= RENEW_BUNDLE_MS) {
      if (current) this.#prekeys.set(hex(current.id), { ...current, retiredMs: wallMs });
      current = { id: this.#random(PREKEY_ID_BYTES), madeMs: wallMs, retiredMs: undefined };
      this.#prekeys.set(hex(current.id), current);
    }
    return encodeBundle(this.signalIdentity, current.id);
  }

  /** Seals an event for a device: undefined where there is neither session nor a good bundle. */
  seal(self: Self, target: SealTarget, row: EventRow): Envelope | undefined {
    const { peer, bundle } = target;
    let record = this.#read(peer.address);
    const trusted = record.every((state) => equal(state.peer, peer.signalIdentity));
    if (!trusted) return undefined;
    if (record.length === 0) {
      const prekey = bundle && readBundle(bundle, peer.signalIdentity);
      if (!prekey) return undefined;
      const ends = { initiator: this.signalIdentity, responder: peer.signalIdentity };
      record = [initiate(prekey, ends, this.#random(BASE_BYTES))];
    }
    const plaintext = encode({
      d: peer.device,
      e: row.bytes,
      f: self.device,
      i: self.identity,
      r: peer.identity,
    });
    const sealed = encrypt(record, this.signalIdentity, plaintext);
    if (!this.#skipsStep(record)) this.#records.set(peer.address, sealed.record);
    return {
      envelope: this.#random(ID_BYTES),
      event: row.id,
      device: peer.device,
      kind: sealed.kind,
      ciphertext: sealed.ciphertext,
    };
  }

  /** Opens an envelope. A refusal changes nothing. */
  open(request: OpenRequest): OpenedContent {
    const read = this.#decrypt(request);
    if (!read.ok) return read;
    const { record, started } = read.decrypted;
    this.#records.set(request.from.address, record);
    if (started) this.#spentBases.set(hex(started), true);
    return read;
  }

  /** Opens an envelope and changes nothing. */
  peek(request: Sealed): OpenedContent {
    return this.#decrypt(request);
  }

  #decrypt(request: Sealed) {
    const { self, from, kind, ciphertext } = request;
    const decrypted = decrypt(this.#read(from.address), kind, ciphertext, from.signalIdentity, {
      signalIdentity: this.signalIdentity,
      has: (prekey) => this.#prekeys.has(hex(prekey)),
      spent: (base) => this.#spentBases.has(hex(base)),
    });
    if (!decrypted.ok) return decrypted;
    const content = readContent(decrypted.plaintext);
    const read = content && decodeEvent(content.event);
    if (!content || !read?.ok) return { ok: false, reason: 'malformed' } as const;
    const { event } = read;
    if (event.timeMs > TIME_MS_MAX) return { ok: false, reason: 'malformed' } as const;
    const asItMust =
      isFrom(content, from) &&
      isFor(content, self) &&
      equal(event.author, from.device) &&
      equal(event.conversation, request.conversation);
    if (!asItMust) return { ok: false, reason: 'mismatch' } as const;
    return { ok: true, event, bytes: content.event, decrypted } as const;
  }

  drop(address: string): void {
    this.#records.delete(address);
  }

  #read(address: string): SessionRecord {
    const stored = this.#records.get(address) ?? [];
    if (this.#flaws.noPeerOrder !== true) return stored;
    const inBatch = this.#batch.get(address) ?? stored;
    if (inBatch.length > 0) this.#batch.set(address, inBatch);
    return inBatch;
  }

  #skipsStep(record: SessionRecord): boolean {
    const every = this.#flaws.skipStepEvery;
    return every !== undefined && ++this.#encryptions % every === 0 && record[0]!.sends > 0;
  }
}

interface Content {
  readonly event: Uint8Array;
  readonly sender: Self;
  readonly recipient: Self;
}

function readContent(plaintext: Uint8Array): Content | undefined {
  const decoded = decode(plaintext);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const event = asBytes(dict?.['e']);
  const senderIdentity = asBytes(dict?.['i'], 32);
  const senderDevice = asBytes(dict?.['f'], 32);
  const identity = asBytes(dict?.['r'], 32);
  const device = asBytes(dict?.['d'], 32);
  if (!event || !senderIdentity || !senderDevice || !identity || !device) return undefined;
  const sender = { identity: senderIdentity, device: senderDevice };
  return { event, sender, recipient: { identity, device } };
}

function isFrom({ sender }: Content, peer: PeerDevice): boolean {
  return equal(sender.identity, peer.identity) && equal(sender.device, peer.device);
}

function isFor({ recipient }: Content, self: Self): boolean {
  return equal(recipient.identity, self.identity) && equal(recipient.device, self.device);
}
