/**
 * Services that count who connects, as a program in a room (JSON lines, line-process.ts): they
 * listen at all its addresses. Arguments: ports.
 *
 *   {}   ->  {"accepted": 0}    since the last question
 *
 * @module
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

let accepted = 0;
const ports = process.argv.slice(2).map(Number);
await Promise.all(
  ports.map((port) => {
    const server = createServer((socket) => {
      accepted++;
      socket.on('error', () => undefined);
      socket.resume();
    });
    return new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(port, '::', done);
    });
  }),
);
say({ ready: true });
for await (const text of createInterface({ input: process.stdin })) {
  const { id } = JSON.parse(text) as { id: number };
  say({ id, accepted });
  accepted = 0;
}
process.exit(0);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
