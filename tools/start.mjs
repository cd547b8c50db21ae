/**
 * `npm start`: builds where needed, starts the daemon (or finds it running), shows who you are
 * and where the manual lies.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildIfStale, root } from './build.mjs';

await buildIfStale();
const program = join(root, 'dist', 'sotto.mjs');
for (const command of ['start', 'status']) {
  const run = spawnSync(process.execPath, [program, command, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (run.status !== 0) {
    process.exitCode = run.status ?? 70;
    break;
  }
}
console.error(`Manual: man -l ${join(root, 'dist', 'sotto.1')}`);
