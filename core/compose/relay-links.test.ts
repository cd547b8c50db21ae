import { expect, test } from 'vitest';
import { RELAY_LINKS_EACH_MAX, RELAY_LINKS_MAX, roomAmong } from './relay-links.ts';

interface Held {
  readonly namedBy: string | undefined;
  readonly isUnused?: true;
}

function room(links: readonly Held[], namedBy?: string): Held | 'full' | 'room' {
  return roomAmong(links, namedBy, ({ isUnused }) => isUnused === true);
}

function many(count: number, namedBy: (i: number) => string | undefined): Held[] {
  return Array.from({ length: count }, (_, i) => ({ namedBy: namedBy(i) }));
}

test('[RLY-33] ⚑ whom one person names has a share, and no effect on others or on us', () => {
  const theirs = many(RELAY_LINKS_EACH_MAX, () => 'eve');
  expect(room(theirs.slice(1), 'eve')).toBe('room');
  expect([room(theirs, 'eve'), room(theirs, 'ben'), room(theirs)]).toEqual([
    'full',
    'room',
    'room',
  ]);
  expect(room(many(RELAY_LINKS_EACH_MAX, () => undefined))).toBe('room');
});

test('[RLY-33] of a full share the oldest that is unused gives way, of others none', () => {
  const first = { namedBy: 'eve', isUnused: true } as const;
  const theirs = [first, { ...first }, ...many(RELAY_LINKS_EACH_MAX - 2, () => 'eve')];
  const bens = { namedBy: 'ben', isUnused: true } as const;
  expect(room([bens, ...theirs], 'eve')).toBe(first);
});

test('[RLY-33] in a full table whoever is unused gives way, also to our own', () => {
  const used = many(RELAY_LINKS_MAX - 1, (i) => `person ${i}`);
  const unused = { namedBy: 'ben', isUnused: true } as const;
  expect(room(used, 'cleo')).toBe('room');
  expect([room([...used, unused], 'cleo'), room([...used, unused])]).toEqual([unused, unused]);
  expect(room([...used, { namedBy: 'ben' }], 'cleo')).toBe('full');
});
