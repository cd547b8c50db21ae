/**
 * Batch: what the requests of one transaction have prepared but not yet written (VLT-27).
 *
 * A request is prepared (asynchronously, libsignal at work) above its own layer, and refused or
 * kept. What later requests of the same batch must know of it is here; all of it is written by
 * `apply` functions inside the transaction, or forgotten with the batch.
 * @module
 */
import { hex } from '@sotto/core/base/bytes.ts';
import type { VaultReply } from '@sotto/core/base/vault.ts';
import type { Head } from './ledger.ts';
import { type Owner, ownerKey, type Waiting } from './outbox.ts';
import { type Ground, Layer } from './sessions.ts';

/** A prepared request: refused already, or what is to be done inside the transaction. */
export type Plan = { refused: VaultReply } | { apply: () => VaultReply };

const NOTHING: Waiting = { messages: 0, bytes: 0 };

export class Batch {
  readonly layer: Layer;
  readonly #heads = new Map<string, Head>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(ground: Ground) {
    this.layer = new Layer(ground);
  }

  /** A layer for one request. */
  begin(): Layer {
    return new Layer(this.layer.ground, this.layer);
  }

  /** Where our next event of a conversation goes, if an earlier request of the batch moved it. */
  head(conversation: Uint8Array, device: Uint8Array): Head | undefined {
    return this.#heads.get(hex(conversation) + hex(device));
  }

  setHead(conversation: Uint8Array, device: Uint8Array, head: Head): void {
    this.#heads.set(hex(conversation) + hex(device), head);
  }

  /** What this batch adds to an outbox. */
  waiting(owner: Owner): Waiting {
    return this.#waiting.get(ownerKey(owner)) ?? NOTHING;
  }

  addWaiting(owner: Owner, bytes: number): void {
    const before = this.waiting(owner);
    const after = { messages: before.messages + 1, bytes: before.bytes + bytes };
    this.#waiting.set(ownerKey(owner), after);
  }
}
