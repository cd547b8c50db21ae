import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import { Secret } from '../crypto/keys.ts';
import { hmac } from '../crypto/mac.ts';
import {
  checkSlot,
  INDEXES,
  makeSlot,
  NUMBERS,
  passOf,
  proofOf,
  relayGateSecret,
  relaySecretOf,
  reservationKey,
} from './slots.ts';

const prng = new Prng(3);
const noise = new Secret<'device noise'>('device noise', prng.bytes(32));
const relay = relaySecretOf(noise);
const other = relaySecretOf(new Secret<'device noise'>('device noise', prng.bytes(32)));
const name = fc.record({ number: fc.nat(NUMBERS - 1), index: fc.nat(INDEXES - 1) });

test('[RLY-2] a slot is number, index and a MAC under the key of the reservation', () => {
  const key = reservationKey(relay, 0xabcde);
  const slot = makeSlot(key, { number: 0xabcde, index: 0x123 });
  expect(hex(slot.subarray(0, 4))).toBe('abcde123');
  expect(slot.subarray(4)).toEqual(hmac(key.reveal(), slot.subarray(0, 4)).subarray(0, 16));
  const secret = kdf(noise.reveal(), LABELS.relaySecret);
  const bytes = kdf(secret, LABELS.relayReservation, Uint8Array.of(0, 0x0a, 0xbc, 0xde));
  expect(key.reveal()).toEqual(bytes);
});

test('[RLY-2] every slot is read back by its relay, from the secret alone, and by no other', () => {
  fc.assert(
    fc.property(name, (one) => {
      const slot = makeSlot(reservationKey(relay, one.number), one);
      expect(checkSlot(relay, slot)).toEqual(one);
      expect(checkSlot(other, slot)).toBeUndefined();
    }),
  );
});

test('[RLY-2] ⚑ a slot with any bit changed, cut or longer, is none', () => {
  fc.assert(
    fc.property(name, fc.nat(20 * 8 - 1), (one, bit) => {
      const slot = makeSlot(reservationKey(relay, one.number), one);
      slot[bit >> 3]! ^= 1 << (bit & 7);
      expect(checkSlot(relay, slot)).toBeUndefined();
    }),
  );
  const slot = makeSlot(reservationKey(relay, 7), { number: 7, index: 1 });
  expect(checkSlot(relay, slot.subarray(0, 19))).toBeUndefined();
  expect(checkSlot(relay, new Uint8Array([...slot, 0]))).toBeUndefined();
  expect(checkSlot(relay, new Uint8Array(0))).toBeUndefined();
});

test('[RLY-2] ⚑ the owner of one reservation makes no slot of another', () => {
  const ours = reservationKey(relay, 7);
  expect(checkSlot(relay, makeSlot(ours, { number: 8, index: 1 }))).toBeUndefined();
});

test('[RLY-3] a proof holds for one key and one link', () => {
  const [one, two] = [7, 8].map((number) => reservationKey(relay, number));
  const links = [prng.bytes(32), prng.bytes(32)].map(
    (bytes) => new Secret<'link exporter'>('link exporter', bytes),
  );
  const proofs = [one!, two!].flatMap((key) => links.map((link) => hex(proofOf(key, link))));
  expect(new Set(proofs).size).toBe(4);
  expect(equal(proofOf(one!, links[0]!), proofOf(reservationKey(relay, 7), links[0]!))).toBe(true);
});

test('[RLY-4] a pass is of one gate and one link, and is not the gate', () => {
  const gate = new Secret<'gate'>('gate', prng.bytes(32));
  const link = new Secret<'link exporter'>('link exporter', prng.bytes(32));
  const pass = passOf(gate, link);
  expect(equal(pass, gate.reveal())).toBe(false);
  const renewed = new Secret<'gate'>('gate', prng.bytes(32));
  expect(equal(pass, passOf(renewed, link))).toBe(false);
});

test('[RLY-1] the gate of a relay follows from its key, and is not the key', () => {
  const key = prng.bytes(32);
  expect(relayGateSecret(key).reveal()).toEqual(kdf(key, LABELS.relayGate));
  expect(relayGateSecret(key).equals(relayGateSecret(prng.bytes(32)))).toBe(false);
});
