/**
 * What a captive portal answers in the name of every host: the way to its own page. Whatever is no
 * HTTP is answered with an error of HTTP, as web servers do. `{}` is answered with the number of
 * connections so far.
 * @module
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [port, page] = process.argv.slice(2);
let visits = 0;

const server = createServer((_, response) => {
  response.writeHead(302, { location: page, connection: 'close' }).end();
});
server.on('connection', () => visits++);
server.listen(Number(port), '0.0.0.0', () => say({ ready: true }));

createInterface({ input: process.stdin })
  .on('line', (line) => say({ ...(JSON.parse(line) as object), visits }))
  .on('close', () => process.exit(0));

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
