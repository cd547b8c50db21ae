/**
 * The fuzzer in short: some inputs into every decoder, and planted bugs that it must find soon.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import { bundle } from './fuzz/bundle.ts';
import { PLANTED } from './fuzz/planted.ts';
import { COUNTED, coverageOf, runOrder } from './fuzz/run.ts';
import { TARGETS } from './fuzz/targets.ts';

const INPUTS = 1_000;
const PLANTED_INPUTS_MAX = 60_000;
const SEED = 11;
/** Rare ways through a decoder are for the bar (A6). */
const BRANCHES_MIN = 0.7;

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'fuzz-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('no decoder throws, contradicts itself or takes long', async () => {
  const built = await bundle(folder, 'fuzz', COUNTED);
  const targets = TARGETS.map(({ name }) => name);
  const order = { targets, inputs: INPUTS, seed: SEED, untilFound: false };
  const { fault, results } = await runOrder(built, order);
  assert.equal(fault, undefined);
  assert.equal(results.length, TARGETS.length);
  for (const { accepted, findings, seeds, taken, target } of results) {
    assert.deepEqual(findings, [], target);
    assert.ok(seeds > 0 && accepted > 0, `${target}: valid inputs`);
    const { covers } = TARGETS.find(({ name }) => name === target)!;
    const branches = coverageOf(built.branches, covers, taken);
    assert.ok(branches.taken >= BRANCHES_MIN * branches.total, `${target}: ${branches.taken}`);
  }
});

for (const { name, patches, target } of PLANTED.filter(({ isRare }) => !isRare)) {
  test(`a planted bug is found: ${name}`, async () => {
    const built = await bundle(folder, 'planted', COUNTED, patches);
    const order = { targets: [target], inputs: PLANTED_INPUTS_MAX, seed: SEED, untilFound: true };
    const { fault, results } = await runOrder(built, order);
    assert.equal(fault, undefined);
    assert.equal(results[0]?.findings.length, 1);
  });
}
