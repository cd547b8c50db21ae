import { expect, test } from 'vitest';
import { uintBE } from '../base/bytes.ts';
import { Isolation, ISOLATED_MAX } from './isolation.ts';

test('[PRX-7] one number for one device, none for two, none twice', () => {
  const isolation = new Isolation();
  const ana = isolation.of(uintBE(1, 32));
  const bo = isolation.of(uintBE(2, 32));
  expect([isolation.of(uintBE(1, 32)), isolation.of(uintBE(2, 32))]).toEqual([ana, bo]);
  expect(ana).not.toBe(bo);
  const seen = new Set([ana, bo]);
  for (let i = 3; i < ISOLATED_MAX + 3; i++) seen.add(isolation.of(uintBE(i, 32)));
  expect(seen.size).toBe(ISOLATED_MAX + 2);
  // The oldest was forgotten: its next stream begins a new life rather than another's.
  const again = isolation.of(uintBE(1, 32));
  expect(seen.has(again)).toBe(false);
});
