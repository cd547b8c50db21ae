/**
 * Our node in BitTorrent's Mainline DHT: composes ids, tables, queries, answers and operations.
 *
 *   datagram --> krpc --query--> rate --> responder --> send
 *                  '--answer---> rpc --> realm (table, vote), walk --> operation --> output
 *
 * Sans-IO: call one `handle*` (or `get`, `put`, ...), drain `poll()`, sleep until `wakeAtMs()`,
 * repeat. `nowMs` is monotonic; `random` the only entropy. Spec: docs/spec/dht.md.
 * @module
 */
import { familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import { BoundedQueue } from '../base/bounded.ts';
import { assert } from '../base/assert.ts';
import type { Random } from '../base/time.ts';
import type { Vote } from './ip-vote.ts';
import type { ItemQuery } from './item.ts';
import { decodeKrpc, encodeError, type Krpc } from './krpc.ts';
import { isGood } from './routing-table.ts';
import { Later } from './later.ts';
import { Operations, type OperationOutput, type PutItem } from './operations.ts';
import { PeerSearches, type PeersOutput, type Ports } from './peer-search.ts';
import { ReplyBudget } from './rate.ts';
import { Realm } from './realm.ts';
import { Responder } from './responder.ts';
import { Rpc } from './rpc.ts';
import { decodeSaved, encodeSaved, type Saved, type SavedRealm } from './saved.ts';
import { Timers } from './timers.ts';

/** Outputs nobody has fetched yet; beyond half of it datagrams are dropped, results never. */
export const OUTPUTS_MAX = 8192;
/** How often old items and peers are swept out, where there are any. */
export const SWEEP_MS = 10 * 60_000;

export type DhtOutput =
  | { readonly type: 'send'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | OperationOutput
  | PeersOutput
  /** Those who answer us agree on where they see us. */
  | { readonly type: 'external'; readonly endpoint: Endpoint }
  /** The first search that found somebody is over. Said once. */
  | { readonly type: 'ready' };

export interface DhtDeps {
  readonly random: Random;
  readonly nowMs: number;
  /** What `save()` returned in an earlier run. */
  readonly saved?: Uint8Array;
  /** Routers: asked only where nobody else is known. */
  readonly bootstrap: readonly Endpoint[];
  readonly readOnly?: boolean;
  /** Families we have a socket for. Default: IPv4 alone. */
  readonly families?: readonly Family[];
  /** Lab, private and loopback addresses count as public. */
  readonly allowReserved?: boolean;
}

export class DhtNode {
  readonly #timers = new Timers();
  readonly #later = new Later();
  readonly #out = new BoundedQueue<DhtOutput>(OUTPUTS_MAX);
  readonly #realms = new Map<Family, Realm>();
  readonly #rpc: Rpc;
  readonly #responder: Responder;
  readonly #replies: ReplyBudget;
  readonly #operations: Operations;
  readonly #searches: PeerSearches;
  readonly #allowReserved: boolean;
  #openRealm!: (family: Family, nowMs: number) => void;
  #readOnly: boolean;
  #wasReady = false;
  /** The latest time we were told. */
  #nowMs: number;
  readonly #counters = {
    datagrams: 0,
    malformed: 0,
    unusable: 0,
    queries: 0,
    unanswered: 0,
    limited: 0,
    replies: 0,
    droppedSends: 0,
  };

  constructor(deps: DhtDeps) {
    const { random, nowMs } = deps;
    this.#nowMs = nowMs;
    this.#readOnly = deps.readOnly ?? false;
    this.#allowReserved = deps.allowReserved ?? false;
    this.#replies = new ReplyBudget(nowMs);
    const idOf = (family: Family): Uint8Array | undefined => this.#realms.get(family)?.id;
    this.#rpc = new Rpc(
      {
        random,
        timers: this.#timers,
        later: this.#later,
        observer: {
          answered: (from, reply, external, atMs) =>
            this.#realms.get(familyOf(from))?.heard(from, reply, external, atMs),
          silent: (to, heardSince, atMs) =>
            this.#realms.get(familyOf(to))?.silent(to, heardSince, atMs),
        },
        idOf,
        readOnly: () => this.#readOnly,
        send: (to, bytes) => this.#send(to, bytes),
      },
      nowMs,
    );
    const tableOf = (family: Family): Realm['table'] | undefined => this.#realms.get(family)?.table;
    this.#responder = new Responder({ random, idOf, tableOf }, nowMs);
    this.#operations = new Operations({
      rpc: this.#rpc,
      timers: this.#timers,
      realms: () => [...this.#realms.values()],
      ownItem: (target, atMs) => this.#responder.items.get(target, atMs),
      output: (output) => this.#say(output),
    });
    this.#searches = new PeerSearches({
      rpc: this.#rpc,
      timers: this.#timers,
      realms: () => [...this.#realms.values()],
      own: (target, family, atMs) => this.#responder.peers.sample(target, family, random, atMs),
      output: (output) => this.#say(output),
    });
    this.#openRealms(deps);
    this.#sweep(nowMs);
  }

  /** Our node id in each family. */
  get ids(): Readonly<Partial<Record<Family, Uint8Array>>> {
    return Object.fromEntries([...this.#realms].map(([family, realm]) => [family, realm.id]));
  }

  /** This computer can be reached in this family too, from now on. */
  openFamily(family: Family, nowMs: number): void {
    if (!this.#realms.has(family)) this.#openRealm(family, nowMs);
  }

  /** An address of this family is gone: where others saw us until now is no vote any more. */
  leaveNetwork(family: Family): void {
    this.#realms.get(family)?.votes.forget();
  }

  /** Where the voters of a family see us. */
  external(family: Family): Endpoint | undefined {
    return this.#realms.get(family)?.external;
  }

  /** Who saw us where, oldest first: samples from which the kind of NAT can be told. */
  votes(family: Family): readonly Vote[] {
    return this.#realms.get(family)?.votes.votes() ?? [];
  }

  /** Grows whenever a vote of any family says something new. */
  get voteChanges(): number {
    let changes = 0;
    for (const { votes } of this.#realms.values()) changes += votes.changes;
    return changes;
  }

  /**
   * A datagram came in on the socket that carries the DHT.
   * @returns false where it is not KRPC and belongs to somebody else; true, whatever became of it,
   *   where it is. Never throws for any bytes.
   */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    const message = decodeKrpc(bytes);
    if (!message.ok && message.reason === 'not krpc') return false;
    this.#counters.datagrams++;
    const realm = this.#realms.get(familyOf(from));
    if (!realm || from.port <= 1 || !this.#reachable(from)) {
      this.#counters.unusable++;
      return true;
    }
    // Not the timers first: after a stall, an answer that has arrived must beat its own timeout.
    this.#tell(nowMs);
    if (!message.ok) this.#malformed(from, message, nowMs);
    else if (message.kind === 'query') this.#query(realm, from, message, nowMs);
    else this.#rpc.handle(from, message, nowMs);
    return true;
  }

  /** Time passed. Early, late and repeated calls are safe. */
  handleTimeout(nowMs: number): void {
    this.#tell(nowMs);
    this.#timers.run(nowMs);
  }

  /** BEP 43: on, we answer nobody and ask to be kept out of tables. */
  setReadOnly(readOnly: boolean): void {
    this.#readOnly = readOnly;
  }

  /** Addresses where nodes may be: those of helpers by name, of whom we are linked to. */
  addNodes(endpoints: readonly Endpoint[], nowMs: number): void {
    this.#tell(nowMs);
    for (const realm of this.#realms.values()) realm.hint(endpoints, nowMs);
  }

  /** Looks an item up; `progress` for each newer one seen, then one `got`. `op` is the caller's. */
  get(op: number, query: ItemQuery, nowMs: number): void {
    this.#tell(nowMs);
    this.#operations.get(op, query, nowMs);
  }

  /** Stores finished bytes; one `put-done`. The get for tokens is part of it. */
  put(op: number, item: PutItem, nowMs: number): void {
    this.#tell(nowMs);
    this.#operations.put(op, item, nowMs);
  }

  /** Looks for those who announced themselves under a hash; one `peers`. */
  findPeers(op: number, target: Uint8Array, nowMs: number): void {
    this.#tell(nowMs);
    this.#searches.begin(op, target, undefined, nowMs);
  }

  /** Does so, and announces us too; one `peers`. Of a family without a port nobody hears of us. */
  announce(op: number, target: Uint8Array, ports: Ports, nowMs: number): void {
    this.#tell(nowMs);
    this.#searches.begin(op, target, ports, nowMs);
  }

  /** Ends an operation; no output of it follows. */
  cancel(op: number): void {
    this.#searches.cancel(op);
    this.#operations.cancel(op);
    this.#operations.run(this.#nowMs);
  }

  poll(): DhtOutput | undefined {
    while (this.#out.length === 0 && this.#later.next());
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    return this.#timers.wakeAtMs();
  }

  /** Ids, addresses and the nodes that answered us, for the next run. */
  save(): Uint8Array {
    const saved: { [family in Family]?: SavedRealm } = {};
    for (const [family, { id, external, table }] of this.#realms) {
      const nodes = [...table.nodes()].filter((node) => isGood(node, this.#nowMs));
      saved[family] = { id, external, nodes };
    }
    return encodeSaved(saved);
  }

  /** Nodes in the tables of all families; those that an earlier run saved may be gone. */
  get nodes(): number {
    let nodes = 0;
    for (const { table } of this.#realms.values()) nodes += table.size;
    return nodes;
  }

  /** The same of families in which somebody has answered in this run. */
  get answering(): number {
    let nodes = 0;
    for (const { table, untried } of this.#realms.values()) if (!untried) nodes += table.size;
    return nodes;
  }

  /**
   * Families in which we have to be told of somebody: nobody is known, or has answered in this run.
   * @param trusts those whom an earlier run saved may still answer.
   */
  lacking(trusts: boolean): readonly Family[] {
    const lacks = ({ table, untried }: Realm): boolean => table.size === 0 || (untried && !trusts);
    return [...this.#realms.values()].filter(lacks).map(({ family }) => family);
  }

  /** Counts of everything that can grow, and of what came and went. */
  stats(): Record<string, number> {
    const { items, peers } = this.#responder;
    const counts: Record<string, number> = {
      nodes: this.nodes,
      ...this.#counters,
      timers: this.#timers.size,
      outputs: this.#out.length,
      later: this.#later.length,
      pending: this.#rpc.pending,
      destinations: this.#rpc.destinations,
      doubted: this.#rpc.doubted,
      knownTrips: this.#rpc.knownTrips,
      sentQueries: this.#rpc.sent,
      answers: this.#rpc.answers,
      silences: this.#rpc.silences,
      strays: this.#rpc.strays,
      replyAddresses: this.#replies.size,
      items: items.size,
      itemNetworks: items.networks,
      peerHashes: peers.hashes,
      peers: peers.peers,
      operations: this.#operations.active,
      operationsWaiting: this.#operations.waiting,
      invalidItems: this.#operations.invalidItems,
      peerSearches: this.#searches.active,
    };
    for (const [family, realm] of this.#realms) {
      for (const [name, count] of Object.entries(realm.counts)) counts[`${family}.${name}`] = count;
    }
    return counts;
  }

  #tell(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  #openRealms(deps: DhtDeps): void {
    const saved: Saved = deps.saved ? decodeSaved(deps.saved) : {};
    const opens = (family: Family): Realm =>
      new Realm({
        family,
        random: deps.random,
        timers: this.#timers,
        later: this.#later,
        rpc: this.#rpc,
        routers: deps.bootstrap.filter((endpoint) => familyOf(endpoint) === family),
        allowReserved: this.#allowReserved,
        saved: saved[family],
        ready: () => {
          if (!this.#wasReady) this.#say({ type: 'ready' });
          this.#wasReady = true;
        },
        searched: (atMs) => this.#operations.run(atMs),
        external: (endpoint) => this.#say({ type: 'external', endpoint }),
      });
    this.#openRealm = (family, nowMs) => {
      const realm = opens(family);
      this.#realms.set(family, realm);
      realm.search(nowMs);
    };
    for (const family of deps.families ?? ['v4']) this.openFamily(family, deps.nowMs);
  }

  #query(
    realm: Realm,
    from: Endpoint,
    message: Extract<Krpc, { kind: 'query' }>,
    nowMs: number,
  ): void {
    this.#counters.queries++;
    if (this.#readOnly) {
      this.#counters.unanswered++;
      return;
    }
    if (!this.#replies.admits(from, nowMs)) {
      this.#counters.limited++;
      return;
    }
    const answer = this.#responder.answer(message.query, message.transaction, from, nowMs);
    if (answer) this.#reply(from, answer, nowMs);
    if (!message.readOnly && realm.usable(from)) {
      realm.asked({ id: message.id, endpoint: from }, nowMs);
    }
  }

  #malformed(from: Endpoint, message: Extract<Krpc, { ok: false }>, nowMs: number): void {
    this.#counters.malformed++;
    if (!message.answer || this.#readOnly || !this.#replies.admits(from, nowMs)) return;
    const { transaction, code } = message.answer;
    this.#reply(from, encodeError(transaction, from, code), nowMs);
  }

  #reply(to: Endpoint, bytes: Uint8Array, nowMs: number): void {
    if (!this.#replies.spend(bytes.length, nowMs)) {
      this.#counters.limited++;
      return;
    }
    this.#counters.replies++;
    this.#send(to, bytes);
  }

  #send(to: Endpoint, bytes: Uint8Array): void {
    const room = this.#out.length < OUTPUTS_MAX / 2;
    if (!room || !this.#out.push({ type: 'send', to, bytes })) this.#counters.droppedSends++;
  }

  #say(output: DhtOutput): void {
    assert(this.#out.push(output), `outputs are fetched before ${OUTPUTS_MAX} wait`);
  }

  #reachable(from: Endpoint): boolean {
    return this.#allowReserved || scopeOf(from.host) === 'public';
  }

  /** Expired entries are never served; this only frees them. */
  #sweep(nowMs: number): void {
    this.#timers.at(nowMs + SWEEP_MS, (atMs) => {
      this.#responder.items.expire(atMs);
      this.#responder.peers.expire(atMs);
      this.#sweep(atMs);
    });
  }
}
