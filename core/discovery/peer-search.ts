/**
 * Peers: who announced themselves under a hash (BEP 5), and ourselves among them.
 *
 *   find      a lookup by `get_peers` in each family -> all who were named, and by how many nodes
 *   announce  the same where we have a port, then `announce_peer` to the closest that gave tokens
 *
 * ⚑ Anybody may name anybody: an endpoint that a node returned proves nothing. What only one node
 * names is worth less than what several do, for a liar has one voice (DHT-45). Spec: DHT-79 to
 * DHT-81.
 * @module
 */
import { endpointKey, type Endpoint, type Family } from '../base/endpoint.ts';
import { GET_DEADLINE_MS, GET_WIDTH } from './item-search.ts';
import { Lookup } from './lookup.ts';
import { PutRound } from './put-round.ts';
import { FIRST_SEEDS, SEEDS_MAX, type Realm } from './realm.ts';
import type { Rpc } from './rpc.ts';
import type { Timers } from './timers.ts';
import { Walk } from './walk.ts';

/** DHT-80: an announcement lies with so many nodes of each family. */
export const ANNOUNCE_NODES_MAX = 8;
/** DHT-79: endpoints taken from one node, and from all of them together. */
export const NAMED_PEERS_MAX = 50;
const PEERS_FOUND_MAX = 256;
/** Searches under way; one more comes to nothing at once. */
export const PEER_OPERATIONS_MAX = 8;

/** Under which port we announce ourselves, by family; where there is none, we do not. */
export type Ports = Readonly<Partial<Record<Family, number>>>;

export interface NamedPeer {
  readonly endpoint: Endpoint;
  /** How many nodes named it. */
  readonly voices: number;
}

export interface PeersOutput {
  readonly type: 'peers';
  readonly op: number;
  readonly peers: readonly NamedPeer[];
  /** How many nodes answered; with none, nothing is known. */
  readonly responders: number;
  /** How many took our announcement. */
  readonly announced: number;
}

export interface PeerSearchDeps {
  readonly rpc: Rpc;
  readonly timers: Timers;
  readonly realms: () => readonly Realm[];
  /** Those who announced themselves with us. */
  own(target: Uint8Array, family: Family, nowMs: number): readonly Endpoint[];
  output(output: PeersOutput): void;
}

export class PeerSearches {
  readonly #all = new Map<number, PeerSearch>();

  constructor(private readonly deps: PeerSearchDeps) {}

  get active(): number {
    return this.#all.size;
  }

  begin(op: number, target: Uint8Array, ports: Ports | undefined, nowMs: number): void {
    this.cancel(op);
    const done = (said: Omit<PeersOutput, 'type' | 'op'>): void => {
      this.#all.delete(op);
      this.deps.output({ type: 'peers', op, ...said });
    };
    if (this.#all.size >= PEER_OPERATIONS_MAX) {
      return done({ peers: [], responders: 0, announced: 0 });
    }
    const search = new PeerSearch(this.deps, target, ports, done);
    this.#all.set(op, search);
    search.start(nowMs);
  }

  /** Ends one; nothing follows. */
  cancel(op: number): void {
    this.#all.get(op)?.cancel();
    this.#all.delete(op);
  }
}

class PeerSearch {
  readonly #named = new Map<string, { readonly endpoint: Endpoint; voices: number }>();
  readonly #running = new Set<Walk | PutRound>();
  #responders = 0;
  #announced = 0;
  #over = false;

  constructor(
    private readonly deps: PeerSearchDeps,
    private readonly target: Uint8Array,
    private readonly ports: Ports | undefined,
    private readonly done: (said: Omit<PeersOutput, 'type' | 'op'>) => void,
  ) {}

  start(nowMs: number): void {
    const { ports } = this;
    const realms = this.deps
      .realms()
      .filter(({ family }) => ports === undefined || ports[family] !== undefined);
    const walks = realms.map((realm) => [realm, this.#walk(realm)] as const);
    for (const [, walk] of walks) this.#running.add(walk);
    for (const [realm, walk] of walks) {
      this.#heard(this.deps.own(this.target, realm.family, nowMs));
      walk.lookup.offer(realm.table.closest(this.target, FIRST_SEEDS));
      walk.offer(() => realm.table.closest(this.target, SEEDS_MAX), nowMs);
      walk.start(nowMs);
    }
    if (walks.length === 0) this.#end();
  }

  cancel(): void {
    this.#over = true;
    for (const part of this.#running) part.cancel();
  }

  #walk(realm: Realm): Walk {
    const { target } = this;
    const reach = realm.reach(GET_WIDTH);
    const options = { width: GET_WIDTH, tokens: true, eager: realm.untried, hide: true, reach };
    const lookup = new Lookup(target, options, realm.id);
    const walk: Walk = new Walk(realm.walkDeps(), {
      lookup,
      urgent: false,
      deadlineMs: GET_DEADLINE_MS,
      query: (candidate) => {
        if (candidate.told) return { method: 'get_peers', target, want: [realm.family] };
        return realm.findNode(realm.mask(target, lookup.maskBits(candidate)));
      },
      answered: (_, reply) => this.#heard(reply.peers),
      done: (_, nowMs) => {
        realm.learn(lookup, nowMs);
        this.#responders += lookup.responders().length;
        const port = this.ports?.[realm.family];
        if (port !== undefined) this.#announce(lookup, port, nowMs);
        this.#ended(walk);
      },
    });
    return walk;
  }

  #announce(lookup: Lookup, port: number, nowMs: number): void {
    const { rpc, timers } = this.deps;
    const { target } = this;
    const targets = lookup
      .storeTargets(ANNOUNCE_NODES_MAX)
      .map((candidate) => ({ candidate, held: false }));
    const round: PutRound = new PutRound({
      rpc,
      timers,
      targets,
      query: (token) => ({ method: 'announce_peer', target, port, token }),
      done: (results) => {
        this.#announced += results.filter(({ outcome }) => outcome === 'stored').length;
        this.#ended(round);
      },
    });
    this.#running.add(round);
    round.start(nowMs);
  }

  #heard(peers: readonly Endpoint[]): void {
    const named = new Map(peers.map((endpoint) => [endpointKey(endpoint), endpoint]));
    for (const [key, endpoint] of [...named].slice(0, NAMED_PEERS_MAX)) {
      const known = this.#named.get(key);
      if (known) known.voices++;
      else if (this.#named.size < PEERS_FOUND_MAX) this.#named.set(key, { endpoint, voices: 1 });
    }
  }

  #ended(part: Walk | PutRound): void {
    this.#running.delete(part);
    if (this.#running.size === 0) this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    const peers = [...this.#named.values()];
    this.done({ peers, responders: this.#responders, announced: this.#announced });
  }
}
