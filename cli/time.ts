/**
 * Times and durations as people type and read them. Times on the wire are RFC 3339 in UTC; people
 * see their own time zone.
 * @module
 */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `250ms`, `10s`, `5m`, `2h`, `7d`, `1w`, to milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|w)$/.exec(text);
  return match ? Math.round(Number(match[1]) * UNITS[match[2]!]!) : undefined;
}

/** A duration before now, or a date with or without time; undefined for anything else. */
export function parseSince(text: string, now: Date): Date | undefined {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return validDate(now.getTime() - durationMs);
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (!match) return undefined;
  // A date alone means its first moment here, not in UTC as ECMAScript has it.
  return validDate(Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? ''}`));
}

/** 14:02 in this time zone. */
export function clock(time: string): string {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `Saturday 21 November 2026`: also the key by which days are told apart. */
export function day(time: string): string {
  const date = new Date(time);
  const month = MONTHS[date.getMonth()];
  return `${DAYS[date.getDay()]} ${date.getDate()} ${month} ${date.getFullYear()}`;
}

/** `28 Nov 2026 16:05` */
export function dayAndClock(time: string): string {
  const date = new Date(time);
  const month = MONTHS[date.getMonth()]?.slice(0, 3);
  return `${date.getDate()} ${month} ${date.getFullYear()} ${clock(time)}`;
}

function validDate(timeMs: number): Date | undefined {
  const date = new Date(timeMs);
  // Outside of these years RFC 3339 has no text for it.
  return timeMs >= 0 && date.getUTCFullYear() <= 9999 ? date : undefined;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
