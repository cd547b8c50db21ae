import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FREE_TRIES, PassphraseTries, PAUSE_MS, PAUSE_MS_MAX } from './passphrase-tries.ts';

let folder: string;
let nowMs = 1e12;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sotto-tries-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Each start is a process of its own. */
const start = (): PassphraseTries => new PassphraseTries(folder, () => nowMs);
/** One wrong passphrase, and what its person reads. */
function wrong(): { reason: string; detail: object } {
  const tries = start();
  tries.begin();
  return tries.wrong();
}

test('[API-23] five tries, then pauses that double, over restarts', () => {
  for (let left = FREE_TRIES - 1; left > 0; left--) {
    expect(wrong()).toMatchObject({
      reason: 'wrong-passphrase',
      detail: { tries: left, pause: 30 },
    });
  }
  for (let pauseMs = PAUSE_MS; pauseMs < PAUSE_MS_MAX; pauseMs *= 2) {
    const seconds = pauseMs / 1000;
    expect(wrong()).toMatchObject({ reason: 'passphrase-pause', detail: { seconds } });
    nowMs += pauseMs - 500;
    expect(() => start().begin()).toThrow('Wait 1 s');
    nowMs += 500;
  }
  for (let i = 0; i < 3; i++) {
    expect(wrong()).toMatchObject({ detail: { seconds: PAUSE_MS_MAX / 1000 } });
    nowMs += PAUSE_MS_MAX;
  }
  const last = start();
  last.begin();
  last.right();
  expect(existsSync(join(folder, 'tries.json'))).toBe(false);
  expect(wrong()).toMatchObject({ detail: { tries: FREE_TRIES - 1 } });
});

test('[API-23] a try that is killed counts, one that was not looked at does not', () => {
  start().begin();
  expect(wrong()).toMatchObject({ detail: { tries: FREE_TRIES - 2 } });
  const other = start();
  other.begin();
  other.unused();
  expect(wrong()).toMatchObject({ detail: { tries: FREE_TRIES - 3 } });
});

test('[API-23] a clock that went back makes no pause longer; nonsense counts as none', () => {
  for (let i = 0; i < FREE_TRIES; i++) wrong();
  nowMs -= 1e10;
  expect(() => start().begin()).toThrow('Wait 30 s');
  nowMs += 1e10 + PAUSE_MS;
  start().begin();
  writeFileSync(join(folder, 'tries.json'), '{"wrong":-1,"lastMs":"x"}');
  expect(wrong()).toMatchObject({ detail: { tries: FREE_TRIES - 1 } });
});

test('[API-23] a clock that went back begins the pause anew, once, and it ends', () => {
  for (let i = 0; i < FREE_TRIES; i++) wrong();
  nowMs += PAUSE_MS - 1_000;
  expect(start().left().pauseSeconds).toBe(1);
  nowMs -= 1e10; // whoever sets it waits the whole pause, not what was left of it
  expect(start().left()).toEqual({ triesLeft: 0, pauseSeconds: PAUSE_MS / 1000 });
  nowMs += PAUSE_MS - 1_000;
  expect(() => start().begin()).toThrow('Wait 1 s');
  nowMs += 1_000;
  expect(wrong()).toMatchObject({ detail: { seconds: (2 * PAUSE_MS) / 1000 } });
});
