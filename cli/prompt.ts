/**
 * Questions to a person at a terminal. They go to stderr, so that stdout stays data.
 * @module
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { failure } from './failure.ts';

/** True for y or yes. @throws Failure `interrupted` */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N] `, process.stderr);
  return /^y(es)?$/i.test(answer.trim());
}

/** A line that is not shown while typed. @throws Failure `interrupted` */
export async function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = ask('', nowhere);
  // Only now: from here on the terminal echoes nothing.
  process.stderr.write(question);
  try {
    return await answer;
  } finally {
    process.stderr.write('\n');
  }
}

function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    // At a terminal readline takes Ctrl-C for itself; Ctrl-D closes it without an answer.
    lines.on('close', () => reject(failure('interrupted')));
    lines.on('SIGINT', () => lines.close());
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}
