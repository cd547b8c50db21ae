import { expect, test } from 'vitest';
import { shortTime, wholeTime } from './when.ts';

const NOW = new Date(2026, 10, 21, 0, 10);
const at = (...parts: [number, number, number, number?, number?]): string =>
  shortTime(new Date(...parts), NOW, 'en-GB');

test('today is a time, the six days before it a weekday, older ones a day', () => {
  expect(at(2026, 10, 21, 0, 5)).toBe('00:05');
  expect(at(2026, 10, 20, 23, 59)).toBe('Fri');
  expect(at(2026, 10, 15)).toBe('Sun');
  expect(at(2026, 10, 14)).toBe('14 Nov');
  expect(at(2025, 10, 21)).toBe('21 Nov 2025');
});

test('what a wrong clock puts into the future has its date', () => {
  expect(at(2026, 10, 22)).toBe('22 Nov');
  expect(at(2027, 0, 1)).toBe('1 Jan 2027');
});

test('the region decides how a time is written', () => {
  const time = new Date(2026, 11, 3, 14, 2);
  expect(wholeTime(time, 'en-GB')).toBe('3 Dec 2026, 14:02');
  expect(wholeTime(time, 'en-US').replace(/\s/gu, ' ')).toBe('Dec 3, 2026, 2:02 PM');
});
