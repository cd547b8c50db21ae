import { expect, test } from 'vitest';
import { uintBE } from '../base/bytes.ts';
import { GATHER_MS, Receipts, RECEIPTS_WAITING_MAX } from './receipts.ts';
import { RECEIPT_IDS_MAX } from './wire.ts';

const id = (n: number): Uint8Array => uintBE(n, 16);

test('[DEL-7] the first receipt goes at once, those within 2 ms share the next message', () => {
  const receipts = new Receipts();
  receipts.add(id(1), 100);
  expect(receipts.take(100)).toEqual([id(1)]);
  receipts.add(id(2), 100.5);
  receipts.add(id(3), 101);
  expect(receipts.take(101)).toBeUndefined();
  expect(receipts.wakeAtMs()).toBe(100 + GATHER_MS);
  expect(receipts.take(102)).toEqual([id(2), id(3)]);
  expect(receipts.take(102)).toBeUndefined();
  expect(receipts.wakeAtMs()).toBeUndefined();
});

test('[DEL-7] at most 256 ids in one message, and a full one does not wait', () => {
  const receipts = new Receipts();
  receipts.add(id(0), 0);
  receipts.take(0);
  for (let n = 0; n < RECEIPT_IDS_MAX + 44; n++) receipts.add(id(n), 0);
  expect(receipts.take(0)?.length).toBe(RECEIPT_IDS_MAX);
  expect(receipts.take(0)?.length).toBe(44);
  expect(receipts.waiting).toBe(0);
});

test('ids that found no room wait for the link, in order', () => {
  const receipts = new Receipts();
  receipts.add(id(1), 0);
  receipts.putBack(receipts.take(0)!);
  expect(receipts.wakeAtMs()).toBeUndefined();
  receipts.add(id(2), 50);
  receipts.handleWritable(60);
  expect(receipts.take(60)).toEqual([id(1), id(2)]);
});

test('[DEL-11] an id that waits already waits once, and does not hold the message it came in', () => {
  const receipts = new Receipts();
  const message = new Uint8Array(45_000);
  message.set(id(7), 100);
  receipts.add(message.subarray(100, 116), 0);
  receipts.add(message.subarray(100, 116), 0);
  message.fill(0);
  const ids = receipts.take(0)!;
  expect(ids).toEqual([id(7)]);
  expect(ids[0]!.buffer.byteLength).toBe(16);
  receipts.putBack(ids);
  receipts.add(id(7), 1);
  expect(receipts.waiting).toBe(1);
  receipts.handleWritable(2);
  receipts.take(2);
  receipts.add(id(7), 10); // its receipt was lost: it is asked for again
  expect(receipts.take(10)).toEqual([id(7)]);
});

test('[DEL-11] a far side that takes no receipts holds no more than so many', () => {
  const receipts = new Receipts();
  for (let n = 0; n < RECEIPTS_WAITING_MAX; n++) receipts.add(id(n), 0);
  receipts.putBack(receipts.take(0)!);
  receipts.add(id(RECEIPTS_WAITING_MAX), 0);
  expect(receipts.waiting).toBe(RECEIPTS_WAITING_MAX);
  receipts.handleWritable(1);
  const said: Uint8Array[] = [];
  for (let ids = receipts.take(1); ids; ids = receipts.take(1)) said.push(...ids);
  expect(said).toEqual(Array.from({ length: RECEIPTS_WAITING_MAX }, (_, n) => id(n)));
});
