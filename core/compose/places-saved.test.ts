import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Doc } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import { placesDoc, savedPlaces } from './places-saved.ts';

test('[RLY-23] guards outlive a restart, with the places and slots of before', () => {
  const prng = new Prng(3);
  const name = (): string => hex(prng.bytes(32));
  const key = prng.bytes(32);
  const saved = {
    nextIndex: 7,
    places: new Map([[name(), { number: 5, key: new Secret('relay reservation', key.slice()) }]]),
    indexes: new Map([['somebody', 3]]),
    guards: [
      { name: name(), owner: name(), sinceMs: 1.7e12, awayMs: 60_000 },
      { name: name(), owner: undefined, sinceMs: 1.6e12, awayMs: 0 },
    ],
  } as const;
  const read = savedPlaces([placesDoc(saved) as Doc]);
  expect(read.guards).toEqual(saved.guards);
  expect([read.nextIndex, [...read.indexes], [...read.places.keys()]]).toEqual([
    saved.nextIndex,
    [...saved.indexes],
    [...saved.places.keys()],
  ]);
  expect(savedPlaces([]).guards).toEqual([]);
});
