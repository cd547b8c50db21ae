/**
 * `npm start`: builds where needed, starts the daemon (or finds it running), shows who you are, and
 * opens the app in the browser where there is a terminal and a screen. At a terminal without a
 * screen it prints the link that opens the app; else it says how to get one, since what is
 * printed may be kept, and the link is a secret.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildIfStale, root } from './build.mjs';

await buildIfStale();
const program = join(root, 'dist', 'sotto.mjs');
/** Exit code of `sotto`: the profile is locked. Without a terminal a page asks for it. */
const LOCKED_EXIT = 5;
const isTerminal = process.stdout.isTTY === true;
const commands = isTerminal
  ? [['start'], ['status'], ['open']]
  : [['start', '--locked'], ['status']];
for (const command of commands) {
  const run = spawnSync(process.execPath, [program, ...command, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (!isTerminal && run.status === LOCKED_EXIT) break;
  if (run.status !== 0) {
    process.exitCode = run.status ?? 70;
    break;
  }
}
if (!isTerminal) console.error('Open the app: bin/sotto open --print-url');
console.error(`Manual: man -l ${join(root, 'dist', 'sotto.1')}`);
