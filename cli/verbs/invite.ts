/**
 * `invite new|list|revoke`. The link is a secret until it is used: it is printed when made, and
 * later only where a program asks (`--json`).
 * @module
 */
import type { Invite } from '@sotto/api/contract.ts';
import { INVITE_EXPIRES_MS_MAX, INVITE_EXPIRES_MS_MIN } from '@sotto/api/wire.ts';
import { usage } from '../failure.ts';
import type { Session } from '../session.ts';
import { dayAndClock, parseDuration } from '../time.ts';

interface NewOptions {
  readonly qr?: true;
  readonly expires: string;
  readonly reusable?: true;
}

export async function create({ out, daemon }: Session, options: NewOptions): Promise<void> {
  const expiresInMs = parseDuration(options.expires);
  if (
    expiresInMs === undefined ||
    expiresInMs < INVITE_EXPIRES_MS_MIN ||
    expiresInMs > INVITE_EXPIRES_MS_MAX
  ) {
    throw usage(
      `"${options.expires}" is no time an invite can last: from 1m to 366d.`,
      'Examples: --expires 10m, --expires 7d',
    );
  }
  const reusable = options.reusable === true;
  const invite = await daemon.call('invites.create', { expiresInMs, reusable });
  if (out.look.mode === 'json') return out.json(invite);
  if (out.look.mode === 'plain') return record(out, invite);
  const link = invite.link ?? '';
  if (options.qr) {
    const { printQr } = await import('../qr.ts');
    printQr(out, link);
  }
  out.line(link);
  const who = reusable ? 'For anyone who has it' : 'For one person';
  out.note(`${who}, until ${dayAndClock(invite.expiresAt)}. They type: sotto add -  and paste it.`);
  out.note(
    `Whoever has it can become your contact. Withdraw it: sotto invite revoke ${invite.invite}`,
  );
}

export async function list({ out, daemon }: Session): Promise<void> {
  const { invites } = await daemon.call('invites.list', {});
  if (out.look.mode === 'json') return out.json({ invites });
  if (out.look.mode === 'plain') {
    for (const invite of invites) record(out, invite);
    return;
  }
  if (invites.length === 0) return out.note('No invites. Make one: sotto invite new');
  out.table(
    invites.map((invite) => [
      invite.invite,
      invite.state,
      invite.reusable ? 'reusable' : 'one person',
      `until ${dayAndClock(invite.expiresAt)}`,
      invite.usedBy.length === 0 ? '' : `used by ${invite.usedBy.join(', ')}`,
    ]),
  );
}

export async function revoke({ out, daemon }: Session, invite: string): Promise<void> {
  await daemon.call('invites.revoke', { invite });
  if (out.look.mode === 'json') return out.json({ invite, state: 'revoked' });
  if (out.look.mode === 'plain') return out.record(invite, 'revoked');
  out.note('Withdrawn. Nobody can use it any more.');
}

function record(out: Session['out'], invite: Invite): void {
  const { link, createdAt, expiresAt, reusable, state, usedBy } = invite;
  out.record(invite.invite, state, expiresAt, reusable, usedBy.join(','), link, createdAt);
}
