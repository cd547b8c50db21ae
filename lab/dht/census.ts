/**
 * Which DHT nodes name a node that we ping: prints {"id": HEX, "answered": N, "naming": N}.
 *
 *   usage: census.ts OUR_HOST HOST:PORT NODE_HOST...      the nodes listen on port 6881
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { equal, hex } from '@sotto/core/base/bytes.ts';
import { parseEndpoint, type Endpoint } from '@sotto/core/base/endpoint.ts';
import { decodeKrpc, encodeQuery, type Query } from '@sotto/core/discovery/krpc.ts';
import { idForHost } from '@sotto/core/discovery/node-id.ts';

const NODE_PORT = 6881;
const ANSWER_MS = 1_000;
const TRIES = 3;

const [ourHost = '', subject = '', ...hosts] = process.argv.slice(2);
const random = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(bytes));
/** Some nodes answer only ids that fit the address (BEP 42). */
const ourId = idForHost(ourHost, random);
const socket = createSocket('udp4');
const answers = new Map<string, (reply: { id: Uint8Array; ids: readonly Uint8Array[] }) => void>();

socket.on('message', (bytes) => {
  const message = decodeKrpc(new Uint8Array(bytes));
  if (!message.ok || message.kind !== 'reply') return;
  const { contacts, id } = message.reply;
  answers.get(hex(message.transaction))?.({ id, ids: contacts.map((contact) => contact.id) });
});

/** One query, read-only so that nobody keeps us in a table; undefined without an answer. */
async function ask(
  to: Endpoint,
  query: Query,
): Promise<{ id: Uint8Array; ids: readonly Uint8Array[] } | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const transaction = random(4);
    const bytes = encodeQuery(transaction, ourId, true, query);
    socket.send(bytes, to.port, to.host);
    const reply = await new Promise<{ id: Uint8Array; ids: readonly Uint8Array[] } | undefined>(
      (resolve) => {
        answers.set(hex(transaction), resolve);
        setTimeout(() => resolve(undefined), ANSWER_MS);
      },
    );
    answers.delete(hex(transaction));
    if (reply) return reply;
  }
  return undefined;
}

const pong = await ask(parseEndpoint(subject)!, { method: 'ping' });
if (!pong) throw new Error(`${subject} does not answer`);
let answered = 0;
let naming = 0;
const query: Query = { method: 'find_node', target: pong.id, want: ['v4'] };
for (const host of hosts) {
  const reply = await ask({ host, port: NODE_PORT }, query);
  if (!reply) continue;
  answered++;
  if (reply.ids.some((id) => equal(id, pong.id))) naming++;
}
process.stdout.write(`${JSON.stringify({ id: hex(pong.id), answered, naming })}\n`);
socket.close();
