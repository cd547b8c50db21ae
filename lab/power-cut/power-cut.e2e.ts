/**
 * The power cut in short: 200 images, and the control that must lose something.
 * @module
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

test('[VLT-29] 200 power cuts lose nothing that was acknowledged', () => {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const program = ['--import', tsx, main, '--images', '200', '--messages', '80'];
  const run = spawnSync(process.execPath, program, { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /passed: 200 power cuts and 20 kills, 0 lost/);
});
