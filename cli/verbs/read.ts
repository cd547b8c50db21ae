/**
 * `read`: the messages of a conversation, with days, gaps and states.
 * @module
 */
import type { Message, Result } from '@sotto/api/contract.ts';
import { MESSAGES_PAGE_MAX } from '@sotto/api/wire.ts';
import { usage } from '../failure.ts';
import { messageLines, messageRecord } from '../message-lines.ts';
import type { Session } from '../session.ts';
import { day, parseSince } from '../time.ts';

const COUNT_MAX = 100_000;

interface ReadOptions {
  readonly n: string;
  readonly since?: string;
  readonly markRead?: true;
}

export async function read(session: Session, to: string, options: ReadOptions): Promise<void> {
  const { out, daemon } = session;
  const page = await newest(session, to, countOf(options.n), sinceOf(options.since));
  const last = page.messages.at(-1);
  if (out.look.mode === 'json') out.json(page);
  else if (out.look.mode === 'plain')
    for (const message of page.messages) messageRecord(out, message);
  else print(session, page);
  if (options.markRead && last) {
    await daemon.call('messages.markRead', { to: page.conversation, cursor: last.cursor });
  }
}

function print({ out }: Session, page: Result<'messages.list'>): void {
  if (page.messages.length === 0) return out.note(`No messages with ${page.name} yet.`);
  if (page.more) out.note('Older ones exist: -n shows more.');
  let shown = '';
  for (const message of page.messages) {
    const today = day(message.time);
    if (today !== shown) {
      const rule = out.utf8 ? '──' : '--';
      out.line({ text: `${rule} ${today} ${rule}`, style: 'dim' });
    }
    shown = today;
    messageLines(out, message);
  }
}

/** As many pages as it takes, oldest first. */
async function newest(
  { daemon }: Session,
  to: string,
  count: number,
  since: string | undefined,
): Promise<Result<'messages.list'>> {
  const from = since === undefined ? {} : { since };
  const limit = Math.min(count, MESSAGES_PAGE_MAX);
  const page = await daemon.call('messages.list', { to, limit, ...from });
  let messages: Message[] = page.messages;
  let { more } = page;
  while (more && messages.length < count && messages[0]) {
    const older = await daemon.call('messages.list', {
      to: page.conversation,
      limit: Math.min(count - messages.length, MESSAGES_PAGE_MAX),
      before: messages[0].cursor,
      ...from,
    });
    if (older.messages.length === 0) break;
    messages = [...older.messages, ...messages];
    ({ more } = older);
  }
  return { ...page, messages, more };
}

function countOf(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > COUNT_MAX) {
    throw usage(`"${text}" is no number of messages.`, `From -n 1 to -n ${COUNT_MAX}`);
  }
  return count;
}

function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const since = parseSince(text, new Date());
  if (!since) {
    throw usage(`"${text}" is no time.`, 'Examples: --since 2h, --since 2026-11-21T14:00');
  }
  return since.toISOString();
}
