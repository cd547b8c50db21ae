/**
 * libsignal's stores, as an overlay over the database (VLT-4, VLT-7).
 *
 * libsignal reads and writes through asynchronous callbacks, and a transaction must never wait.
 * So it works on layers in memory, and the ground layer is written out in one synchronous
 * transaction together with the events and envelopes that came of it:
 *
 *   request layer  --keep()-->  batch layer  --flush()-->  database
 *        |
 *        +-- dropped where the request is refused: as if it had never been
 * @module
 */
import * as signal from '@signalapp/libsignal-client';
import { equal, hex, readUintBE, uintBE } from '@sotto/core/base/bytes.ts';
import { BoundedMap } from '@sotto/core/base/bounded.ts';
import { deviceAddress } from '@sotto/core/crypto/address.ts';
import type { Database, Statement } from './database.ts';
import type { Prekeys } from './prekeys.ts';

/** Session records kept in memory between batches, about 20 KiB each. */
export const HOT_SESSIONS_MAX = 16;
const LENGTH_BYTES = 4;
/** A record changes its length by a few bytes with every message. */
const ROW_STEP_BYTES = 512;
/** libsignal numbers the devices of an address; with one address per device it is always this. */
export const DEVICE_NUMBER = 1;
/** Signal's servers tell reinstalls apart by it; the device key does that here. */
export const REGISTRATION_ID = 1;

/** Addresses kept by name or device, so that a message does not derive them anew. */
const ADDRESSES_MAX = 256;
const addresses = new BoundedMap<string, signal.ProtocolAddress>(ADDRESSES_MAX);

export function addressOf(name: string): signal.ProtocolAddress {
  let address = addresses.get(name);
  if (!address) {
    address = signal.ProtocolAddress.new(name, DEVICE_NUMBER);
    addresses.set(name, address);
  }
  return address;
}

/** Our own, which the peer derives from our device key as well. */
export function localAddress(device: Uint8Array): signal.ProtocolAddress {
  const key = hex(device);
  let address = addresses.get(key);
  if (!address) {
    address = addressOf(deviceAddress(device));
    addresses.set(key, address);
  }
  return address;
}

/** Sessions of the vault, by address name; what is in the database, plus what is hot. */
export class Sessions {
  readonly #hot = new BoundedMap<string, signal.SessionRecord>(HOT_SESSIONS_MAX);
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT record FROM sessions WHERE address = ?').pluck();
    this.#put = db.prepare(
      'INSERT INTO sessions (address, record) VALUES (?, ?) ' +
        'ON CONFLICT (address) DO UPDATE SET record = excluded.record',
    );
    this.#delete = db.prepare('DELETE FROM sessions WHERE address = ?');
  }

  get(address: string): signal.SessionRecord | undefined {
    const hot = this.#hot.get(address);
    if (hot) return hot;
    const padded = this.#get.get(address) as Buffer | undefined;
    return padded && signal.SessionRecord.deserialize(unpadded(padded));
  }

  /** Inside the transaction of the batch. */
  write(changes: ReadonlyMap<string, signal.SessionRecord | undefined>): void {
    for (const [address, record] of changes) {
      if (record) this.#put.run(address, padded(record.serialize()));
      else this.#delete.run(address);
    }
  }

  /** After the commit. */
  remember(changes: ReadonlyMap<string, signal.SessionRecord | undefined>): void {
    for (const [address, record] of changes) {
      if (record) this.#hot.set(address, record);
      else this.#hot.delete(address);
    }
  }
}

/** Length, record, zeros: a row that keeps its size is overwritten where it lies. */
function padded(record: Uint8Array): Uint8Array {
  const length = LENGTH_BYTES + record.length;
  const row = new Uint8Array(Math.ceil(length / ROW_STEP_BYTES) * ROW_STEP_BYTES);
  row.set(uintBE(record.length, LENGTH_BYTES));
  row.set(record, LENGTH_BYTES);
  return row;
}

function unpadded(row: Uint8Array): Uint8Array<ArrayBuffer> {
  return plain(row.subarray(LENGTH_BYTES, LENGTH_BYTES + readUintBE(row, 0, LENGTH_BYTES)));
}

/** better-sqlite3 gives Buffers; libsignal wants plain arrays over their own memory. */
export function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** A first message under this base key was opened before, under this prekey. */
export interface UsedBaseKey {
  readonly prekey: number;
  readonly baseKey: Uint8Array<ArrayBuffer>;
}

/** What lies below every layer: the database as the last commit left it. */
export interface Ground {
  readonly sessions: Sessions;
  readonly prekeys: Prekeys;
}

/** One level of the overlay: what changed above the level below. */
export class Layer {
  readonly sessions = new Map<string, signal.SessionRecord | undefined>();
  readonly baseKeys = new Map<string, UsedBaseKey>();

  constructor(
    readonly ground: Ground,
    readonly below?: Layer,
  ) {}

  session(address: string): signal.SessionRecord | undefined {
    if (this.sessions.has(address)) return this.sessions.get(address);
    return this.below ? this.below.session(address) : this.ground.sessions.get(address);
  }

  isUsed(used: UsedBaseKey): boolean {
    if (this.baseKeys.has(keyOf(used))) return true;
    return this.below ? this.below.isUsed(used) : this.ground.prekeys.isUsed(used);
  }

  use(used: UsedBaseKey): void {
    this.baseKeys.set(keyOf(used), used);
  }

  /** Makes the changes of this layer those of the one below. */
  keep(): void {
    for (const [address, record] of this.sessions) this.below?.sessions.set(address, record);
    for (const [key, used] of this.baseKeys) this.below?.baseKeys.set(key, used);
  }
}

function keyOf(used: UsedBaseKey): string {
  return `${used.prekey} ${hex(used.baseKey)}`;
}

/** What libsignal is given for one operation with one peer. */
export interface Stores {
  readonly sessions: signal.SessionStore;
  readonly identity: signal.IdentityKeyStore;
  readonly ec: signal.PreKeyStore;
  readonly signed: signal.SignedPreKeyStore;
  readonly kyber: signal.KyberPreKeyStore;
}

/**
 * Stores over a layer that trust one identity key: the one the device list gives.
 * @param trusted 33 bytes.
 */
export function storesFor(layer: Layer, trusted: Uint8Array): Stores {
  const { prekeys } = layer.ground;
  return {
    sessions: {
      saveSession: async (name, record) => void layer.sessions.set(name.name(), record),
      getSession: async (name) => layer.session(name.name()) ?? null,
      getExistingSessions: async (names) => names.flatMap((n) => layer.session(n.name()) ?? []),
    },
    identity: {
      getIdentityKey: async () => prekeys.identity.privateKey,
      getIdentityKeyPair: async () => prekeys.identity,
      getLocalRegistrationId: async () => REGISTRATION_ID,
      saveIdentity: async () => signal.IdentityChange.NewOrUnchanged,
      isTrustedIdentity: async (_name, key) => equal(key.serialize(), trusted),
      getIdentity: async () => null,
    },
    ec: {
      // We publish no one-time prekeys: a contact's hello carries the bundle of the week.
      savePreKey: () => Promise.reject(new Error('no one-time prekeys')),
      getPreKey: () => Promise.reject(new Error('no one-time prekeys')),
      removePreKey: () => Promise.reject(new Error('no one-time prekeys')),
    },
    signed: {
      saveSignedPreKey: () => Promise.reject(new Error('prekeys are made by the bundle')),
      getSignedPreKey: async (id) => prekeys.signed(id),
    },
    kyber: {
      saveKyberPreKey: () => Promise.reject(new Error('prekeys are made by the bundle')),
      getKyberPreKey: async (id) => prekeys.kyber(id),
      markKyberPreKeyUsed: async (id, _signedId, baseKey) => {
        const used = { prekey: id, baseKey: baseKey.serialize() };
        if (layer.isUsed(used)) throw new Error('replayed first message');
        layer.use(used);
      },
    },
  };
}
