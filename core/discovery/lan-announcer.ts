/**
 * When this device makes itself heard in its network, and by which hashes (LAN-7 to LAN-11).
 *
 *   silent --a network--> burst: at 0, 1, 3 s --> every 5 min to 5 min 30 s --no network--> silent
 *                           ^                            |
 *                           '--another network-----------'--somebody new--> once more
 *
 * Each message carries HASHES_PER_MESSAGE hashes, however few people we know: the rest mean
 * nothing. Within five minutes at most HASHES_MAX different ones are told, so that nobody can count
 * our contacts. The hashes of one window are of one hour, that of its first message.
 * @module
 */
import { compare, hex } from '../base/bytes.ts';
import { unit, type Random } from '../base/time.ts';
import type { NoiseSecret, Secret } from '../crypto/keys.ts';
import { lanHash, lanPadding } from './lan-card.ts';

/** Different hashes within WINDOW_MS. */
export const HASHES_MAX = 16;
export const HASHES_PER_MESSAGE = 12;
export const WINDOW_MS = 5 * 60_000;
/** The next message comes so much later than WINDOW_MS at most. */
export const JITTER_MS = 30_000;
/** After a start or with another network: multicast is lost easily, on wireless most of all. */
export const BURST_MS = [0, 1_000, 3_000] as const;
/** Bursts are so far apart at least, however often networks come and go. */
export const BURST_EVERY_MS = 3_000;

/** Somebody whom we look for in the network: a contact, or who is at the other end of an invite. */
export interface LanPeer {
  /** One of its own. */
  readonly id: string;
  /** The pair secret, or the invite's. */
  readonly key: Secret<string>;
  /** Who we are to them, and who they may be: device keys, or the roles of an invite. */
  readonly ours: Uint8Array;
  readonly theirs: readonly Uint8Array[];
  /**
   * Who is wanted at once stands before others, who is linked here after them. Who is `unsaid` is
   * known when heard, and not announced to.
   */
  readonly rank: 'wanted' | 'usual' | 'linked' | 'unsaid';
}

export interface LanClock {
  readonly monoMs: number;
  /** Of network time. */
  readonly epoch: number;
}

/** What one message tells. */
export interface Told {
  readonly hashes: readonly Uint8Array[];
  readonly cookie: string;
}

const RANKS: readonly LanPeer['rank'][] = ['wanted', 'usual', 'linked'];

export class LanAnnouncer {
  /** When to announce, soonest first; empty while there is no network. */
  #due: number[] = [];
  #burstAtMs = -Infinity;
  #toldAtMs = -Infinity;
  /** What was told since the last silence of WINDOW_MS. */
  #window: { readonly epoch: number; readonly told: Set<string> } | undefined;
  /** By peer: how long ago it was told. Peers who are gone are forgotten with the next message. */
  #turns = new Map<string, number>();
  /** Peers as last seen. */
  #ranks = new Map<string, LanPeer['rank']>();

  constructor(private readonly deps: { random: Random; own: NoiseSecret }) {}

  wakeAtMs(): number | undefined {
    return this.#due[0];
  }

  /** A network is there that was not, or this computer woke. */
  start(nowMs: number): void {
    const fromMs = Math.max(nowMs, this.#burstAtMs + BURST_EVERY_MS);
    this.#burstAtMs = fromMs;
    const sooner = this.#due.filter((atMs) => atMs < fromMs);
    this.#due = [...sooner, ...BURST_MS.map((afterMs) => fromMs + afterMs)];
  }

  /** There is no network left. What was told is remembered: it may be the same one soon. */
  stop(): void {
    this.#due = [];
  }

  /** Somebody is looked for who was not, or is wanted who was not. */
  handlePeers(peers: readonly LanPeer[], nowMs: number): void {
    const before = this.#ranks;
    this.#ranks = new Map(peers.map(({ id, rank }) => [id, rank]));
    const isNew = ({ id, rank }: LanPeer): boolean => {
      const former = before.get(id) ?? 'unsaid';
      return former !== rank && (former === 'unsaid' || rank === 'wanted');
    };
    const hasRoom = this.#isSilent(nowMs) || this.#window!.told.size < HASHES_MAX;
    if (this.#due.length === 0 || !hasRoom || !peers.some(isNew)) return;
    if (this.#due[0]! > nowMs) this.#due.unshift(nowMs);
  }

  /** What to tell now, where anything is due. */
  handleTimeout(peers: readonly LanPeer[], clock: LanClock): Told | undefined {
    const { epoch, monoMs } = clock;
    if (this.#due.length === 0 || monoMs < this.#due[0]!) return undefined;
    this.#due = this.#due.filter((atMs) => atMs > monoMs);
    this.#ranks = new Map(peers.map(({ id, rank }) => [id, rank]));
    const told = this.#tell(peers, epoch, monoMs);
    if (told) this.#toldAtMs = monoMs;
    // What lies further ahead than two bursts is the former turn; this message was one.
    this.#due = this.#due.filter((atMs) => atMs - monoMs <= 2 * BURST_MS[2]);
    if (this.#due.length === 0) {
      const fromMs = Math.max(this.#toldAtMs, monoMs - WINDOW_MS);
      this.#due = [fromMs + WINDOW_MS + 1 + unit(this.deps.random) * JITTER_MS];
    }
    return told;
  }

  #tell(peers: readonly LanPeer[], epoch: number, nowMs: number): Told | undefined {
    if (!this.#window || this.#isSilent(nowMs)) {
      this.#window = { epoch, told: new Set() };
    }
    const window = this.#window;
    // Nobody would know these hashes any more; with the next silence others may be told.
    if (Math.abs(window.epoch - epoch) > 1) return undefined;
    const hashes: Uint8Array[] = [];
    const turns = new Map<string, number>();
    const add = (hash: Uint8Array): boolean => {
      const key = hex(hash);
      const hasRoom = window.told.has(key) || window.told.size < HASHES_MAX;
      if (hashes.length >= HASHES_PER_MESSAGE || !hasRoom) return false;
      window.told.add(key);
      hashes.push(hash);
      return true;
    };
    for (const { id, key, ours } of this.#inTurn(peers)) {
      const isTold = add(lanHash(key, ours, window.epoch));
      turns.set(id, isTold ? nowMs : (this.#turns.get(id) ?? -Infinity));
    }
    const padding = lanPadding(this.deps.own, window.epoch, HASHES_PER_MESSAGE);
    for (const hash of padding.hashes) add(hash);
    // Fewer than always would tell that somebody is gone.
    if (hashes.length < HASHES_PER_MESSAGE) return undefined;
    this.#turns = turns;
    return { hashes: hashes.sort(compare), cookie: padding.cookie };
  }

  #isSilent(nowMs: number): boolean {
    return nowMs - this.#toldAtMs > WINDOW_MS;
  }

  /** By rank, then who was told longest ago. */
  #inTurn(peers: readonly LanPeer[]): LanPeer[] {
    const at = ({ id }: LanPeer): number => this.#turns.get(id) ?? -Infinity;
    const said = peers.filter(({ rank }) => rank !== 'unsaid');
    return said.sort((a, b) => {
      const byRank = RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank);
      return byRank !== 0 ? byRank : at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0;
    });
  }
}
