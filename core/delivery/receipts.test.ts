import { expect, test } from 'vitest';
import { GATHER_MS, Receipts } from './receipts.ts';
import { RECEIPT_IDS_MAX } from './wire.ts';

const id = (n: number): Uint8Array => new Uint8Array(16).fill(n % 256);

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
