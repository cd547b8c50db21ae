import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Room of the young generation, in bytes, after much has lived for a while. */
const PROGRAM = `
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

function youngBytes(before: string): number {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', before + PROGRAM];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('the young generation stays small under work that would make it grow', () => {
  const young = new URL('./young.ts', import.meta.url).href;
  expect(youngBytes(`import '${young}';`)).toBeLessThan(SMALL_BYTES);
  expect(youngBytes('')).toBeGreaterThan(SMALL_BYTES);
});
