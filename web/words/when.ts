/**
 * Times as people read them, by Intl: in the language of the page, with the habits of the region
 * that the browser names for it.
 * @module
 */
const DAY_MS = 86_400_000;
/** For so many days a weekday alone says which day it was. */
const WEEKDAY_DAYS = 6;

const SHAPES = {
  clock: { timeStyle: 'short' },
  weekday: { weekday: 'short' },
  day: { day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
  longWeekday: { weekday: 'long' },
  longDate: { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' },
  whole: { dateStyle: 'medium', timeStyle: 'short' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;

const formats = new Map<string, Intl.DateTimeFormat>();

/** The language of the page, in the form this person's browser prefers. */
function localeOf(language: string, preferred: readonly string[]): string {
  return preferred.find((one) => one.split('-')[0] === language) ?? language;
}

function format(shape: keyof typeof SHAPES, locale: string): Intl.DateTimeFormat {
  const key = `${shape} ${locale}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, SHAPES[shape]);
  formats.set(key, made);
  return made;
}

function pageLocale(): string {
  return localeOf(document.documentElement.lang, navigator.languages);
}

/** As short as it can be: the time today, the weekday this week, else the day. */
export function shortTime(at: Date, now: Date, locale = pageLocale()): string {
  const days = daysBetween(at, now);
  if (days === 0) return format('clock', locale).format(at);
  if (days > 0 && days <= WEEKDAY_DAYS) return format('weekday', locale).format(at);
  const isThisYear = at.getFullYear() === now.getFullYear();
  return format(isThisYear ? 'day' : 'date', locale).format(at);
}

/** The time of the day. */
export function clockTime(at: Date, locale = pageLocale()): string {
  return format('clock', locale).format(at);
}

/** A day as a heading: its weekday within the last week, else the date. */
export function dayName(at: Date, now: Date, locale = pageLocale()): string {
  const days = daysBetween(at, now);
  const isNear = days > 0 && days <= WEEKDAY_DAYS;
  return format(isNear ? 'longWeekday' : 'longDate', locale).format(at);
}

/** Day and time, whole. */
export function wholeTime(at: Date, locale = pageLocale()): string {
  return format('whole', locale).format(at);
}

/** The day alone, whole. */
export function wholeDay(at: Date, locale = pageLocale()): string {
  return format('date', locale).format(at);
}

/**
 * Midnights between the two: 0 for today, 1 for yesterday. By the calendar, for summer time has
 * days of 23 and 25 hours.
 */
export function daysBetween(from: Date, to: Date): number {
  const day = (at: Date): number => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return (day(to) - day(from)) / DAY_MS;
}
