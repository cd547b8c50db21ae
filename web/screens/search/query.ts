/**
 * What was typed into the search (api/find-words.ts), with the people it means. A filter that is
 * not finished, or names nobody, is told apart from words: it is being typed.
 * @module
 */
import {
  dayOf,
  sideOf,
  splitFilters,
  withoutFilter,
  type FilterName,
} from '@sotto/api/find-words.ts';
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

/** What the daemon takes. */
const TEXT_CHARS_MAX = 256;

export function readQuery(typed: string, people: readonly Person[], now: Date): Query {
  let [from, within, before, after, unfinished]: Partial<
    [Query['from'], Query['within'], Query['before'], Query['after'], Query['unfinished']]
  > = [];
  const { text, filters } = splitFilters(typed);
  for (const { name: filter, value } of filters) {
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
  return { text: text.slice(0, TEXT_CHARS_MAX), from, within, before, after, unfinished };
}

/** Puts a filter into what was typed, in place of one of its kind; without a value, out of it. */
export function withFilter(typed: string, filter: FilterName, value: string | undefined): string {
  const words = withoutFilter(typed, filter);
  if (value === undefined) return words;
  const quoted = /\s/.test(value) ? `"${value.replaceAll('"', ' ')}"` : value;
  return `${filter}:${quoted} ${words}`;
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
