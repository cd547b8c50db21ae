/**
 * Directory: the public relays that we know, found in the DHT and verified (RLY-29).
 *
 *   verified --room, few of its network--> kept --14 days not seen, or it fails--> forgotten
 *
 * ⚑ Who floods the DHT with relays of his own gets the places that are free, and displaces nobody:
 * what was there before and still works stays. Two of one network at most. Pure but for what it
 * remembers; times are ms since 1970.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { endpointKey } from '../base/endpoint.ts';
import { type Random, unit } from '../base/time.ts';
import { networkKey } from './address.ts';
import type { RelayAddress } from './entry.ts';

/** Public relays remembered, also over restarts. */
export const REMEMBERED_MAX = 16;
/** Of one network (IPv4 /16, IPv6 /32). */
export const PER_NETWORK_MAX = 2;
/** One that was not seen for so long is forgotten. */
export const FORGET_MS = 14 * 24 * 3_600_000;

export interface SeenRelay {
  readonly address: RelayAddress;
  /** When a handshake last showed it there. */
  readonly seenMs: number;
}

export interface ListedRelay extends SeenRelay {
  /** Hex of its key. */
  readonly name: string;
  /** From 0 to 1, by chance: so not everybody chooses the same one. */
  readonly rank: number;
}

export class Directory {
  readonly #relays = new Map<string, ListedRelay>();

  /** @param saved those of an earlier run. */
  constructor(
    private readonly random: Random,
    saved: readonly SeenRelay[] = [],
  ) {
    for (const { address, seenMs } of saved) this.add(address, seenMs);
  }

  get all(): readonly ListedRelay[] {
    return [...this.#relays.values()];
  }

  has(name: string): boolean {
    return this.#relays.has(name);
  }

  /** Is somebody known to be at this place? */
  isAt(address: Pick<RelayAddress, 'endpoint'>): boolean {
    const place = endpointKey(address.endpoint);
    return this.all.some((one) => endpointKey(one.address.endpoint) === place);
  }

  /**
   * A handshake has shown this relay where it says it is.
   * @returns false where there is no room for it.
   */
  add(address: RelayAddress, seenMs: number): boolean {
    const name = hex(address.key);
    const known = this.#relays.get(name);
    const place = endpointKey(address.endpoint);
    const network = networkKey(address.endpoint.host);
    // Who is there now has taken the place of who was.
    const others = this.all.filter((one) => {
      return one.name !== name && endpointKey(one.address.endpoint) !== place;
    });
    const near = others.filter((one) => networkKey(one.address.endpoint.host) === network);
    if (others.length >= REMEMBERED_MAX || near.length >= PER_NETWORK_MAX) return false;
    for (const one of this.all) if (!others.includes(one)) this.#relays.delete(one.name);
    const rank = known?.rank ?? unit(this.random);
    this.#relays.set(name, { address, name, rank, seenMs });
    return true;
  }

  drop(name: string): boolean {
    return this.#relays.delete(name);
  }

  /** It is there and serves us. */
  saw(name: string, nowMs: number): void {
    const known = this.#relays.get(name);
    if (known) this.#relays.set(name, { ...known, seenMs: nowMs });
  }

  /** @returns true where some were forgotten. */
  expire(nowMs: number): boolean {
    const before = this.#relays.size;
    for (const { name, seenMs } of this.all) {
      if (nowMs - seenMs >= FORGET_MS) this.#relays.delete(name);
    }
    return this.#relays.size < before;
  }
}
