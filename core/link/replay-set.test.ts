import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { REPLAY_ENTRIES_MAX, REPLAY_ENTRY_BYTES, ReplaySet } from './replay-set.ts';

const prng = new Prng(5);

test('[LNK-6] a message is admitted once, also after a restart with what was stored', () => {
  const set = new ReplaySet();
  const messages = Array.from({ length: 20 }, () => prng.bytes(200));
  const entries = messages.map((message) => set.admit(message)!);
  expect(entries.map(({ length }) => length)).toEqual(messages.map(() => REPLAY_ENTRY_BYTES));
  for (const message of messages) expect(set.admit(message)).toBeUndefined();
  const restarted = new ReplaySet(entries);
  for (const message of messages) expect(restarted.admit(message)).toBeUndefined();
  expect(restarted.admit(prng.bytes(200))).toBeDefined();
});

test('[LNK-6] the set is bounded and the oldest goes', () => {
  expect(REPLAY_ENTRIES_MAX).toBe(65_536);
  const set = new ReplaySet([], 3);
  const messages = Array.from({ length: 4 }, () => prng.bytes(100));
  for (const message of messages) set.admit(message);
  expect(set.size).toBe(3);
  expect(set.admit(messages[3]!)).toBeUndefined();
  expect(set.admit(messages[0]!)).toBeDefined();
});

test('[LNK-6] saved entries of another size are passed over', () => {
  const set = new ReplaySet([new Uint8Array(3), new Uint8Array(REPLAY_ENTRY_BYTES)]);
  expect(set.size).toBe(1);
});
