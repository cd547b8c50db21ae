/**
 * What is typed to be found (api/find-words.ts), and besides it times and how long ago: `after:2h`,
 * `before:2026-11-03T14:02`. Spec: docs/spec/cli.md CLI-37.
 * @module
 */
import { dayOf, sideOf, splitFilters } from '@sotto/api/find-words.ts';
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

const ONE_FILTER = /^(from|in|before|after):([^"]*\s[^"]*)$/iu;

/** @throws Failure `usage` where a filter says nothing that is understood. */
export function readFindWords(words: readonly string[], now: Date): FindWords {
  const typed = (words.length === 1 ? words : words.map(quotedAgain)).join(' ');
  let [from, within, before, after]: Partial<
    [FindWords['from'], FindWords['within'], FindWords['before'], FindWords['after']]
  > = [];
  const { text, filters } = splitFilters(typed);
  for (const { name, value } of filters) {
    const side = name === 'from' ? sideOf(value) : undefined;
    if (name === 'before') before = readWhen(value, now);
    else if (name === 'after') after = readWhen(value, now);
    else if (side) from = side;
    else if (value === '') throw usage(`"${name}:" names nobody.`, `Example: ${name}:ana`);
    else {
      within = value;
      if (name === 'from') from = 'them';
    }
  }
  return { text, from, within, before, after };
}

/** A day, month or year by its first moment here, or a time, or how long ago. @throws Failure */
export function readWhen(text: string, now: Date): Date {
  const when = dayOf(text, now) ?? parseSince(text, now);
  if (!when) throw usage(`"${text}" is no time.`, 'Examples: 2026-11-21, 2026-11, yesterday, 2h');
  return when;
}

/** The shell has taken the quotes off: `in:"Ana Ruiz"` arrives as one word with a space in it. */
function quotedAgain(word: string): string {
  return word.replace(ONE_FILTER, '$1:"$2"');
}
