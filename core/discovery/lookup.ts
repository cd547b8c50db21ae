/**
 * An iterative lookup: walks to the nodes closest to a target, fast, and does not stop early.
 *
 *   new --take--> asked --short timeout--> slow --hard timeout--> failed
 *    |              |                       |  '--take--> asked again (once, near the target)
 *    |              '------- answered <-----'
 *    '--take, far off--> asked for a masked target --> guide --take, if near after all--> asked
 *
 * - A lookup that hides tells its target only to nodes near it; others show the way by a target
 *   whose low bits are random, and never learn the true one (DHT-71 to DHT-73).
 * - Four paths that share no node: who is named first by a node of one belongs to that one. Each
 *   must reach its own nearest node, so that a liar holds up or leads astray his own path alone
 *   (DHT-75). What looks too sparse to be the closest set is not believed at once (DHT-77).
 * - Four queries at a time; a slow one no longer counts, so a dead node costs a short timeout and
 *   never blocks. Once the three nearest have answered, or one as near as the closest set should
 *   be, ten at a time: all of those must be asked anyway.
 * - It ends only when the `width` closest nodes that comply with BEP 42 and give tokens have
 *   answered (DHT-43), or when nobody is left to ask. A closer node that neither answered nor
 *   failed keeps it going, so colluders who answer first cannot end it.
 * - Nodes that break BEP 42 are asked too, but at most 16 before the others, and they count only
 *   where too few others exist (DHT-44).
 *
 * Pure: it chooses whom to ask; `Walk` asks. Spec: DHT-41 to DHT-46, DHT-71 to
 * DHT-77.
 * @module
 */
import { equal } from '../base/bytes.ts';
import { endpointKey, networkOf, scopeOf, type Endpoint } from '../base/endpoint.ts';
import {
  hasAnswered,
  isAskable,
  isDeadEnd,
  isPending,
  newCandidate,
  speaks,
  type Candidate,
  type CandidateState,
  type Voice,
  type Voices,
} from './candidate.ts';
import { compareDistance, distanceShare, isCompliant, sharedBits } from './node-id.ts';

export const ALPHA = 4;
/** Parallel queries once the lookup has arrived. */
export const ALPHA_ARRIVED = 10;
/** How many of the nearest must have answered for that. */
const ARRIVED_NODES = 3;
/** Candidates remembered; the farthest unasked go first. */
export const CANDIDATES_MAX = 256;
/** Queries of one lookup, retries included. */
export const LOOKUP_QUERIES_MAX = 200;
/** DHT-44: queries to nodes that break BEP 42 while others wait. */
export const OUTLAW_QUERIES_MAX = 16;
/** DHT-72: a node is near within so many times the expected reach of the closest set. */
export const NEAR_FACTOR = 4;
/** DHT-71: bits of the target that a masked one shows beyond those the asked node shares. */
export const MASK_EXTRA_BITS = 3;
/** DHT-71: the most that a masked target shows where the size of the network is unknown. */
export const MASK_BITS_MAX = 16;
/** DHT-75: how many paths a lookup takes that share no node. */
export const PATHS = 4;
/** DHT-75: a path with more nodes that do not answer is given up. */
export const PATH_DEAD_ENDS_MAX = 4;
/** DHT-76: contacts taken from one answer: who names more wants to fill our list. */
export const NAMED_NODES_MAX = 8;
/** DHT-45: nodes of one public address, and of one /24 or /48. */
export const HOST_NODES_MAX = 1;
export const NETWORK_NODES_MAX = 2;
/** A /48; of IPv4 it is the /24. */
const NETWORK_V6_BYTES = 6;
/** DHT-77: a closest set that reaches so many times farther than expected is not believed. */
export const SPARSE_FACTOR = 2;
/** DHT-77: then so many paths in all are taken. */
export const PATHS_MAX = 12;

/** Whom to start from: nodes of the table, or bare addresses. */
export interface Seed {
  readonly id?: Uint8Array;
  readonly endpoint: Endpoint;
}

export interface LookupOptions {
  /** How many of the closest must have answered. */
  readonly width: number;
  /** Do only those count that give tokens? */
  readonly tokens: boolean;
  /** Nobody has answered us in this run, so the seeds may all be dead: ask ten from the start. */
  readonly eager?: boolean;
  /** Tell the target to near nodes only. */
  readonly hide?: boolean;
  /**
   * The share of all ids within which the table lets expect the `width` closest; undefined where
   * the table is too fresh to know.
   */
  readonly reach?: number | undefined;
}

/** DHT-44: do those count alone whose id complies with BEP 42? */
type Law = 'lawful' | 'all';

export class Lookup {
  readonly #ownId: Uint8Array;
  /** With an id, nearest first. */
  readonly #candidates: Candidate[] = [];
  /** Without one yet: asked first. */
  readonly #addresses: Candidate[] = [];
  readonly #keys = new Set<string>();
  #queries = 0;
  #inFlight = 0;
  /** Of each path: how many nodes that comply with BEP 42 are slow or have failed. */
  readonly #deadEnds = new Array<number>(PATHS_MAX).fill(0);
  #outlawQueries = 0;
  #seeds = 0;
  /** By address, and by /24 or /48. */
  readonly #voices = new Map<string, Voice>(); // bounded by twice the keys

  constructor(
    readonly target: Uint8Array,
    readonly options: LookupOptions,
    ownId: Uint8Array,
  ) {
    this.#ownId = ownId;
  }

  get queries(): number {
    return this.#queries;
  }

  /** True once the limit on queries has cut it short. */
  get limited(): boolean {
    return this.#queries >= LOOKUP_QUERIES_MAX;
  }

  get size(): number {
    return this.#candidates.length + this.#addresses.length;
  }

  /**
   * Learns of nodes; known sockets and ourselves are left out.
   * @param from who named them: they join its path, at most eight. Without, they begin all paths.
   */
  offer(seeds: readonly Seed[], from?: Candidate): void {
    for (const { id, endpoint } of from ? this.#nearest(seeds) : seeds) {
      const key = endpointKey(endpoint);
      if (this.#keys.has(key) || (id && equal(id, this.#ownId))) continue;
      this.#keys.add(key);
      const path = from?.path ?? this.#seeds++ % PATHS_MAX;
      const candidate = newCandidate(id, endpoint, key, path, this.#voicesOf(endpoint.host));
      if (id) this.#place(candidate);
      else this.#addresses.push(candidate);
    }
    while (this.size > CANDIDATES_MAX && this.#forgetFarthest());
  }

  /** The next node to ask, marked as asked; undefined where nobody should be asked now. */
  take(): Candidate | undefined {
    if (this.limited) return undefined;
    if (this.#inFlight >= (this.#arrived() ? ALPHA_ARRIVED : ALPHA)) return undefined;
    const candidate =
      this.#addresses.find(isAskable) ?? this.#headIn('new') ?? this.#nearestAskable();
    if (!candidate) return undefined;
    if (candidate.state !== 'slow') candidate.told = this.#mayKnow(candidate);
    this.#turn(candidate, 'asked');
    candidate.asks++;
    this.#queries++;
    if (!candidate.compliant && candidate.id) this.#outlawQueries++;
    return candidate;
  }

  /** The node could not be asked after all: no budget now. */
  putBack(candidate: Candidate): void {
    this.#turn(candidate, candidate.asks > 1 ? 'slow' : candidate.guided ? 'guide' : 'new');
    candidate.asks--;
    this.#queries--;
    if (!candidate.compliant && candidate.id) this.#outlawQueries--;
  }

  /** It answered, under the id it gives now. */
  answered(candidate: Candidate, id: Uint8Array, token: Uint8Array | undefined): void {
    if (candidate.told) {
      this.#turn(candidate, 'answered');
      candidate.token = token;
    } else {
      this.#turn(candidate, 'guide');
      candidate.guided = true;
      candidate.asks = 0;
      candidate.silences = 0;
    }
    if (candidate.id && equal(id, candidate.id)) return;
    const list = candidate.id ? this.#candidates : this.#addresses;
    const at = list.indexOf(candidate);
    if (at >= 0) list.splice(at, 1);
    candidate.id = id.slice();
    candidate.compliant = isCompliant(id, candidate.endpoint.host);
    this.#place(candidate);
  }

  slow(candidate: Candidate): void {
    if (candidate.state === 'asked') this.#turn(candidate, 'slow');
  }

  failed(candidate: Candidate): void {
    if (candidate.state !== 'answered') this.#turn(candidate, 'failed');
  }

  /**
   * DHT-71: how many leading bits of the target a node that is not told may see. Never more than
   * any near node shares, whatever id the node claims.
   */
  maskBits(candidate: Candidate): number {
    const { reach } = this.options;
    const most =
      reach === undefined
        ? MASK_BITS_MAX
        : Math.floor(Math.log2(1 / Math.min(1, NEAR_FACTOR * reach)));
    const shared = candidate.id ? sharedBits(candidate.id, this.target) : 0;
    return Math.min(most, shared + MASK_EXTRA_BITS);
  }

  /**
   * Is the closest set complete? False while somebody who could belong to it may still answer or
   * may still be asked. True also where everybody known has answered or failed.
   */
  done(): boolean {
    if (this.limited && this.#inFlight === 0) return true;
    if (this.#addresses.some(isPending)) return false;
    if (this.#headIn('new', 'asked')) return false;
    return this.#isComplete(this.#isLawfulEnough() ? 'lawful' : 'all');
  }

  /** The closest nodes that gave tokens: compliant ones, and others where those are too few. */
  storeTargets(count: number): Candidate[] {
    const able = this.#candidates.filter((other) => other.state === 'answered' && other.token);
    const lawful = able.filter((candidate) => candidate.compliant);
    if (lawful.length >= this.options.width) return lawful.slice(0, count);
    const outlaws = able.filter((candidate) => !candidate.compliant);
    return [...lawful, ...outlaws.slice(0, this.options.width - lawful.length)].slice(0, count);
  }

  /**
   * DHT-78: the closest set, where it has answered and is as dense as expected: among them are as
   * many liars as among all nodes, and not as many as liars name.
   */
  members(): Candidate[] {
    const { reach, width } = this.options;
    const closest = this.#candidates
      .filter((candidate) => candidate.compliant && this.#counts(candidate))
      .slice(0, width);
    const last = closest[width - 1];
    if (reach === undefined || !last) return [];
    return distanceShare(this.target, last.id!) <= SPARSE_FACTOR * reach ? closest : [];
  }

  /** Everybody who was told the target and answered, nearest first. */
  responders(): Candidate[] {
    return this.#candidates.filter((candidate) => candidate.state === 'answered');
  }

  /**
   * DHT-75: of each path the nearest node that is not slow is its head, unless the path has met too
   * many that do not answer. @returns the nearest head that is in one of these states.
   */
  #headIn(...states: readonly CandidateState[]): Candidate | undefined {
    const paths = this.#isSparse() ? PATHS_MAX : PATHS;
    let [seen, left] = [0, paths]; // a bit for each path
    for (const candidate of this.#candidates) {
      const { path, state, compliant } = candidate;
      if (path >= paths || (seen & (1 << path)) !== 0) continue;
      if (!compliant || isDeadEnd(state) || this.#isCrowded(candidate)) continue;
      const lives = this.#deadEnds[path]! <= PATH_DEAD_ENDS_MAX;
      if (lives && states.includes(state)) return candidate;
      seen |= 1 << path;
      if (--left === 0) return undefined;
    }
    return undefined;
  }

  /** Outlaws beyond their allowance are asked when no lawful node is left to wait for. */
  #nearestAskable(): Candidate | undefined {
    if (!this.#isLawfulEnough()) return this.#nextOf('all', 'all');
    const outlaws = this.#outlawQueries < OUTLAW_QUERIES_MAX;
    return this.#nextOf(outlaws ? 'all' : 'lawful', 'lawful');
  }

  /** May lawful nodes alone make up the closest set? Some may still answer, or enough have. */
  #isLawfulEnough(): boolean {
    let counted = 0;
    for (const candidate of this.#candidates) {
      if (!this.#isEligible(candidate, 'lawful')) continue;
      if (isPending(candidate)) return true;
      if (this.#counts(candidate) && ++counted >= this.options.width) return true;
    }
    return false;
  }

  /**
   * The nearest node to ask, within the closest set: beyond it nobody is asked as long
   * as enough nearer ones live. New nodes first; then guides, where nobody may bring nearer ones;
   * then those that are slow get their second question, for a lost datagram must not cost a whole
   * answer.
   * @param who may be asked.
   * @param counting who makes up the closest set.
   */
  #nextOf(who: Law, counting: Law): Candidate | undefined {
    const wanted = this.options.width;
    let counted = 0;
    let guide: Candidate | undefined;
    let waits = false;
    for (const candidate of this.#candidates) {
      if (counted >= wanted) break;
      if (!this.#isEligible(candidate, who)) continue;
      if (candidate.state === 'new') return candidate;
      if (counting === 'lawful' && !candidate.compliant) continue;
      waits ||= candidate.state === 'asked';
      if (candidate.state === 'guide') guide ??= candidate;
      const belongs = candidate.state === 'asked' || candidate.state === 'guide';
      if (belongs || this.#counts(candidate)) counted++;
    }
    if (guide && !waits) return guide;
    let answered = 0;
    for (const candidate of this.#candidates) {
      if (answered >= wanted) break;
      if (!this.#isEligible(candidate, who)) continue;
      if (candidate.state === 'slow' && isAskable(candidate)) return candidate;
      if (this.#counts(candidate)) answered++;
    }
    return undefined;
  }

  /** Have the wanted nearest answered, with nobody nearer outstanding? */
  #isComplete(who: Law): boolean {
    const wanted = this.options.width;
    let counted = 0;
    for (const candidate of this.#candidates) {
      if (!this.#isEligible(candidate, who)) continue;
      if (isPending(candidate)) return false;
      if (this.#counts(candidate)) counted++;
      if (counted >= wanted) return true;
    }
    return true;
  }

  /** DHT-77: have the closest answered, and are strangely far away? */
  #isSparse(): boolean {
    const { width, reach } = this.options;
    if (reach === undefined) return false;
    let counted = 0;
    for (const candidate of this.#candidates) {
      if (!candidate.compliant || this.#isCrowded(candidate)) continue;
      if (isPending(candidate) && candidate.state !== 'slow') return false;
      if (!this.#counts(candidate) || ++counted < width) continue;
      return distanceShare(this.target, candidate.id!) > SPARSE_FACTOR * reach;
    }
    return false;
  }

  /** DHT-72: who may be told the target now. A guide that is asked again belongs to the closest. */
  #mayKnow(candidate: Candidate): boolean {
    const { hide, reach } = this.options;
    if (!hide || candidate.guided) return true;
    if (!candidate.compliant || !candidate.id || reach === undefined) return false;
    return distanceShare(this.target, candidate.id) <= NEAR_FACTOR * reach;
  }

  #counts(candidate: Candidate): boolean {
    if (candidate.state !== 'answered') return false;
    return !this.options.tokens || candidate.token !== undefined;
  }

  /** It has not failed, and its network has not spoken enough already. */
  #isEligible(candidate: Candidate, who: Law): boolean {
    if (candidate.state === 'failed' || (who === 'lawful' && !candidate.compliant)) return false;
    return !this.#isCrowded(candidate);
  }

  /** DHT-45: others of its network speak for it. When they fail, its turn comes. */
  #isCrowded({ state, voices }: Candidate): boolean {
    if (state !== 'new' || !voices) return false;
    return voices.host.count >= HOST_NODES_MAX || voices.network.count >= NETWORK_NODES_MAX;
  }

  #voicesOf(host: string): Voices | undefined {
    if (scopeOf(host) !== 'public') return undefined;
    return { host: this.#voice(host), network: this.#voice(networkOf(host, NETWORK_V6_BYTES)) };
  }

  #voice(name: string): Voice {
    let voice = this.#voices.get(name);
    if (!voice) this.#voices.set(name, (voice = { count: 0 }));
    return voice;
  }

  #turn(candidate: Candidate, state: CandidateState): void {
    const before = candidate.state;
    candidate.state = state;
    this.#inFlight += Number(state === 'asked') - Number(before === 'asked');
    const { compliant, path, voices } = candidate;
    if (compliant) this.#deadEnds[path]! += Number(isDeadEnd(state)) - Number(isDeadEnd(before));
    const voice = Number(speaks(state)) - Number(speaks(before));
    if (!voices) return;
    voices.host.count += voice;
    voices.network.count += voice;
  }

  #arrived(): boolean {
    const { eager, reach } = this.options;
    if (eager && !this.#candidates.some(hasAnswered)) return true;
    return (reach !== undefined && this.#isMemberKnown(reach)) || this.#haveNearestAnswered();
  }

  /** Has somebody answered who is as near as the closest set is expected to be? */
  #isMemberKnown(reach: number): boolean {
    for (const { compliant, id, state } of this.#candidates) {
      if (distanceShare(this.target, id!) > reach) return false;
      if (state === 'answered' && compliant) return true;
    }
    return false;
  }

  #haveNearestAnswered(): boolean {
    let answered = 0;
    for (const { state } of this.#candidates) {
      if (state === 'failed') continue;
      if (state !== 'answered') return false;
      if (++answered === ARRIVED_NODES) return true;
    }
    return true;
  }

  /** DHT-76: of what one node names, the nearest to the target. */
  #nearest(seeds: readonly Seed[]): readonly Seed[] {
    if (seeds.length <= NAMED_NODES_MAX) return seeds;
    const known = seeds.filter((seed) => seed.id !== undefined);
    known.sort((a, b) => compareDistance(this.target, a.id!, b.id!));
    return known.slice(0, NAMED_NODES_MAX);
  }

  #place(candidate: Candidate): void {
    const list = this.#candidates;
    let from = 0;
    let to = list.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compareDistance(this.target, list[middle]!.id!, candidate.id!) < 0) from = middle + 1;
      else to = middle;
    }
    list.splice(from, 0, candidate);
  }

  /** Of the path that has the most, so that a liar can fill his own alone. */
  #forgetFarthest(): boolean {
    const unasked = new Array<number>(PATHS_MAX).fill(0);
    for (const { path, state } of this.#candidates) if (state === 'new') unasked[path]!++;
    const fullest = unasked.indexOf(Math.max(...unasked));
    const at = this.#candidates.findLastIndex(
      ({ path, state }) => state === 'new' && path === fullest,
    );
    if (at >= 0) this.#candidates.splice(at, 1);
    return at >= 0;
  }
}
