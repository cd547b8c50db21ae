import { VERDICTS } from '@sotto/api/checks.ts';
import { expect, test } from 'vitest';
import { NETWORK } from './network.ts';

test('the page says each verdict as the terminal does', () => {
  const prefix = 'network.verdict.';
  const said = Object.entries(NETWORK).filter(([key]) => key.startsWith(prefix));
  const byName = said.map(([key, text]) => [key.slice(prefix.length), text]);
  expect(Object.fromEntries(byName)).toEqual(VERDICTS);
});
