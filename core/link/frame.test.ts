import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../base/bytes.ts';
import { bucketOf, CONTENT_BYTES_MAX, decodeFrame, encodeFrame, FRAME } from './frame.ts';

const SAMPLE =
  '02000000000005010000000003000000100000000268690000000000000000000000000000000000000000' +
  '000000000000000000000000000000000000000000';

test('[LNK-20] the layout is the table of the specification', () => {
  const content = fromHex('6869')!;
  const frame = { type: FRAME.data, number: 5, ack: 2 ** 40 + 3, limit: 2 ** 20, content };
  expect(hex(encodeFrame(frame))).toBe(SAMPLE);
  expect(decodeFrame(fromHex(SAMPLE)!)).toEqual(frame);
});

test('[LNK-20] what decodes encodes to the same bytes', () => {
  const bytes = fromHex(SAMPLE)!;
  let accepted = 0;
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const bent = bytes.slice();
      bent[at] = value;
      const frame = decodeFrame(bent);
      if (frame === undefined) return;
      accepted++;
      expect(encodeFrame(frame)).toEqual(bent);
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('[LNK-20] arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const frame = decodeFrame(bytes);
      if (frame !== undefined) expect(encodeFrame(frame)).toEqual(bytes);
    }),
    { numRuns: 1000 },
  );
});

describe('[LNK-21] padding', () => {
  test('brings every frame to a power of two from 64 to 16,384', () => {
    for (const [used, bucket] of [
      [21, 64],
      [64, 64],
      [65, 128],
      [300, 512],
      [16_384, 16_384],
    ] as const) {
      expect(bucketOf(used)).toBe(bucket);
    }
    const content = new Uint8Array(CONTENT_BYTES_MAX).fill(7);
    const frame = { type: FRAME.part, number: 0, ack: 0, limit: 0, content };
    expect(encodeFrame(frame).length).toBe(16_384);
  });

  test('that is not zero, or of another bucket, is refused', () => {
    const bytes = fromHex(SAMPLE)!;
    const dirty = bytes.slice();
    dirty[63] = 1;
    expect(decodeFrame(dirty)).toBeUndefined();
    const wide = new Uint8Array(128);
    wide.set(bytes);
    expect(decodeFrame(wide)).toBeUndefined();
  });
});

describe('[LNK-22] a frame is refused', () => {
  const bytes = fromHex(SAMPLE)!;
  const bent = (changes: [number, number][]): Uint8Array => {
    const copy = bytes.slice();
    for (const [at, value] of changes) copy[at] = value;
    return copy;
  };
  test('with a type that nobody defined', () => {
    for (const type of [0, 9, 16, 255]) expect(decodeFrame(bent([[0, type]]))).toBeUndefined();
  });
  test('with a number where its type has none', () => {
    const empty: [number, number][] = [
      [0, FRAME.ack],
      [20, 0],
      [21, 0],
      [22, 0],
    ];
    expect(decodeFrame(bent(empty))).toBeUndefined();
    expect(decodeFrame(bent([...empty, [6, 0]]))).toBeDefined();
  });
  test('with content of a size that its type does not have', () => {
    for (const type of Object.values(FRAME)) {
      if (type === FRAME.data || type === FRAME.part) continue;
      expect(
        decodeFrame(
          bent([
            [0, type],
            [6, 0],
          ]),
        ),
      ).toBeUndefined();
    }
    expect(
      decodeFrame(
        bent([
          [20, 0],
          [21, 0],
          [22, 0],
        ]),
      ),
    ).toBeUndefined();
  });
  test('[LNK-50] START: empty, 1,184 or 1,088 bytes, and nothing beside', () => {
    const taken: number[] = [];
    for (let length = 0; length <= 2000; length++) {
      const content = new Uint8Array(length);
      const frame = { type: FRAME.start, number: 0, ack: 0, limit: 0, content };
      if (decodeFrame(encodeFrame(frame)) !== undefined) taken.push(length);
    }
    expect(taken).toEqual([0, 1088, 1184]);
  });
});
