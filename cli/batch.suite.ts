/**
 * Many command lines in one process, for tests that try every verb: reads a list of them as JSON
 * from standard input, and prints what each wrote and how it ended.
 * @module
 */
import { readFileSync } from 'node:fs';
import { run } from './program.ts';
import type { Ran } from './terminal.suite.ts';

// Each run listens for Ctrl-C anew.
process.setMaxListeners(0);
const lines = JSON.parse(readFileSync(0, 'utf8')) as string[][];
const write = process.stdout.write.bind(process.stdout);
const results: Ran[] = [];
for (const line of lines) {
  const caught = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = (chunk: string | Uint8Array) => {
      caught[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      return true;
    };
  }
  results.push({ code: await run(line), ...caught });
}
write(JSON.stringify(results), () => process.exit());
