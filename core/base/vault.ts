/**
 * The contract between core and the vault: everything that must survive a crash (VLT-1).
 *
 * One request is one transaction: all of it is on disk before the reply, or none of it happened.
 * Requests about one peer device are carried out in the order given; requests about different
 * peers may share a commit. The real vault (libsignal and encrypted SQLite) and the simulator's
 * model pass the same contract suite.
 *
 * Two kinds of state:
 *   docs    small bencoded documents whose meaning core alone knows: contacts, invites, gates ...
 *   ledger  what the vault itself understands: events, ratchet sessions, envelopes, the outbox
 * @module
 */
import type { Event } from './event.ts';

export const DOC_SPACES = [
  'profile', // our identity, device keys, certificate, device list, settings
  'contact', // key: contact identity
  'invite', // key: invite id
  'gate', // key: gate id
  'replay', // key: gate id, first flights seen
  'record', // key: pair and publisher, our and their record state
  'dht', // saved routing tables, the NAT we are behind, when clocks last agreed
  'relay', // where others reach us: reservations, and whose each slot is
  'door', // our front door: settings, signed pointers, the keys of each day
  'request', // key: identity of who asks to be let in
  'draft', // key: contact identity, what was typed to them and not sent
  'knock', // key: identity of whom we ask to be let in
] as const;
export type DocSpace = (typeof DOC_SPACES)[number];

export interface Doc {
  readonly space: DocSpace;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
/** An undefined value deletes. */
export interface DocChange {
  readonly space: DocSpace;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A device of another person, as their device list names it. */
export interface PeerDevice {
  /** Identity key of its person, 32 bytes. */
  readonly identity: Uint8Array;
  /** Device signing key, 32 bytes. */
  readonly device: Uint8Array;
  /** libsignal identity key, 33 bytes: the only one the session may use. */
  readonly signalIdentity: Uint8Array;
  /** libsignal address name: a UUID from the device signing key. */
  readonly address: string;
}

/** Ourselves, as sealed content names us. */
export interface Self {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
}

export interface EventDraft {
  readonly conversation: Uint8Array;
  readonly kind: string;
  readonly body: Uint8Array;
  readonly refs: readonly Uint8Array[];
  readonly timeMs: number;
  /** 16 bytes chosen by the caller: the same id twice is the same event, stored once. */
  readonly clientId: Uint8Array;
}

export interface SealTarget {
  readonly peer: PeerDevice;
  /**
   * The peer's prekey bundle, used where no session exists. Without either the target waits; one
   * that does not verify is none.
   */
  readonly bundle: Uint8Array | undefined;
}

/** Sealed bytes for one device; `envelope` is random and lies outside the ratchet. */
export interface Envelope {
  readonly envelope: Uint8Array;
  readonly event: Uint8Array;
  readonly device: Uint8Array;
  readonly kind: EnvelopeKind;
  readonly ciphertext: Uint8Array;
}
export type EnvelopeKind = 'prekey' | 'message';

export interface StoredEvent {
  readonly id: Uint8Array;
  readonly event: Event;
}

/** Events of ours in one conversation that have not reached everybody they are for. */
export interface WaitingEvents {
  readonly conversation: Uint8Array;
  /** Their ids, 16 bytes each, one after the other, oldest first: there may be very many. */
  readonly events: Uint8Array;
}

export type VaultRequest =
  | { op: 'load' }
  /**
   * `applied`: control events whose effect these docs hold (see `Loaded.unapplied`).
   * `retired`: devices that their person has no more. Their sessions go, and what waited for one of
   * them alone waits for a device of its conversation, as if sealed with no target.
   */
  | {
      op: 'put';
      docs: readonly DocChange[];
      applied?: readonly Uint8Array[];
      retired?: readonly PeerDevice[];
    }
  /** Our current prekey bundle; renewed weekly, old private halves kept 30 days. */
  | { op: 'bundle'; wallMs: number }
  /**
   * Appends an event of ours and seals it for each target that has a session or a bundle. With no
   * target the event is kept, waiting, until `seal-waiting` addresses it.
   * Refused with 'outbox full' where a target device has OUTBOX_MESSAGES_MAX or _BYTES_MAX waiting.
   */
  | {
      op: 'seal';
      self: Self;
      draft: EventDraft;
      targets: readonly SealTarget[];
      docs?: readonly DocChange[];
    }
  /**
   * Seals what still waits unsealed for this device, oldest first, at most `limit` events. Events
   * of this conversation that were appended with no target at all (a contact whose devices were
   * not known yet) are addressed to this device first.
   * `renew` first drops the session and every unreceipted envelope of the device, so that all of
   * it is sealed anew under the bundle: the peer could not open what we sent.
   */
  | {
      op: 'seal-waiting';
      self: Self;
      conversation: Uint8Array;
      target: SealTarget;
      limit: number;
      renew: boolean;
    }
  /**
   * Unreceipted envelopes of a device in the order of their events, after the event `after`
   * (exclusive; an unknown one means from the start), within `limitBytes` but at least one.
   */
  | { op: 'outbox'; device: Uint8Array; after: Uint8Array | undefined; limitBytes: number }
  /** Opens a sealed envelope, checks it against whom it must be from and for, stores its event. */
  | {
      op: 'open';
      self: Self;
      from: PeerDevice;
      conversation: Uint8Array;
      envelope: Uint8Array;
      kind: EnvelopeKind;
      ciphertext: Uint8Array;
      wallMs: number;
    }
  /**
   * Reads a first message of somebody whom nobody has let in yet, under the same checks as `open`,
   * and changes nothing: no session, no event, and it can be opened later all the same.
   */
  | {
      op: 'peek';
      self: Self;
      from: PeerDevice;
      conversation: Uint8Array;
      ciphertext: Uint8Array;
    }
  /**
   * The device has stored these envelopes' events for good, also one that was cancelled after it
   * was sealed. Unknown ids are ignored.
   */
  | {
      op: 'receipt';
      device: Uint8Array;
      envelopes: readonly Uint8Array[];
      route: string;
      wallMs: number;
    }
  /** Stops sending an event to whoever has not receipted it; what has left may arrive. */
  | { op: 'cancel'; event: Uint8Array; wallMs: number }
  /** Shows events held behind a gap of this author up to `sequence`: it will not close soon. */
  | { op: 'release'; conversation: Uint8Array; author: Uint8Array; sequence: number }
  | { op: 'mark-read'; conversation: Uint8Array; cursor: number }
  /** Deletes a conversation: events, envelopes, sessions with these addresses, search entries. */
  | {
      op: 'forget';
      conversation: Uint8Array;
      devices: readonly PeerDevice[];
      docs: readonly DocChange[];
    };

export interface Loaded {
  readonly docs: readonly Doc[];
  /** 33 bytes: the public libsignal identity key of this device, made with the vault. */
  readonly signalIdentity: Uint8Array;
  readonly waiting: readonly WaitingEvents[];
  /** Control events (every kind but 'text') stored but not yet named in a put's `applied`. */
  readonly unapplied: readonly StoredEvent[];
  /** Authors with events held behind a gap. */
  readonly held: readonly HeldAuthor[];
}
export interface HeldAuthor {
  readonly conversation: Uint8Array;
  readonly author: Uint8Array;
  /** The lowest sequence that is held. */
  readonly sequence: number;
}

export type OpenRefusal =
  | 'no session' // a 'message' envelope without a session: ask the sender to renew
  | 'undecryptable' // the ratchet refuses it: ask the sender to renew
  | 'untrusted identity' // sealed under a libsignal identity other than `from.signalIdentity`
  | 'mismatch' // names another sender, recipient, device or conversation than it must
  | 'malformed'; // no event, or over a limit

export type OpenOutcome =
  | {
      outcome: 'stored';
      stored: StoredEvent;
      /** Another body under this author's sequence was stored before: both stay, marked. */
      fork: boolean;
      /** Set while earlier events of this author are missing; it is shown when they come. */
      held: HeldAuthor | undefined;
    }
  /** Nothing to store: it is there, was and is forgotten, or is one too many of its sequence. */
  | { outcome: 'duplicate' }
  | { outcome: 'refused'; reason: OpenRefusal };

export type VaultReply =
  | { op: 'load'; loaded: Loaded }
  | { op: 'put' | 'release' | 'mark-read' | 'forget' }
  | { op: 'bundle'; bundle: Uint8Array }
  | {
      op: 'seal';
      stored: StoredEvent;
      /** True where this clientId was stored before: nothing new happened. */
      duplicate: boolean;
      envelopes: readonly Envelope[];
      /** Devices for which the event waits unsealed. */
      waiting: readonly Uint8Array[];
    }
  | { op: 'seal-waiting' | 'outbox'; envelopes: readonly Envelope[]; more: boolean }
  | ({ op: 'open' } & OpenOutcome)
  | { op: 'peek'; outcome: 'read'; event: Event }
  | { op: 'peek'; outcome: 'refused'; reason: OpenRefusal }
  /** Events that have now reached every device of theirs. */
  | { op: 'receipt' | 'cancel'; events: readonly Uint8Array[] }
  | { op: 'failed'; reason: VaultFault };

/** The request changed nothing. */
export type VaultFault =
  | 'outbox full'
  | 'too large' // the event does not fit the largest padding bucket: core must not ask for it
  | 'no space' // disk full: retry later
  | 'disk error'
  | 'not found'
  | 'closed';
