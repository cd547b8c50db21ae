/**
 * Our DHT node on the daemon's own socket, spoken to in JSON lines; for tests beside others.
 *
 *   usage: our-node.ts HOST PORT BOOTSTRAP_HOST:PORT [read-only]
 *
 *   {"id": 1, "do": "put", "seed": HEX, "salt": HEX, "seq": 1, "value": HEX}
 *   {"id": 2, "do": "get", "key": HEX, "salt": HEX}
 *   {"id": 3, "do": "stats"}
 *   {"id": 4, "do": "find", "target": HEX, "at": [HOST, ...]}   find_node from a socket of its own
 *
 * Every answer says how long it took, `ms`; that to a get also when the first valid item was there,
 * `firstMs`. It says {"ready": true} when it knows others, and ends with its stdin.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { decode } from '@sotto/core/base/bencode.ts';
import { fromHex, hex } from '@sotto/core/base/bytes.ts';
import { parseEndpoint, type Endpoint } from '@sotto/core/base/endpoint.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { DhtNode } from '@sotto/core/discovery/dht-node.ts';
import { signItem, type FoundItem } from '@sotto/core/discovery/item.ts';
import { decodeKrpc, encodeQuery } from '@sotto/core/discovery/krpc.ts';
import { idForHost } from '@sotto/core/discovery/node-id.ts';
import { Udp } from '../../daemon/udp.ts';
import type { Line } from './line-process.ts';

const [host = '', port = '', bootstrap = '', mode] = process.argv.slice(2);
const FIND_WAIT_MS = 1000;

const random = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(bytes));
const nowMs = (): number => performance.now();
const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const udp = new Udp((from, bytes) => {
  node.handleDatagram(from, bytes, nowMs());
  drain();
});
const node = new DhtNode({
  random,
  nowMs: nowMs(),
  bootstrap: [parseEndpoint(bootstrap)!],
  readOnly: mode === 'read-only',
  allowReserved: true,
});
let timer: NodeJS.Timeout | undefined;
let nextOp = 1;
const operations = new Map<number, { id: unknown; startedMs: number; firstMs?: number }>();

function drain(): void {
  for (let out = node.poll(); out; out = node.poll()) {
    if (out.type === 'send') udp.send(out.to, out.bytes);
    else if (out.type === 'ready') say({ ready: true });
    else if (out.type === 'progress') noteFirst(out.op);
    else if (out.type === 'got')
      finish(out.op, { ...itemLine(out.item), authoritative: out.authoritative });
    else if (out.type === 'put-done') finish(out.op, { stored: out.stored, results: out.results });
  }
  clearTimeout(timer);
  const wakeAtMs = node.wakeAtMs();
  if (wakeAtMs === undefined) return;
  timer = setTimeout(
    () => {
      node.handleTimeout(nowMs());
      drain();
    },
    Math.max(0, wakeAtMs - nowMs()),
  );
}

function itemLine(item: FoundItem | undefined): Line {
  if (!item) return {};
  const decoded = decode(item.raw);
  const value = decoded.ok && decoded.value instanceof Uint8Array ? hex(decoded.value) : undefined;
  return { value, seq: Number(item.seq ?? 0n) };
}

function noteFirst(op: number): void {
  const operation = operations.get(op)!;
  operation.firstMs ??= nowMs() - operation.startedMs;
}

function finish(op: number, line: Line): void {
  const { firstMs, id, startedMs } = operations.get(op)!;
  operations.delete(op);
  say({ id, ms: nowMs() - startedMs, ...(firstMs !== undefined && { firstMs }), ...line });
}

function handle(request: Line): void {
  const bytes = (name: string): Uint8Array => fromHex(String(request[name]))!;
  const op = nextOp++;
  if (request['do'] === 'put') {
    operations.set(op, { id: request['id'], startedMs: nowMs() });
    const key = new SigningKey(new Secret('record', bytes('seed')));
    const value = bytes('value');
    const item = signItem(key, { salt: bytes('salt'), seq: Number(request['seq']), value });
    node.put(op, item, nowMs());
  } else if (request['do'] === 'get') {
    const [publicKey, salt] = [bytes('key'), bytes('salt')];
    operations.set(op, { id: request['id'], startedMs: nowMs() });
    node.get(op, { publicKey, salt }, nowMs());
  } else if (request['do'] === 'stats') {
    say({
      id: request['id'],
      stats: node.stats(),
      nodeId: hex(node.ids.v4!),
      seen: node.external('v4'),
    });
  } else {
    find(request, bytes('target'));
  }
  drain();
}

/** Which of the nodes name us, and under which id, when asked for what is near `target`? */
function find(request: Line, target: Uint8Array): void {
  const asker: Socket = createSocket('udp4');
  const listing = new Map<string, Endpoint[]>();
  asker.on('message', (message, from) => {
    const reply = decodeKrpc(message);
    if (!reply.ok || reply.kind !== 'reply') return;
    listing.set(
      from.address,
      reply.reply.contacts.map((contact) => contact.endpoint),
    );
  });
  asker.bind(0, host, () => {
    const id = idForHost(host, random); // half of the farm answers no other
    for (const at of request['at'] as string[]) {
      const query = encodeQuery(random(4), id, true, {
        method: 'find_node',
        target,
        want: [],
      });
      asker.send(query, 6881, at);
    }
  });
  setTimeout(() => {
    asker.close();
    const us = (end: Endpoint): boolean => end.host === host && end.port === Number(port);
    const naming = [...listing].filter(([, endpoints]) => endpoints.some(us)).map(([at]) => at);
    say({ id: request['id'], answered: listing.size, naming });
  }, FIND_WAIT_MS);
}

udp.bind(host, Number(port));
drain();
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => handle(JSON.parse(line) as Line));
lines.on('close', () => process.exit(0));
