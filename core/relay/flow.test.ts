import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bucket } from '../base/bucket.ts';
import { Flow } from './flow.ts';
import { DATA_BYTES_MAX, SLOT_BURST_BYTES, SLOT_BYTES_PER_S, WINDOW_BYTES } from './limits.ts';

/** Pushes as much as the window lets, all the time, and takes it at once; bytes that passed. */
function passed(forMs: number, stepMs: number, pieceBytes: number, flows = 1): number {
  const bucket = new Bucket(SLOT_BYTES_PER_S, SLOT_BURST_BYTES, 0);
  const all = Array.from({ length: flows }, () => new Flow(bucket));
  let total = 0;
  for (let nowMs = 0; nowMs <= forMs; nowMs += stepMs) {
    for (const flow of all) {
      while (flow.push(new Uint8Array(pieceBytes)));
      for (let piece = flow.next(nowMs); piece !== undefined; piece = flow.next(nowMs)) {
        flow.shift();
        flow.taken(piece.length);
        total += piece.length;
      }
    }
  }
  return total;
}

test('[RLY-8] a slot passes 1 Mbit/s within 5 %, whatever the pieces and however many circuits', () => {
  for (const pieceBytes of [700, 5_000, DATA_BYTES_MAX]) {
    for (const flows of [1, 3]) {
      const rate = passed(20_000, 10, pieceBytes, flows) / 20;
      expect(rate).toBeGreaterThan(SLOT_BYTES_PER_S * 0.95);
      expect(rate).toBeLessThan(SLOT_BYTES_PER_S * 1.05);
    }
  }
});

test('[RLY-8] what waits for its share says when it may go', () => {
  const flow = new Flow(new Bucket(SLOT_BYTES_PER_S, SLOT_BURST_BYTES, 0));
  for (let i = 0; i < 3; i++) flow.push(new Uint8Array(DATA_BYTES_MAX));
  for (let i = 0; i < 2; i++) {
    expect(flow.next(0)).toBeDefined();
    flow.shift();
  }
  expect(flow.next(0)).toBeUndefined();
  const atMs = flow.readyAtMs(0)!;
  expect(atMs).toBe(DATA_BYTES_MAX / (SLOT_BYTES_PER_S / 1000));
  expect(flow.next(atMs - 1)).toBeUndefined();
  expect(flow.next(atMs)).toBeDefined();
});

test('[RLY-7] never more than a window lies between push and taken, and never a lie is believed', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: DATA_BYTES_MAX }) }),
    fc.record({ shift: fc.constant(true) }),
    fc.record({ taken: fc.integer({ min: 1, max: WINDOW_BYTES }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const flow = new Flow();
      let [pushed, shifted, taken] = [0, 0, 0];
      for (const one of steps) {
        if ('push' in one) {
          const fits = pushed - taken + one.push <= WINDOW_BYTES;
          expect(flow.push(new Uint8Array(one.push))).toBe(fits);
          if (fits) pushed += one.push;
        } else if ('shift' in one) {
          const piece = flow.next(0);
          expect(piece === undefined).toBe(shifted === pushed);
          if (piece !== undefined) {
            flow.shift();
            shifted += piece.length;
          }
        } else {
          const isTrue = one.taken <= shifted - taken;
          expect(flow.taken(one.taken)).toBe(isTrue);
          if (isTrue) taken += one.taken;
        }
        expect(flow.waiting).toBe(pushed - shifted);
      }
    }),
  );
});

test('[RLY-7] crumbs are counted too', () => {
  const flow = new Flow();
  let pieces = 0;
  while (flow.push(Uint8Array.of(1))) pieces++;
  expect(pieces).toBe(4_096);
});
