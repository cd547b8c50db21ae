import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf } from './contract-people.ts';
import { BUCKETS_BYTES, decodeContent, encodeContent, fitsContent } from './content.ts';

const from = { identity: bytesOf(1, 32), device: bytesOf(2, 32) };
const to = { identity: bytesOf(3, 32), device: bytesOf(4, 32) };

test('[VLT-20] content has one of five lengths, and reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 41_000 }), (event) => {
      const padded = encodeContent(event, from, to);
      if (!padded) return event.length > BUCKETS_BYTES.at(-1)! - 100;
      expect(decodeContent(padded, from, to)).toEqual(event);
      return (BUCKETS_BYTES as readonly number[]).includes(padded.length);
    }),
  );
});

test('[VLT-20] what fits is known before it is sealed, to the byte', () => {
  const largest = BUCKETS_BYTES.at(-1)!;
  for (let length = largest - 100; length <= largest; length++) {
    const event = new Uint8Array(length);
    expect(fitsContent(event)).toBe(encodeContent(event, from, to) !== undefined);
  }
});

test('[VLT-20] each bucket is filled to its last byte before the next is taken', () => {
  for (const bucket of BUCKETS_BYTES) {
    const full = Array.from({ length: 80 }, (_, i) => bucket - 80 + i)
      .map((length) => encodeContent(new Uint8Array(length), from, to))
      .filter((padded) => padded?.length === bucket)
      .at(-1);
    expect(full!.at(-1)).toBe(0x80);
  }
});

test('[VLT-6] content for or from anybody else is a mismatch', () => {
  const event = bytesOf(5, 20);
  const padded = encodeContent(event, from, to)!;
  const other = bytesOf(6, 32);
  for (const changed of ['identity', 'device'] as const) {
    expect(decodeContent(padded, { ...from, [changed]: other }, to)).toBe('mismatch');
    expect(decodeContent(padded, from, { ...to, [changed]: other })).toBe('mismatch');
  }
  expect(decodeContent(padded, to, from)).toBe('mismatch');
});

test('[VLT-20] what is no padded content is refused, and nothing throws', () => {
  const good = encodeContent(bytesOf(5, 20), from, to)!;
  expect(decodeContent(good.subarray(0, 255), from, to)).toBe('malformed');
  expect(decodeContent(new Uint8Array(256), from, to)).toBe('malformed');
  expect(decodeContent(new Uint8Array(0), from, to)).toBe('malformed');
  fc.assert(
    fc.property(fc.nat(255), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bent = good.slice();
      bent[at]! ^= change;
      const content = decodeContent(bent, from, to);
      return typeof content === 'string' || content.length === 20;
    }),
  );
});
