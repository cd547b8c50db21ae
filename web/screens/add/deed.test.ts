import { describe, expect, test } from 'vitest';
import { deedOf, wishOf } from './deed.ts';

const known = 'c_9x';

describe('a pasted text', () => {
  test('of somebody new adds them by an invite, and asks them by an ID', () => {
    expect(deedOf({ kind: 'invite', known: undefined }, undefined)).toBe('add');
    expect(deedOf({ kind: 'id', known: undefined }, undefined)).toBe('ask');
  });

  test('[CON-13] that is a new invite of somebody who was not met yet is used', () => {
    expect(deedOf({ kind: 'invite', known }, 'added')).toBe('use');
  });

  test('leads to whoever was met, and by an ID to all who are known', () => {
    expect(deedOf({ kind: 'invite', known }, 'connected')).toBe('open');
    expect(deedOf({ kind: 'invite', known }, undefined)).toBe('open');
    expect(deedOf({ kind: 'id', known }, 'added')).toBe('open');
  });
});

describe('what is asked of the app', () => {
  const typed = { text: ' sotto:x\n', name: ' Ana ', hello: ' Hi ', policy: undefined };

  test('is what was typed, and a rule only where a person chose one', () => {
    expect(wishOf('add', typed)).toEqual({ text: 'sotto:x', name: 'Ana' });
    expect(wishOf('ask', { ...typed, name: ' ', policy: 'hidden' })).toEqual({
      text: 'sotto:x',
      hello: 'Hi',
      policy: 'hidden',
    });
  });

  test('[POL-7] leaves name and rule of who is there already alone', () => {
    expect(wishOf('use', { ...typed, policy: 'auto' })).toEqual({ text: 'sotto:x' });
  });
});
