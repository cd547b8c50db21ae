import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { hex } from '../base/bytes.ts';
import {
  CIPHERTEXT_BYTES_MAX,
  decodeDelivery,
  encodeDelivery,
  messageName,
  RECEIPT_IDS_MAX,
  type DeliveryMessage,
} from './wire.ts';

const ID = new Uint8Array(16).fill(7);

function read(bytes: Uint8Array): DeliveryMessage | undefined {
  const message = messageName(bytes);
  return message && decodeDelivery(message.name, message.dict);
}

test('[DEL-1] the bytes of each message', () => {
  const ciphertext = Uint8Array.of(1, 2, 3);
  const id = '07'.repeat(16);
  const cases: [DeliveryMessage, string][] = [
    [
      { type: 'envelope', envelope: ID, kind: 'message', ciphertext },
      `64313a63333a010203313a6931363a${id}313a6b693165313a6d313a6565`,
    ],
    [
      { type: 'envelope', envelope: ID, kind: 'prekey', ciphertext },
      `64313a63333a010203313a6931363a${id}313a6b693065313a6d313a6565`,
    ],
    [{ type: 'got', envelopes: [ID, ID] }, `64313a6933323a${id}${id}313a6d313a6765`],
    [
      { type: 'refused', envelope: ID, why: 'renew' },
      `64313a6931363a${id}313a6d313a78313a7769316565`,
    ],
    [
      { type: 'refused', envelope: ID, why: 'never' },
      `64313a6931363a${id}313a6d313a78313a7769326565`,
    ],
  ];
  for (const [message, bytes] of cases) {
    expect(hex(encodeDelivery(message))).toBe(bytes);
    expect(read(encodeDelivery(message))).toEqual(message);
  }
});

test('[DEL-1] malformed fields are refused, unknown keys ignored', () => {
  const good = { c: Uint8Array.of(1), i: ID, k: 1, m: 'e' };
  expect(read(encode({ ...good, z: 'later' }))?.type).toBe('envelope');
  const bad = [
    { ...good, i: ID.subarray(1) },
    { ...good, k: 2 },
    { ...good, c: 5 },
    { ...good, c: new Uint8Array(CIPHERTEXT_BYTES_MAX + 1) },
    { i: new Uint8Array(0), m: 'g' },
    { i: new Uint8Array(17), m: 'g' },
    { i: new Uint8Array(16 * (RECEIPT_IDS_MAX + 1)), m: 'g' },
    { i: ID, m: 'x' },
    { i: ID, m: 'x', w: 3 },
    { i: ID, m: '?' },
    { m: 'e' },
  ];
  for (const fields of bad) expect(read(encode(fields))).toBeUndefined();
  expect(messageName(encode({ m: 'ee' }))).toBeUndefined();
  expect(messageName(encode(['m', 'e']))).toBeUndefined();
});

test('[DEL-1] no bytes make it throw', () => {
  const valid = encodeDelivery({ type: 'got', envelopes: [ID] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(valid.length - 1), (noise, at) => {
      read(noise);
      const mutated = valid.slice();
      mutated[at] = noise[0] ?? 0;
      const message = read(mutated);
      if (message) expect(hex(encodeDelivery(message))).toBe(hex(mutated));
    }),
  );
});
