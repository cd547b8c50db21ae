/**
 * Epochs: under which keys a presence record lies in which hour of network time.
 *
 *   epoch e     = floor(network time / 1 h), 0 to 2^48 - 1
 *   pair        signing seed = KDF(S, "record key",  publisher || e)     S: the pair secret
 *               sealing key  = KDF(S, "record seal", publisher || e)
 *   invite      signing seed = KDF(I, "invite record key",  slot || e)   I: the invite secret
 *               sealing key  = KDF(I, "invite record seal", slot || e)
 *
 *   publisher   32 B  Ed25519 signing key of the device whose record it is
 *   slot        1 B   00: the inviter's device that made the invite; 01: whoever was invited
 *   e           8 B   unsigned, big-endian
 *
 * Whoever lacks the secret can neither find, sign nor read a record, and two epochs of one pair
 * look like two strangers. Spec: DSC-1 to DSC-4.
 * @module
 */
import { concat, uintBE } from '../base/bytes.ts';
import { assert } from '../base/assert.ts';
import { kdf, LABELS, type Label } from '../crypto/kdf.ts';
import { Secret, type InviteSecret, type PairSecret, type RecordSecret } from '../crypto/keys.ts';
import { PUBLIC_KEY_BYTES, SigningKey } from '../crypto/sign.ts';

export const EPOCH_MS = 3_600_000;
const EPOCH_MAX = 2 ** 48 - 1;
/** The two ends of an invite, in the order of their slots. */
const INVITE_ROLES = ['inviter', 'invitee'] as const;
export type InviteRole = (typeof INVITE_ROLES)[number];

/** Keys of one record in one epoch: sign and find it by the first, read it by the second. */
export interface RecordKeys {
  readonly signing: SigningKey;
  readonly sealing: RecordSecret;
}

/** The epoch of a network time in ms; a clock before 1970 is in epoch 0. */
export function epochOf(networkMs: number): number {
  return Math.min(Math.max(Math.floor(networkMs / EPOCH_MS), 0), EPOCH_MAX);
}

/** Keys of the record that `publisher` (a device signing key) leaves for the other end. */
export function pairKeys(secret: PairSecret, publisher: Uint8Array, epoch: number): RecordKeys {
  assert(publisher.length === PUBLIC_KEY_BYTES, 'a publisher is a device signing key');
  const info = concat(publisher, epochBytes(epoch));
  return keys(secret, LABELS.recordKey, LABELS.recordSeal, info);
}

/** Keys of the record that one end of an invite leaves for the other. */
export function inviteKeys(secret: InviteSecret, of: InviteRole, epoch: number): RecordKeys {
  const info = concat(Uint8Array.of(INVITE_ROLES.indexOf(of)), epochBytes(epoch));
  return keys(secret, LABELS.inviteRecordKey, LABELS.inviteRecordSeal, info);
}

/** 8 bytes, big-endian. */
export function epochBytes(epoch: number): Uint8Array<ArrayBuffer> {
  assert(epoch >= 0 && epoch <= EPOCH_MAX, 'an epoch has 48 bits');
  return concat(new Uint8Array(2), uintBE(epoch, 6));
}

function keys(secret: Secret<string>, key: Label, seal: Label, info: Uint8Array): RecordKeys {
  const seed = new Secret('record', kdf(secret.reveal(), key, info));
  const signing = new SigningKey(seed);
  seed.wipe();
  return { signing, sealing: new Secret('record', kdf(secret.reveal(), seal, info)) };
}
