import { expect, test } from 'vitest';
import { healthOf } from './verdict.ts';

const online = { online: true, helpers: 148, secondCopy: false };

test('the mark is the worst of what is known', () => {
  expect(healthOf(online, 'well-connected')).toBe('ok');
  expect(healthOf(online, undefined)).toBe('ok');
  expect(healthOf({ ...online, helpers: 0 }, 'well-connected')).toBe('limited');
  expect(healthOf({ ...online, secondCopy: true }, undefined)).toBe('limited');
  expect(healthOf(online, 'hard-to-reach')).toBe('limited');
  expect(healthOf({ ...online, online: false }, 'well-connected')).toBe('offline');
  expect(healthOf(undefined, undefined)).toBe('offline');
});

test('an old verdict of a state that is over does not stay', () => {
  for (const verdict of ['offline', 'starting', 'not-running', 'no-helpers'] as const) {
    expect(healthOf(online, verdict)).toBe('ok');
  }
});
