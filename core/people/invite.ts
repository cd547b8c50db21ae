/**
 * Invite: what we keep of one invite that we handed out, as one document of the vault (CON-5).
 *
 *   key  type   meaning
 *   c    int    made at, wall clock, milliseconds
 *   e    int    expires at
 *   g    32 B   gate secret that its record tells
 *   p    int    policy of those who come by it; absent for Automatic
 *   r    int    1 where it may be used by many
 *   s    32 B   invite secret: the rendezvous
 *   u    list   identities that used it
 *   x    int    1 once withdrawn
 *
 * A one-time invite belongs to the first identity that used it: the same person may come again
 * (a crash may have taken the first try), nobody else.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode } from '../base/bencode.ts';
import { equal, hex } from '../base/bytes.ts';
import { policyNumber, readPolicy, type Policy } from '../base/policy.ts';
import { sha256 } from '../crypto/hash.ts';
import { Secret, type GateSecret, type InviteSecret } from '../crypto/keys.ts';

/** People who may use one reusable invite. */
export const INVITE_USES_MAX = 256;

export interface Invite {
  /** First 8 bytes of H(secret), hex: names it in lists. */
  readonly id: string;
  readonly secret: InviteSecret;
  readonly gate: GateSecret;
  /** Our policy towards those who come by it. */
  readonly policy: Policy;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly reusable: boolean;
  revoked: boolean;
  usedBy: readonly Uint8Array[];
}

export type InviteState = 'open' | 'used' | 'expired' | 'revoked';

export function inviteId(secret: InviteSecret): string {
  return hex(sha256(secret.reveal()).subarray(0, 8));
}

export function inviteState(invite: Invite, wallMs: number): InviteState {
  if (invite.revoked) return 'revoked';
  const spent = invite.reusable ? INVITE_USES_MAX : 1;
  if (invite.usedBy.length >= spent) return 'used';
  return wallMs >= invite.expiresMs ? 'expired' : 'open';
}

/** May this identity come in by the invite now? Who used it before may finish. */
export function inviteAdmits(invite: Invite, identity: Uint8Array, wallMs: number): boolean {
  if (invite.revoked) return false;
  if (invite.usedBy.some((user) => equal(user, identity))) return true;
  return inviteState(invite, wallMs) === 'open';
}

export function encodeInvite(invite: Invite): Uint8Array<ArrayBuffer> {
  return encode({
    c: invite.createdMs,
    e: invite.expiresMs,
    g: invite.gate.reveal(),
    p: invite.policy === 'auto' ? undefined : policyNumber(invite.policy),
    r: invite.reusable ? 1 : 0,
    s: invite.secret.reveal(),
    u: invite.usedBy,
    x: invite.revoked ? 1 : 0,
  });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeInvite(bytes: Uint8Array): Invite | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const secretBytes = asBytes(dict?.['s'], 32);
  const gate = asBytes(dict?.['g'], 32);
  const createdMs = asInt(dict?.['c'], 0, Number.MAX_SAFE_INTEGER);
  const expiresMs = asInt(dict?.['e'], 0, Number.MAX_SAFE_INTEGER);
  const usedBy = asList(dict?.['u'])?.map((user) => asBytes(user, 32)?.slice());
  if (!dict || !secretBytes || !gate || !usedBy) return undefined;
  if (createdMs === undefined || expiresMs === undefined) return undefined;
  const secret: InviteSecret = new Secret('invite', secretBytes.slice());
  return {
    id: inviteId(secret),
    secret,
    gate: new Secret('gate', gate.slice()),
    policy: dict['p'] === undefined ? 'auto' : (readPolicy(dict['p']) ?? 'hidden'),
    createdMs,
    expiresMs,
    reusable: dict['r'] === 1,
    revoked: dict['x'] === 1,
    usedBy: usedBy.filter((user) => user !== undefined),
  };
}
