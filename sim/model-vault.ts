/**
 * Model of the vault: the contract of core/base/vault.ts, synchronous and in memory, with a disk
 * that can be looked at. It passes the same contract suite as the real vault.
 *
 *   handle(request) --> pending --commit()--> durable
 *                          |
 *                          +----crash()-----> gone, exactly this
 *
 * A request either happens whole or not at all. Nothing here uses a clock or chance but what is
 * handed in, so a run of the simulator depends on its seed alone.
 * @module
 */
import { concat, equal, hex } from '@sotto/core/base/bytes.ts';
import { EVENT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import type { Random } from '@sotto/core/base/time.ts';
import type {
  Doc,
  DocChange,
  Envelope,
  Loaded,
  StoredEvent,
  VaultFault,
  VaultReply,
  VaultRequest,
  WaitingEvents,
} from '@sotto/core/base/vault.ts';
import { Journal, JournalMap } from './journal.ts';
import { ModelOutbox, type OutboxRow } from './model-outbox.ts';
import { ModelSessions, type VaultFlaws } from './model-sessions.ts';
import { type EventRow, ModelTimeline } from './model-timeline.ts';

/** Ends a request: the journal undoes what it did so far. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(readonly fault: VaultFault) {
    super(fault);
  }
}

type Request<Op extends VaultRequest['op']> = Extract<VaultRequest, { op: Op }>;

export class ModelVault {
  readonly #journal = new Journal();
  readonly #sessions: ModelSessions;
  readonly #outbox = new ModelOutbox(this.#journal);
  readonly timeline = new ModelTimeline(this.#journal);
  readonly #docs = new JournalMap<Doc>(this.#journal);
  readonly #clients = new JournalMap<Uint8Array>(this.#journal);
  /** Envelopes opened, by sender device. */
  readonly #opened = new JournalMap<Uint8Array>(this.#journal);
  readonly #unapplied = new JournalMap<StoredEvent>(this.#journal);

  constructor(random: Random, flaws: VaultFlaws = {}) {
    this.#sessions = new ModelSessions(this.#journal, random, flaws);
  }

  /** Carries a request out; nothing of it is durable before `commit`. */
  handle(request: VaultRequest): VaultReply {
    const mark = this.#journal.mark();
    try {
      return this.#carryOut(request);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#journal.rollback(mark);
      return { op: 'failed', reason: error.fault };
    }
  }

  /** Everything handled so far survives from here on. */
  commit(): void {
    this.#journal.commit();
    this.#settle();
  }

  /** The process died: what was not committed never happened. */
  crash(): void {
    this.#journal.rollback();
    this.#settle();
  }

  docs(): Doc[] {
    return [...this.#docs.values()];
  }

  /** Entries of every table, for the bounds. */
  sizes(): Readonly<Record<string, number>> {
    return {
      docs: this.#docs.size,
      events: this.timeline.size,
      outbox: this.#outbox.size,
      opened: this.#opened.size,
      unapplied: this.#unapplied.size,
    };
  }

  #settle(): void {
    this.timeline.settle();
    this.#sessions.settle();
  }

  #carryOut(request: VaultRequest): VaultReply {
    switch (request.op) {
      case 'load':
        return { op: 'load', loaded: this.#load() };
      case 'put':
        this.#put(request.docs);
        for (const id of request.applied ?? []) this.#unapplied.delete(hex(id));
        for (const { address, device } of request.retired ?? []) {
          this.#sessions.drop(address);
          this.#outbox.retire(device);
        }
        return { op: 'put' };
      case 'bundle':
        return { op: 'bundle', bundle: this.#sessions.bundle(request.wallMs) };
      case 'seal':
        return this.#seal(request);
      case 'seal-waiting':
        return this.#sealWaiting(request);
      case 'outbox':
        return this.#page(request);
      case 'open':
        return this.#open(request);
      case 'peek':
        return this.#peek(request);
      case 'receipt':
        return this.#receipt(request);
      case 'cancel':
        return this.#cancel(request.event);
      case 'release':
        this.timeline.release(request.conversation, request.author, request.sequence);
        return { op: 'release' };
      case 'mark-read':
        this.timeline.markRead(request.conversation, request.cursor);
        return { op: 'mark-read' };
      case 'forget':
        this.#forget(request);
        return { op: 'forget' };
    }
  }

  #load(): Loaded {
    return {
      docs: this.docs(),
      signalIdentity: this.#sessions.signalIdentity,
      waiting: this.#waiting(),
      unapplied: [...this.#unapplied.values()],
      held: this.timeline.heldAuthors(),
    };
  }

  #waiting(): WaitingEvents[] {
    const all = new Map<string, { conversation: Uint8Array; events: Map<string, Uint8Array> }>();
    for (const { conversation, event } of this.#outbox.all()) {
      const key = hex(conversation);
      const waiting = all.get(key) ?? { conversation, events: new Map<string, Uint8Array>() };
      waiting.events.set(hex(event), event);
      all.set(key, waiting);
    }
    return [...all.values()].map(({ conversation, events }) => {
      return { conversation, events: concat(...events.values()) };
    });
  }

  #put(docs: readonly DocChange[]): void {
    for (const { space, key, value } of docs) {
      const at = `${space}:${hex(key)}`;
      if (value === undefined) this.#docs.delete(at);
      else this.#docs.set(at, { space, key: key.slice(), value: value.slice() });
    }
  }

  #seal(request: Request<'seal'>): VaultReply {
    const { self, draft, targets } = request;
    const client = hex(draft.clientId);
    const known = this.#clients.get(client);
    if (known) {
      const stored = storedOf(this.timeline.get(known)!);
      return { op: 'seal', stored, duplicate: true, envelopes: [], waiting: [] };
    }
    const row = this.timeline.append(self.device, draft);
    if (row.bytes.length > EVENT_BYTES_MAX) throw new RefusedError('too large');
    this.#clients.set(client, row.id);
    this.#put(request.docs ?? []);
    const envelopes: Envelope[] = [];
    const waiting: Uint8Array[] = [];
    for (const target of targets) {
      const { device } = target.peer;
      if (!this.#outbox.hasRoom(device, row.bytes.length)) throw new RefusedError('outbox full');
      const envelope = this.#sessions.seal(self, target, row);
      this.#enqueue(row, device, envelope);
      if (envelope) envelopes.push(envelope);
      else waiting.push(device);
    }
    if (targets.length === 0) this.#enqueue(row, undefined, undefined);
    return { op: 'seal', stored: storedOf(row), duplicate: false, envelopes, waiting };
  }

  #enqueue(row: EventRow, device: Uint8Array | undefined, envelope: Envelope | undefined): void {
    const { conversation } = row.event;
    const sealed = envelope !== undefined;
    const bytes = row.bytes.length;
    this.#outbox.add({ event: row.id, conversation, device, sealed, bytes }, envelope);
  }

  #sealWaiting(request: Request<'seal-waiting'>): VaultReply {
    const { self, conversation, target, limit, renew } = request;
    const { device, address } = target.peer;
    this.#outbox.addressHomeless(conversation, device);
    if (renew) {
      this.#sessions.drop(address);
      for (const row of this.#outbox.rows(device)) this.#outbox.reseal(row, undefined);
    }
    const waiting = this.#outbox.rows(device).filter((row) => !row.sealed);
    const envelopes: Envelope[] = [];
    for (const row of waiting.slice(0, limit)) {
      const envelope = this.#sessions.seal(self, target, this.timeline.get(row.event)!);
      if (!envelope) break;
      this.#outbox.reseal(row, envelope);
      envelopes.push(envelope);
    }
    return {
      op: 'seal-waiting',
      envelopes,
      more: envelopes.length > 0 && envelopes.length < waiting.length,
    };
  }

  #page(request: Request<'outbox'>): VaultReply {
    const { device, after, limitBytes } = request;
    const from = (after && this.#outbox.positionOf(after, device)) ?? 0;
    const envelopes: Envelope[] = [];
    let bytes = 0;
    for (const { position, envelope } of this.#outbox.rows(device)) {
      if (!envelope || position <= from) continue;
      bytes += envelope.ciphertext.length;
      if (envelopes.length > 0 && bytes > limitBytes) {
        return { op: 'outbox', envelopes, more: true };
      }
      envelopes.push(envelope);
    }
    return { op: 'outbox', envelopes, more: false };
  }

  #open(request: Request<'open'>): VaultReply {
    const { device } = request.from;
    const key = `${hex(device)}:${hex(request.envelope)}`;
    if (this.#opened.has(key)) return { op: 'open', outcome: 'duplicate' };
    const opened = this.#sessions.open(request);
    if (!opened.ok) return { op: 'open', outcome: 'refused', reason: opened.reason };
    this.#opened.set(key, device);
    const received = this.timeline.receive(opened.event, opened.bytes);
    if (!received) return { op: 'open', outcome: 'duplicate' };
    const { row, fork, held } = received;
    const stored = storedOf(row);
    if (row.event.kind !== 'text') this.#unapplied.set(hex(row.id), stored);
    return { op: 'open', outcome: 'stored', stored, fork, held };
  }

  #peek(request: Request<'peek'>): VaultReply {
    const read = this.#sessions.peek({ ...request, kind: 'prekey' });
    if (!read.ok) return { op: 'peek', outcome: 'refused', reason: read.reason };
    return { op: 'peek', outcome: 'read', event: read.event };
  }

  #receipt({ device, envelopes }: Request<'receipt'>): VaultReply {
    const done: Uint8Array[] = [];
    for (const envelope of envelopes) {
      const event = this.#outbox.receipt(device, envelope);
      if (!event || this.#outbox.waitsFor(event)) continue;
      if (this.timeline.get(event)!.state === 'delivered') continue;
      this.timeline.setState(event, 'delivered');
      done.push(event);
    }
    return { op: 'receipt', events: done };
  }

  #cancel(event: Uint8Array): VaultReply {
    const row = this.timeline.get(event);
    if (!row || row.state === 'received' || row.state === 'delivered') {
      throw new RefusedError('not found');
    }
    const waiting = this.#outbox.all().filter((entry: OutboxRow) => equal(entry.event, event));
    for (const entry of waiting) this.#outbox.cancel(entry);
    if (row.state === 'waiting') this.timeline.setState(event, 'cancelled');
    return { op: 'cancel', events: [] };
  }

  #forget(request: Request<'forget'>): void {
    this.#outbox.forget(request.conversation);
    this.timeline.forget(request.conversation);
    for (const [client, id] of [...this.#clients.entries()]) {
      if (!this.timeline.get(id)) this.#clients.delete(client);
    }
    for (const [id, { event }] of [...this.#unapplied.entries()]) {
      if (equal(event.conversation, request.conversation)) this.#unapplied.delete(id);
    }
    for (const { address, device } of request.devices) {
      this.#sessions.drop(address);
      for (const [key, from] of [...this.#opened.entries()]) {
        if (equal(from, device)) this.#opened.delete(key);
      }
    }
    this.#put(request.docs);
  }
}

function storedOf({ id, event }: EventRow): StoredEvent {
  return { id, event };
}
