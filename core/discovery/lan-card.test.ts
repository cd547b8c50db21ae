import { expect, test } from 'vitest';
import { concat, equal, hex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret, type NoiseSecret } from '../crypto/keys.ts';
import {
  CARD_BYTES,
  cardName,
  homeMark,
  INVITEE,
  INVITER,
  lanHash,
  lanPadding,
  openCard,
  sealCard,
} from './lan-card.ts';

const S = new Secret(
  'pair',
  Uint8Array.from({ length: 32 }, (_, i) => i),
);
const ANA = new Uint8Array(32).fill(0xaa);
const BO = new Uint8Array(32).fill(0xbb);
const E = 497_222;
const random = new Prng(1).bytes;
const card = { port: 40_000, record: utf8('a record') };

test('[LAN-3] hashes are those of the page', () => {
  expect(hex(lanHash(S, ANA, E))).toBe('721f0205768c006c673c0513d381144a20c187ec');
  expect(hex(lanHash(S, INVITER, E))).toBe('41f0d615b5b662dd0e7b2c32f169332ce483c4ca');
  expect(hex(cardName(S, ANA, E))).toBe('a49ec640550866ef2bdbd5e0ec91818d63fa87ba');
});

test('[LAN-3] of two hours, two senders and two uses no hash is that of another', () => {
  const all = [ANA, BO, INVITER, INVITEE].flatMap((sender) =>
    [E, E + 1].flatMap((epoch) => [lanHash(S, sender, epoch), cardName(S, sender, epoch)]),
  );
  expect(new Set(all.map(hex)).size).toBe(16);
  expect(all.every(({ length }) => length === 20)).toBe(true);
});

test('[LAN-5] a card opens for who has the secret, in its hour, as of its sender alone', () => {
  const bytes = sealCard(card, S, ANA, E, random);
  expect(bytes.length).toBe(CARD_BYTES);
  expect(equal(bytes.subarray(0, 20), cardName(S, ANA, E))).toBe(true);
  const read = openCard(bytes, S, ANA, E)!;
  expect([read.port, hex(read.record)]).toEqual([card.port, hex(card.record)]);
  const other = new Secret('pair', new Uint8Array(32).fill(9));
  expect(openCard(bytes, other, ANA, E)).toBeUndefined();
  expect(openCard(bytes, S, BO, E)).toBeUndefined();
  expect(openCard(bytes, S, ANA, E + 1)).toBeUndefined();
});

test('[LAN-5] every card is as long as any other, and no bent one opens', () => {
  const long = sealCard({ port: 1, record: new Uint8Array(700).fill(7) }, S, ANA, E, random);
  const none = sealCard({ port: 1, record: new Uint8Array(0) }, S, ANA, E, random);
  expect([long.length, none.length]).toEqual([CARD_BYTES, CARD_BYTES]);
  expect(openCard(none, S, ANA, E)!.record).toHaveLength(0);
  for (let at = 20; at < CARD_BYTES; at += 37) {
    const bent = long.slice();
    bent[at]! ^= 1;
    expect(openCard(bent, S, ANA, E)).toBeUndefined();
  }
  for (const short of [long.subarray(0, 20), long.subarray(1), concat(long, long)]) {
    expect(openCard(short, S, ANA, E)).toBeUndefined();
  }
});

test('[LAN-9] what fills up stays through the hour and over restarts, and goes with it', () => {
  const own = (): NoiseSecret => new Secret('device noise', new Uint8Array(32).fill(5));
  const texts = (epoch: number): string[] => lanPadding(own(), epoch, 12).hashes.map(hex);
  expect(texts(E)).toEqual(texts(E));
  expect(new Set([...texts(E), ...texts(E + 1)]).size).toBe(24);
  expect(lanPadding(own(), E, 0).cookie).toBe(lanPadding(own(), E, 12).cookie);
  expect(lanPadding(own(), E, 0).cookie).not.toBe(lanPadding(own(), E + 1, 0).cookie);
});

test('[LAN-16] the mark of a network is of one device and one network', () => {
  const one: NoiseSecret = new Secret('device noise', new Uint8Array(32).fill(5));
  const two: NoiseSecret = new Secret('device noise', new Uint8Array(32).fill(6));
  const marks = [
    homeMark(one, utf8('home')),
    homeMark(two, utf8('home')),
    homeMark(one, utf8('cafe')),
  ];
  expect(new Set(marks).size).toBe(3);
  expect(marks[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(homeMark(one, utf8('home'))).toBe(marks[0]);
});
