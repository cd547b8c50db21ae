/**
 * Answers other nodes' queries: what a correct citizen of the DHT owes (BEP 5, 32, 33, 42, 44, 51).
 *
 *   ping           id
 *   find_node      id, nodes | nodes6
 *   get_peers      id, nodes | nodes6, token, values, and BFsd BFpe for a scrape
 *   sample_infohashes   id, nodes | nodes6, interval, num, samples
 *   announce_peer  id                          203 bad token
 *   get            id, nodes | nodes6, token, and k seq sig v of the item
 *   put            id                          203 bad token, 202 205 206 207 301 302 (item-store)
 *
 * A node whose id breaks BEP 42 is answered like any other (DHT-17). Spec: DHT-8, DHT-12, DHT-26
 * to DHT-39, DHT-56 to DHT-58.
 * @module
 */
import { familyOf, type Endpoint, type Family } from '../base/endpoint.ts';
import type { Random } from '../base/time.ts';
import { immutableTarget, mutableTarget, type ItemFields } from './item.ts';
import { ItemStore } from './item-store.ts';
import {
  encodeError,
  encodeReply,
  KRPC_ERROR,
  type KrpcErrorCode,
  type Query,
  type ReplyFields,
  type Want,
} from './krpc.ts';
import type { Contact } from './node-id.ts';
import { PeerStore, SAMPLE_INTERVAL_S } from './peer-store.ts';
import type { RoutingTable } from './routing-table.ts';
import { Tokens } from './token.ts';

/** BEP 32: no reply of ours is longer, except one that carries a value. */
export const REPLY_BYTES_MAX = 1024;
/** A value of 1,000 bytes does not fit that; with one, IPv6's smallest packet is the limit. */
export const VALUE_REPLY_BYTES_MAX = 1232;
/** Contacts of one family in a reply. */
export const REPLY_NODES = 8;
/** Peers beside the filters of a scrape. */
const SCRAPE_PEERS_MAX = 5;

export interface ResponderDeps {
  readonly random: Random;
  idOf(family: Family): Uint8Array | undefined;
  tableOf(family: Family): RoutingTable | undefined;
}

type Answer = Omit<ReplyFields, 'id'> | KrpcErrorCode;

export class Responder {
  readonly items = new ItemStore();
  readonly peers = new PeerStore();
  readonly #deps: ResponderDeps;
  readonly #tokens: Tokens;

  constructor(deps: ResponderDeps, nowMs: number) {
    this.#deps = deps;
    this.#tokens = new Tokens(deps.random, nowMs);
  }

  /** The datagram that answers `query`; undefined where we have no id in that family. */
  answer(
    query: Query,
    transaction: Uint8Array,
    from: Endpoint,
    nowMs: number,
  ): Uint8Array | undefined {
    const id = this.#deps.idOf(familyOf(from));
    if (!id) return undefined;
    const answer = this.#answerOf(query, from, id, nowMs);
    if (typeof answer === 'number') return encodeError(transaction, from, answer);
    return fit(transaction, from, { id, ...answer });
  }

  #answerOf(query: Query, from: Endpoint, ownId: Uint8Array, nowMs: number): Answer {
    switch (query.method) {
      case 'ping':
        return {};
      case 'find_node':
        return this.#nodes(query.target, query.want, from, nowMs);
      case 'get_peers':
        return this.#peers(query, from, nowMs);
      case 'sample_infohashes': {
        const samples = this.peers.samples(this.#deps.random, nowMs);
        const nodes = this.#nodes(query.target, query.want, from, nowMs);
        return { ...nodes, samples: { ...samples, intervalS: SAMPLE_INTERVAL_S } };
      }
      case 'announce_peer':
        return this.#announce(query, from, nowMs);
      case 'get': {
        const token = this.#tokens.issue(from.host, query.target, nowMs);
        const nodes = this.#nodes(query.target, query.want, from, nowMs);
        return { ...nodes, token, ...itemFor(query.seq, this.items.get(query.target, nowMs)) };
      }
      case 'put':
        return this.#put(query, from, ownId, nowMs);
    }
  }

  #peers(query: Extract<Query, { method: 'get_peers' }>, from: Endpoint, nowMs: number): Answer {
    const { target, want, noseed = false, scrape: asked } = query;
    const token = this.#tokens.issue(from.host, target, nowMs);
    const scrape = asked ? this.peers.scrape(target, nowMs) : undefined;
    // Two filters leave room for few peers (BEP 33).
    const options = { noseed, ...(scrape && { most: SCRAPE_PEERS_MAX }) };
    const peers = this.peers.sample(target, familyOf(from), this.#deps.random, nowMs, options);
    const values = peers.length > 0 && { peers };
    return {
      ...this.#nodes(target, want, from, nowMs),
      token,
      ...values,
      ...(scrape && { scrape }),
    };
  }

  #announce(
    query: Extract<Query, { method: 'announce_peer' }>,
    from: Endpoint,
    nowMs: number,
  ): Answer {
    const port = query.port ?? from.port;
    const trusted = this.#tokens.accepts(query.token, from.host, query.target, nowMs);
    if (!trusted || port <= 1) return KRPC_ERROR.protocol;
    this.peers.announce(query.target, { host: from.host, port }, query.seed ?? false, nowMs);
    return {};
  }

  /** The token comes first: who has none costs us no signature check (DHT-31). */
  #put(
    query: Extract<Query, { method: 'put' }>,
    from: Endpoint,
    ownId: Uint8Array,
    nowMs: number,
  ): Answer {
    const { raw, mutable, token } = query;
    const target = mutable ? mutableTarget(mutable.k, mutable.salt) : immutableTarget(raw);
    if (!this.#tokens.accepts(token, from.host, target, nowMs)) return KRPC_ERROR.protocol;
    return this.items.put(query, from.host, ownId, nowMs) ?? {};
  }

  /** BEP 32: the families asked for, else the one the query came by. */
  #nodes(
    target: Uint8Array,
    want: Want,
    from: Endpoint,
    nowMs: number,
  ): Pick<ReplyFields, 'nodes' | 'nodes6'> {
    const families = want.length > 0 ? want : [familyOf(from)];
    const of = (family: Family): readonly Contact[] =>
      this.#deps.tableOf(family)?.closestGood(target, REPLY_NODES, nowMs) ?? [];
    return {
      ...(families.includes('v4') && { nodes: of('v4') }),
      ...(families.includes('v6') && { nodes6: of('v6') }),
    };
  }
}

/** BEP 44: who already has this seq is told the number and spared the item. */
function itemFor(
  askedSeq: bigint | undefined,
  item: ItemFields | undefined,
): Pick<ReplyFields, 'item' | 'seq'> {
  if (!item) return {};
  const known = askedSeq !== undefined && item.seq !== undefined && item.seq <= askedSeq;
  return known ? { seq: item.seq } : { item };
}

/** Leaves out the farthest contacts until the datagram is small enough. */
function fit(transaction: Uint8Array, to: Endpoint, fields: ReplyFields): Uint8Array {
  const limit = fields.item ? VALUE_REPLY_BYTES_MAX : REPLY_BYTES_MAX;
  let reply = fields;
  let bytes = encodeReply(transaction, to, reply);
  while (bytes.length > limit) {
    const longest = Math.max(reply.nodes?.length ?? 0, reply.nodes6?.length ?? 0);
    if (longest === 0) break;
    reply = {
      ...reply,
      ...(reply.nodes && { nodes: reply.nodes.slice(0, longest - 1) }),
      ...(reply.nodes6 && { nodes6: reply.nodes6.slice(0, longest - 1) }),
    };
    bytes = encodeReply(transaction, to, reply);
  }
  return bytes;
}
