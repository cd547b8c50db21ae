/**
 * `:smile` while it is typed: what is looked for, and which emoji fit.
 * @module
 */
import type { Emoji } from './emoji-data.ts';

const CHARS_MIN = 2;
const MATCHES_MAX = 8;

export interface Wanted {
  /** Where the colon stands. */
  readonly from: number;
  readonly to: number;
  readonly query: string;
}

/** What stands before the cursor: a colon at the start of a word, and at least two letters. */
export function wantedAt(text: string, cursor: number): Wanted | undefined {
  const match = /(?:^|[\s(])(:([a-z0-9_+-]{1,30}))$/i.exec(
    text.slice(Math.max(0, cursor - 40), cursor),
  );
  const query = match?.[2]?.toLowerCase();
  if (query === undefined || query.length < CHARS_MIN) return undefined;
  return { from: cursor - query.length - 1, to: cursor, query };
}

/** Those whose short name begins with it, then those that have it anywhere. */
export function matchesOf(all: readonly Emoji[], query: string): readonly Emoji[] {
  const starts: Emoji[] = [];
  const inside: Emoji[] = [];
  for (const emoji of all) {
    if (emoji.codes.some((code) => code === query)) starts.unshift(emoji);
    else if (emoji.codes.some((code) => code.startsWith(query))) starts.push(emoji);
    else if (emoji.codes.some((code) => code.includes(query))) inside.push(emoji);
  }
  return [...starts, ...inside].slice(0, MATCHES_MAX);
}
