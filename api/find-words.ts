/**
 * What is typed to be found, in every screen alike: words, and filters among them.
 *
 *   from:me  from:them  from:ana     in:ana  in:"Ana Ruiz"
 *   before:2026-11-03  before:today  after:yesterday  after:2026-11  after:2026
 *
 * `before` is before that day, month or year begins, `after` from its beginning on. The last one
 * of a kind counts. Whom a filter means is for the screen to say.
 * @module
 */

export type FilterName = 'from' | 'in' | 'before' | 'after';

export interface Filter {
  readonly name: FilterName;
  /** Without quotes; empty where it is still being typed. */
  readonly value: string;
}

const FILTER = /(?<=^|\s)(from|in|before|after):("[^"]*"?|\S*)(?=\s|$)/giu;

/** The filters in the order they were typed, and the words without them. */
export function splitFilters(typed: string): { text: string; filters: Filter[] } {
  const filters = [...typed.matchAll(FILTER)].map(([, name = '', quoted = '']) => ({
    name: name.toLowerCase() as FilterName,
    value: quoted.replaceAll('"', '').trim(),
  }));
  return { text: tidied(typed.replaceAll(FILTER, ' ')), filters };
}

/** What was typed without the filters of one kind. */
export function withoutFilter(typed: string, filter: FilterName): string {
  return tidied(
    typed.replaceAll(FILTER, (found, name: string) => (name.toLowerCase() === filter ? '' : found)),
  );
}

/** `me` and `them`, which are nobody's name. */
export function sideOf(value: string): 'me' | 'them' | undefined {
  const side = value.toLowerCase();
  return side === 'me' || side === 'them' ? side : undefined;
}

/** The beginning of the day, month or year that is named, by the clock of this computer. */
export function dayOf(value: string, now: Date): Date | undefined {
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

function tidied(words: string): string {
  return words.trim().replace(/\s+/g, ' ');
}
