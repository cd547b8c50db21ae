/**
 * Lan: finds contacts, and people at the other end of an invite, in the networks that this computer
 * shares with them, with nothing but those networks (docs/spec/lan.md).
 *
 *   announcement --> a hash of ours? -- no --> nothing: no reply, no state
 *                        | yes
 *                        v
 *                    heard: there they are     our card --> to them alone
 *   card --> a name of ours? opens? --> heard, with their record    our card, where they lack it
 *
 * What arrives is believed as a hint and nothing more: who is really there the handshake shows.
 * Sans-IO: call one `handle*`, drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { Bucket } from '../base/bucket.ts';
import { equal, hex } from '../base/bytes.ts';
import { familyOf, isWithin, withoutZone, type Endpoint, type Family } from '../base/endpoint.ts';
import { earliest, type Random } from '../base/time.ts';
import type { NoiseSecret, Secret } from '../crypto/keys.ts';
import { LanAnnouncer, type LanClock, type LanPeer } from './lan-announcer.ts';
import { CARD_BYTES, cardName, lanHash, lanPadding, openCard, sealCard } from './lan-card.ts';
import { decodeSearch, encodeSearch, LAN_HASH_BYTES } from './lan-message.ts';

/** Contacts and invites that can be heard; more are found by other ways. */
export const PEERS_MAX = 1_024;
/** Messages looked at: a mean rate and a burst. Beyond, the network is flooded. */
export const MESSAGES_PER_S = 50;
export const MESSAGES_BURST = 200;
/** Times that somebody is heard, and cards: at one host, then in all. */
export const HEARD_AGAIN_MS = 2_000;
export const HEARD_PER_S = 8;
export const HEARD_BURST = 64;
const HEARD_MAX = 1_024;
/** Whom we look for is looked at so much later, once for all that changes meanwhile. */
export const LOOK_MS = 250;
/** What can be heard is worked out again at the latest after this time. */
const TABLE_MS = 10_000;

/** A network that this computer is in: its interface, and our addresses there, as `host/bits`. */
export interface LanNetwork {
  readonly name: string;
  readonly addresses: readonly string[];
}

export type LanOutput =
  /** To everybody, in every network with this family. */
  | { readonly type: 'multicast'; readonly family: Family; readonly bytes: Uint8Array }
  | {
      readonly type: 'send';
      readonly network: string;
      readonly to: Endpoint;
      readonly bytes: Uint8Array;
    }
  /** `sender`, who may be any device of this peer, says that it listens there. */
  | {
      readonly type: 'heard';
      readonly peer: string;
      readonly sender: Uint8Array;
      readonly at: Endpoint;
      /** Encoded, of a card; its sender has the secret. */
      readonly record: Uint8Array | undefined;
    };

export interface LanDeps {
  readonly random: Random;
  readonly own: NoiseSecret;
  /** Whom we may look for now, the likeliest first. */
  readonly peers: () => readonly LanPeer[];
  /** Our record for this peer; empty where there is none to show. */
  readonly record: (peer: string) => Uint8Array;
  /** Where we listen. */
  readonly port: () => number | undefined;
}

interface Entry {
  readonly peer: LanPeer;
  readonly sender: Uint8Array;
  readonly epoch: number;
  readonly kind: 'hash' | 'card';
}
/** Hash and card name of one sender in one epoch. */
interface Names {
  readonly hash: string;
  readonly card: string;
}

export class Lan {
  readonly #announcer: LanAnnouncer;
  #networks: readonly LanNetwork[] = [];
  #table = new Map<string, Entry>();
  #tableOf = { epoch: -1, atMs: -Infinity };
  /** By key, then by sender and epoch: what was derived is kept with the secret. */
  readonly #names = new WeakMap<Secret<string>, Map<string, Names>>();
  /** Who was heard, and who was sent a card, where and when. */
  readonly #lately = new BoundedMap<string, number>(HEARD_MAX);
  #messages = new Bucket(MESSAGES_PER_S, MESSAGES_BURST, 0);
  #heard = new Bucket(HEARD_PER_S, HEARD_BURST, 0);
  #lookAtMs: number | undefined;
  #out: LanOutput[] = [];
  readonly #counts = { told: 0, messages: 0, heard: 0, cards: 0, dropped: 0 };

  constructor(private readonly deps: LanDeps) {
    this.#announcer = new LanAnnouncer({ random: deps.random, own: deps.own });
  }

  get isOn(): boolean {
    return this.#networks.length > 0;
  }

  poll(): LanOutput | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    return earliest(this.#lookAtMs, this.#announcer.wakeAtMs());
  }

  /** The networks in which we may speak and listen; none while Nearby is off. */
  handleNetworks(networks: readonly LanNetwork[], nowMs: number): void {
    const known = new Set(this.#networks.map(textOf));
    this.#networks = networks;
    if (networks.length === 0) this.#announcer.stop();
    else if (networks.some((network) => !known.has(textOf(network)))) this.#announcer.start(nowMs);
  }

  /** This computer slept: others have moved. */
  handleWake(nowMs: number): void {
    if (this.isOn) this.#announcer.start(nowMs);
  }

  /** Whom we look for has changed. */
  handlePeers(nowMs: number): void {
    this.#tableOf = { epoch: -1, atMs: -Infinity };
    if (this.isOn) this.#lookAtMs ??= nowMs + LOOK_MS;
  }

  handleTimeout(clock: LanClock): void {
    if (this.#lookAtMs !== undefined && clock.monoMs >= this.#lookAtMs) {
      this.#lookAtMs = undefined;
      this.#announcer.handlePeers(this.#peers(), clock.monoMs);
    }
    const port = this.deps.port();
    const dueMs = this.#announcer.wakeAtMs();
    if (dueMs === undefined || clock.monoMs < dueMs) return;
    const told = this.#announcer.handleTimeout(this.#peers(), clock);
    if (!told || port === undefined) return;
    this.#counts.told++;
    const addresses = this.#networks.flatMap((network) => network.addresses);
    for (const family of ['v4', 'v6'] as const) {
      if (!addresses.some((host) => familyOf({ host, port: 0 }) === family)) continue;
      const bytes = encodeSearch(family, { ...told, port });
      this.#out.push({ type: 'multicast', family, bytes });
    }
  }

  /**
   * What came in on a network. False where it meant nothing to us, so that nothing has changed.
   * @param from the sender's address there, with its zone where it is link-local IPv6.
   */
  handleMessage(name: string, from: Endpoint, bytes: Uint8Array, clock: LanClock): boolean {
    const network = this.#networks.find((one) => one.name === name);
    // ⚑ Only a neighbour can be meant: no address elsewhere is called up by what is said here.
    const isNear = network?.addresses.some((own) => isWithin(from.host, own)) === true;
    if (!isNear || !this.#messages.has(1, clock.monoMs)) {
      this.#counts.dropped++;
      return false;
    }
    this.#messages.take(1);
    this.#counts.messages++;
    return bytes.length === CARD_BYTES
      ? this.#handleCard(name, from, bytes, clock)
      : this.#handleSearch(name, from, bytes, clock);
  }

  stats(): Record<string, number> {
    return {
      networks: this.#networks.length,
      table: this.#table.size,
      lately: this.#lately.size,
      ...this.#counts,
    };
  }

  #handleSearch(name: string, from: Endpoint, bytes: Uint8Array, clock: LanClock): boolean {
    const read = decodeSearch(bytes);
    if (!read.ok) return false;
    const { cookie, hashes, port } = read.search;
    if (cookie === lanPadding(this.deps.own, clock.epoch, 0).cookie) return false;
    const table = this.#tableAt(clock);
    let known = false;
    // ⚑ Its source may be forged: one card, and only for what is as long as that (LAN-5).
    let mayAnswer = bytes.length >= CARD_BYTES;
    for (const hash of hashes) {
      const entry = table.get(hex(hash));
      if (entry?.kind !== 'hash' || !this.#isTime('heard', entry, from.host, clock.monoMs))
        continue;
      known = true;
      this.#hear(entry, { host: from.host, port }, undefined);
      if (mayAnswer && this.#sendCard(entry, name, from, clock)) mayAnswer = false;
    }
    return known;
  }

  #handleCard(name: string, from: Endpoint, bytes: Uint8Array, clock: LanClock): boolean {
    const entry = this.#tableAt(clock).get(hex(bytes.subarray(0, LAN_HASH_BYTES)));
    if (entry?.kind !== 'card') return false;
    if (!this.#isTime('card', entry, from.host, clock.monoMs)) return false;
    const { epoch, peer, sender } = entry;
    const card = openCard(bytes, peer.key, sender, epoch);
    if (!card) return false;
    this.#hear(entry, { host: from.host, port: card.port }, card.record);
    this.#sendCard(entry, name, from, clock);
    return true;
  }

  #hear({ peer, sender }: Entry, at: Endpoint, record: Uint8Array | undefined): void {
    this.#counts.heard++;
    this.#out.push({ type: 'heard', peer: peer.id, sender, at, record });
  }

  /** Goes where we were just heard from. False where they have had ours a moment ago. */
  #sendCard(entry: Entry, network: string, to: Endpoint, clock: LanClock): boolean {
    const port = this.deps.port();
    const { peer } = entry;
    if (port === undefined || !this.#isTime('told', entry, to.host, clock.monoMs)) return false;
    const card = { port, record: this.deps.record(peer.id) };
    const bytes = sealCard(card, peer.key, peer.ours, clock.epoch, this.deps.random);
    this.#counts.cards++;
    this.#out.push({ type: 'send', network, to, bytes });
    return true;
  }

  /** Once in a while for each sender and host, and not too often in all. It counts. */
  #isTime(what: string, { peer, sender }: Entry, host: string, nowMs: number): boolean {
    const key = `${what} ${peer.id} ${hex(sender)} ${withoutZone(host)}`;
    const lastMs = this.#lately.get(key) ?? -Infinity;
    if (nowMs - lastMs < HEARD_AGAIN_MS || !this.#heard.has(1, nowMs)) return false;
    this.#heard.take(1);
    this.#lately.set(key, nowMs);
    return true;
  }

  #peers(): readonly LanPeer[] {
    return this.deps.peers().slice(0, PEERS_MAX);
  }

  /** Everything by which somebody may be heard now: clocks may be an hour apart. */
  #tableAt({ epoch, monoMs }: LanClock): ReadonlyMap<string, Entry> {
    const made = this.#tableOf;
    if (made.epoch === epoch && monoMs - made.atMs < TABLE_MS) return this.#table;
    this.#tableOf = { epoch, atMs: monoMs };
    this.#table = new Map();
    for (const peer of this.#peers()) {
      for (const sender of peer.theirs) {
        if (equal(sender, peer.ours)) continue;
        for (const at of [epoch - 1, epoch, epoch + 1]) {
          if (at < 0) continue;
          const { card, hash } = this.#namesOf(peer.key, sender, at);
          this.#table.set(hash, { peer, sender, epoch: at, kind: 'hash' });
          this.#table.set(card, { peer, sender, epoch: at, kind: 'card' });
        }
      }
    }
    return this.#table;
  }

  #namesOf(key: Secret<string>, sender: Uint8Array, epoch: number): Names {
    let known = this.#names.get(key);
    if (!known) this.#names.set(key, (known = new Map()));
    const text = `${epoch} ${hex(sender)}`;
    let names = known.get(text);
    if (!names) {
      for (const old of known.keys()) {
        if (Math.abs(Number(old.slice(0, old.indexOf(' '))) - epoch) > 2) known.delete(old);
      }
      const [hash, card] = [lanHash(key, sender, epoch), cardName(key, sender, epoch)];
      known.set(text, (names = { hash: hex(hash), card: hex(card) }));
    }
    return names;
  }
}

function textOf({ addresses, name }: LanNetwork): string {
  return `${name} ${[...addresses].sort().join(' ')}`;
}
