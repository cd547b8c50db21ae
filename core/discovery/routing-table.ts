/**
 * The routing table of one family (BEP 5): for each number of leading bits shared with our id, at
 * most eight nodes that have answered us.
 *
 *   heard of --answers--> good --15 min silent--> questionable --misses--> dropped,
 *                           ^--------answers------------'          a spare moves up
 *
 * A full bucket keeps its old nodes, for who has been up long stays up; newcomers wait as spares.
 * Nodes whose id breaks BEP 42 are welcome here (DHT-17); they only do not count where an item is
 * stored. On the public net: one node per address, one per /24 or /64 in a bucket. Spec: DHT-15
 * to DHT-19.
 * @module
 */
import { equal } from '../base/bytes.ts';
import { endpointKey, networkOf, scopeOf, type Endpoint } from '../base/endpoint.ts';
import {
  compareDistance,
  distanceShare,
  isCompliant,
  NODE_ID_BITS,
  sharedBits,
  type Contact,
} from './node-id.ts';

/** K of BEP 5. */
export const BUCKET_NODES_MAX = 8;
export const BUCKET_SPARES_MAX = 8;
/** DHT-16: a node that has been silent for so long is questionable, and not told to others. */
export const GOOD_MS = 15 * 60_000;
/** Upkeep asks a little earlier, so that a live node never becomes questionable. */
export const REFRESH_MS = 14 * 60_000;
/** DHT-16: misses in a row that end a node's stay where a spare waits for its place. */
export const MISSES_MAX = 2;
/** The same where none waits: a small network cannot spare a node for a few lost datagrams. */
export const MISSES_LONELY_MAX = 8;
/** A node that missed, or was saved and never proved alive, is asked again after this. */
export const RECHECK_MS = 10_000;
/** More would reach into buckets that are full and hide how many nodes there are. */
const REACH_SAMPLE_NODES = 12;
/** A /64; of IPv4 it is the /24. */
const NETWORK_V6_BYTES = 8;

export interface TableNode extends Contact {
  /** When it last answered us; undefined only for saved nodes that have not answered yet. */
  lastAnswerMs: number | undefined;
  /** When it last asked us something. */
  lastQueryMs: number | undefined;
  /** When upkeep last asked it. */
  checkedAtMs: number | undefined;
  misses: number;
  /** DHT-78: it was found in the closest set of a lookup, and not only met on the way there. */
  fair: boolean;
}

interface Bucket {
  readonly nodes: TableNode[];
  readonly spares: TableNode[];
}

export class RoutingTable {
  #ownId: Uint8Array;
  #buckets: (Bucket | undefined)[] = [];
  readonly #byEndpoint = new Map<string, TableNode>(); // bounded by 160 buckets x 8
  readonly #publicHosts = new Set<string>();
  /** Of the nearest nodes that comply: how many, and the share within the farthest of them. */
  #around: { count: number; share: number } | undefined;

  constructor(ownId: Uint8Array) {
    this.#ownId = ownId;
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  get spares(): number {
    return this.#buckets.reduce((sum, bucket) => sum + (bucket?.spares.length ?? 0), 0);
  }

  nodes(): IterableIterator<TableNode> {
    return this.#byEndpoint.values();
  }

  /** A node answered a query of ours. @returns true where it is new in the table. */
  answered(contact: Contact, nowMs: number): boolean {
    const known = this.#byEndpoint.get(endpointKey(contact.endpoint));
    if (known && equal(known.id, contact.id)) {
      known.lastAnswerMs = nowMs;
      known.misses = 0;
      return false;
    }
    // Same socket, new id: the node found out its address and renamed itself (BEP 42).
    if (known) this.#drop(known);
    const { id, endpoint } = contact;
    return this.#insert({ ...UNPROVEN, id: id.slice(), endpoint, lastAnswerMs: nowMs });
  }

  /** DHT-78: a node that has just answered is in a closest set; others make room for it. */
  found(contact: Contact, nowMs: number): void {
    const { id, endpoint } = contact;
    const known = this.#byEndpoint.get(endpointKey(endpoint));
    if (known) {
      known.fair ||= equal(known.id, id);
      return;
    }
    const bucket = this.#bucketOf(id);
    if (equal(id, this.#ownId) || !this.#mayJoin(bucket, endpoint)) return;
    const passing = bucket.nodes.findLast(({ fair }) => !fair);
    if (passing && bucket.nodes.length >= BUCKET_NODES_MAX) this.#drop(passing);
    this.#insert({ ...UNPROVEN, id: id.slice(), endpoint, lastAnswerMs: nowMs, fair: true });
  }

  /** A saved node, believed until it fails. */
  restore(contact: Contact): void {
    if (this.#byEndpoint.has(endpointKey(contact.endpoint))) return;
    const { id, endpoint } = contact;
    this.#insert({ ...UNPROVEN, id: id.slice(), endpoint });
  }

  /** A node asked us something: that keeps an old acquaintance good (BEP 5). */
  queried(contact: Contact, nowMs: number): void {
    const known = this.#byEndpoint.get(endpointKey(contact.endpoint));
    if (known && equal(known.id, contact.id)) known.lastQueryMs = nowMs;
  }

  /** Would an answer of this unknown node bring it into a bucket that has room? */
  wants(contact: Contact): boolean {
    if (equal(contact.id, this.#ownId)) return false;
    if (this.#byEndpoint.has(endpointKey(contact.endpoint))) return false;
    const bucket = this.#bucketOf(contact.id);
    if (bucket.nodes.length >= BUCKET_NODES_MAX && !bucket.nodes.some((n) => n.misses > 0)) {
      return false;
    }
    return this.#mayJoin(bucket, contact.endpoint);
  }

  has(endpoint: Endpoint): boolean {
    return this.#byEndpoint.has(endpointKey(endpoint));
  }

  /** A node did not answer. @returns true where it left the table. */
  missed(endpoint: Endpoint): boolean {
    const node = this.#byEndpoint.get(endpointKey(endpoint));
    if (!node) return false;
    node.misses++;
    const { spares } = this.#bucketOf(node.id);
    if (node.misses < (spares.length > 0 ? MISSES_MAX : MISSES_LONELY_MAX)) return false;
    this.#drop(node);
    while (spares.length > 0) {
      if (this.#insert(spares.pop()!)) break;
    }
    return true;
  }

  /** The nearest nodes to `target`, for our own use; those with a miss come last. */
  closest(target: Uint8Array, count: number): TableNode[] {
    const nearest: TableNode[] = [];
    for (const node of this.#byEndpoint.values()) {
      let [from, to] = [0, nearest.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (isBefore(target, node, nearest[middle]!)) to = middle;
        else from = middle + 1;
      }
      if (from < count) nearest.splice(from, 0, node);
      if (nearest.length > count) nearest.pop();
    }
    return nearest;
  }

  /** The nearest good nodes to `target`, to tell others. */
  closestGood(target: Uint8Array, count: number, nowMs: number): TableNode[] {
    return [...this.#byEndpoint.values()]
      .filter((node) => isGood(node, nowMs))
      .sort((a, b) => compareDistance(target, a.id, b.id))
      .slice(0, count);
  }

  /**
   * The share of all ids within which `count` nodes that comply with BEP 42 are expected around any
   * target, judged by how close the nearest such nodes are to us: those we know best.
   * @returns at most 1; undefined where there is nobody.
   */
  reach(count: number): number | undefined {
    this.#around ??= this.#measureAround();
    const { count: nodes, share } = this.#around;
    return nodes === 0 ? undefined : Math.min(1, (count * share) / nodes);
  }

  #measureAround(): { count: number; share: number } {
    const shares = [...this.#byEndpoint.values()]
      .filter(({ id, endpoint }) => isCompliant(id, endpoint.host))
      .map(({ id }) => distanceShare(this.#ownId, id))
      .sort((a, b) => a - b)
      .slice(0, REACH_SAMPLE_NODES);
    return { count: shares.length, share: shares.at(-1) ?? 0 };
  }

  /** DHT-16: the node upkeep should ask next, and when. */
  nextDue(): { readonly node: TableNode; readonly atMs: number } | undefined {
    let next: { node: TableNode; atMs: number } | undefined;
    for (const node of this.#byEndpoint.values()) {
      const atMs = dueMs(node);
      if (!next || atMs < next.atMs) next = { node, atMs };
    }
    return next;
  }

  /** Sorts everybody anew around another id of ours. */
  rebase(ownId: Uint8Array): void {
    const nodes = [...this.#byEndpoint.values()];
    this.#ownId = ownId;
    this.#buckets = [];
    this.#around = undefined;
    this.#byEndpoint.clear();
    this.#publicHosts.clear();
    for (const node of nodes) this.#insert(node);
  }

  #insert(node: TableNode): boolean {
    if (equal(node.id, this.#ownId)) return false;
    const bucket = this.#bucketOf(node.id);
    if (!this.#mayJoin(bucket, node.endpoint)) return false;
    if (bucket.nodes.length >= BUCKET_NODES_MAX) {
      const failing = bucket.nodes.find(({ misses, fair }) => misses > 0 && (!fair || node.fair));
      if (!failing) {
        this.#keepSpare(bucket, node);
        return false;
      }
      this.#drop(failing);
    }
    this.#around = undefined;
    bucket.nodes.push(node);
    this.#byEndpoint.set(endpointKey(node.endpoint), node);
    if (scopeOf(node.endpoint.host) === 'public') this.#publicHosts.add(node.endpoint.host);
    return true;
  }

  #keepSpare(bucket: Bucket, node: TableNode): void {
    const key = endpointKey(node.endpoint);
    const at = bucket.spares.findIndex((spare) => endpointKey(spare.endpoint) === key);
    if (at >= 0) bucket.spares.splice(at, 1);
    bucket.spares.push(node);
    if (bucket.spares.length > BUCKET_SPARES_MAX) bucket.spares.shift();
  }

  #drop(node: TableNode): void {
    const { nodes } = this.#bucketOf(node.id);
    this.#around = undefined;
    nodes.splice(nodes.indexOf(node), 1);
    this.#byEndpoint.delete(endpointKey(node.endpoint));
    this.#publicHosts.delete(node.endpoint.host);
  }

  #mayJoin(bucket: Bucket, endpoint: Endpoint): boolean {
    if (scopeOf(endpoint.host) !== 'public') return true;
    if (this.#publicHosts.has(endpoint.host)) return false;
    const network = networkOf(endpoint.host, NETWORK_V6_BYTES);
    return !bucket.nodes.some(
      (node) => networkOf(node.endpoint.host, NETWORK_V6_BYTES) === network,
    );
  }

  #bucketOf(id: Uint8Array): Bucket {
    const index = Math.min(sharedBits(this.#ownId, id), NODE_ID_BITS - 1);
    return (this.#buckets[index] ??= { nodes: [], spares: [] });
  }
}

/** Is `a` the better one to ask for what is near `target`? */
function isBefore(target: Uint8Array, a: TableNode, b: TableNode): boolean {
  const [misses, others] = [Number(a.misses > 0), Number(b.misses > 0)];
  return misses === others ? compareDistance(target, a.id, b.id) < 0 : misses < others;
}

const UNPROVEN = {
  lastAnswerMs: undefined,
  lastQueryMs: undefined,
  checkedAtMs: undefined,
  misses: 0,
  fair: false,
} as const;

/** BEP 5: answered within 15 minutes, or ever answered and asked us within 15 minutes. */
export function isGood(node: TableNode, nowMs: number): boolean {
  if (node.misses > 0 || node.lastAnswerMs === undefined) return false;
  return nowMs - Math.max(node.lastAnswerMs, node.lastQueryMs ?? 0) < GOOD_MS;
}

/** Fifteen minutes after its last sign of life; soon after a miss. */
function dueMs(node: TableNode): number {
  const recheckMs = (node.checkedAtMs ?? -Infinity) + RECHECK_MS;
  if (node.misses > 0 || node.lastAnswerMs === undefined) return recheckMs;
  const signMs = Math.max(node.lastAnswerMs, node.lastQueryMs ?? 0);
  return Math.max(recheckMs, signMs + REFRESH_MS);
}
