import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import type { Doc } from '../base/vault.ts';
import { directoryDoc, savedDirectory } from './directory-saved.ts';
import { placesDoc, savedPlaces } from './places-saved.ts';

test('[RLY-29] public relays outlive a restart, beside the places of our own', () => {
  const prng = new Prng(63);
  const relays = ['93.184.1.1', '2606:2800:1::1'].map((host, i) => ({
    address: {
      endpoint: { host, port: 443 + i },
      key: prng.bytes(32),
      udp: true,
      tcp: i === 0,
      web: true as const,
    },
    seenMs: 1.7e12 + i,
  }));
  const guards = [
    { name: '07'.repeat(32), owner: undefined, sinceMs: 5, awayMs: 0, isPublic: true as const },
  ];
  const places = { nextIndex: 7, places: new Map(), indexes: new Map(), guards };
  const docs = [directoryDoc(relays), placesDoc(places)] as Doc[];
  expect(savedDirectory(docs)).toEqual(relays);
  expect(savedPlaces(docs)).toMatchObject({ nextIndex: 7, guards });
  expect(savedDirectory([])).toEqual([]);
});
