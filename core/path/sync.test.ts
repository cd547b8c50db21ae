import { expect, test } from 'vitest';
import { asDict, decode } from '../base/bencode.ts';
import {
  decodeSync,
  encodeSync,
  Sync,
  SYNC_AGAIN_MS,
  SYNC_ANSWER_MS,
  SYNC_NEWS_MAX,
  SYNC_NEWS_MS,
  SYNC_OPENINGS_MAX,
  SYNC_WINDOW_MS,
  type SyncOutput,
  type SyncStep,
} from './sync.ts';

const outputs = (sync: Sync): SyncOutput[] => {
  const all: SyncOutput[] = [];
  for (let out = sync.poll(); out; out = sync.poll()) all.push(out);
  return all;
};

test('[PTH-21] both sides begin at one instant: half a round trip after go left', () => {
  const [ana, ben] = [new Sync(true, 0), new Sync(false, 0)];
  const oneWayMs = 70;
  ana.handleTimeout(ana.wakeAtMs()!);
  expect(outputs(ana)).toEqual([{ type: 'say', step: 'ask' }]);
  ben.handleStep('ask', oneWayMs);
  expect(outputs(ben)).toEqual([{ type: 'say', step: 'ready' }]);
  const goMs = 2 * oneWayMs;
  ana.handleStep('ready', goMs);
  expect(outputs(ana)).toEqual([{ type: 'say', step: 'go' }]);
  expect(ana.wakeAtMs()).toBe(goMs + oneWayMs);
  ben.handleStep('go', goMs + oneWayMs);
  ana.handleTimeout(goMs + oneWayMs);
  expect([...outputs(ana), ...outputs(ben)]).toEqual([{ type: 'attach' }, { type: 'open' }]);
});

test('[PTH-21] tries are repeated ever more rarely, and only the initiator begins', () => {
  const ana = new Sync(true, 0);
  const asked: number[] = [];
  for (let atMs = ana.wakeAtMs()!; asked.length < 6; atMs = ana.wakeAtMs()!) {
    ana.handleTimeout(atMs);
    asked.push(atMs);
  }
  expect(asked.slice(1).map((atMs, i) => atMs - asked[i]!)).toEqual([
    ...SYNC_AGAIN_MS,
    SYNC_AGAIN_MS.at(-1)!,
  ]);
  expect(new Sync(false, 0).wakeAtMs()).toBeUndefined();
});

test('[PTH-21] steps out of turn, late ones and floods of them open nothing', () => {
  const [ana, ben] = [new Sync(true, 0), new Sync(false, 0)];
  const steps: readonly SyncStep[] = ['ready', 'ask', 'go'];
  for (const step of steps) ana.handleStep(step, 1);
  ben.handleStep('go', 1);
  ben.handleStep('ready', 1);
  expect([...outputs(ana), ...outputs(ben)]).toEqual([]);
  ana.handleTimeout(0);
  outputs(ana);
  ana.handleStep('ready', SYNC_ANSWER_MS + 1);
  expect(outputs(ana)).toEqual([]);
  let opened = 0;
  for (let atMs = 0; atMs < 6 * SYNC_WINDOW_MS; atMs += 50) {
    ben.handleStep('ask', atMs);
    ben.handleStep('go', atMs);
    opened += outputs(ben).filter(({ type }) => type === 'open').length;
  }
  expect(opened).toBe(6 * SYNC_OPENINGS_MAX);
});

test('[PTH-21] news of where one side is makes a try at once, so many times at most', () => {
  const ana = new Sync(true, 0);
  const asked = (): number => outputs(ana).length;
  ana.handleTimeout(0);
  expect(asked()).toBe(1);
  ana.handleNews(100); // right after a try: a moment later
  ana.handleTimeout(SYNC_NEWS_MS - 1);
  expect(asked()).toBe(0);
  ana.handleTimeout(SYNC_NEWS_MS);
  expect(asked()).toBe(1);
  let count = 0;
  for (let atMs = 1_000; atMs < 29_000; atMs += 500) {
    ana.handleNews(atMs);
    ana.handleTimeout(atMs);
    count += asked();
  }
  expect(count).toBe(SYNC_NEWS_MAX - 1);
  const ben = new Sync(false, 0);
  ben.handleNews(1);
  expect(ben.wakeAtMs()).toBeUndefined();
});

test('[PTH-21] the message has one writing, and other numbers are no steps', () => {
  const steps: readonly SyncStep[] = ['ask', 'ready', 'go', 'many'];
  for (const step of steps) {
    const decoded = decode(encodeSync(step));
    expect(decoded.ok && decodeSync(asDict(decoded.value)!)).toBe(step);
  }
  expect(decodeSync({ n: 4 })).toBeUndefined();
  expect(decodeSync({})).toBeUndefined();
});
