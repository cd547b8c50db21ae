import { expect, test } from 'vitest';
import { diskCheck } from './disk.ts';

const MEGA = 1024 * 1024;

test.each([
  [undefined, 'unknown', 'not told'],
  [31.9 * MEGA, 'full', 'Not enough space'],
  [32 * MEGA, 'low', 'Only 32 MB free.'],
  [512 * MEGA, 'room', '512 MB free.'],
  [3_789 * MEGA, 'room', '3.7 GB free.'],
])('[ERR-8] %s bytes free: %s', (bytes, finding, words) => {
  const check = diskCheck(bytes);
  expect([check.finding, check.message]).toEqual([finding, expect.stringContaining(words)]);
});
