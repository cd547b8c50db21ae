/**
 * What is typed to be found: words, and filters among them, as in the search of the browser app.
 *
 *   from:me  from:them  from:ana     in:ana  in:"Ana Ruiz"
 *   before:2026-11-03  before:today  after:yesterday  after:2026-11  after:2026  after:2h
 *
 * `before` is before that day, month or year begins, `after` from its beginning on. The last one
 * of a kind counts. Spec: docs/spec/cli.md CLI-37.
 * @module
 */
import { usage } from './failure.ts';
import { parseSince } from './time.ts';

export interface FindWords {
  readonly text: string;
  readonly from: 'me' | 'them' | undefined;
  /** A name, an ID, or a conversation id. */
  readonly within: string | undefined;
  readonly before: Date | undefined;
  readonly after: Date | undefined;
}

const FILTER = /(?<=^|\s)(from|in|before|after):("[^"]*"|\S+)(?=\s|$)/giu;
const ONE_FILTER = /^(from|in|before|after):([^"]*\s[^"]*)$/iu;

/** @throws Failure `usage` where a filter says nothing that is understood. */
export function readFindWords(words: readonly string[], now: Date): FindWords {
  const typed = (words.length === 1 ? words : words.map(quotedAgain)).join(' ');
  let [from, within, before, after]: Partial<
    [FindWords['from'], FindWords['within'], FindWords['before'], FindWords['after']]
  > = [];
  for (const [, name = '', quoted = ''] of typed.matchAll(FILTER)) {
    const value = quoted.replaceAll('"', '').trim();
    const filter = name.toLowerCase();
    const side = value.toLowerCase();
    if (filter === 'before') before = readWhen(value, now);
    else if (filter === 'after') after = readWhen(value, now);
    else if (filter === 'from' && (side === 'me' || side === 'them')) from = side;
    else {
      within = value;
      if (filter === 'from') from = 'them';
    }
  }
  return { text: typed.replaceAll(FILTER, ' ').trim(), from, within, before, after };
}

/** A day, month or year by its first moment here, or a time, or how long ago. @throws Failure */
export function readWhen(text: string, now: Date): Date {
  const daysAgo = { today: 0, yesterday: 1 }[text.toLowerCase()];
  if (daysAgo !== undefined) {
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  }
  const whole = /^\d{4}$/.test(text)
    ? `${text}-01-01`
    : /^\d{4}-\d\d$/.test(text)
      ? `${text}-01`
      : text;
  const when = parseSince(whole, now);
  if (!when) throw usage(`"${text}" is no time.`, 'Examples: 2026-11-21, 2026-11, yesterday, 2h');
  return when;
}

/** The shell has taken the quotes off: `in:"Ana Ruiz"` arrives as one word with a space in it. */
function quotedAgain(word: string): string {
  return word.replace(ONE_FILTER, '$1:"$2"');
}
