/**
 * One address family's DHT: BEP 32 has two, and they share nothing. Owns our id in it, the routing
 * table, the vote on our address, and the little traffic that keeps these fresh.
 *
 *   idle --seed known--> searching --somebody answered--> ready --all lost--> searching
 *                          |   ^
 *        nobody answered   '---'  saved nodes, then routers, these ever more rarely
 *
 * A search is one lookup of our own id. Routers are asked only when nobody else answers, and ever
 * more rarely, because they stop answering those who insist (DHT-50). Spec: DHT-47 to DHT-55.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { endpointKey, familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import { unit, type Random } from '../base/time.ts';
import { IpVote } from './ip-vote.ts';
import type { Query, Reply } from './krpc.ts';
import { Lookup, type Seed } from './lookup.ts';
import {
  idForHost,
  idNear,
  idSharing,
  isCompliant,
  NODE_ID_BYTES,
  sharedBits,
  type Contact,
} from './node-id.ts';
import { BUCKET_NODES_MAX, RoutingTable, type TableNode } from './routing-table.ts';
import type { Later } from './later.ts';
import type { Rpc } from './rpc.ts';
import type { SavedRealm } from './saved.ts';
import type { Timer, Timers } from './timers.ts';
import { Walk } from './walk.ts';

/**
 * Where a lookup starts: the nearest nodes of the table. Many, because good neighbours all name the
 * same eight: whoever wants twenty needs the next ones from its own table. The far ones are asked
 * only when nobody nearer is left.
 */
export const SEEDS_MAX = 128;
/** So many begin it: enough to choose whom to ask first. The others join when that is done. */
export const FIRST_SEEDS = 4;
/** Bare addresses told to us and not yet tried. */
export const HINTS_MAX = 32;
export const ROUTERS_MAX = 16;
export const ROUTER_PAUSE_MS_MIN = 5_000;
export const ROUTER_PAUSE_MS_MAX = 5 * 60_000;
/** DHT-52: at most one query of upkeep in this time. */
export const UPKEEP_MS_MIN = 3_000;
/** DHT-53: a table with less than a bucket looks around again, each time after twice as long. */
export const LONELY_SEARCH_MS_MIN = 10_000;
export const LONELY_SEARCH_MS_MAX = 4 * 60_000;
/** DHT-49: so long saved nodes and hints have for an answer, before routers are asked too. */
export const HEAD_START_MS = 1_500;
const SEARCH_DEADLINE_MS = 20_000;
/** Wider than a bucket: whom we ask here learns of us, and so we come to be known. */
const SEARCH_WIDTH = 16;
/** Nodes that asked us something and are being pinged before they may enter the table. */
export const CHECKS_MAX = 8;
/** After a check the same address is not checked again for this long. */
export const CHECK_PAUSE_MS = 60_000;
const CHECKED_MAX = 256;
/** Newcomers checked from one reply of upkeep. */
const CHECKS_PER_REPLY_MAX = 2;

export interface RealmDeps {
  readonly family: Family;
  readonly random: Random;
  readonly timers: Timers;
  readonly later: Later;
  readonly rpc: Rpc;
  readonly routers: readonly Endpoint[];
  readonly allowReserved: boolean;
  readonly saved: SavedRealm | undefined;
  /** The first search that found somebody is over. */
  ready(nowMs: number): void;
  /** A search is over, well or not: whoever waits for nodes may look. */
  searched(nowMs: number): void;
  external(endpoint: Endpoint): void;
}

export class Realm {
  readonly family: Family;
  readonly table: RoutingTable;
  readonly #deps: RealmDeps;
  readonly #votes: IpVote;
  readonly #checked = new BoundedMap<string, number>(CHECKED_MAX);
  #id: Uint8Array;
  #state: 'idle' | 'searching' | 'ready' = 'idle';
  #wasReady = false;
  #hints: Endpoint[] = [];
  #search: Walk | undefined;
  #searchedAtMs = -Infinity;
  #routersAtMs = -Infinity;
  #routerPauseMs = ROUTER_PAUSE_MS_MIN;
  #lonelyMs = LONELY_SEARCH_MS_MIN;
  #upkeepTimer: Timer | undefined;
  #checks = 0;

  constructor(deps: RealmDeps) {
    this.#deps = deps;
    this.family = deps.family;
    this.#id = deps.saved?.id ?? deps.random(NODE_ID_BYTES);
    this.#votes = new IpVote(deps.saved?.external);
    this.table = new RoutingTable(this.#id);
    for (const contact of deps.saved?.nodes ?? []) {
      if (this.usable(contact.endpoint)) this.table.restore(contact);
    }
  }

  get id(): Uint8Array {
    return this.#id;
  }

  get searching(): boolean {
    return this.#state === 'searching';
  }

  /** True until somebody has answered in this run. */
  get untried(): boolean {
    return !this.#wasReady;
  }

  get external(): Endpoint | undefined {
    return this.#votes.elected;
  }

  get votes(): IpVote {
    return this.#votes;
  }

  get counts(): Record<string, number> {
    return {
      nodes: this.table.size,
      spares: this.table.spares,
      votes: this.#votes.size,
      hints: this.#hints.length,
      checked: this.#checked.size,
      checks: this.#checks,
      candidates: this.#search?.lookup.size ?? 0,
    };
  }

  /** DHT-9: of this family, a real port, not ourselves, and (outside a lab) on the public net. */
  usable(endpoint: Endpoint): boolean {
    const own = this.#votes.elected;
    if (familyOf(endpoint) !== this.family || endpoint.port <= 1) return false;
    if (own && own.host === endpoint.host && own.port === endpoint.port) return false;
    return this.#deps.allowReserved || scopeOf(endpoint.host) === 'public';
  }

  /** Addresses where a node may be. */
  hint(endpoints: readonly Endpoint[], nowMs: number): void {
    const fresh = endpoints.filter((endpoint) => this.usable(endpoint));
    if (fresh.length === 0) return;
    if (this.#search) {
      this.#search.offer(() => fresh.map((endpoint) => ({ endpoint })), nowMs);
      return;
    }
    this.#hints = fresh.slice(0, HINTS_MAX);
    this.search(nowMs);
  }

  /** Nobody answers any more: look for somebody, routers included. */
  lost(nowMs: number): void {
    if (this.#search) return;
    this.#state = 'idle';
    this.search(nowMs);
  }

  /** Looks for our own neighbourhood, unless that is already under way. */
  search(nowMs: number): void {
    if (this.#search) return;
    const { timers } = this.#deps;
    const seeds = this.#seeds(nowMs);
    timers.cancel(this.#upkeepTimer);
    if (seeds.length === 0) {
      this.#state = 'idle';
      this.#planUpkeep(nowMs);
      this.#deps.searched(nowMs);
      return;
    }
    this.#state = 'searching';
    const options = { width: SEARCH_WIDTH, tokens: false, eager: !this.#wasReady };
    const lookup = new Lookup(this.#id, options, this.#id);
    lookup.offer(seeds);
    this.#search = new Walk(this.walkDeps(), {
      lookup,
      urgent: true,
      deadlineMs: SEARCH_DEADLINE_MS,
      query: () => this.findNode(this.#id),
      done: (_, atMs) => this.#searchDone(lookup.responders().length > 0, atMs),
    });
    const search = this.#search;
    timers.at(nowMs + HEAD_START_MS, (atMs) => this.#help(search, atMs));
    search.start(nowMs);
  }

  /** DHT-72: the share of all ids in which the `count` closest to a target are; if we know yet. */
  reach(count: number): number | undefined {
    return this.#wasReady ? this.table.reach(count) : undefined;
  }

  /** A random id that shares the first `bits` bits with the target. */
  mask(target: Uint8Array, bits: number): Uint8Array {
    return idNear(target, bits, this.#deps.random);
  }

  findNode(target: Uint8Array): Query {
    return { method: 'find_node', target, want: [this.family] };
  }

  walkDeps(): ConstructorParameters<typeof Walk>[0] {
    const { rpc, timers, later } = this.#deps;
    const usable = (contact: Contact): boolean => this.usable(contact.endpoint);
    return { rpc, timers, later, ownId: this.#id, usable };
  }

  /** A node answered a query of ours. */
  heard(from: Endpoint, reply: Reply, external: Endpoint | undefined, nowMs: number): void {
    this.table.answered({ id: reply.id, endpoint: from }, nowMs);
    if (external && familyOf(external) === this.family && this.#plausible(external)) {
      if (this.#votes.add(from, external, nowMs)) this.#moved(nowMs);
    }
    if (this.#state === 'idle') this.search(nowMs);
  }

  /** A lookup is over: its closest set tells who there is. */
  learn(lookup: Lookup, nowMs: number): void {
    for (const { id, endpoint } of lookup.members()) this.table.found({ id: id!, endpoint }, nowMs);
  }

  /** A node did not answer. While nobody at all answers, the fault is ours, not the node's. */
  silent(to: Endpoint, heardSince: boolean, nowMs: number): void {
    if (!heardSince || !this.table.has(to)) return;
    this.table.missed(to);
    if (!this.#search) this.#planUpkeep(nowMs);
  }

  /** A node asked us something; if the table has room for it, see whether it answers too. */
  asked(contact: Contact, nowMs: number): void {
    this.table.queried(contact, nowMs);
    this.#check(contact, nowMs);
  }

  #seeds(nowMs: number): Seed[] {
    const hints = this.#hints.map((endpoint) => ({ endpoint }));
    this.#hints = [];
    const known = [...this.table.closest(this.#id, SEEDS_MAX), ...hints];
    return known.length > 0 ? known : this.#dueRouters(nowMs);
  }

  /** The routers, where it is time to ask them again; then it is not for a while. */
  #dueRouters(nowMs: number): Seed[] {
    const routers = this.#deps.routers.filter((endpoint) => this.usable(endpoint));
    if (routers.length === 0 || nowMs < this.#routersAtMs) return [];
    this.#routersAtMs = nowMs + this.#routerPauseMs * (1 + unit(this.#deps.random) / 4);
    this.#routerPauseMs = Math.min(ROUTER_PAUSE_MS_MAX, 2 * this.#routerPauseMs);
    return routers.slice(0, ROUTERS_MAX).map((endpoint) => ({ endpoint }));
  }

  /** Those we knew may all be gone: routers join a search that nobody has answered so far. */
  #help(search: Walk, nowMs: number): void {
    if (this.#search !== search || search.lookup.responders().length > 0) return;
    const routers = this.#dueRouters(nowMs);
    if (routers.length > 0) search.offer(() => routers, nowMs);
  }

  /**
   * DHT-59: the search of our neighbourhood tells little of the far half of all ids, and few seeds
   * there may all be liars. Once per start, where there is more than a neighbourhood.
   */
  #lookAround(nowMs: number): void {
    if ((this.table.reach(SEARCH_WIDTH) ?? 1) >= 0.5) return;
    const target = idSharing(this.#id, 0, this.#deps.random);
    const options = { width: SEARCH_WIDTH, tokens: false, reach: this.reach(SEARCH_WIDTH) };
    const lookup = new Lookup(target, options, this.#id);
    lookup.offer(this.table.closest(target, SEEDS_MAX));
    new Walk(this.walkDeps(), {
      lookup,
      urgent: false,
      deadlineMs: SEARCH_DEADLINE_MS,
      query: () => this.findNode(target),
      done: (_, atMs) => this.learn(lookup, atMs),
    }).start(nowMs);
  }

  #searchDone(found: boolean, nowMs: number): void {
    this.#search = undefined;
    this.#searchedAtMs = nowMs;
    this.#state = found ? 'ready' : 'idle';
    if (found) this.#routerPauseMs = ROUTER_PAUSE_MS_MIN;
    if (found && !this.#wasReady) {
      this.#wasReady = true;
      this.#deps.ready(nowMs);
      this.#lookAround(nowMs);
    }
    this.#planUpkeep(nowMs);
    this.#deps.searched(nowMs);
  }

  /** The vote on our address changed: take an id that fits it, and tell the neighbours. */
  #moved(nowMs: number): void {
    const external = this.#votes.elected!;
    this.#deps.external(external);
    if (isCompliant(this.#id, external.host)) return;
    this.#id = idForHost(external.host, this.#deps.random);
    this.table.rebase(this.#id);
    this.#search?.cancel();
    this.#search = undefined;
    this.search(nowMs);
  }

  #plausible(external: Endpoint): boolean {
    return this.#deps.allowReserved || scopeOf(external.host) === 'public';
  }

  /** DHT-52, DHT-53: what to do next, and when, with as little traffic as will do. */
  #planUpkeep(nowMs: number): void {
    const { timers } = this.#deps;
    timers.cancel(this.#upkeepTimer);
    const refreshMs = this.table.nextDue()?.atMs ?? Infinity;
    const dueMs = Math.min(this.#searchDueMs(nowMs), refreshMs);
    if (dueMs === Infinity) return;
    const atMs = Math.max(dueMs, nowMs + UPKEEP_MS_MIN);
    this.#upkeepTimer = timers.at(atMs, (firedMs) => this.#upkeep(firedMs));
  }

  #searchDueMs(nowMs: number): number {
    if (this.#state !== 'ready' || this.table.size === 0) {
      return this.#deps.routers.length > 0 ? Math.max(nowMs, this.#routersAtMs) : Infinity;
    }
    if (this.table.size >= BUCKET_NODES_MAX) return Infinity;
    return this.#searchedAtMs + this.#lonelyMs;
  }

  #upkeep(nowMs: number): void {
    if (this.#searchDueMs(nowMs) <= nowMs) {
      this.#lonelyMs = Math.min(LONELY_SEARCH_MS_MAX, 2 * this.#lonelyMs);
      return this.search(nowMs);
    }
    const due = this.table.nextDue();
    if (due && due.atMs <= nowMs) this.#refresh(due.node, nowMs);
    this.#planUpkeep(nowMs);
  }

  /** One query both proves a node alive and brings news of its bucket. */
  #refresh(node: TableNode, nowMs: number): void {
    const bits = Math.min(sharedBits(this.#id, node.id), 8 * NODE_ID_BYTES - 1);
    const target = idSharing(this.#id, bits, this.#deps.random);
    node.checkedAtMs = nowMs;
    this.#deps.rpc.ask(
      {
        to: node.endpoint,
        query: this.findNode(target),
        urgent: false,
        answered: (reply, atMs) => {
          const wanted = reply.contacts.filter((contact) => this.usable(contact.endpoint));
          let checks = 0;
          for (const contact of wanted) {
            if (checks < CHECKS_PER_REPLY_MAX && this.#check(contact, atMs)) checks++;
          }
        },
        refused: () => undefined,
        silent: () => undefined,
      },
      nowMs,
    );
  }

  /** Pings a stranger that the table has room for. @returns true where a ping went out. */
  #check(contact: Contact, nowMs: number): boolean {
    const key = endpointKey(contact.endpoint);
    if (this.#checks >= CHECKS_MAX || !this.table.wants(contact)) return false;
    if ((this.#checked.get(key) ?? -Infinity) > nowMs - CHECK_PAUSE_MS) return false;
    const over = (): void => {
      this.#checks--;
    };
    const ping: Query = { method: 'ping' };
    const ends = { answered: over, refused: over, silent: over };
    const sent = this.#deps.rpc.ask(
      { to: contact.endpoint, query: ping, urgent: false, ...ends },
      nowMs,
    );
    if (!sent) return false;
    this.#checked.set(key, nowMs);
    this.#checks++;
    return true;
  }
}
