/**
 * Questions to the DHT that a relay asks for a client, and its answers (RLY-20). What is asked for
 * and put are items of BEP 44 without salt; nothing is verified here.
 *
 *   key  in             meaning
 *   q    all            number of the question, 1 to 2^31 - 1, from the client
 *   t    get, put       pass (32 B): the client is a contact of the relay's person
 *   k    get, put       public key of a mutable item (32 B)
 *   h    get            target of an immutable item (20 B), in place of `k`
 *   v    put, answer    bencoded value, 1 to 1,000 B
 *   n    put, answer    seq of a mutable item; with `s`, and in a put with `k`, or without them
 *   s    put, answer    its signature (64 B)
 *   b    answer         nodes that answered a get, or hold what was put; 0 to 1,000
 *
 * @module
 */
import { asBytes, asInt, type Bvalue, type Dict, type Encodable } from '../base/bencode.ts';

/** The number of a question on one relay link. */
export type QuestionId = number;
export const QUESTION_ID_MAX = 2 ** 31 - 1;
/** Bencoded; what BEP 44 allows. */
export const VALUE_BYTES_MAX = 1_000;
export const NODES_MAX = 1_000;
const KEY_BYTES = 32;
const TARGET_BYTES = 20;
const SIGNATURE_BYTES = 64;
const PASS_BYTES = 32;
const SEQ_MAX = 2n ** 63n - 1n;

/** What makes an item mutable. */
export interface Signed {
  readonly seq: bigint;
  readonly signature: Uint8Array;
}
/** What somebody asks a relay to do in the DHT. */
export type Question =
  | { readonly type: 'get'; readonly key: Uint8Array }
  | { readonly type: 'get'; readonly target: Uint8Array }
  | {
      readonly type: 'put';
      /** The bencoded value. */
      readonly raw: Uint8Array;
      readonly signed?: (Signed & { readonly key: Uint8Array }) | undefined;
    };
/** What came of it. */
export interface Answer {
  /** Of a get: how many nodes answered. Of a put: how many hold what was put. */
  readonly nodes: number;
  /** The newest item that was there; of a put: before it. */
  readonly item?: { readonly raw: Uint8Array; readonly signed?: Signed | undefined } | undefined;
}

export type QuestionMessage =
  | {
      readonly type: 'ask';
      readonly question: QuestionId;
      readonly pass?: Uint8Array | undefined;
      readonly what: Question;
    }
  | { readonly type: 'answer'; readonly question: QuestionId; readonly answer: Answer }
  | { readonly type: 'unanswered'; readonly question: QuestionId }
  | { readonly type: 'forget'; readonly question: QuestionId };

/** The dictionary of such a message. */
export function questionFields(message: QuestionMessage): Record<string, Encodable | undefined> {
  const q = message.question;
  switch (message.type) {
    case 'ask': {
      const { pass: t, what } = message;
      if (what.type === 'put') {
        const { raw: v, signed } = what;
        return { k: signed?.key, m: 'put', n: signed?.seq, q, s: signed?.signature, t, v };
      }
      return 'key' in what ? { k: what.key, m: 'get', q, t } : { h: what.target, m: 'get', q, t };
    }
    case 'answer': {
      const { item, nodes: b } = message.answer;
      const { seq: n, signature: s } = item?.signed ?? {};
      return { b, m: 'answer', n, q, s, v: item?.raw };
    }
    default:
      return { m: message.type, q };
  }
}

/** Reads one; undefined where it is another message, or anything about it is malformed. */
export function readQuestion(name: string, dict: Dict): QuestionMessage | undefined {
  const question = asInt(dict['q'], 1, QUESTION_ID_MAX);
  if (question === undefined) return undefined;
  switch (name) {
    case 'get':
    case 'put': {
      const pass = asBytes(dict['t'], PASS_BYTES);
      const what = name === 'get' ? readGet(dict) : readPut(dict);
      const isWhole = what && (dict['t'] === undefined) === (pass === undefined);
      return isWhole ? { type: 'ask', question, pass, what } : undefined;
    }
    case 'answer': {
      const answer = readAnswer(dict);
      return answer && { type: name, question, answer };
    }
    case 'unanswered':
    case 'forget':
      return { type: name, question };
    default:
      return undefined;
  }
}

function readGet(dict: Dict): Question | undefined {
  const key = asBytes(dict['k'], KEY_BYTES);
  const target = asBytes(dict['h'], TARGET_BYTES);
  if (key) return dict['h'] === undefined ? { type: 'get', key } : undefined;
  return target && dict['k'] === undefined ? { type: 'get', target } : undefined;
}

function readPut(dict: Dict): Question | undefined {
  const raw = valueOf(dict['v']);
  if (!raw) return undefined;
  if (dict['k'] === undefined) {
    return isUnsigned(dict) ? { type: 'put', raw, signed: undefined } : undefined;
  }
  const key = asBytes(dict['k'], KEY_BYTES);
  const signed = readSigned(dict);
  return key && signed && { type: 'put', raw, signed: { ...signed, key } };
}

function readAnswer(dict: Dict): Answer | undefined {
  const nodes = asInt(dict['b'], 0, NODES_MAX);
  if (nodes === undefined) return undefined;
  if (dict['v'] === undefined) return isUnsigned(dict) ? { nodes, item: undefined } : undefined;
  const raw = valueOf(dict['v']);
  if (!raw) return undefined;
  if (isUnsigned(dict)) return { nodes, item: { raw, signed: undefined } };
  const signed = readSigned(dict);
  return signed && { nodes, item: { raw, signed } };
}

function readSigned(dict: Dict): Signed | undefined {
  const seq = seqOf(dict['n']);
  const signature = asBytes(dict['s'], SIGNATURE_BYTES);
  return seq !== undefined && signature ? { seq, signature } : undefined;
}

function isUnsigned(dict: Dict): boolean {
  return dict['n'] === undefined && dict['s'] === undefined;
}

function valueOf(value: Bvalue | undefined): Uint8Array | undefined {
  const raw = asBytes(value);
  return raw && raw.length >= 1 && raw.length <= VALUE_BYTES_MAX ? raw : undefined;
}

function seqOf(value: Bvalue | undefined): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const seq = BigInt(value);
  return seq >= 0n && seq <= SEQ_MAX ? seq : undefined;
}
