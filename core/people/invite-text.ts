/**
 * Invite text: what one person hands to another so that both find each other (IDN-7, IDN-8).
 *
 *   offset  size  field
 *   0       1     form 02
 *   1       32    invite secret: rendezvous and keys of the first exchange
 *   33      32    identity key of who invites
 *   65      4     expiry, hours since 1970, big-endian
 *   69      1     flags: bit 0 may be used by many; others are ignored
 *   70      2     check (id-text.ts)
 *
 * 116 characters. Whoever holds the text is who was invited: it is as secret as a password until
 * it is used.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, readUintBE, uintBE } from '../base/bytes.ts';
import { TIME_MS_MAX } from '../base/limits.ts';
import { type InviteSecret, Secret } from '../crypto/keys.ts';
import { readText, type TextFault, writeText } from './id-text.ts';

const SECRET_BYTES = 32;
const IDENTITY_BYTES = 32;
const EXPIRY_AT = SECRET_BYTES + IDENTITY_BYTES;
const EXPIRY_BYTES = 4;
const FLAG_REUSABLE = 1;
const HOUR_MS = 3_600_000;

export interface InviteText {
  readonly secret: InviteSecret;
  /** Identity key of who invites. */
  readonly identity: Uint8Array;
  /** Wall clock; whole hours, rounded up. */
  readonly expiresMs: number;
  readonly reusable: boolean;
}
export type InviteRead =
  { readonly ok: true; readonly invite: InviteText } | ({ readonly ok: false } & TextFault);
export type AddRead =
  | { readonly ok: true; readonly kind: 'id'; readonly identity: Uint8Array }
  | { readonly ok: true; readonly kind: 'invite'; readonly invite: InviteText }
  | ({ readonly ok: false } & TextFault);

export function formatInvite(invite: InviteText): string {
  const secret = invite.secret.reveal();
  assert(secret.length === SECRET_BYTES, 'an invite secret is 32 bytes');
  assert(invite.identity.length === IDENTITY_BYTES, 'an identity key is 32 bytes');
  const hours = uintBE(Math.ceil(invite.expiresMs / HOUR_MS), EXPIRY_BYTES);
  const flags = Uint8Array.of(invite.reusable ? FLAG_REUSABLE : 0);
  return writeText('invite', concat(secret, invite.identity, hours, flags));
}

/** Reads an invite, alone or inside a message; an ID is "not an ID" here. */
export function parseInvite(text: string): InviteRead {
  const read = parseIdOrInvite(text);
  if (!read.ok) return read;
  return read.kind === 'invite'
    ? { ok: true, invite: read.invite }
    : { ok: false, fault: 'not an ID' };
}

/** Reads what a person pastes to add somebody: an ID or an invite. Never throws. */
export function parseIdOrInvite(text: string): AddRead {
  const read = readText(text);
  if (!read.ok) return read;
  const { form, payload } = read;
  if (form === 'id') return { ok: true, kind: 'id', identity: payload };
  const expiresMs = readUintBE(payload, EXPIRY_AT, EXPIRY_BYTES) * HOUR_MS;
  if (expiresMs > TIME_MS_MAX) {
    payload.fill(0);
    return { ok: false, fault: 'not an ID' };
  }
  const invite: InviteText = {
    secret: new Secret('invite', payload.slice(0, SECRET_BYTES)),
    identity: payload.slice(SECRET_BYTES, EXPIRY_AT),
    expiresMs,
    reusable: (payload[EXPIRY_AT + EXPIRY_BYTES]! & FLAG_REUSABLE) !== 0,
  };
  payload.fill(0);
  return { ok: true, kind: 'invite', invite };
}
