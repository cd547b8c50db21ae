/**
 * The people of the contract suite: two of them, each with one device and a vault.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { idsIn } from '@sotto/core/base/event.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type {
  EventDraft,
  PeerDevice,
  SealTarget,
  Self,
  VaultReply,
  VaultRequest,
} from '@sotto/core/base/vault.ts';
import { deviceAddress } from '@sotto/core/crypto/address.ts';
import type { FeedRow, Message } from './view.ts';

type Awaitable<T> = T | Promise<T>;
export type Op = VaultRequest['op'];
export type Request<O extends Op> = Extract<VaultRequest, { op: O }>;
export type Reply<O extends Op> = ReplyTo<O, VaultReply>;
type ReplyTo<O, R> = R extends { op: infer P } ? (O extends P ? R : never) : never;

/** What a fact needs to see of a message. */
export type Shown = Pick<
  Message,
  'id' | 'text' | 'sequence' | 'state' | 'fork' | 'gapBefore' | 'cursor' | 'outgoing'
>;

/** A vault as the suite drives it: the real one or a model. */
export interface VaultUnderTest {
  request(request: VaultRequest): Awaitable<VaultReply>;
  /** Messages of a conversation in the order they are shown. */
  messages(conversation: Uint8Array): Awaitable<readonly Shown[]>;
  /** Feed rows after this cursor. */
  feedAfter(cursor: number): Awaitable<readonly FeedRow[]>;
  /** Incoming messages after the cursor that was last marked read. */
  unread(conversation: Uint8Array): Awaitable<number>;
  /** The process dies at once: whatever was not replied to may be lost, and nothing else. */
  crash(): Awaitable<void>;
  /** Starts again on what is on disk. Only after `crash`. */
  reopen(): Awaitable<void>;
  /** Ends the vault and removes what it stored. */
  dispose(): Awaitable<void>;
}
/** Makes a fresh, empty vault. */
export type MakeVault = () => Awaitable<VaultUnderTest>;

export const WALL_MS = 1_790_000_000_000;
export const DAY_MS = 24 * 3600 * 1000;

/** Bytes that a seed names: the same in every run. */
export function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  return new Prng(seed).bytes(length);
}

export const CONVERSATION = bytesOf(1, 16);

let draftSeed = 1000;

/** A text nobody wrote before, unless `clientId` says so. */
export function draft(text: string, changes: Partial<EventDraft> = {}): EventDraft {
  return {
    conversation: CONVERSATION,
    kind: 'text',
    body: utf8(text),
    refs: [],
    timeMs: WALL_MS,
    clientId: bytesOf(draftSeed++, 16),
    ...changes,
  };
}

export class Person {
  readonly self: Self;
  #signalIdentity: Uint8Array | undefined;

  constructor(
    readonly vault: VaultUnderTest,
    seed: number,
  ) {
    this.self = { identity: bytesOf(seed, 32), device: bytesOf(seed + 1, 32) };
  }

  /** Sends a request that must succeed. */
  async do<O extends Op>(request: Request<O>): Promise<Reply<O>> {
    const reply = await this.vault.request(request);
    const why = reply.op === 'failed' ? `: ${reply.reason}` : '';
    assert(reply.op === request.op, `${request.op} is answered, not ${reply.op}${why}`);
    return reply as Reply<O>;
  }

  /** This person's device, as others know it. */
  async peer(): Promise<PeerDevice> {
    this.#signalIdentity ??= (await this.do({ op: 'load' })).loaded.signalIdentity;
    const { identity, device } = this.self;
    const address = deviceAddress(device);
    return { identity, device, signalIdentity: this.#signalIdentity, address };
  }

  async bundle(wallMs = WALL_MS): Promise<Uint8Array> {
    return (await this.do({ op: 'bundle', wallMs })).bundle;
  }

  /** This person as somebody to seal for. */
  async target(): Promise<SealTarget> {
    return { peer: await this.peer(), bundle: await this.bundle() };
  }

  async seal(to: Person, text: string, changes?: Partial<EventDraft>): Promise<Reply<'seal'>> {
    const targets = [await to.target()];
    return this.do({ op: 'seal', self: this.self, draft: draft(text, changes), targets });
  }

  /** Seals what waits for one device in the conversation. */
  async sealWaiting(
    target: SealTarget,
    { limit, renew }: Pick<Request<'seal-waiting'>, 'limit' | 'renew'>,
  ): Promise<Reply<'seal-waiting'>> {
    const waiting = { self: this.self, conversation: CONVERSATION, target, limit, renew };
    return this.do({ op: 'seal-waiting', ...waiting });
  }

  /** The request that opens what `from` sealed. */
  async opening(
    from: Person,
    sealed: Pick<Request<'open'>, 'envelope' | 'kind' | 'ciphertext'>,
  ): Promise<Request<'open'>> {
    return {
      op: 'open',
      self: this.self,
      from: await from.peer(),
      conversation: CONVERSATION,
      envelope: sealed.envelope,
      kind: sealed.kind,
      ciphertext: sealed.ciphertext,
      wallMs: WALL_MS,
    };
  }

  async open(from: Person, sealed: Reply<'seal'>): Promise<Reply<'open'>> {
    return this.do(await this.opening(from, sealed.envelopes[0]!));
  }

  /** Hands our vault the receipt of `by` for these envelopes. */
  receipt(by: Person, ...sealed: readonly Reply<'seal'>[]): Promise<Reply<'receipt'>> {
    return this.do({
      op: 'receipt',
      device: by.self.device,
      envelopes: sealed.flatMap((reply) => reply.envelopes.map((one) => one.envelope)),
      route: 'direct',
      wallMs: WALL_MS + 1000,
    });
  }

  /** Events that have not reached everybody, as a restart is told. */
  async waiting(): Promise<Uint8Array[]> {
    const { waiting } = (await this.do({ op: 'load' })).loaded;
    return waiting.flatMap(({ events }) => [...idsIn(events)]);
  }

  async texts(): Promise<(string | undefined)[]> {
    return (await this.vault.messages(CONVERSATION)).map((message) => message.text);
  }
}
