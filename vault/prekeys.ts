/**
 * Prekeys: what a peer needs to seal for us before we ever answered (VLT-14).
 *
 *   bundle, canonical bencode
 *   key  size     meaning
 *   e    33 B     signed EC prekey (libsignal public key)
 *   f    64 B     its signature by `i`
 *   i    33 B     our libsignal identity key
 *   k    1569 B   Kyber-1024 prekey, used by many peers
 *   l    64 B     its signature by `i`
 *   n    integer  number of both prekeys
 *
 *   none -- bundle --> current -- a week --> retired -- 30 days --> gone, with its base keys
 *
 * Both prekeys serve every peer, so a first message could be replayed: the base keys it came with
 * are remembered until the prekey is gone, and a second use is refused.
 * @module
 */
import * as signal from '@signalapp/libsignal-client';
import { asBytes, asDict, asInt, decode, encode } from '@sotto/core/base/bencode.ts';
import { equal } from '@sotto/core/base/bytes.ts';
import { BUNDLE_BYTES_MAX } from '@sotto/core/base/limits.ts';
import type { Database, Statement } from './database.ts';
import { plain, DEVICE_NUMBER, REGISTRATION_ID, type UsedBaseKey } from './sessions.ts';

const DAY_MS = 24 * 3600 * 1000;
export const PREKEY_RENEW_MS = 7 * DAY_MS;
/** Private halves live this long after their bundle was replaced: contacts cache bundles. */
export const PREKEY_KEEP_MS = 30 * DAY_MS;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 33;
const PREKEY_ID_MAX = 0xffffff;

export class Prekeys {
  readonly identity: signal.IdentityKeyPair;
  readonly #db: Database;
  readonly #records: Statement;
  readonly #isUsed: Statement;
  readonly #use: Statement;

  constructor(db: Database) {
    this.#db = db;
    this.identity = loadIdentity(db);
    this.#records = db.prepare('SELECT ec, kyber FROM prekeys WHERE id = ?');
    this.#isUsed = db.prepare('SELECT 1 FROM base_keys WHERE prekey = ? AND base_key = ?').pluck();
    this.#use = db.prepare('INSERT INTO base_keys (prekey, base_key) VALUES (?, ?)');
  }

  signed(id: number): signal.SignedPreKeyRecord {
    return signal.SignedPreKeyRecord.deserialize(plain(this.#record(id).ec));
  }

  kyber(id: number): signal.KyberPreKeyRecord {
    return signal.KyberPreKeyRecord.deserialize(plain(this.#record(id).kyber));
  }

  isUsed(used: UsedBaseKey): boolean {
    return this.#isUsed.get(used.prekey, used.baseKey) !== undefined;
  }

  /** Inside the transaction of the batch. */
  write(baseKeys: Iterable<UsedBaseKey>): void {
    for (const used of baseKeys) this.#use.run(used.prekey, used.baseKey);
  }

  /** The bundle to hand out at this wall time; makes or renews it inside a transaction. */
  bundle(wallMs: number): Uint8Array {
    this.#db.prepare('DELETE FROM prekeys WHERE retired_ms <= ?').run(wallMs - PREKEY_KEEP_MS);
    this.#db.exec('DELETE FROM base_keys WHERE prekey NOT IN (SELECT id FROM prekeys)');
    const current = this.#db
      .prepare('SELECT id, created_ms AS createdMs FROM prekeys WHERE retired_ms IS NULL')
      .get() as { id: number; createdMs: number } | undefined;
    if (current && Math.abs(wallMs - current.createdMs) < PREKEY_RENEW_MS)
      return this.#encode(current.id);
    this.#db.prepare('UPDATE prekeys SET retired_ms = ? WHERE retired_ms IS NULL').run(wallMs);
    return this.#encode(this.#generate(wallMs));
  }

  #record(id: number): { ec: Buffer; kyber: Buffer } {
    const record = this.#records.get(id) as { ec: Buffer; kyber: Buffer } | undefined;
    if (!record) throw new Error('unknown prekey');
    return record;
  }

  #generate(wallMs: number): number {
    const last = this.#db
      .prepare("SELECT value FROM meta WHERE key = 'prekey'")
      .pluck()
      .get() as number;
    const id = last + 1;
    const secret = signal.PrivateKey.generate();
    const pair = signal.KEMKeyPair.generate();
    const sign = (bytes: Uint8Array<ArrayBuffer>) => this.identity.privateKey.sign(bytes);
    const publicKey = secret.getPublicKey();
    const ec = signal.SignedPreKeyRecord.new(
      id,
      wallMs,
      publicKey,
      secret,
      sign(publicKey.serialize()),
    );
    const signature = sign(pair.getPublicKey().serialize());
    const kyber = signal.KyberPreKeyRecord.new(id, wallMs, pair, signature);
    this.#db
      .prepare('INSERT INTO prekeys (id, created_ms, ec, kyber) VALUES (?, ?, ?, ?)')
      .run(id, wallMs, ec.serialize(), kyber.serialize());
    this.#db.prepare("UPDATE meta SET value = ? WHERE key = 'prekey'").run(id);
    return id;
  }

  #encode(id: number): Uint8Array {
    const ec = this.signed(id);
    const kyber = this.kyber(id);
    return encode({
      e: ec.publicKey().serialize(),
      f: ec.signature(),
      i: this.identity.publicKey.serialize(),
      k: kyber.publicKey().serialize(),
      l: kyber.signature(),
      n: id,
    });
  }
}

/** Makes the identity key of a new vault; runs inside the transaction that creates it. */
export function createIdentity(db: Database): void {
  const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  put.run('signal identity', signal.IdentityKeyPair.generate().serialize());
  put.run('prekey', 0);
}

function loadIdentity(db: Database): signal.IdentityKeyPair {
  const bytes = db.prepare("SELECT value FROM meta WHERE key = 'signal identity'").pluck().get();
  return signal.IdentityKeyPair.deserialize(plain(bytes as Buffer));
}

/** A peer's bundle, or undefined where it is malformed or for another identity key. */
export function decodeBundle(
  bytes: Uint8Array,
  signalIdentity: Uint8Array,
): signal.PreKeyBundle | undefined {
  const decoded = bytes.length <= BUNDLE_BYTES_MAX ? decode(bytes) : undefined;
  const dict = decoded?.ok ? asDict(decoded.value) : undefined;
  const ec = asBytes(dict?.['e'], PUBLIC_KEY_BYTES);
  const ecSignature = asBytes(dict?.['f'], SIGNATURE_BYTES);
  const identity = asBytes(dict?.['i'], PUBLIC_KEY_BYTES);
  const kyber = asBytes(dict?.['k']);
  const kyberSignature = asBytes(dict?.['l'], SIGNATURE_BYTES);
  const id = asInt(dict?.['n'], 1, PREKEY_ID_MAX);
  if (!ec || !ecSignature || !identity || !kyber || !kyberSignature || !id) return undefined;
  if (!equal(identity, signalIdentity)) return undefined;
  try {
    return signal.PreKeyBundle.new(
      REGISTRATION_ID,
      DEVICE_NUMBER,
      null,
      null,
      id,
      signal.PublicKey.deserialize(plain(ec)),
      plain(ecSignature),
      signal.PublicKey.deserialize(plain(identity)),
      id,
      signal.KEMPublicKey.deserialize(plain(kyber)),
      plain(kyberSignature),
    );
  } catch {
    return undefined; // a key that is no point, or no Kyber key
  }
}
