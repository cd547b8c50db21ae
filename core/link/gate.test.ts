import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import {
  contextOf,
  FLIGHT_BYTES_MAX,
  FlightKey,
  flightLength,
  HEAD_BYTES,
  openFlight,
  sealFlight,
} from './gate.ts';

const prng = new Prng(3);
const key = new FlightKey(new Secret('gate', prng.bytes(32)));
const other = new FlightKey(new Secret('gate', prng.bytes(32)));
const opening = prng.bytes(32);
const noise = prng.bytes(150);

describe('[LNK-3] a flight', () => {
  test('opens to its Noise message, and tells its length by its head', () => {
    for (const padding of [0, 1, 255, 256]) {
      const flight = sealFlight(key, contextOf(), opening, noise, padding);
      expect(flight.length).toBe(HEAD_BYTES + 150 + padding);
      expect(flightLength(key, contextOf(), flight)).toBe(flight.length);
      expect(openFlight(key, contextOf(), flight)).toEqual(noise);
    }
  });

  test('shows nothing of what it holds: equal content gives unrelated bytes', () => {
    const [a, b] = [1, 2].map(() => sealFlight(key, contextOf(), prng.bytes(32), noise, 64));
    const same = a!.filter((byte, i) => byte === b![i]).length;
    expect(same).toBeLessThan(12);
    expect(hex(a!)).not.toContain(hex(noise.subarray(0, 4)));
  });

  test('as a sample of 200 has flat bytes: no value stands out', () => {
    const counts = new Array<number>(256).fill(0);
    let total = 0;
    for (let i = 0; i < 200; i++) {
      for (const byte of sealFlight(key, contextOf(), prng.bytes(32), noise, 256)) {
        counts[byte]!++;
        total++;
      }
    }
    const mean = total / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 255 degrees of freedom: 99.99 % of random samples stay below 347.
    expect(chiSquare).toBeLessThan(347);
  });
});

describe('[LNK-4] bytes that the key did not make', () => {
  const flight = sealFlight(key, contextOf(), opening, noise, 20);

  test('are refused with any bit flipped, and left as they were', () => {
    for (let i = 0; i < flight.length; i++) {
      const bent = flight.slice();
      bent[i]! ^= 1 << (i % 8);
      const before = bent.slice();
      expect(openFlight(key, contextOf(), bent)).toBeUndefined();
      expect(bent).toEqual(before);
    }
  });

  test('are refused cut, extended, or under another key', () => {
    for (let i = 0; i < flight.length; i++) {
      expect(openFlight(key, contextOf(), flight.subarray(0, i))).toBeUndefined();
    }
    const longer = new Uint8Array(flight.length + 1);
    longer.set(flight);
    expect(openFlight(key, contextOf(), longer)).toBeUndefined();
    expect(openFlight(other, contextOf(), flight)).toBeUndefined();
  });

  test('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: FLIGHT_BYTES_MAX + 10 }), (bytes) => {
        expect(openFlight(key, contextOf(), bytes)).toBeUndefined();
        if (bytes.length >= HEAD_BYTES) flightLength(key, contextOf(), bytes);
      }),
    );
  });

  test('rarely have lengths that make sense under another key', () => {
    let sensible = 0;
    for (let i = 0; i < 2000; i++) {
      if (flightLength(other, contextOf(), prng.bytes(HEAD_BYTES)) !== undefined) sensible++;
    }
    expect(sensible).toBeLessThan(5);
  });
});

test('[LNK-5] a reply opens only as the reply to its own request', () => {
  const reply = sealFlight(key, contextOf(opening), prng.bytes(32), noise, 0);
  expect(openFlight(key, contextOf(opening), reply)).toEqual(noise);
  expect(openFlight(key, contextOf(), reply)).toBeUndefined();
  expect(openFlight(key, contextOf(prng.bytes(32)), reply)).toBeUndefined();
  const request = sealFlight(key, contextOf(), opening, noise, 0);
  expect(openFlight(key, contextOf(opening), request)).toBeUndefined();
});
