import { checkOf } from '@sotto/api/checks.ts';
import { expect, test } from 'vitest';
import { findingsOf } from './doctor.ts';

const network = [checkOf('internet', 'online'), checkOf('helpers', 'known', { helpers: 148 })];
const ana = [
  checkOf('found', 'here', { name: 'Ana' }),
  checkOf('answers', 'linked', { name: 'Ana' }),
  checkOf('waiting', 'nothing', { name: 'Ana' }),
];

test('the way to a person keeps the name of whom it was asked about', () => {
  const { checks, verdict, way } = findingsOf([...network, ...ana], '0.1', 'Ana');
  expect(way).toEqual({ name: 'Ana', checks: ana });
  expect(checks.map(({ check }) => check)).toEqual(['app', 'internet', 'helpers']);
  expect(verdict).toBe('well-connected');
});

test('where nobody was asked about there is no way', () => {
  expect(findingsOf(network, '0.1').way).toBeUndefined();
});
