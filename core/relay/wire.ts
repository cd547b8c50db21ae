/**
 * What a relay and its client say to each other: one bencoded dictionary per body of their link.
 * `m` names it, `c` is a circuit (RLY-5).
 *
 *   m         from    further keys and meaning
 *   reserve   client  n number and p proof (32 B) of a former reservation, t pass (32 B),
 *                     x revoked indexes; each may be absent
 *   reserved  relay   k key of the reservation (32 B), n number
 *   revoke    client  i index: this slot opens nothing any more
 *   open      client  c, s slot (20 B): a circuit to the owner of the slot
 *   incoming  relay   c, i index: somebody opens one to you
 *   accept    both    c: it is open
 *   refuse    owner   c: it is not wanted
 *   data      both    c, d 1 to 16,000 bytes
 *   taken     both    c, b: so many more bytes of `data` have been passed on
 *   close     both    c: nothing more comes
 *   extend    client  c, e compact endpoint, k Noise key (32 B): a stream to another relay
 *   extended  relay   c: it is open
 *   error     relay   c, absent for `reserve`: it came to nothing
 *   get, put, forget  client, answer, unanswered  relay: see question.ts
 *
 * Circuits are numbered by who names them first: even ones by clients, odd ones by relays. Unknown
 * keys mean nothing. Spec: docs/spec/relay.md.
 * @module
 */
import {
  asBytes,
  asDict,
  asInt,
  asList,
  type Bvalue,
  decode,
  type Dict,
  encode,
} from '../base/bencode.ts';
import { utf8Text } from '../base/bytes.ts';
import { decodeEndpoint, encodeEndpoint, type Endpoint } from '../base/endpoint.ts';
import { DATA_BYTES_MAX, REVOKED_MAX, WINDOW_BYTES } from './limits.ts';
import { questionFields, type QuestionMessage, readQuestion } from './question.ts';
import { INDEXES, KEY_BYTES, NUMBERS, SLOT_BYTES } from './slots.ts';

/** The number of a circuit on one relay link. */
export type CircuitId = number;
export const CIRCUIT_ID_MAX = 2 ** 31 - 1;

export interface Reserve {
  readonly type: 'reserve';
  readonly former?: { readonly number: number; readonly proof: Uint8Array } | undefined;
  readonly pass?: Uint8Array | undefined;
  readonly revoked: readonly number[];
}

export type RelayMessage =
  | Reserve
  | { readonly type: 'reserved'; readonly key: Uint8Array; readonly number: number }
  | { readonly type: 'revoke'; readonly index: number }
  | { readonly type: 'open'; readonly circuit: CircuitId; readonly slot: Uint8Array }
  | { readonly type: 'incoming'; readonly circuit: CircuitId; readonly index: number }
  | { readonly type: 'accept'; readonly circuit: CircuitId }
  | { readonly type: 'refuse'; readonly circuit: CircuitId }
  | { readonly type: 'close'; readonly circuit: CircuitId }
  | { readonly type: 'extended'; readonly circuit: CircuitId }
  | { readonly type: 'data'; readonly circuit: CircuitId; readonly bytes: Uint8Array }
  | { readonly type: 'taken'; readonly circuit: CircuitId; readonly count: number }
  | {
      readonly type: 'extend';
      readonly circuit: CircuitId;
      readonly endpoint: Endpoint;
      readonly key: Uint8Array;
    }
  | { readonly type: 'error'; readonly circuit: CircuitId | undefined }
  | QuestionMessage;

export function encodeRelay(message: RelayMessage): Uint8Array<ArrayBuffer> {
  const m = message.type;
  switch (message.type) {
    case 'reserve': {
      const { former, pass, revoked } = message;
      const x = revoked.length === 0 ? undefined : revoked;
      return encode({ m, n: former?.number, p: former?.proof, t: pass, x });
    }
    case 'reserved':
      return encode({ k: message.key, m, n: message.number });
    case 'revoke':
      return encode({ i: message.index, m });
    case 'open':
      return encode({ c: message.circuit, m, s: message.slot });
    case 'incoming':
      return encode({ c: message.circuit, i: message.index, m });
    case 'data':
      return encode({ c: message.circuit, d: message.bytes, m });
    case 'taken':
      return encode({ b: message.count, c: message.circuit, m });
    case 'extend': {
      const { circuit, endpoint, key } = message;
      return encode({ c: circuit, e: encodeEndpoint(endpoint), k: key, m });
    }
    case 'ask':
    case 'answer':
    case 'unanswered':
    case 'forget':
      return encode(questionFields(message));
    default:
      return encode({ c: message.circuit, m });
  }
}

/** Reads one message; undefined where anything about it is malformed. Never throws. */
export function decodeRelay(body: Uint8Array): RelayMessage | undefined {
  const decoded = decode(body);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const name = asBytes(dict?.['m']);
  const type = name && utf8Text(name);
  if (!dict || type === undefined) return undefined;
  switch (type) {
    case 'reserve':
      return readReserve(dict);
    case 'reserved': {
      const key = asBytes(dict['k'], KEY_BYTES);
      const number = asInt(dict['n'], 0, NUMBERS - 1);
      return key && number !== undefined ? { type, key, number } : undefined;
    }
    case 'revoke': {
      const index = indexOf(dict['i']);
      return index === undefined ? undefined : { type, index };
    }
    case 'error':
      return readError(dict);
    case 'get':
    case 'put':
    case 'forget':
    case 'answer':
    case 'unanswered':
      return readQuestion(type, dict);
    default:
      return readOfCircuit(type, dict);
  }
}

function readReserve(dict: Dict): Reserve | undefined {
  const number = asInt(dict['n'], 0, NUMBERS - 1);
  const proof = asBytes(dict['p'], KEY_BYTES);
  const pass = asBytes(dict['t'], KEY_BYTES);
  const listed = dict['x'] === undefined ? [] : asList(dict['x']);
  const revoked = listed?.map(indexOf).filter((index) => index !== undefined);
  const isMalformed =
    (dict['n'] === undefined) !== (number === undefined) ||
    (number === undefined) !== (dict['p'] === undefined) ||
    (number === undefined) !== (proof === undefined) ||
    (dict['t'] === undefined) !== (pass === undefined);
  if (isMalformed || !revoked || revoked.length !== listed!.length) return undefined;
  if (revoked.length > REVOKED_MAX) return undefined;
  const former = number === undefined ? undefined : { number, proof: proof! };
  return { type: 'reserve', former, pass, revoked };
}

function readError(dict: Dict): RelayMessage | undefined {
  if (dict['c'] === undefined) return { type: 'error', circuit: undefined };
  const circuit = circuitOf(dict);
  return circuit === undefined ? undefined : { type: 'error', circuit };
}

/** The messages that name a circuit. */
function readOfCircuit(type: string, dict: Dict): RelayMessage | undefined {
  const circuit = circuitOf(dict);
  if (circuit === undefined) return undefined;
  switch (type) {
    case 'open': {
      const slot = asBytes(dict['s'], SLOT_BYTES);
      return slot && { type, circuit, slot };
    }
    case 'incoming': {
      const index = indexOf(dict['i']);
      return index === undefined ? undefined : { type, circuit, index };
    }
    case 'accept':
    case 'refuse':
    case 'close':
    case 'extended':
      return { type, circuit };
    case 'data': {
      const bytes = asBytes(dict['d']);
      const fits = bytes && bytes.length >= 1 && bytes.length <= DATA_BYTES_MAX;
      return fits ? { type, circuit, bytes } : undefined;
    }
    case 'taken': {
      const count = asInt(dict['b'], 1, WINDOW_BYTES);
      return count === undefined ? undefined : { type, circuit, count };
    }
    case 'extend': {
      const endpoint = decodeEndpoint(asBytes(dict['e']) ?? new Uint8Array(0));
      const key = asBytes(dict['k'], KEY_BYTES);
      return endpoint && key ? { type, circuit, endpoint, key } : undefined;
    }
    default:
      return undefined;
  }
}

function circuitOf(dict: Dict): CircuitId | undefined {
  return asInt(dict['c'], 1, CIRCUIT_ID_MAX);
}

function indexOf(value: Bvalue | undefined): number | undefined {
  return asInt(value, 0, INDEXES - 1);
}
