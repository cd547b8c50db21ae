/**
 * A crowd of DHT nodes for tests and bars: thousands of passive nodes that answer real KRPC bytes
 * on a `TestNetwork` as the BEPs say, and among them some that lie in every way we could think of.
 *
 *   honest   eight random nodes per bucket, as a table that has grown; answers with the eight
 *            nearest of them, stores what verifies, keeps the highest seq
 *   liar     knows all other liars and whatever they saw: see `Lie`
 *   dead     in the tables of others, and silent
 *
 * Ids comply with BEP 42, so nobody chooses his place, and no two nodes share a /16.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import { immutableTarget, mutableTarget, verifyItem, type ItemFields } from './item.ts';
import { decodeKrpc, encodeError, encodeReply, type Query, type ReplyFields } from './krpc.ts';
import { compareDistance, idForHost, idNear, type Contact } from './node-id.ts';
import type { TestNetwork } from './test-network.ts';

const BUCKET_NODES = 8;
const TABLE_BITS = 40;
const DEEP_BITS = 48;
const FLOOD = 12;

/**
 * How a liar lies. All give tokens that work nowhere, take every put and keep it from readers.
 *
 *   ring      names the liars nearest to what is asked, and nobody else
 *   beside    names made-up nodes beside what is asked, at liars' addresses and at dead ones
 *   junk      names dozens: honest nodes at wrong ports or under wrong ids, strangers, ourselves
 *   old       returns the first version of an item that has newer ones, or forges a newer one
 *   token     gives tokens that are empty, too long, or refused afterwards
 *   flood     answers a dozen times, under guessed transactions and from other addresses too
 *   slow      answers after one to twelve seconds
 *   oversize  answers with datagrams of 5,000 bytes and values of 3,000
 */
export type Lie = 'ring' | 'beside' | 'junk' | 'old' | 'token' | 'flood' | 'slow' | 'oversize';
export const LIES: readonly Lie[] = [
  'ring',
  'beside',
  'junk',
  'old',
  'token',
  'flood',
  'slow',
  'oversize',
];

export interface CrowdNode extends Contact {
  readonly index: number;
  /** The first 32 bits of the id. */
  readonly head: number;
  readonly lie: Lie | undefined;
  readonly dead: boolean;
  table: CrowdNode[] | undefined;
  readonly items: Map<string, ItemFields>;
}

export interface CrowdOptions {
  readonly nodes: number;
  /** Shares of all nodes. */
  readonly liars?: number;
  readonly dead?: number;
  readonly lies?: readonly Lie[];
}

export class Crowd {
  readonly nodes: CrowdNode[] = [];
  /** Sees every query that arrives at a node. */
  heard: (node: CrowdNode, query: Query, from: Endpoint) => void = () => undefined;
  readonly #network: TestNetwork;
  /** By id. */
  readonly #sorted: CrowdNode[];
  readonly #liars: CrowdNode[];
  /** Who holds an item. */
  readonly #holders = new Set<CrowdNode>();
  /** What was verified once is verified for all; by signature. */
  readonly #verified = new Map<string, boolean>();
  /** What liars have seen: the first version of each item, and whether there is a newer one. */
  readonly #old = new Map<string, { readonly first: ItemFields; readonly newer: boolean }>();

  constructor(network: TestNetwork, options: CrowdOptions) {
    this.#network = network;
    const { prng } = network;
    const { liars = 0, dead = 0, lies = LIES } = options;
    for (let index = 0; index < options.nodes; index++) {
      const endpoint = crowdAddress(index);
      const id = idForHost(endpoint.host, prng.bytes);
      const lie = prng.chance(liars) ? prng.pick(lies) : undefined;
      const isDead = lie === undefined && prng.chance(dead);
      const node: CrowdNode = {
        index,
        id,
        head: headOf(id),
        endpoint,
        lie,
        dead: isDead,
        table: undefined,
        items: new Map(),
      };
      this.nodes.push(node);
      if (isDead) continue;
      network.strangers.set(endpointKey(endpoint), (from, bytes) => this.#land(node, from, bytes));
    }
    this.#sorted = [...this.nodes].sort((a, b) => (hex(a.id) < hex(b.id) ? -1 : 1));
    this.#liars = this.#sorted.filter(({ lie }) => lie !== undefined);
  }

  /** Honest nodes that live, to start from. */
  starts(count: number): Endpoint[] {
    const { prng } = this.#network;
    const honest = this.nodes.filter(({ lie, dead }) => !lie && !dead);
    return Array.from({ length: count }, () => prng.pick(honest).endpoint);
  }

  /** The nodes nearest to `target`. */
  closest(target: Uint8Array, count: number): CrowdNode[] {
    return nearest(this.#sorted, target, count);
  }

  /** Everything stored so far is gone. */
  forget(): void {
    for (const { items } of this.#holders) items.clear();
    this.#holders.clear();
    this.#old.clear();
    this.#verified.clear();
  }

  #land(node: CrowdNode, from: Endpoint, bytes: Uint8Array): void {
    const message = decodeKrpc(bytes);
    if (!message.ok || message.kind !== 'query') return;
    const { query, transaction } = message;
    this.heard(node, query, from);
    const answer = node.lie ? this.#lie(node, query, from) : this.#answer(node, query, from);
    const reply =
      typeof answer === 'number'
        ? encodeError(transaction, from, answer as 203)
        : encodeReply(transaction, from, { id: node.id, ...answer });
    if (node.lie === 'slow') {
      return this.#network.deliver(node.endpoint, from, reply, this.#network.prng.int(1e3, 12e3));
    }
    if (node.lie === 'oversize') return this.#oversize(node, from, reply);
    if (node.lie === 'flood') this.#flood(node, from, reply);
    this.#network.deliver(node.endpoint, from, reply);
  }

  #answer(node: CrowdNode, query: Query, from: Endpoint): Omit<ReplyFields, 'id'> | number {
    if (query.method === 'ping') return {};
    if (query.method === 'put') return this.#store(node, query, from);
    if (!('target' in query)) return 204;
    const nodes = nearestOf(this.#table(node), query.target, BUCKET_NODES);
    if (query.method !== 'get') return { nodes };
    const item = node.items.get(hex(query.target));
    return { nodes, token: tokenOf(node, from), ...(item && { item }) };
  }

  #store(node: CrowdNode, query: Extract<Query, { method: 'put' }>, from: Endpoint) {
    const { raw, mutable, token } = query;
    if (hex(token) !== hex(tokenOf(node, from))) return 203;
    const target = hex(mutable ? mutableTarget(mutable.k, mutable.salt) : immutableTarget(raw));
    this.#holders.add(node);
    if (!mutable) node.items.set(target, { raw: raw.slice() });
    else {
      if (!this.#verify(mutable, raw)) return 206;
      const held = node.items.get(target)?.seq ?? -1n;
      if (mutable.seq < held) return 302;
      const { k, sig, seq } = mutable;
      node.items.set(target, { raw: raw.slice(), k: k.slice(), sig: sig.slice(), seq });
    }
    return {};
  }

  #verify(
    put: NonNullable<Extract<Query, { method: 'put' }>['mutable']>,
    raw: Uint8Array,
  ): boolean {
    const name = hex(put.sig);
    const known = this.#verified.get(name);
    if (known !== undefined) return known;
    const { k: publicKey, salt, seq, sig: signature } = put;
    const good = verifyItem({ publicKey, salt, seq, signature, raw });
    this.#verified.set(name, good);
    return good;
  }

  #lie(node: CrowdNode, query: Query, from: Endpoint): Omit<ReplyFields, 'id'> | number {
    if (query.method === 'ping') return {};
    if (query.method === 'put') {
      this.#remember(query);
      return node.lie === 'token' ? 203 : {};
    }
    if (!('target' in query)) return 204;
    const { target } = query;
    const ring = nearest(this.#liars, target, BUCKET_NODES);
    const token = node.lie === 'token' ? this.#badToken() : tokenOf(node, from);
    const nodes =
      node.lie === 'beside' ? this.#beside(target) : node.lie === 'junk' ? this.#junk(from) : ring;
    if (query.method !== 'get') return { nodes };
    const item = node.lie === 'old' ? this.#oldItem(target) : undefined;
    return { nodes, token, ...(item && { item }) };
  }

  #remember({ mutable, raw }: Extract<Query, { method: 'put' }>): void {
    if (!mutable) return;
    const { k, sig, seq } = mutable;
    const target = hex(mutableTarget(k, mutable.salt));
    const known = this.#old.get(target);
    const first = known?.first ?? { raw: raw.slice(), k: k.slice(), sig: sig.slice(), seq };
    this.#old.set(target, { first, newer: known?.newer === true || seq > (first.seq ?? 0n) });
  }

  /** The first version, where there are newer ones; else a forgery that claims to be newer. */
  #oldItem(target: Uint8Array): ItemFields | undefined {
    const old = this.#old.get(hex(target));
    if (!old || old.newer) return old?.first;
    return { ...old.first, seq: (old.first.seq ?? 0n) + 1000n };
  }

  #badToken(): Uint8Array {
    return this.#network.prng.bytes(this.#network.prng.pick([0, 8, 200]));
  }

  #beside(target: Uint8Array): Contact[] {
    const { prng } = this.#network;
    return Array.from({ length: BUCKET_NODES }, (_, i) => {
      if (i % 2 === 0) {
        const id = idNear(target, DEEP_BITS, prng.bytes);
        return { id, endpoint: prng.pick(this.#liars).endpoint };
      }
      // An address where nobody is, whose rightful id happens to lie near the target.
      let best: Contact | undefined;
      for (let tries = 0; tries < 10; tries++) {
        const endpoint = { host: `${prng.int(11, 99)}.${prng.int(0, 255)}.9.9`, port: 6881 };
        const id = idForHost(endpoint.host, prng.bytes);
        if (!best || compareDistance(target, id, best.id) < 0) best = { id, endpoint };
      }
      return best!;
    });
  }

  #junk(from: Endpoint): Contact[] {
    const { prng } = this.#network;
    return Array.from({ length: 32 }, (_, i) => {
      const { id, endpoint } = prng.pick(this.nodes);
      if (i % 4 === 0) return { id, endpoint: { ...endpoint, port: prng.int(1, 6880) } };
      if (i % 4 === 1) return { id: prng.bytes(20), endpoint };
      if (i % 4 === 2) return { id, endpoint: from };
      const host = `${prng.int(0, 255)}.${prng.int(0, 255)}.${prng.int(0, 255)}.1`;
      return { id: prng.bytes(20), endpoint: { host, port: prng.int(0, 65535) } };
    }).filter(({ endpoint }) => endpoint.port > 0);
  }

  #flood(node: CrowdNode, to: Endpoint, reply: Uint8Array): void {
    const { prng } = this.#network;
    const nodes = this.#junk(to).slice(0, BUCKET_NODES);
    for (let i = 0; i < FLOOD; i++) {
      const fake = encodeReply(prng.bytes(4), to, { id: prng.bytes(20), nodes });
      const { endpoint } = i % 2 === 0 ? node : prng.pick(this.nodes);
      this.#network.deliver(endpoint, to, i % 3 === 0 ? reply : fake);
    }
  }

  #oversize(node: CrowdNode, to: Endpoint, reply: Uint8Array): void {
    const { prng } = this.#network;
    const nodes = this.nodes.slice(0, 190);
    const raw = new TextEncoder().encode(`3000:${'x'.repeat(3000)}`);
    const message = decodeKrpc(reply);
    if (!message.ok || message.kind !== 'reply') return;
    const fields = prng.chance(0.5) ? { nodes } : { item: { raw }, token: prng.bytes(8) };
    const bytes = encodeReply(prng.bytes(4), to, { id: node.id, ...fields });
    this.#network.deliver(node.endpoint, to, bytes);
  }

  /** Eight random nodes per bucket, for the nodes of a bucket are who was there first. */
  #table(node: CrowdNode): CrowdNode[] {
    if (node.table) return node.table;
    const { prng } = this.#network;
    const table: CrowdNode[] = [];
    let [from, to] = [0, this.#sorted.length];
    for (let bits = 0; bits < TABLE_BITS && to - from > 1; bits++) {
      // Those that share `bits` bits with it: one half shares one more, the other is the bucket.
      const middle = this.#split(from, to, bits);
      const bit = (node.id[bits >> 3]! >> (7 - (bits & 7))) & 1;
      const [low, high] = bit === 0 ? [middle, to] : [from, middle];
      table.push(...this.#sample(low, high, prng));
      if (bit === 0) to = middle;
      else from = middle;
    }
    return (node.table = table);
  }

  /** Where in [from, to) of the sorted nodes bit `bit` becomes 1. */
  #split(from: number, to: number, bit: number): number {
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sorted[middle]!.id[bit >> 3]! >> (7 - (bit & 7))) & 1) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  #sample(low: number, high: number, prng: TestNetwork['prng']): CrowdNode[] {
    const taken = new Set<number>();
    const wanted = Math.min(BUCKET_NODES, high - low);
    while (taken.size < wanted) taken.add(prng.int(low, high - 1));
    return [...taken].map((at) => this.#sorted[at]!);
  }
}

/** A public address in a network of its own. */
function crowdAddress(index: number): Endpoint {
  return { host: `${60 + (index >> 8)}.${index & 255}.${(index * 7) % 250}.9`, port: 6881 };
}

function tokenOf(node: CrowdNode, from: Endpoint): Uint8Array {
  let sum = node.index * 2654435761;
  const { host } = from;
  for (let i = 0; i < host.length; i++) sum = (Math.imul(sum, 31) + host.charCodeAt(i)) >>> 0;
  return Uint8Array.from([sum & 255, (sum >> 8) & 255, (sum >> 16) & 255, sum >>> 24]);
}

function headOf(id: Uint8Array): number {
  return ((id[0]! << 24) | (id[1]! << 16) | (id[2]! << 8) | id[3]!) >>> 0;
}

/** By the first 32 bits alone: in a crowd no two distances share them. */
function nearestOf(nodes: readonly CrowdNode[], target: Uint8Array, count: number): CrowdNode[] {
  const aim = headOf(target);
  const distanceTo = (node: CrowdNode): number => (node.head ^ aim) >>> 0;
  const best: CrowdNode[] = [];
  for (const node of nodes) {
    const distance = distanceTo(node);
    let at = best.length;
    if (at === count && distance >= distanceTo(best[at - 1]!)) continue;
    if (at === count) at--;
    for (; at > 0 && distanceTo(best[at - 1]!) > distance; at--) best[at] = best[at - 1]!;
    best[at] = node;
  }
  return best;
}

/** The nearest of nodes sorted by id: those who share the longest prefix are neighbours there. */
function nearest(sorted: readonly CrowdNode[], target: Uint8Array, count: number): CrowdNode[] {
  const aim = headOf(target);
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]!.head < aim) from = middle + 1;
    else to = middle;
  }
  // Widen until all that share as many bits as the outermost wanted one are inside.
  let reach = count;
  for (;;) {
    const [low, high] = [Math.max(0, from - reach), Math.min(sorted.length, from + reach)];
    const inside = nearestOf(sorted.slice(low, high), target, count);
    const last = inside.at(-1);
    if (!last || high - low === sorted.length) return inside;
    const bits = Math.clz32(last.head ^ aim);
    const whole = (at: number): boolean =>
      sorted[at] === undefined || Math.clz32(sorted[at].head ^ aim) < bits;
    if (whole(low - 1) && whole(high)) return inside;
    reach *= 2;
  }
}
