/**
 * What was typed into the search: words, and filters among them. A filter that is not finished, or
 * names nobody, is told apart from words: it is being typed.
 *
 *   from:me  from:them  from:ana     in:ana  in:"Ana Ruiz"
 *   before:2026-11-03  before:today  after:yesterday  after:2026-11  after:2026
 *
 * `before` is before that day begins, `after` from its beginning on. The last one of a kind counts.
 * @module
 */
import { matchScore } from '../../words/match.ts';

export interface Person {
  readonly conversation: string;
  readonly name: string;
}

export interface Query {
  /** The words, as they are looked for. */
  readonly text: string;
  readonly from: 'me' | 'them' | undefined;
  /** The conversation to look in. */
  readonly within: Person | undefined;
  readonly before: Date | undefined;
  readonly after: Date | undefined;
  /** Of filters that say nothing yet, the last one. */
  readonly unfinished: { readonly filter: FilterName; readonly value: string } | undefined;
}

export type FilterName = 'from' | 'in' | 'before' | 'after';

/** What the daemon takes. */
const TEXT_CHARS_MAX = 256;
const FILTER = /(?<=^|\s)(from|in|before|after):("[^"]*"?|\S*)(?=\s|$)/giu;

export function readQuery(typed: string, people: readonly Person[], now: Date): Query {
  let [from, within, before, after, unfinished]: Partial<
    [Query['from'], Query['within'], Query['before'], Query['after'], Query['unfinished']]
  > = [];
  for (const [, name = '', quoted = ''] of typed.matchAll(FILTER)) {
    const filter = name.toLowerCase() as FilterName;
    const value = quoted.replaceAll('"', '').trim();
    const day = filter === 'before' || filter === 'after' ? dayOf(value, now) : undefined;
    const side = filter === 'from' ? sideOf(value) : undefined;
    const person = day || side || value === '' ? undefined : bestOf(people, filter, value);
    unfinished = undefined;
    if (filter === 'before' && day) before = day;
    else if (filter === 'after' && day) after = day;
    else if (side) from = side;
    else if (person) {
      within = person;
      if (filter === 'from') from = 'them';
    } else unfinished = { filter, value };
  }
  const text = typed.replaceAll(FILTER, ' ').trim().replace(/\s+/g, ' ');
  return { text: text.slice(0, TEXT_CHARS_MAX), from, within, before, after, unfinished };
}

/** Puts a filter into what was typed, in place of one of its kind; without a value, out of it. */
export function withFilter(typed: string, filter: FilterName, value: string | undefined): string {
  const kept = typed.replaceAll(FILTER, (found, name: string) =>
    name.toLowerCase() === filter ? '' : found,
  );
  const words = kept.trim().replace(/\s+/g, ' ');
  if (value === undefined) return words;
  const quoted = /\s/.test(value) ? `"${value.replaceAll('"', ' ')}"` : value;
  return `${filter}:${quoted} ${words}`;
}

function sideOf(value: string): Query['from'] {
  const side = value.toLowerCase();
  return side === 'me' || side === 'them' ? side : undefined;
}

function bestOf(people: readonly Person[], filter: FilterName, value: string): Person | undefined {
  if (filter === 'before' || filter === 'after') return undefined;
  const exact = people.find(({ name }) => name === value);
  if (exact) return exact;
  let best: { person: Person; score: number } | undefined;
  for (const person of people) {
    const score = matchScore(person.name, value);
    if (score > (best?.score ?? 0)) best = { person, score };
  }
  return best?.person;
}

/** The beginning of the day, month or year that is named, by the clock of this computer. */
function dayOf(value: string, now: Date): Date | undefined {
  const daysAgo = { today: 0, yesterday: 1 }[value.toLowerCase()];
  if (daysAgo !== undefined) {
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  }
  const parts = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(value);
  if (!parts) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 1), Number(parts[3] ?? 1)];
  const date = new Date(year, month - 1, day);
  // The 31st of February is no day.
  const isReal = date.getMonth() === month - 1 && date.getDate() === day && year >= 1970;
  return isReal ? date : undefined;
}
