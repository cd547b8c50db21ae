import { expect, test } from 'vitest';
import { digitsOf } from './safety-digits.ts';

test('spaces, dashes, lines and invisible characters are forgiven', () => {
  expect(digitsOf(' 12345 67890\n1-2\u20133\u22124\u200b5 ')).toBe('123456789012345');
  expect(digitsOf('\uff11\uff12')).toBe('12');
  expect(digitsOf('')).toBe('');
});

test('anything else is no safety number', () => {
  for (const text of ['1a', 'sotto:abc', '1.2', '١٢']) expect(digitsOf(text)).toBeUndefined();
});
