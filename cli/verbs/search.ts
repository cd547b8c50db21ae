/**
 * `search`: messages by a part of their text, newest first.
 * @module
 */
import type { Hit, Params } from '@sotto/api/contract.ts';
import { HITS_MAX } from '@sotto/api/wire.ts';
import { usage } from '../failure.ts';
import { readFindWords, readWhen } from '../find-words.ts';
import { messageRecord } from '../message-lines.ts';
import type { Output, Part } from '../output.ts';
import { padded, truncated } from '../safe-text.ts';
import type { Session } from '../session.ts';
import { dayAndClock } from '../time.ts';

const NAME_COLUMNS = 16;
/** Letters that are shown before what was found, and all in all. */
const LEAD_LETTERS = 40;
const SHOWN_LETTERS = 160;

export interface SearchOptions {
  readonly n: string;
  readonly in?: string;
  readonly from?: 'me' | 'them';
  readonly before?: string;
  readonly after?: string;
}

export async function search(
  { daemon, out }: Session,
  words: readonly string[],
  options: SearchOptions,
): Promise<void> {
  const params = paramsOf(words, options, new Date());
  const { hits, more } = await daemon.call('messages.find', params);
  if (out.look.mode === 'json') return out.json({ hits, more });
  if (out.look.mode === 'plain') {
    for (const { message, name } of hits) messageRecord(out, message, name);
    return;
  }
  for (const hit of hits) print(out, hit, params.text);
  if (hits.length === 0) {
    const where = more ? ' among the newest messages' : '';
    out.note(`Nothing found for "${params.text}"${where}. Part-words work; try fewer letters.`);
  } else if (more) out.note(`There are more: -n shows up to ${HITS_MAX}, and filters find less.`);
}

function paramsOf(
  words: readonly string[],
  options: SearchOptions,
  now: Date,
): Params<'messages.find'> {
  const typed = readFindWords(words, now);
  const limit = /^\d{1,3}$/.test(options.n) ? Number(options.n) : 0;
  if (limit < 1 || limit > HITS_MAX) {
    throw usage(`"${options.n}" is no number of messages.`, `From -n 1 to -n ${HITS_MAX}`);
  }
  if (typed.text === '') {
    throw usage('What is to be found is missing.', 'Example: sotto search "see you" in:ana');
  }
  const within = options.in ?? typed.within;
  const from = options.from ?? typed.from;
  const before = options.before === undefined ? typed.before : readWhen(options.before, now);
  const after = options.after === undefined ? typed.after : readWhen(options.after, now);
  return {
    text: typed.text,
    limit,
    ...(within === undefined ? {} : { in: within }),
    ...(from === undefined ? {} : { from }),
    ...(before === undefined ? {} : { before: before.toISOString() }),
    ...(after === undefined ? {} : { after: after.toISOString() }),
  };
}

function print(out: Output, { message, name }: Hit, wanted: string): void {
  const who = truncated(out.clean(name), NAME_COLUMNS, out.utf8);
  out.line(
    { text: dayAndClock(message.time).padStart(17), style: 'dim' },
    '  ',
    { text: padded(who, Math.min(NAME_COLUMNS, 8)), style: 'bold' },
    message.outgoing ? '  You: ' : '  ',
    ...excerpt(message.text, wanted, out.utf8),
  );
}

/** The part of a text around what was found, in one line; letters stay whole. */
function excerpt(text: string, wanted: string, utf8: boolean): Part[] {
  const line = text.replace(/\s+/gu, ' ').trim();
  const lower = line.toLowerCase();
  const key = wanted.replace(/\s+/gu, ' ').toLowerCase();
  // Lower case can have another length than what it stands for.
  const at = lower.length === line.length ? lower.indexOf(key) : -1;
  const found = at < 0 ? { from: 0, to: 0 } : { from: at, to: at + key.length };
  const letters = [...new Intl.Segmenter('en').segment(line)];
  const hit = letters.findIndex(({ index, segment }) => index + segment.length > found.from);
  const first = hit > LEAD_LETTERS ? hit - LEAD_LETTERS : 0;
  const shown = letters.slice(first, first + SHOWN_LETTERS);
  const part = (keep: (index: number) => boolean): string =>
    shown.flatMap(({ index, segment }) => (keep(index) ? [segment] : [])).join('');
  const more = utf8 ? '…' : '...';
  return [
    first > 0 ? more : '',
    part((index) => index < found.from),
    { text: part((index) => index >= found.from && index < found.to), style: 'bold' },
    part((index) => index >= found.to),
    first + SHOWN_LETTERS < letters.length ? more : '',
  ];
}
