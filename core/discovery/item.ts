/**
 * Items of BEP 44: up to 1,000 bytes anybody may keep in the DHT.
 *
 *   immutable  target = SHA-1(bencoded v)
 *   mutable    target = SHA-1(k || salt), signed by k over
 *              ["4:salt" <bencoded salt>] "3:seqi" <seq> "e1:v" <bencoded v>
 *
 * The signed bytes are joined from parts, never cut out of a dictionary, so no quirk of a codec
 * can make two readers see different things. The salt is never in a get reply: whoever asks knows
 * it (DHT-21). Spec: DHT-20 to DHT-25.
 * @module
 */
import { decode, encode, type Bvalue, type Encodable } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { equal, writeLatin1 } from '../base/bytes.ts';
import { sha1 } from '../crypto/hash.ts';
import { SIGNATURE_BYTES, verifyBare, type SigningKey } from '../crypto/sign.ts';

/** DHT-22: more than this in bencoded form is refused with 205. */
export const VALUE_BYTES_MAX = 1000;
/** DHT-22: more than this is refused with 207. */
export const SALT_BYTES_MAX = 64;
/** DHT-23: `seq` is a non-negative int64. */
export const SEQ_MAX = 2n ** 63n - 1n;
/**
 * No number of ours goes so far: where others hold the signing key too, one from here on was put
 * there to leave us none.
 */
export const SEQ_LIMIT = 2n ** 48n - 1n;

/** A finished mutable item: put, and put again, exactly as it is. */
export interface SignedItem {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 0 to 64 bytes. */
  readonly salt?: Uint8Array;
  readonly seq: bigint;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** The bencoded value. */
  readonly raw: Uint8Array;
}

/** What a get found and verified; `seq` and `signature` are there for mutable items. */
export interface FoundItem {
  readonly value: Bvalue;
  readonly raw: Uint8Array;
  readonly seq?: bigint;
  readonly signature?: Uint8Array;
}

/** What signs items: an ordinary key, or one that was blinded. */
export type ItemSigner = Pick<SigningKey, 'publicKey' | 'signBare'>;

/**
 * Signs a value.
 * @throws AssertionError where the value, the salt or the number breaks a limit: our bug.
 */
export function signItem(
  key: ItemSigner,
  options: {
    readonly salt?: Uint8Array;
    readonly seq: number | bigint;
    readonly value: Encodable;
  },
): SignedItem {
  const seq = BigInt(options.seq);
  const raw = encode(options.value);
  const salt = options.salt ?? new Uint8Array(0);
  assert(seq >= 0n && seq <= SEQ_MAX, 'seq is a non-negative int64');
  assert(raw.length <= VALUE_BYTES_MAX, `a value has at most ${VALUE_BYTES_MAX} bytes`);
  assert(salt.length <= SALT_BYTES_MAX, `a salt has at most ${SALT_BYTES_MAX} bytes`);
  const signature = key.signBare(signedBytes(salt, seq, raw));
  return { publicKey: key.publicKey, ...(salt.length > 0 && { salt }), seq, signature, raw };
}

/** True where the signature holds. Says nothing of the limits; wrong sizes are a plain false. */
export function verifyItem(item: SignedItem): boolean {
  const bytes = signedBytes(item.salt ?? new Uint8Array(0), item.seq, item.raw);
  return verifyBare(item.publicKey, bytes, item.signature);
}

/** The exact bytes a mutable item's signature covers. */
export function signedBytes(salt: Uint8Array, seq: bigint, raw: Uint8Array): Uint8Array {
  const before = salt.length > 0 ? `4:salt${salt.length}:` : '';
  const between = `3:seqi${seq}e1:v`;
  const bytes = new Uint8Array(before.length + salt.length + between.length + raw.length);
  const saltAt = writeLatin1(bytes, 0, before);
  bytes.set(salt, saltAt);
  bytes.set(raw, writeLatin1(bytes, saltAt + salt.length, between));
  return bytes;
}

/** 20 bytes: where a mutable item lies. */
export function mutableTarget(publicKey: Uint8Array, salt?: Uint8Array): Uint8Array<ArrayBuffer> {
  return salt ? sha1(publicKey, salt) : sha1(publicKey);
}

/** 20 bytes: where an immutable item lies. `raw` is the *bencoded* value. */
export function immutableTarget(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha1(raw);
}

/** The parts of an item as a reply or a put carries them; nothing is verified yet. */
export interface ItemFields {
  readonly raw: Uint8Array;
  readonly k?: Uint8Array;
  readonly sig?: Uint8Array;
  readonly seq?: bigint;
}

/** What a get is after. */
export type ItemQuery =
  { readonly publicKey: Uint8Array; readonly salt?: Uint8Array } | { readonly target: Uint8Array };

export function targetOf(query: ItemQuery): Uint8Array {
  return 'target' in query ? query.target : mutableTarget(query.publicKey, query.salt);
}

/**
 * Checks what a node returned against what was asked for.
 * @returns the item where key, signature or hash prove it, else undefined; never throws.
 */
export function verifyFound(query: ItemQuery, fields: ItemFields): FoundItem | undefined {
  const { raw, seq, sig } = fields;
  if (raw.length > VALUE_BYTES_MAX) return undefined;
  const decoded = decode(raw);
  if (!decoded.ok) return undefined;
  if ('target' in query) {
    const target = immutableTarget(raw);
    return equal(target, query.target) ? { value: decoded.value, raw } : undefined;
  }
  if (seq === undefined || sig?.length !== SIGNATURE_BYTES) return undefined;
  if (fields.k && !equal(fields.k, query.publicKey)) return undefined;
  const { publicKey, salt } = query;
  const signed = { publicKey, ...(salt && { salt }), seq, signature: sig, raw };
  return verifyItem(signed) ? { value: decoded.value, raw, seq, signature: sig } : undefined;
}
