/**
 * Items we keep for others (BEP 44), mutable and immutable in one table of 700.
 *
 *   put: too big 205 | salt 207 | signature 206 | seq below stored 302, other value at the same
 *   seq 302 | cas differs 301 | no room 202 | else stored for 2 h
 *
 * When full, what is farthest from our id goes first; one network may hold a seventh of the table,
 * so that a flooder replaces its own. Token and shape were checked before. Spec: DHT-30 to DHT-36.
 * @module
 */
import { hex, equal } from '../base/bytes.ts';
import { parseAddress, scopeOf } from '../base/endpoint.ts';
import {
  immutableTarget,
  mutableTarget,
  SALT_BYTES_MAX,
  VALUE_BYTES_MAX,
  verifyItem,
  type ItemFields,
} from './item.ts';
import { KRPC_ERROR, type KrpcErrorCode, type MutablePut } from './krpc.ts';
import { compareDistance } from './node-id.ts';

export const ITEMS_MAX = 700;
export const ITEM_LIFETIME_MS = 2 * 60 * 60_000;
export const ITEMS_PER_NETWORK_MAX = 100;

interface Stored extends ItemFields {
  readonly target: Uint8Array;
  readonly network: string;
  readonly expiresAtMs: number;
}

export class ItemStore {
  /** By target, in order of expiry: a put moves its item to the end. */
  readonly #items = new Map<string, Stored>();
  readonly #networks = new Map<string, number>();

  get size(): number {
    return this.#items.size;
  }

  /** Networks that have items here; at most as many as items. */
  get networks(): number {
    return this.#networks.size;
  }

  get(target: Uint8Array, nowMs: number): ItemFields | undefined {
    const stored = this.#items.get(hex(target));
    return stored && stored.expiresAtMs > nowMs ? stored : undefined;
  }

  /**
   * Stores what a put brings.
   * @param ownId decides what is far when the table is full.
   * @returns the error to answer with, or undefined where it is stored.
   */
  put(
    put: { readonly raw: Uint8Array; readonly mutable?: MutablePut },
    host: string,
    ownId: Uint8Array,
    nowMs: number,
  ): KrpcErrorCode | undefined {
    this.expire(nowMs);
    const { raw, mutable } = put;
    if (raw.length > VALUE_BYTES_MAX) return KRPC_ERROR.valueTooBig;
    const target = mutable ? mutableTarget(mutable.k, mutable.salt) : immutableTarget(raw);
    const old = this.#items.get(hex(target));
    const refusal = mutable && refuseMutable(raw, mutable, old);
    if (refusal !== undefined) return refusal;
    const network = networkOf(host);
    if (!old && !this.#makeRoom(target, network, ownId)) return KRPC_ERROR.server;
    this.#remove(old);
    this.#add({
      // A copy: the datagram it came in may be a slice of a larger buffer.
      raw: raw.slice(),
      ...(mutable && { k: mutable.k.slice(), sig: mutable.sig.slice(), seq: mutable.seq }),
      target,
      network: old?.network ?? network,
      expiresAtMs: nowMs + ITEM_LIFETIME_MS,
    });
    return undefined;
  }

  /** Forgets what nobody has put for two hours. */
  expire(nowMs: number): void {
    for (const stored of this.#items.values()) {
      if (stored.expiresAtMs > nowMs) break;
      this.#remove(stored);
    }
  }

  #makeRoom(target: Uint8Array, network: string, ownId: Uint8Array): boolean {
    const crowded = (this.#networks.get(network) ?? 0) >= ITEMS_PER_NETWORK_MAX;
    if (!crowded && this.#items.size < ITEMS_MAX) return true;
    let farthest: Stored | undefined;
    for (const stored of this.#items.values()) {
      if (crowded && stored.network !== network) continue;
      if (!farthest || compareDistance(ownId, stored.target, farthest.target) > 0) {
        farthest = stored;
      }
    }
    if (!farthest || compareDistance(ownId, target, farthest.target) >= 0) return false;
    this.#remove(farthest);
    return true;
  }

  #add(stored: Stored): void {
    this.#items.set(hex(stored.target), stored);
    this.#networks.set(stored.network, (this.#networks.get(stored.network) ?? 0) + 1);
  }

  #remove(stored: Stored | undefined): void {
    if (!stored || !this.#items.delete(hex(stored.target))) return;
    const left = (this.#networks.get(stored.network) ?? 1) - 1;
    if (left > 0) this.#networks.set(stored.network, left);
    else this.#networks.delete(stored.network);
  }
}

function refuseMutable(
  raw: Uint8Array,
  put: MutablePut,
  old: ItemFields | undefined,
): KrpcErrorCode | undefined {
  if (put.salt.length > SALT_BYTES_MAX) return KRPC_ERROR.saltTooBig;
  const { k, salt, seq, sig } = put;
  if (!verifyItem({ publicKey: k, salt, seq, signature: sig, raw })) return KRPC_ERROR.signature;
  if (old?.seq === undefined) return undefined;
  if (put.cas !== undefined && put.cas !== old.seq) return KRPC_ERROR.casMismatch;
  const same = seq === old.seq && equal(raw, old.raw);
  return seq > old.seq || same ? undefined : KRPC_ERROR.seqTooLow;
}

/** Who shares one allowance: a /24 or /48 of the public net, elsewhere one host. */
function networkOf(host: string): string {
  const address = parseAddress(host);
  if (!address || scopeOf(host) !== 'public') return host;
  return address.subarray(0, address.length === 4 ? 3 : 6).join('.');
}
