/**
 * What a captive portal answers in the name of every host: the way to its own page. Whatever is no
 * HTTP is answered with an error of HTTP, as web servers do. `{}` is answered with the number of
 * connections so far.
 * @module
 */
import { createServer } from 'node:http';
import { answerLines } from '../dht/line-program.ts';

const [port, page] = process.argv.slice(2);
let visits = 0;

const server = createServer((_, response) => {
  response.writeHead(302, { location: page, connection: 'close' }).end();
});
server.on('connection', () => visits++);
await new Promise<void>((done) => server.listen(Number(port), '0.0.0.0', done));
await answerLines(() => Promise.resolve({ visits }));
process.exit(0);
