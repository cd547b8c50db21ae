/**
 * Raw KRPC for tests: ask a node from outside, and foreign nodes that answer as a test tells them.
 * @module
 */
import { equal } from '../base/bytes.ts';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import type { DhtNode, DhtOutput } from './dht-node.ts';
import {
  decodeKrpc,
  encodeError,
  encodeQuery,
  encodeReply,
  type Krpc,
  type KrpcErrorCode,
  type Query,
  type ReplyFields,
} from './krpc.ts';
import { idForHost } from './node-id.ts';
import type { TestNetwork } from './test-network.ts';

type Sent = Extract<DhtOutput, { type: 'send' }>;

/** Everything a node wants to say now. */
export function outputsOf(node: DhtNode): DhtOutput[] {
  const outputs: DhtOutput[] = [];
  for (let out = node.poll(); out; out = node.poll()) outputs.push(out);
  return outputs;
}

export interface AskOptions {
  readonly from?: Endpoint;
  readonly nowMs?: number;
  readonly id?: Uint8Array;
  readonly readOnly?: boolean;
}

const ASKER: Endpoint = { host: '9.8.7.6', port: 4321 };
const TRANSACTION = new Uint8Array([1, 2]);

/** Sends one query straight into a node. @returns its answer and the bytes of it, if any. */
export function ask(
  node: DhtNode,
  query: Query,
  options: AskOptions = {},
): { message: Krpc; bytes: Uint8Array } | undefined {
  const { from = ASKER, nowMs = 0, id = new Uint8Array(20).fill(0xaa), readOnly = true } = options;
  node.handleDatagram(from, encodeQuery(TRANSACTION, id, readOnly, query), nowMs);
  const answer = outputsOf(node).find((out): out is Sent => {
    if (out.type !== 'send' || endpointKey(out.to) !== endpointKey(from)) return false;
    const message = decodeKrpc(out.bytes);
    return message.ok && message.kind !== 'query' && equal(message.transaction, TRANSACTION);
  });
  return answer && { message: decodeKrpc(answer.bytes), bytes: answer.bytes };
}

/** The error code of an answer, 0 for a reply, undefined for silence. */
export function codeOf(answer: { message: Krpc } | undefined): number | undefined {
  if (!answer?.message.ok) return undefined;
  return answer.message.kind === 'error' ? answer.message.code : 0;
}

/** The reply of an answer. @throws Error where there is none. */
export function replyOf(answer: { message: Krpc } | undefined) {
  if (!answer?.message.ok || answer.message.kind !== 'reply') throw new Error('no reply');
  return answer.message.reply;
}

type Script = (query: Query, from: Endpoint) => Omit<ReplyFields, 'id'> | KrpcErrorCode | undefined;

/**
 * Puts a foreign node on the network: it answers what `script` says, under an id that complies
 * unless one is given. @returns its id, and every query it got.
 */
export function foreignNode(
  network: TestNetwork,
  endpoint: Endpoint,
  script: Script,
  options: { readonly id?: Uint8Array; readonly delayMs?: number } = {},
): { id: Uint8Array; queries: Query[] } {
  const id = options.id ?? idForHost(endpoint.host, network.prng.bytes);
  const queries: Query[] = [];
  network.strangers.set(endpointKey(endpoint), (from, bytes) => {
    const message = decodeKrpc(bytes);
    if (!message.ok || message.kind !== 'query') return;
    queries.push(message.query);
    const answer = script(message.query, from);
    if (answer === undefined) return;
    const { transaction } = message;
    const reply =
      typeof answer === 'number'
        ? encodeError(transaction, from, answer)
        : encodeReply(transaction, from, { id, ...answer });
    network.deliver(endpoint, from, reply, options.delayMs);
  });
  return { id, queries };
}
