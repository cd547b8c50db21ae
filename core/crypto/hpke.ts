/**
 * HPKE (RFC 9180): bytes sealed so that only the holder of an X25519 key reads them, single-shot,
 * base mode, one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305 (CRY-11).
 *
 *   enc          ephemeral public key, 32 bytes, in front of the ciphertext
 *   shared       ExtractAndExpand(DH(ephemeral, recipient), enc || recipient)        section 4.1
 *   key, nonce   KeySchedule(mode 0, shared, info), sequence number 0                section 5.1
 *   sealed       enc || ChaCha20-Poly1305(key, nonce, aad, plaintext)                section 6.1
 *
 * Base mode says nothing about who sealed: what is inside has to prove that. Not post-quantum.
 * @module
 */
import { concat, uintBE, utf8 } from '../base/bytes.ts';
import { AEAD_KEY_BYTES, aeadOpen, aeadSeal, NONCE_BYTES, TAG_BYTES } from './aead.ts';
import { dh, DH_BYTES, dhPublicKey } from './dh.ts';
import type { Secret } from './keys.ts';
import { hmac } from './mac.ts';

/** Sealed bytes are so much longer than the plaintext. */
export const HPKE_OVERHEAD_BYTES = DH_BYTES + TAG_BYTES;

const EMPTY = new Uint8Array(0);
const VERSION = utf8('HPKE-v1');
const KEM_ID = uintBE(0x0020, 2);
const KEM_SUITE = concat(utf8('KEM'), KEM_ID);
const HPKE_SUITE = concat(utf8('HPKE'), KEM_ID, uintBE(0x0001, 2), uintBE(0x0003, 2));
const MODE_BASE = Uint8Array.of(0);

/** X25519 scalar that opens what was sealed for its public key. */
export type OpeningSecret = Secret<'hpke recipient'>;

/**
 * Seals for `recipient` under a fresh ephemeral key, which is used this once.
 * @returns enc and ciphertext, `plaintext.length + 48` bytes, or undefined where `recipient` is a
 *   key of small order or of another size.
 */
export function hpkeSeal(
  recipient: Uint8Array,
  ephemeral: Secret<'hpke ephemeral'>,
  info: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array = EMPTY,
): Uint8Array<ArrayBuffer> | undefined {
  const enc = dhPublicKey(ephemeral.reveal());
  const agreed = dh(ephemeral.reveal(), recipient);
  if (!agreed) return undefined;
  const { key, nonce } = keySchedule(agreed, concat(enc, recipient), info);
  return concat(enc, aeadSeal(key, nonce, aad, plaintext));
}

/** Opens what `hpkeSeal` made for this key and info; undefined for anything else. */
export function hpkeOpen(
  secret: OpeningSecret,
  info: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array = EMPTY,
): Uint8Array<ArrayBuffer> | undefined {
  if (sealed.length < HPKE_OVERHEAD_BYTES) return undefined;
  const enc = sealed.subarray(0, DH_BYTES);
  const agreed = dh(secret.reveal(), enc);
  if (!agreed) return undefined;
  const { key, nonce } = keySchedule(agreed, concat(enc, dhPublicKey(secret.reveal())), info);
  return aeadOpen(key, nonce, aad, sealed.subarray(DH_BYTES));
}

function keySchedule(
  agreed: Uint8Array,
  kemContext: Uint8Array,
  info: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const agreedKey = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', agreed);
  const shared = labeledExpand(KEM_SUITE, agreedKey, 'shared_secret', kemContext, 32);
  const context = concat(
    MODE_BASE,
    labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info),
  );
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', EMPTY);
  return {
    key: labeledExpand(HPKE_SUITE, secret, 'key', context, AEAD_KEY_BYTES),
    nonce: labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, NONCE_BYTES),
  };
}

function labeledExtract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  key: Uint8Array,
): Uint8Array {
  return hmac(salt, VERSION, suite, utf8(label), key);
}

/** At most 32 bytes: the one block of HKDF-Expand that this suite ever needs. */
function labeledExpand(
  suite: Uint8Array,
  key: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = [uintBE(length, 2), VERSION, suite, utf8(label), info];
  return hmac(key, ...labeled, Uint8Array.of(1)).subarray(0, length);
}
