/**
 * Two daemons that die again and again while they write to each other, in short.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import { buildLibrary } from './kills/board.ts';
import { Campaign, IN_FLIGHT_MIN } from './kills/campaign.ts';
import { oracleNotices, requirementsOf } from './kills/verdict.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-kills-'));

after(() => rmSync(folder, { recursive: true, force: true }));

test('[VLT-29] daemons killed at random and at the k-th write lose nothing acknowledged', async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  const { campaign, outcome } = await Campaign.run({
    folder,
    dist: join(ROOT, 'dist'),
    library: buildLibrary(folder),
    kills: 18,
    operations: ['send', 'receive', 'receipt', 'invite', 'block', 'cancel', 'start'],
    seed: 1,
    restMs: 20_000,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
  for (const { met, what } of requirementsOf(outcome, IN_FLIGHT_MIN)) assert.ok(met, what);
  for (const { met, what } of oracleNotices(campaign)) assert.ok(met, `unnoticed: ${what}`);
});
