/**
 * An iterative lookup: walks to the nodes closest to a target, fast, and does not stop early.
 *
 *   new --take--> asked --short timeout--> slow --hard timeout--> failed
 *    |              |                       |  '--take--> asked again (once, near the target)
 *    |              '------- answered <-----'
 *    '--take, far off--> asked for a masked target --> guide --take, if it is near after all--> asked
 *
 * - A lookup that hides tells its target only to nodes near it; others show the way by a target
 *   whose low bits are random, and never learn the true one (DHT-71 to DHT-74).
 * - Four queries at a time; a slow one no longer counts, so a dead node costs a short timeout and
 *   never blocks. Once the three nearest have answered, ten at a time: all of those must be asked
 *   anyway.
 * - It ends only when the `width` closest nodes that comply with BEP 42 and give tokens have
 *   answered (DHT-43), or when nobody is left to ask. A closer node that neither answered nor
 *   failed keeps it going, so colluders who answer first cannot end it.
 * - Nodes that break BEP 42 are asked too, but at most 16 before the others, and they count only
 *   where too few others exist (DHT-44).
 *
 * Pure: it chooses whom to ask; `Walk` asks. Spec: DHT-41 to DHT-46, DHT-71 to DHT-74.
 * @module
 */
import { equal } from '../base/bytes.ts';
import { endpointKey, scopeOf, type Endpoint } from '../base/endpoint.ts';
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
/** DHT-42: how often one node is asked before it fails. */
export const ASKS_MAX = 2;
/** DHT-72: a node is near within so many times the expected reach of the closest set. */
export const NEAR_FACTOR = 4;
/** DHT-71: bits of the target that a masked one shows beyond those the asked node shares. */
export const MASK_EXTRA_BITS = 3;
/** DHT-71: the most that a masked target shows where the size of the network is unknown. */
export const MASK_BITS_MAX = 16;

export type CandidateState = 'new' | 'asked' | 'slow' | 'guide' | 'answered' | 'failed';

export interface Candidate {
  /** Undefined until it answers, for a bootstrap address. */
  id: Uint8Array | undefined;
  readonly endpoint: Endpoint;
  readonly key: string;
  compliant: boolean;
  state: CandidateState;
  /** Does its question, the last or the one under way, name the true target? */
  told: boolean;
  /** It has answered a question for a masked target. */
  guided: boolean;
  /** Of the question under way. */
  asks: number;
  /** How many of the asks went unanswered to the end. */
  silences: number;
  /** What a store on this node needs. */
  token: Uint8Array | undefined;
}

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

export class Lookup {
  readonly #ownId: Uint8Array;
  /** With an id, nearest first. */
  readonly #candidates: Candidate[] = [];
  /** Without one yet: asked first. */
  readonly #addresses: Candidate[] = [];
  readonly #keys = new Set<string>();
  readonly #publicHosts = new Set<string>();
  #queries = 0;
  #outlawQueries = 0;

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

  /** Learns of nodes. Known sockets, second nodes of one public address and ourselves are left. */
  offer(seeds: readonly Seed[]): void {
    for (const { id, endpoint } of seeds) {
      const key = endpointKey(endpoint);
      if (this.#keys.has(key) || (id && equal(id, this.#ownId))) continue;
      if (scopeOf(endpoint.host) === 'public') {
        if (this.#publicHosts.has(endpoint.host)) continue;
        this.#publicHosts.add(endpoint.host);
      }
      this.#keys.add(key);
      const compliant = id !== undefined && isCompliant(id, endpoint.host);
      const candidate: Candidate = { ...UNASKED, id, endpoint, key, compliant };
      if (id) this.#place(candidate);
      else this.#addresses.push(candidate);
    }
    while (this.size > CANDIDATES_MAX && this.#forgetFarthest());
  }

  /** The next node to ask, marked as asked; undefined where nobody should be asked now. */
  take(): Candidate | undefined {
    if (this.limited) return undefined;
    if (this.#inFlight() >= (this.#arrived() ? ALPHA_ARRIVED : ALPHA)) return undefined;
    const candidate = this.#addresses.find(askable) ?? this.#nearestAskable();
    if (!candidate) return undefined;
    if (candidate.state !== 'slow') candidate.told = this.#mayKnow(candidate);
    candidate.state = 'asked';
    candidate.asks++;
    this.#queries++;
    if (!candidate.compliant && candidate.id) this.#outlawQueries++;
    return candidate;
  }

  /** The node could not be asked after all: no budget now. */
  putBack(candidate: Candidate): void {
    candidate.state = candidate.asks > 1 ? 'slow' : candidate.guided ? 'guide' : 'new';
    candidate.asks--;
    this.#queries--;
    if (!candidate.compliant && candidate.id) this.#outlawQueries--;
  }

  /** It answered, under the id it gives now. */
  answered(candidate: Candidate, id: Uint8Array, token: Uint8Array | undefined): void {
    if (candidate.told) {
      candidate.state = 'answered';
      candidate.token = token;
    } else {
      candidate.state = 'guide';
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
    if (candidate.state === 'asked') candidate.state = 'slow';
  }

  failed(candidate: Candidate): void {
    if (candidate.state !== 'answered') candidate.state = 'failed';
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
    if (this.limited && this.#inFlight() === 0) return true;
    if (this.#addresses.some(pending)) return false;
    const lawful = this.#candidates.filter((candidate) => candidate.compliant);
    if (lawful.some(pending) || this.#countOf(lawful) >= this.options.width) {
      return this.#complete(lawful);
    }
    return this.#complete(this.#candidates);
  }

  /** The closest nodes that gave tokens: compliant ones, and others where those are too few. */
  storeTargets(count: number): Candidate[] {
    const able = this.#candidates.filter((other) => other.state === 'answered' && other.token);
    const lawful = able.filter((candidate) => candidate.compliant);
    if (lawful.length >= this.options.width) return lawful.slice(0, count);
    const outlaws = able.filter((candidate) => !candidate.compliant);
    return [...lawful, ...outlaws.slice(0, this.options.width - lawful.length)].slice(0, count);
  }

  /** Everybody who answered, nearest first. */
  responders(): Candidate[] {
    return this.#candidates.filter((candidate) => candidate.state === 'answered');
  }

  /** Outlaws beyond their allowance are asked when no lawful node is left to wait for. */
  #nearestAskable(): Candidate | undefined {
    const lawful = this.#candidates.filter((candidate) => candidate.compliant);
    const enough = lawful.some(pending) || this.#countOf(lawful) >= this.options.width;
    if (!enough) return this.#nextOf(this.#candidates);
    const outlawsToo = this.#outlawQueries < OUTLAW_QUERIES_MAX;
    return this.#nextOf(outlawsToo ? this.#candidates : lawful, lawful.length > 0);
  }

  /**
   * The nearest node of `nodes` to ask, within the closest `width`: beyond them nobody is asked as
   * long as enough nearer ones live. New nodes first; then those that are slow get their second
   * question, for a lost datagram must not cost a whole answer.
   */
  #nextOf(nodes: readonly Candidate[], lawfulOnly = false): Candidate | undefined {
    let counted = 0;
    let guide: Candidate | undefined;
    let waits = false;
    for (const candidate of nodes) {
      if (counted >= this.options.width) break;
      if (candidate.state === 'new') return candidate;
      if (lawfulOnly && !candidate.compliant) continue;
      waits ||= candidate.state === 'asked';
      if (candidate.state === 'guide') guide ??= candidate;
      const belongs = candidate.state === 'asked' || candidate.state === 'guide';
      if (belongs || this.#counts(candidate)) counted++;
    }
    if (guide && !waits) return guide;
    let answered = 0;
    for (const candidate of nodes) {
      if (answered >= this.options.width) break;
      if (candidate.state === 'slow' && askable(candidate)) return candidate;
      if (this.#counts(candidate)) answered++;
    }
    return undefined;
  }

  /** Have the `width` nearest of `nodes` answered, with nobody nearer outstanding? */
  #complete(nodes: readonly Candidate[]): boolean {
    let counted = 0;
    for (const candidate of nodes) {
      if (pending(candidate)) return false;
      if (this.#counts(candidate)) counted++;
      if (counted >= this.options.width) return true;
    }
    return true;
  }

  #countOf(nodes: readonly Candidate[]): number {
    return nodes.filter((candidate) => this.#counts(candidate)).length;
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

  #arrived(): boolean {
    const nearest = this.#candidates.filter((other) => other.state !== 'failed');
    if (this.options.eager && !nearest.some(hasAnswered)) return true;
    return nearest.slice(0, ARRIVED_NODES).every((other) => other.state === 'answered');
  }

  #inFlight(): number {
    const asked = (candidate: Candidate): boolean => candidate.state === 'asked';
    return this.#candidates.filter(asked).length + this.#addresses.filter(asked).length;
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

  #forgetFarthest(): boolean {
    for (let at = this.#candidates.length - 1; at >= 0; at--) {
      if (this.#candidates[at]!.state !== 'new') continue;
      this.#candidates.splice(at, 1);
      return true;
    }
    return false;
  }
}

/** May still answer, or may still be asked. */
function pending(candidate: Candidate): boolean {
  return candidate.state !== 'answered' && candidate.state !== 'failed';
}

const UNASKED = {
  state: 'new',
  told: false,
  guided: false,
  asks: 0,
  silences: 0,
  token: undefined,
} as const;

function hasAnswered(candidate: Candidate): boolean {
  return candidate.state === 'answered' || candidate.guided;
}

function askable(candidate: Candidate): boolean {
  return candidate.state === 'new' || (candidate.state === 'slow' && candidate.asks < ASKS_MAX);
}
