import { describe, expect, test } from 'vitest';
import { parseDuration, parseSince } from './time.ts';

describe('[CLI-13] durations', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['0s', 0],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '10', 's', '-1s', '10 s', '1h30m', '1e3s', '10S', '99999999999s'])(
    '"%s" is none',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('[CLI-25] --since', () => {
  const now = new Date('2026-12-03T14:00:00.000Z');

  test('takes durations and times', () => {
    expect(parseSince('2h', now)?.toISOString()).toBe('2026-12-03T12:00:00.000Z');
    expect(parseSince('2026-11-21T14:00Z', now)?.toISOString()).toBe('2026-11-21T14:00:00.000Z');
    expect(parseSince('2026-11-21 14:00:05+01:00', now)?.toISOString()).toBe(
      '2026-11-21T13:00:05.000Z',
    );
    const midnight = parseSince('2026-11-21', now)!;
    expect([midnight.getHours(), midnight.getDate()]).toEqual([0, 21]);
  });

  test.each(['yesterday', '2026-13-01', '2026-11-21T25:00Z', '21.11.2026', '999999d', ''])(
    '"%s" is none',
    (text) => expect(parseSince(text, now)).toBeUndefined(),
  );
});
