/**
 * Public relays: looks for strangers' relays in the DHT where ours do not suffice (RLY-28, RLY-29).
 *
 *   resting --fewer than two of ours, allowed--> round: one hash after the other, by chance
 *      ^                                            | endpoints that nodes name
 *      |                                            v
 *      |   asked for its key, one small datagram --answered--> handshake by UDP --> directory
 *      '--enough are known, or no hash is left; the next round after 15 s to an hour
 *
 * ⚑ Anybody may put anybody's address under a hash, so what leaves for one is an ask of 80 bytes
 * and, only where that was answered, the two flights of the hop check. And who asks the DHT shows
 * its nodes an address: who hides does not look (RLY-28).
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { equal } from '../base/bytes.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { earliest, randomInt, unit } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import type { TakeBack } from '../discovery/dht-port.ts';
import { EPOCH_MS, epochOf } from '../discovery/epoch.ts';
import type { NamedPeer } from '../discovery/peer-search.ts';
import { clientKey, networkKey } from '../relay/address.ts';
import { KEPT } from '../relay/choice.ts';
import { Directory, type ListedRelay } from '../relay/directory.ts';
import type { Hop } from '../relay/extensions.ts';
import { decodeReply, encodeAsk, listingHash, SHARDS, TOKEN_BYTES } from '../relay/listing.ts';
import type { Context } from './context.ts';
import { directoryDoc, savedDirectory } from './directory-saved.ts';
import type { PeersFound } from './finding.ts';

/** With so many that work nobody looks for more. */
export const ENOUGH = 4;
/** Waits between rounds; the last repeats. */
export const ROUND_AGAIN_MS: readonly number[] = [15_000, 60_000, 300_000, 900_000, 3_600_000];
const LAST_STEP = ROUND_AGAIN_MS.length - 1;
/** While a person or a message waits for somebody, no wait between rounds is longer. */
export const WISH_AGAIN_MS = 300_000;
/** The wait before that: where one of ours serves us, where some are known, where there is none. */
export const ONE_SERVES_MS = 60_000;
export const OURS_GRACE_MS = 20_000;
export const START_MS = 2_000;
/** So close to the turn of an epoch its neighbour's hashes are asked too: clocks differ. */
export const TURN_MS = 600_000;
/** Endpoints asked in one round, and of one network (IPv4 /16, IPv6 /32). */
export const ASKS_PER_ROUND_MAX = 12;
export const ASKS_PER_NETWORK_MAX = 3;
/** An ask without an answer is said once more, and then given up. */
export const ASK_AGAIN_MS = 1_000;
const ASK_GIVE_UP_MS = 3_000;
/** The same endpoint is not asked again for so long. */
export const ASKED_PAUSE_MS = 300_000;
const ASKED_MAX = 256;
/** Named by more nodes than this counts no more: some know of all, others of few. */
const VOICES_COUNTED = 3;
/** Tries in a row that came to nothing, and refusals: then another one is taken. */
const FAILURES_MAX = 3;
const REFUSALS_MAX = 2;
const SAW_EVERY_MS = 3_600_000;
const WATCH_EVERY_MS = 1_000;

/** A public relay at which we have, or want, a place. */
export interface KeptPublic {
  readonly name: string;
  readonly isReserved: boolean;
  readonly failures: number;
  readonly refusals: number;
  readonly isGuard: boolean;
}

export interface PublicRelaysPorts {
  /** May we look in the DHT from our own address, and is there anybody to be reached? */
  mayLook(): boolean;
  /** How many relays of ours and of contacts are known, and at how many we have a place. */
  ours(): { readonly known: number; readonly reserved: number };
  kept(): readonly KeptPublic[];
  /** Does anything of the network work? Else a relay that does not answer may be innocent. */
  isOnline(): boolean;
  /** May a relay be there, and can we reach it? */
  mayBe(endpoint: Endpoint): boolean;
  /** Our own, or one whose person is not to see our address. */
  isBarred(key: Uint8Array): boolean;
  networkMs(): number;
  seek(target: Uint8Array, done: (found: PeersFound) => void): TakeBack;
  verify(hop: Hop, done: (ok: boolean) => void): void;
  /** Other relays are known than before. */
  changed(): void;
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly token: Uint8Array;
  readonly giveUpAtMs: number;
  againAtMs: number | undefined;
}

interface Round {
  /** Hashes that nobody was asked for yet. */
  readonly hashes: Uint8Array[];
  /** Endpoints not asked yet, the best last. */
  waiting: Endpoint[];
  readonly hosts: Set<string>;
  readonly networks: Map<string, number>;
  asks: number;
  takeBack: TakeBack | undefined;
}

export class PublicRelays {
  readonly directory: Directory;
  #isOn: boolean;
  readonly #asked = new Map<string, Asked>(); // bounded by ASKS_PER_ROUND_MAX
  readonly #pausedUntilMs = new BoundedMap<string, number>(ASKED_MAX);
  #checking = 0;
  #round: Round | undefined;
  #step = 0;
  #roundAtMs: number | undefined;
  /** When the last round was over. */
  #overAtMs = 0;
  #shortSinceMs: number | undefined;
  /** When ours were looked at last, and are to be looked at again. */
  #watchedAtMs = -Infinity;
  #dueMs: number | undefined;
  #savedSeenMs = -Infinity;
  readonly #counts = { rounds: 0, asks: 0, found: 0 };

  /** @param isOn the setting: off, nobody is looked for and nobody remembered is used. */
  constructor(
    private readonly context: Context,
    docs: readonly Doc[],
    isOn: boolean,
    private readonly ports: PublicRelaysPorts,
  ) {
    this.directory = new Directory(context.random, savedDirectory(docs));
    this.#isOn = isOn;
  }

  /** The setting is another one. */
  use(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#endRound();
    this.#watchedAtMs = -Infinity;
    this.#shortSinceMs = undefined;
    this.#dueMs = this.context.now.monoMs;
  }

  /** Those that may be used. */
  get known(): readonly ListedRelay[] {
    if (!this.#isOn) return [];
    return this.directory.all.filter(({ address }) => !this.ports.isBarred(address.key));
  }

  /** Are we on the lookout? For screens. */
  get isLooking(): boolean {
    return this.#isOn && this.#shortSinceMs !== undefined && this.ports.mayLook();
  }

  /** This computer slept, or is elsewhere: the next round is soon, and others after it. */
  hurry(): void {
    this.#step = 0;
    this.#bringForward(this.context.now.monoMs + ROUND_AGAIN_MS[0]!);
  }

  /** A person or a message waits for somebody. */
  wish(): void {
    this.#bringForward(this.#overAtMs + WISH_AGAIN_MS);
  }

  /** True where the datagram answers an ask of ours. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (this.#asked.size === 0) return false;
    const place = endpointKey(from);
    const asked = this.#asked.get(place);
    const said = asked && decodeReply(bytes);
    if (!said || !equal(said.token, asked.token)) return false;
    this.#asked.delete(place);
    const { key, tcp, web } = said;
    if (this.ports.isBarred(key)) return true;
    this.#checking++;
    const address = { endpoint: asked.endpoint, key, udp: true, tcp, web };
    this.ports.verify({ endpoint: asked.endpoint, key }, (ok) => {
      this.#checking--;
      if (!ok || !this.directory.add(address, this.context.soundMs)) return;
      this.#counts.found++;
      this.#save();
      this.ports.changed();
    });
    return true;
  }

  handleTimeout(): void {
    if (!this.#isOn) return;
    const { monoMs } = this.context.now;
    // To see what ours are worth costs a look at every contact.
    if (monoMs < this.#watchedAtMs + WATCH_EVERY_MS) {
      const isShort = this.#shortSinceMs !== undefined && this.#round === undefined;
      if (isShort) this.#dueMs = this.#watchedAtMs + WATCH_EVERY_MS;
    } else {
      this.#watchedAtMs = monoMs;
      this.#review();
      this.#watch();
    }
    this.#askOn();
  }

  wakeAtMs(): number | undefined {
    if (!this.#isOn) return undefined;
    if (this.#canGoOn()) return this.context.now.monoMs;
    let soonest = this.#dueMs;
    for (const { againAtMs, giveUpAtMs } of this.#asked.values()) {
      soonest = earliest(soonest, againAtMs, giveUpAtMs);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    const { size } = this.#asked;
    return {
      known: this.directory.all.length,
      asking: size,
      checking: this.#checking,
      ...this.#counts,
    };
  }

  /** Those that fail give way, but for guards, who may come back (RLY-23). */
  #review(): void {
    const { soundMs } = this.context;
    const kept = this.ports.kept();
    const before = this.directory.all.length;
    if (this.ports.isOnline()) {
      for (const { failures, isGuard, name, refusals } of kept) {
        const isBad = failures >= FAILURES_MAX || refusals >= REFUSALS_MAX;
        const one = this.directory.all.find((listed) => listed.name === name);
        if (!isBad || isGuard || !one) continue;
        this.directory.drop(name);
        this.#pause(one.address.endpoint);
      }
    }
    const served = kept.filter(({ isReserved, name }) => isReserved && this.directory.has(name));
    for (const { name } of served) this.directory.saw(name, soundMs);
    const isLate = served.length > 0 && soundMs - this.#savedSeenMs >= SAW_EVERY_MS;
    const isOther = this.directory.expire(soundMs) || this.directory.all.length < before;
    if (isOther || isLate) this.#save();
    if (isOther) this.ports.changed();
  }

  /** Do ours suffice? Else a round begins when it is due. */
  #watch(): void {
    const { monoMs } = this.context.now;
    this.#dueMs = undefined;
    const { known, reserved } = this.ports.ours();
    if (reserved >= KEPT) {
      this.#shortSinceMs = undefined;
      this.#roundAtMs = undefined;
      this.#step = 0;
      return this.#endRound();
    }
    this.#shortSinceMs ??= monoMs;
    if (!this.ports.mayLook()) return this.#endRound();
    if (this.#round || this.#isEnough()) return;
    const graceMs = reserved > 0 ? ONE_SERVES_MS : known > 0 ? OURS_GRACE_MS : START_MS;
    const dueMs = Math.max(this.#shortSinceMs + graceMs, this.#roundAtMs ?? 0);
    if (monoMs >= dueMs) this.#begin();
    else this.#dueMs = dueMs;
  }

  #isEnough(): boolean {
    return this.#working() >= ENOUGH;
  }

  /** Those known that may be used and have not failed just now. */
  #working(): number {
    const kept = this.ports.kept();
    const isBad = (name: string): boolean => {
      const one = kept.find((link) => link.name === name);
      return one !== undefined && (one.failures > 0 || one.refusals > 0);
    };
    return this.known.filter(({ name }) => !isBad(name)).length;
  }

  /** Is the round's next step not one that somebody else has to make? */
  #canGoOn(): boolean {
    if (!this.#round || this.#round.takeBack) return false;
    return this.#round.waiting.length > 0 || (this.#asked.size === 0 && this.#checking === 0);
  }

  #begin(): void {
    this.#counts.rounds++;
    const networkMs = this.ports.networkMs();
    const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
    const hashesOf = (epoch: number): Uint8Array[] =>
      this.#shuffled(shards).map((shard) => listingHash(epoch, shard));
    const epoch = epochOf(networkMs);
    const intoMs = networkMs - epoch * EPOCH_MS;
    const isLate = intoMs > EPOCH_MS - TURN_MS;
    const neighbour = intoMs < TURN_MS ? epoch - 1 : isLate ? epoch + 1 : undefined;
    // Taken from the end.
    const others = neighbour === undefined || neighbour < 0 ? [] : hashesOf(neighbour);
    const hashes = [...others, ...hashesOf(epoch)];
    const fresh = { waiting: [], hosts: new Set<string>(), networks: new Map<string, number>() };
    this.#round = { hashes, ...fresh, asks: 0, takeBack: undefined };
  }

  /** Goes on with the round: says asks again, says more of them, looks under the next hash. */
  #askOn(): void {
    const { monoMs } = this.context.now;
    for (const [place, asked] of [...this.#asked]) {
      if (monoMs >= asked.giveUpAtMs) this.#asked.delete(place);
      else if (asked.againAtMs !== undefined && monoMs >= asked.againAtMs) {
        asked.againAtMs = undefined;
        this.#say(asked);
      }
    }
    const round = this.#round;
    if (!round || round.takeBack) return;
    for (let next = round.waiting.pop(); next; next = round.waiting.pop()) this.#ask(round, next);
    if (this.#asked.size > 0 || this.#checking > 0) return;
    const hash = round.hashes.pop();
    const isOver = round.asks >= ASKS_PER_ROUND_MAX || this.#isEnough();
    if (hash === undefined || isOver) return this.#over();
    let isAnswered = false;
    const takeBack = this.ports.seek(hash, (found) => {
      isAnswered = true;
      round.takeBack = undefined;
      if (this.#round !== round) return;
      // With nobody who answers the other hashes bring no more.
      if (found.responders === 0) round.hashes.length = 0;
      round.waiting = this.#sorted(found.peers);
    });
    if (!isAnswered) round.takeBack = takeBack;
  }

  #ask(round: Round, endpoint: Endpoint): void {
    const { monoMs } = this.context.now;
    const place = endpointKey(endpoint);
    const [host, network] = [clientKey(endpoint.host), networkKey(endpoint.host)];
    const near = round.networks.get(network) ?? 0;
    const isPaused = (this.#pausedUntilMs.get(place) ?? 0) > monoMs;
    if (isPaused || round.hosts.has(host) || near >= ASKS_PER_NETWORK_MAX) return;
    if (round.asks >= ASKS_PER_ROUND_MAX || this.directory.isAt({ endpoint })) return;
    if (!this.ports.mayBe(endpoint)) return;
    round.asks++;
    round.hosts.add(host);
    round.networks.set(network, near + 1);
    this.#pause(endpoint);
    const token = this.context.random(TOKEN_BYTES);
    const [againAtMs, giveUpAtMs] = [monoMs + ASK_AGAIN_MS, monoMs + ASK_GIVE_UP_MS];
    const asked = { endpoint, token, againAtMs, giveUpAtMs };
    this.#asked.set(place, asked);
    this.#say(asked);
  }

  #say({ endpoint, token }: Asked): void {
    if (!this.ports.mayLook()) return;
    this.#counts.asks++;
    const bytes = encodeAsk(token, this.context.random);
    this.context.emit({ type: 'datagram', to: endpoint, bytes });
  }

  #pause(endpoint: Endpoint): void {
    const untilMs = this.context.now.monoMs + ASKED_PAUSE_MS;
    this.#pausedUntilMs.set(endpointKey(endpoint), untilMs);
  }

  /** Those whom most nodes name last, else by chance: they are taken from the end. */
  #sorted(peers: readonly NamedPeer[]): Endpoint[] {
    const counted = ({ voices }: NamedPeer): number => Math.min(voices, VOICES_COUNTED);
    const sorted = this.#shuffled(peers).sort((a, b) => counted(a) - counted(b));
    return sorted.map(({ endpoint }) => endpoint);
  }

  #shuffled<T>(all: readonly T[]): T[] {
    const mixed = [...all];
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = randomInt(this.context.random, i + 1);
      [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
    }
    return mixed;
  }

  #bringForward(toMs: number): void {
    const soonMs = Math.max(toMs, this.context.now.monoMs);
    if (this.#roundAtMs !== undefined) this.#roundAtMs = Math.min(this.#roundAtMs, soonMs);
    if (this.#dueMs !== undefined) this.#dueMs = Math.min(this.#dueMs, soonMs);
  }

  #over(): void {
    this.#endRound();
    this.#overAtMs = this.context.now.monoMs;
    // Nobody is in a hurry who has found one, or two.
    this.#step = Math.max(this.#step, Math.min(2 * this.#working(), LAST_STEP - 1));
    const waitMs = ROUND_AGAIN_MS[Math.min(this.#step, LAST_STEP)]!;
    this.#step++;
    this.#roundAtMs = this.context.now.monoMs + waitMs * (1 + unit(this.context.random) / 4);
    this.#dueMs = this.#roundAtMs;
  }

  #endRound(): void {
    this.#round?.takeBack?.();
    this.#round = undefined;
    this.#asked.clear();
  }

  #save(): void {
    this.#savedSeenMs = this.context.soundMs;
    const docs = [directoryDoc(this.directory.all)];
    this.context.vault({ op: 'put', docs }, () => undefined);
  }
}
