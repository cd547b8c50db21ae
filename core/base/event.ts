/**
 * Event: the one shape of everything people do. A text, a receipt, a contact's pair secret and,
 * later, a channel post or a call ring are all events in a conversation with a stable id (EVT-1).
 *
 *   key  type     meaning
 *   b    bytes    body; its form depends on the kind (text: UTF-8)
 *   c    16 B     conversation
 *   d    32 B     author device: its Ed25519 signing key
 *   k    bytes    kind
 *   n    integer  author sequence in this conversation, from 1 to SEQUENCE_MAX
 *   p    32 B     SHA-256 of the author's previous event, zeros for the first
 *   r    list     ids of events this one refers to
 *   t    integer  author's wall clock, milliseconds since 1970: for display only
 *
 * id = first 16 bytes of H("event id" c d n H(b)): computed, never sent, so it cannot be squatted.
 * Unknown kinds are kept and shown as "needs a newer version"; unknown keys survive, because the
 * vault keeps the author's bytes.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode } from './bencode.ts';
import { utf8Text } from './bytes.ts';
import { EVENT_BYTES_MAX } from './limits.ts';

export const ID_BYTES = 16;
export const REFS_MAX = 32;
export const KIND_BYTES_MAX = 16;
/** Six bytes: what the id of an event has room for. */
export const SEQUENCE_MAX = 2 ** 48 - 1;
export const ZERO_HASH = new Uint8Array(32);

export interface Event {
  readonly conversation: Uint8Array;
  readonly author: Uint8Array;
  readonly sequence: number;
  readonly timeMs: number;
  readonly kind: string;
  readonly body: Uint8Array;
  readonly refs: readonly Uint8Array[];
  readonly previous: Uint8Array;
}

export type EventFault = 'not bencode' | 'bad field' | 'too large';
export type DecodedEvent = { ok: true; event: Event } | { ok: false; reason: EventFault };

export function encodeEvent(event: Event): Uint8Array<ArrayBuffer> {
  return encode({
    b: event.body,
    c: event.conversation,
    d: event.author,
    k: event.kind,
    n: event.sequence,
    p: event.previous,
    r: event.refs,
    t: event.timeMs,
  });
}

/** Reads an event of any kind. Never throws. */
export function decodeEvent(bytes: Uint8Array): DecodedEvent {
  if (bytes.length > EVENT_BYTES_MAX) return { ok: false, reason: 'too large' };
  const decoded = decode(bytes);
  if (!decoded.ok) return { ok: false, reason: 'not bencode' };
  const dict = asDict(decoded.value);
  const body = asBytes(dict?.['b']);
  const conversation = asBytes(dict?.['c'], ID_BYTES);
  const author = asBytes(dict?.['d'], 32);
  const kind = asBytes(dict?.['k']);
  const sequence = asInt(dict?.['n'], 1, SEQUENCE_MAX);
  const previous = asBytes(dict?.['p'], 32);
  const refs = idList(dict?.['r']);
  const timeMs = asInt(dict?.['t'], 0, Number.MAX_SAFE_INTEGER);
  const kindText = kind && kindName(kind);
  if (
    !body ||
    !conversation ||
    !author ||
    !kindText ||
    sequence === undefined ||
    !previous ||
    !refs ||
    timeMs === undefined
  ) {
    return { ok: false, reason: 'bad field' };
  }
  const event = { conversation, author, sequence, timeMs, kind: kindText, body, refs, previous };
  return { ok: true, event };
}

/** The kind of event by which somebody asks to be let in: its words stand under `t`. */
export const KNOCK_KIND = 'knock';

/** What people read of an event; undefined where it is no text, or not valid UTF-8. */
export function textOf({ body, kind }: Pick<Event, 'body' | 'kind'>): string | undefined {
  if (kind === 'text') return utf8Text(body);
  if (kind !== KNOCK_KIND) return undefined;
  const decoded = decode(body);
  const said = decoded.ok ? asBytes(asDict(decoded.value)?.['t']) : undefined;
  return said && utf8Text(said);
}

/** A kind is 1 to 16 lower-case letters or hyphens: a name, never markup. */
function kindName(bytes: Uint8Array): string | undefined {
  if (bytes.length < 1 || bytes.length > KIND_BYTES_MAX) return undefined;
  const name = String.fromCharCode(...bytes);
  return /^[a-z-]+$/.test(name) ? name : undefined;
}

/** The ids of events that stand one after the other, as the vault tells those that wait. */
export function* idsIn(packed: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < packed.length; at += ID_BYTES) yield packed.subarray(at, at + ID_BYTES);
}

function idList(value: Parameters<typeof asList>[0]): Uint8Array[] | undefined {
  const list = asList(value);
  if (!list || list.length > REFS_MAX) return undefined;
  const ids: Uint8Array[] = [];
  for (const item of list) {
    const id = asBytes(item, ID_BYTES);
    if (!id) return undefined;
    ids.push(id);
  }
  return ids;
}
