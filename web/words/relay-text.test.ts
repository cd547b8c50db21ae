import { expect, test } from 'vitest';
import { placeOf, relaysIn, relaysOf } from './relay-text.ts';

const KEY = 'aeoxkslagnsgl7bztun3babvgbydhjpbvvci35cpulmidh3dqem2shub';
const ONE = `sotto-relay:${KEY}@203.0.113.7:443`;
const SIX = `sotto-relay:${KEY}@[2001:db8::7]:4000+443`;

test('relays are found in whatever was pasted with them', () => {
  expect(relaysIn(ONE)).toEqual([ONE]);
  expect(relaysIn(`  sotto config set relays.list ${ONE},${SIX}`)).toEqual([ONE, SIX]);
  expect(relaysIn(`Mine is "${ONE.toUpperCase()}". Use it.`)).toEqual([ONE]);
  expect(relaysIn(`${ONE}\n${ONE}`)).toEqual([ONE]);
});

test('what is no relay gives none, and what is a bad one is left to the app to judge', () => {
  for (const text of ['', 'relay.example:443', `sotto:${KEY}`, 'sotto-relay:']) {
    expect(relaysIn(text)).toEqual([]);
  }
  expect(relaysIn('sotto-relay:abc@203.0.113.7:443')).toEqual(['sotto-relay:abc@203.0.113.7:443']);
});

test('the list of the settings, and where each of it is', () => {
  expect(relaysOf('')).toEqual([]);
  expect(relaysOf(`${ONE}, ${SIX}`)).toEqual([ONE, SIX]);
  expect(placeOf(ONE)).toBe('203.0.113.7:443');
  expect(placeOf(SIX)).toBe('[2001:db8::7]:4000');
  expect(placeOf('odd')).toBe('odd');
});
