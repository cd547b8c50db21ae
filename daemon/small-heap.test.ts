import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Room of the young generation, in bytes, after much has lived for a while. */
const YOUNG = `
  import { getHeapSpaceStatistics } from 'node:v8';
  let kept = [];
  for (let i = 0; i < 1_000_000; i++) {
    kept.push({ i });
    if (kept.length > 100_000) kept = [];
  }
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  console.log(young.space_size);
`;
const SMALL_BYTES = 8 * 1024 * 1024;

/** Bytes of packets that come, live for a while and go: the most there were, by those in use. */
const PACKETS = `
  import { setImmediate } from 'node:timers/promises';
  const used = new Array(60_000);
  let most = 0;
  for (let i = 0; i < 600_000; i++) {
    used[i % used.length] = { i, bytes: new Uint8Array(1_200) };
    if (i % 5_000 !== 0 || i < 2 * used.length) continue;
    most = Math.max(most, process.memoryUsage().arrayBuffers);
    await setImmediate();
  }
  console.log(most / (1_200 * used.length));
`;
/** Other work on the machine moves both, so they take turns. */
const TURNS = 3;
const SHARE_MAX = 0.9;

function run(program: string, before: string): number {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', before + program];
  return parseFloat(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

const small = `import '${new URL('./small-heap.ts', import.meta.url).href}';`;

test('the young generation stays small under work that would make it grow', () => {
  expect(run(YOUNG, small)).toBeLessThan(SMALL_BYTES);
  expect(run(YOUNG, '')).toBeGreaterThan(SMALL_BYTES);
});

test('what has passed is collected sooner than it would be', () => {
  const turns = Array.from({ length: TURNS }, () => [small, ''].map((one) => run(PACKETS, one)));
  const middle = (side: 0 | 1): number =>
    turns.map((both) => both[side]!).sort((a, b) => a - b)[TURNS >> 1]!;
  expect(middle(0)).toBeLessThan(SHARE_MAX * middle(1));
});
