import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { commonFeatures, highestCommon, isVersionList, versionListHash } from './versions.ts';

test('[LNK-10] a version list is 1 to 16 whole numbers, rising', () => {
  for (const list of [[1], [1, 2, 9], [65_535]]) expect(isVersionList(list)).toBe(true);
  const bad = [
    [],
    [0],
    [2, 1],
    [1, 1],
    [1.5],
    [65_536],
    Array.from({ length: 17 }, (_, i) => i + 1),
  ];
  for (const list of bad) expect(isVersionList(list)).toBe(false);
});

test('[LNK-10] the highest common version wins, and there may be none', () => {
  expect(highestCommon([1, 2, 5], [2, 3, 5, 9])).toBe(5);
  expect(highestCommon([1, 2], [1])).toBe(1);
  expect(highestCommon([1, 2], [3])).toBeUndefined();
});

test('[LNK-11] the hash tells every list from every other', () => {
  const lists = [[1], [2], [1, 2], [12], [1, 2, 3]];
  expect(new Set(lists.map((list) => hex(versionListHash(list)))).size).toBe(lists.length);
  expect(hex(versionListHash([1]))).toBe(
    'acbfba523042810476739aac6d9939b60db608d5657883fa08694f7a6c3d6db7',
  );
});

test('[LNK-12] features are the bits that both set', () => {
  expect(commonFeatures(0b1101, 0b0111)).toBe(0b0101);
  expect(commonFeatures(0xffffffff, 0x80000000)).toBe(0x80000000);
});
