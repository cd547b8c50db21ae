import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { REPLAY_ENTRIES_MAX, REPLAY_ENTRY_BYTES, ReplaySet } from './replay-set.ts';

const prng = new Prng(5);

test('[LNK-6] a message is admitted once, also after a restart with what was stored', () => {
  const set = new ReplaySet();
  const messages = Array.from({ length: 20 }, () => prng.bytes(200));
  for (const message of messages) expect(set.admit(message)).toBe(true);
  for (const message of messages) expect(set.admit(message)).toBe(false);
  const saved = set.takeUnsaved();
  expect(saved.length).toBe(20);
  expect(saved.every((entry) => entry.length === REPLAY_ENTRY_BYTES)).toBe(true);
  const restarted = new ReplaySet(saved);
  for (const message of messages) expect(restarted.admit(message)).toBe(false);
  expect(restarted.takeUnsaved()).toEqual([]);
});

test('[LNK-6] entries are handed out for storing once, and again where storing failed', () => {
  const set = new ReplaySet();
  set.admit(prng.bytes(100));
  const first = set.takeUnsaved();
  set.admit(prng.bytes(100));
  set.putBack(first);
  const both = set.takeUnsaved();
  expect(both.length).toBe(2);
  expect(both[0]).toEqual(first[0]);
  expect(set.takeUnsaved()).toEqual([]);
});

test('[LNK-6] the set is bounded and the oldest goes', () => {
  expect(REPLAY_ENTRIES_MAX).toBe(65_536);
  const set = new ReplaySet([], 3);
  const messages = Array.from({ length: 4 }, () => prng.bytes(100));
  for (const message of messages) set.admit(message);
  expect(set.size).toBe(3);
  expect(set.takeUnsaved().length).toBe(3);
  expect(set.admit(messages[3]!)).toBe(false);
  expect(set.admit(messages[0]!)).toBe(true);
});

test('[LNK-6] saved entries of another size are passed over', () => {
  const set = new ReplaySet([new Uint8Array(3), new Uint8Array(REPLAY_ENTRY_BYTES)]);
  expect(set.size).toBe(1);
});
