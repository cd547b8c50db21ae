/**
 * Relay listing: tells the DHT that we are a relay for everybody, and whoever asks what our key is
 * (RLY-26, RLY-27).
 *
 *   serves everybody, can be reached --20 min, new epoch--> announced under two of four hashes
 *   an ask of 80 bytes --within the limits of its address and of all--> a reply of 77
 *
 * @module
 */
import { Bucket } from '../base/bucket.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { earliest, randomInt } from '../base/time.ts';
import type { TakeBack } from '../discovery/dht-port.ts';
import { EPOCH_MS, epochOf } from '../discovery/epoch.ts';
import type { Ports } from '../discovery/peer-search.ts';
import { Probes } from '../path/probes.ts';
import { clientKey } from '../relay/address.ts';
import { decodeAsk, encodeReply, listingHash, SHARDS, SHARDS_PER_RELAY } from '../relay/listing.ts';
import type { Context } from './context.ts';
import type { PeersFound } from './finding.ts';

/** Nodes forget an announcement after half an hour, ours after 45 minutes. */
export const ANNOUNCE_EVERY_MS = 20 * 60_000;
/** An announcement that no node took is made again. */
export const ANNOUNCE_AGAIN_MS = 30_000;
/** So long before the turn of an epoch the hashes of the next one are announced under too. */
export const EARLY_MS = 600_000;
/** Replies to all askers together: per second, and at once. */
const REPLIES_PER_S = 20;
export const REPLIES_BURST = 100;

export interface RelayListingPorts {
  /** Do we serve everybody, whether or not we can be reached? */
  isPublic(): boolean;
  /** Under which ports others reach us; none where they do not, or nobody can be told. */
  ports(): Ports;
  readonly key: Uint8Array;
  /** Do we listen on TCP at the port that is asked, and at 443 too? */
  tcp(): boolean;
  web(): true | undefined;
  networkMs(): number;
  announce(target: Uint8Array, ports: Ports, done: (found: PeersFound) => void): TakeBack;
}

interface Listing {
  readonly epoch: number;
  readonly shard: number;
  dueAtMs: number;
  /** How many nodes took it last. */
  announced: number;
  takeBack: TakeBack | undefined;
}

export class RelayListing {
  #listings: Listing[] = [];
  readonly #askers = new Probes();
  readonly #replies: Bucket;
  #replied = 0;

  constructor(
    private readonly context: Context,
    private readonly ports: RelayListingPorts,
  ) {
    this.#replies = new Bucket(REPLIES_PER_S, REPLIES_BURST, context.now.monoMs);
  }

  /** Do nodes of the DHT tell others of us now? */
  get isListed(): boolean {
    return this.#listings.some(({ announced }) => announced > 0);
  }

  /** Under which hashes we are to be found now. */
  get hashes(): readonly Uint8Array[] {
    return this.#listings.map(({ epoch, shard }) => listingHash(epoch, shard));
  }

  /** True where the datagram was an ask. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    const token = this.ports.isPublic() ? decodeAsk(bytes) : undefined;
    if (token === undefined) return false;
    const { monoMs } = this.context.now;
    if (!this.#askers.take(clientKey(from.host), monoMs) || !this.#replies.has(1, monoMs)) {
      return true;
    }
    this.#replies.take(1);
    this.#replied++;
    const said = { token, key: this.ports.key, tcp: this.ports.tcp(), web: this.ports.web() };
    const reply = encodeReply(said, this.context.random);
    this.context.emit({ type: 'datagram', to: from, bytes: reply });
    return true;
  }

  handleTimeout(): void {
    const ports = this.ports.isPublic() ? this.ports.ports() : {};
    if (ports.v4 === undefined && ports.v6 === undefined) return this.#withdraw();
    this.#choose();
    for (const listing of this.#listings) {
      if (listing.takeBack || this.context.now.monoMs < listing.dueAtMs) continue;
      this.#announce(listing, ports);
    }
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { dueAtMs, takeBack } of this.#listings) {
      if (!takeBack) soonest = earliest(soonest, dueAtMs);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    return { listings: this.#listings.length, askersTold: this.#replied };
  }

  #withdraw(): void {
    for (const { takeBack } of this.#listings) takeBack?.();
    this.#listings = [];
  }

  /** Two hashes by chance in each epoch; those of the next one before it begins. */
  #choose(): void {
    const networkMs = this.ports.networkMs();
    const now = epochOf(networkMs);
    const isLate = networkMs - now * EPOCH_MS >= EPOCH_MS - EARLY_MS;
    const epochs = isLate ? [now, now + 1] : [now];
    for (const { epoch, takeBack } of this.#listings) if (!epochs.includes(epoch)) takeBack?.();
    this.#listings = this.#listings.filter(({ epoch }) => epochs.includes(epoch));
    for (const epoch of epochs) {
      if (this.#listings.some((listing) => listing.epoch === epoch)) continue;
      const first = randomInt(this.context.random, SHARDS);
      const step = 1 + randomInt(this.context.random, SHARDS - 1);
      const fresh = { dueAtMs: this.context.now.monoMs, announced: 0, takeBack: undefined };
      for (let i = 0; i < SHARDS_PER_RELAY; i++) {
        this.#listings.push({ epoch, shard: (first + i * step) % SHARDS, ...fresh });
      }
    }
  }

  #announce(listing: Listing, ports: Ports): void {
    const { monoMs } = this.context.now;
    listing.dueAtMs = monoMs + ANNOUNCE_EVERY_MS;
    let isAnswered = false;
    const hash = listingHash(listing.epoch, listing.shard);
    const takeBack = this.ports.announce(hash, ports, ({ announced }) => {
      isAnswered = true;
      listing.takeBack = undefined;
      listing.announced = announced;
      if (announced === 0) listing.dueAtMs = this.context.now.monoMs + ANNOUNCE_AGAIN_MS;
    });
    if (!isAnswered) listing.takeBack = takeBack;
  }
}
