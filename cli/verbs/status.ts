/**
 * `status` and `id`.
 * @module
 */
import { errorBody } from '@sotto/api/errors.ts';
import type { Session } from '../session.ts';
import { dayAndClock } from '../time.ts';
import { SHOWS_ADDRESS } from './door.ts';

export async function status({ out, daemon }: Session): Promise<void> {
  const now = await daemon.call('status.get', {});
  if (out.look.mode === 'json') return out.json(now);
  if (out.look.mode === 'plain') {
    for (const [key, value] of Object.entries(now)) out.record(key, value);
    return;
  }
  const waiting = now.waiting === 1 ? '1 message' : `${now.waiting} messages`;
  out.table([
    ['ID', now.id],
    ['Network', network(now)],
    ['Contacts', `${now.contacts}, ${now.linked} reachable now`],
    ['Waiting', waiting],
    ...(now.requests > 0 ? [['Requests', requests(now.requests)]] : []),
    ...(now.doorOpen ? [['Door', `Open. ${SHOWS_ADDRESS}`]] : []),
    ['Running', `since ${dayAndClock(now.startedAt)}, version ${now.version}, process ${now.pid}`],
  ]);
  if (now.secondCopy) out.failure(errorBody('second-copy'));
  if (out.look.debug) {
    const { stats } = await daemon.call('stats.get', {});
    for (const [key, value] of Object.entries(stats)) out.debug(`${key} ${value}`);
  }
}

function requests(count: number): string {
  const who = count === 1 ? '1 person asks' : `${count} people ask`;
  return `${who} to chat: sotto requests list`;
}

function network(now: { online: boolean; helpers: number }): string {
  if (!now.online) return 'Offline. Messages you write wait here.';
  return now.helpers === 1 ? 'Online, 1 helper known' : `Online, ${now.helpers} helpers known`;
}

export async function id({ out, daemon }: Session, options: { qr?: true }): Promise<void> {
  const { id } = await daemon.call('status.get', {});
  if (out.look.mode === 'json') return out.json({ id });
  if (out.look.mode === 'plain') return out.record(id);
  if (options.qr) {
    const { printQr } = await import('../qr.ts');
    // Case means nothing in an ID, and capitals make a smaller code.
    printQr(out, id.toUpperCase());
  }
  out.line(id);
}
