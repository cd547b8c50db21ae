/**
 * Services that count who connects, as a program in a room (JSON lines, line-process.ts): they
 * listen at all its addresses. Arguments: ports.
 *
 *   {}   ->  {"accepted": 0}    since the last question
 *
 * @module
 */
import { createServer } from 'node:net';
import { answerLines } from '../dht/line-program.ts';

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
await answerLines(() => {
  const since = accepted;
  accepted = 0;
  return Promise.resolve({ accepted: since });
});
process.exit(0);
