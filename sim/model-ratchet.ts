/**
 * Model of a ratchet: the behaviour of libsignal sessions without their cryptography. Keys are
 * hashes of public values, so nothing here is secret; what is real is everything that can go
 * wrong: one key per message and never twice, prekey messages until the other side has answered,
 * out-of-order messages within limits, replays refused, several sessions with one peer.
 *
 *   bundle      i signal identity (33 B), p prekey id (8 B), h first 16 B of SHA-256(i p)
 *   ciphertext  b base (16 B), i sender's signal identity, p prekey id: prekey messages only
 *               c counter, d direction (0 = from the initiator), r root (32 B), s sealed
 *   root        SHA-256(p b initiator responder)
 *   key         SHA-256(r d c)
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, hex, uintBE } from '@sotto/core/base/bytes.ts';
import type { EnvelopeKind } from '@sotto/core/base/vault.ts';
import { aeadOpen, aeadSeal } from '@sotto/core/crypto/aead.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';

export const SIGNAL_IDENTITY_BYTES = 33;
export const PREKEY_ID_BYTES = 8;
export const BASE_BYTES = 16;
const CHECK_BYTES = 16;
const NONCE = new Uint8Array(12);

/** Keys kept for messages that were overtaken, and how far a chain may jump (libsignal). */
const SKIPPED_MAX = 2_000;
const JUMP_MAX = 25_000;
/** Former sessions kept with one peer (libsignal). */
const STATES_MAX = 40;

export interface SessionState {
  readonly root: Uint8Array;
  /** Signal identity of the other side. */
  readonly peer: Uint8Array;
  readonly initiator: boolean;
  readonly base: Uint8Array;
  readonly prekey: Uint8Array;
  /** The initiator has heard from the other side: no more prekey messages. */
  readonly confirmed: boolean;
  /** Counter of the next message out. */
  readonly sends: number;
  /** One more than the highest counter that came in. */
  readonly expects: number;
  /** Counters below `expects` that have not come. */
  readonly skipped: readonly number[];
}
/** Sessions with one peer device, the current one first. */
export type SessionRecord = readonly SessionState[];

export function encodeBundle(signalIdentity: Uint8Array, prekey: Uint8Array): Uint8Array {
  const check = sha256(signalIdentity, prekey).subarray(0, CHECK_BYTES);
  return encode({ h: check, i: signalIdentity, p: prekey });
}

/** The prekey id of a bundle of this identity; undefined where the bundle does not verify. */
export function readBundle(bundle: Uint8Array, signalIdentity: Uint8Array): Uint8Array | undefined {
  const decoded = decode(bundle);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const prekey = asBytes(dict?.['p'], PREKEY_ID_BYTES);
  const identity = asBytes(dict?.['i'], SIGNAL_IDENTITY_BYTES);
  const check = asBytes(dict?.['h'], CHECK_BYTES);
  if (!prekey || !identity || !check || !equal(identity, signalIdentity)) return undefined;
  return equal(check, sha256(identity, prekey).subarray(0, CHECK_BYTES)) ? prekey : undefined;
}

/** Begins a session under a peer's prekey. */
export function initiate(
  prekey: Uint8Array,
  ends: { initiator: Uint8Array; responder: Uint8Array },
  base: Uint8Array,
): SessionState {
  const root = sha256(prekey, base, ends.initiator, ends.responder);
  return { root, peer: ends.responder, initiator: true, base, prekey, ...FRESH };
}

const FRESH = { confirmed: false, sends: 0, expects: 0, skipped: [] as readonly number[] };

/** Puts a session in front of a record; the oldest go. */
function promote(record: SessionRecord, state: SessionState): SessionRecord {
  const others = record.filter((other) => !equal(other.root, state.root));
  return [state, ...others].slice(0, STATES_MAX);
}

/** Seals under the current session. The caller stores the record before anything leaves. */
export function encrypt(
  record: SessionRecord,
  signalIdentity: Uint8Array,
  plaintext: Uint8Array,
): { record: SessionRecord; kind: EnvelopeKind; ciphertext: Uint8Array } {
  const state = record[0]!;
  const direction = state.initiator ? 0 : 1;
  const key = messageKey(state.root, direction, state.sends);
  const prekey = state.initiator && !state.confirmed;
  const header = prekey ? { b: state.base, i: signalIdentity, p: state.prekey } : {};
  const ciphertext = encode({
    ...header,
    c: state.sends,
    d: direction,
    r: state.root,
    s: aeadSeal(key, NONCE, state.root, plaintext),
  });
  const next = { ...state, sends: state.sends + 1 };
  return { record: promote(record, next), kind: prekey ? 'prekey' : 'message', ciphertext };
}

export type Decrypted =
  | { ok: true; record: SessionRecord; plaintext: Uint8Array; started: Uint8Array | undefined }
  | { ok: false; reason: 'no session' | 'undecryptable' | 'untrusted identity' };

const UNDECRYPTABLE: Decrypted = { ok: false, reason: 'undecryptable' };

/** What the receiving side knows of itself: whether a prekey is its own, a base is new. */
export interface Prekeys {
  readonly signalIdentity: Uint8Array;
  /** True for a prekey of ours whose private half is still kept. */
  has(prekey: Uint8Array): boolean;
  /** True for a base seen before: the message that began a session that is gone. */
  spent(base: Uint8Array): boolean;
}

/**
 * Opens a message. `started` is the base of a session this message began, to be remembered.
 * @param identity the only signal identity the sender may use.
 */
export function decrypt(
  record: SessionRecord,
  kind: EnvelopeKind,
  ciphertext: Uint8Array,
  identity: Uint8Array,
  prekeys: Prekeys,
): Decrypted {
  const message = readMessage(ciphertext);
  if (!message) return UNDECRYPTABLE;
  let state = record.find(({ root }) => equal(root, message.root));
  let started: Uint8Array | undefined;
  if (kind === 'prekey') {
    if (!message.start) return UNDECRYPTABLE;
    if (!equal(message.start.identity, identity))
      return { ok: false, reason: 'untrusted identity' };
    if (!state) {
      state = accept(message.start, message.root, prekeys);
      started = message.start.base;
    }
  }
  if (!state) {
    const nothing = kind === 'message' && record.length === 0;
    return nothing ? { ok: false, reason: 'no session' } : UNDECRYPTABLE;
  }
  if (message.direction !== (state.initiator ? 1 : 0)) return UNDECRYPTABLE;
  const moved = advance(state, message.counter);
  const key = messageKey(message.root, message.direction, message.counter);
  const plaintext = moved && aeadOpen(key, NONCE, message.root, message.sealed);
  if (!plaintext) return UNDECRYPTABLE;
  return { ok: true, record: promote(record, { ...moved, confirmed: true }), plaintext, started };
}

function accept(start: Start, root: Uint8Array, prekeys: Prekeys): SessionState | undefined {
  if (!prekeys.has(start.prekey) || prekeys.spent(start.base)) return undefined;
  const expected = sha256(start.prekey, start.base, start.identity, prekeys.signalIdentity);
  if (!equal(expected, root)) return undefined;
  const { base, identity: peer, prekey } = start;
  return { root, peer, initiator: false, base, prekey, ...FRESH };
}

/** The state after a message with this counter, or undefined where its key is gone. */
function advance(state: SessionState, counter: number): SessionState | undefined {
  if (counter < state.expects) {
    if (!state.skipped.includes(counter)) return undefined;
    return { ...state, skipped: state.skipped.filter((other) => other !== counter) };
  }
  if (counter - state.expects > JUMP_MAX) return undefined;
  const skipped = [...state.skipped];
  for (let missed = state.expects; missed < counter; missed++) skipped.push(missed);
  return { ...state, expects: counter + 1, skipped: skipped.slice(-SKIPPED_MAX) };
}

/** Names the message key a ciphertext was sealed under: for the ledger of used keys. */
export function keyName(ciphertext: Uint8Array): string | undefined {
  const message = readMessage(ciphertext);
  return message && `${hex(message.root)}:${message.direction}:${message.counter}`;
}

function messageKey(root: Uint8Array, direction: number, counter: number): Uint8Array {
  return sha256(concat(root, uintBE(direction, 1), uintBE(counter, 6)));
}

interface Start {
  readonly base: Uint8Array;
  readonly identity: Uint8Array;
  readonly prekey: Uint8Array;
}
interface Message {
  readonly root: Uint8Array;
  readonly direction: number;
  readonly counter: number;
  readonly sealed: Uint8Array;
  readonly start: Start | undefined;
}

function readMessage(ciphertext: Uint8Array): Message | undefined {
  const decoded = decode(ciphertext);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const root = asBytes(dict?.['r'], 32);
  const direction = asInt(dict?.['d'], 0, 1);
  const counter = asInt(dict?.['c'], 0, 2 ** 40);
  const sealed = asBytes(dict?.['s']);
  if (!root || direction === undefined || counter === undefined || !sealed) return undefined;
  const base = asBytes(dict?.['b'], BASE_BYTES);
  const identity = asBytes(dict?.['i'], SIGNAL_IDENTITY_BYTES);
  const prekey = asBytes(dict?.['p'], PREKEY_ID_BYTES);
  const start = base && identity && prekey ? { base, identity, prekey } : undefined;
  return { root, direction, counter, sealed, start };
}
