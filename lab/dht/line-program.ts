/**
 * The other end of a LineProcess, as a program of ours: it says that it is ready, and answers each
 * line, several at a time.
 * @module
 */
import { createInterface } from 'node:readline';

/** Until its input ends. @param answer what a line asks for; its error is told too. */
export async function answerLines<Ask>(answer: (ask: Ask) => Promise<object>): Promise<void> {
  say({ ready: true });
  for await (const text of createInterface({ input: process.stdin })) {
    const ask = JSON.parse(text) as Ask & { readonly id: number };
    answer(ask).then(
      (line) => say({ id: ask.id, ...line }),
      (error: Error) => say({ id: ask.id, error: error.message }),
    );
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
