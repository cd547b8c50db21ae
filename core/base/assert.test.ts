import { expect, test } from 'vitest';
import { assert, AssertionError } from './assert.ts';

test('a broken expectation throws its own error with its message', () => {
  expect(() => assert(true, 'fine')).not.toThrow();
  expect(() => assert(false, 'a key is 32 bytes')).toThrow(AssertionError);
  expect(() => assert(false, 'a key is 32 bytes')).toThrow('a key is 32 bytes');
});
