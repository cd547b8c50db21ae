/**
 * hyperdht as a program that is spoken to in JSON lines (lab/dht/line-process.ts).
 *
 *   usage: hyperdht-program.ts nodes HOST...          one node each; the first is known to the rest
 *          hyperdht-program.ts peer HOST BOOTSTRAP    somebody who listens and connects
 *          hyperdht-program.ts peer HOST BOOTSTRAP behind   the same, behind a router
 *
 *   {"id": 1, "do": "listen"}                -> {"key": HEX} once a fresh key has been announced
 *   {"id": 2, "do": "shut", "key": HEX}
 *   {"id": 3, "do": "connect", "to": WHO}    -> {"ms": N} from the call to the authenticated stream
 *   {"id": 4, "do": "trips", "to": WHO, "count": N}, "flow" and "cpu" as in our-link-program.ts
 *
 * WHO is a key, and `host` where the server is asked itself instead of the DHT.
 * It says {"ready": true} when all nodes have found others, and ends with its stdin. Everybody but
 * those behind a router is told to be reachable, so that nothing is spent on routers that are not
 * there, and peers keep nothing for others: whoever stores a key looks it up in no time.
 * @module
 */
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import HyperDHT from 'hyperdht';
import type { Line } from '../lab/dht/line-process.ts';
import { ECHO, FLOW_BODY_BYTES, LAST, PART, TRIP_BYTES } from './traffic.ts';

export const HYPERDHT_PORT = 49_737;
const GIVE_UP_MS = 60_000;

const [role, ...words] = process.argv.slice(2);
const servers = new Map<string, { close(): Promise<void> }>();

function start(
  host: string,
  first: string,
  { ephemeral, firewalled }: { ephemeral: boolean; firewalled: boolean },
): HyperDHT {
  const bootstrap = host === first ? [] : [{ host: first, port: HYPERDHT_PORT }];
  return new HyperDHT({ host, port: HYPERDHT_PORT, ephemeral, firewalled, bootstrap });
}

function say(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function nodes(hosts: readonly string[]): Promise<void> {
  const kind = { ephemeral: false, firewalled: false };
  for (const host of hosts) await start(host, hosts[0]!, kind).fullyBootstrapped();
  say({ ready: true });
}

async function peer(host: string, first: string, firewalled: boolean): Promise<void> {
  const dht = start(host, first, { ephemeral: true, firewalled });
  await dht.fullyBootstrapped();
  say({ ready: true });
  lines.on('line', (text) => {
    const ask = JSON.parse(text) as Line;
    const work = answer(dht, ask);
    work.then(
      (answer) => say({ id: ask['id'], ...answer }),
      (error: Error) => say({ id: ask['id'], error: error.message }),
    );
  });
}

async function answer(dht: HyperDHT, ask: Line): Promise<Line> {
  if (ask['do'] === 'listen') return await listen(dht);
  if (ask['do'] === 'cpu') return { ms: cpuMs() };
  if (ask['do'] === 'shut') {
    await servers.get(String(ask['key']))?.close();
    return {};
  }
  const { ms, stream } = await connect(dht, ask['to'] as Line);
  try {
    if (ask['do'] === 'trips') return { ms: await trips(stream, Number(ask['count'])) };
    if (ask['do'] === 'flow') return { ms: await flow(stream, Number(ask['bytes'])) };
    return { ms };
  } finally {
    stream.on('error', () => undefined);
    stream.destroy();
  }
}

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

/** A write comes out at the other end as one piece. */
function serve(stream: Duplex): void {
  stream.on('error', () => undefined).on('end', () => stream.end());
  stream.on('data', (body: Buffer) => {
    if (body[0] === PART) return;
    const back = body[0] === ECHO ? Buffer.from(body) : Buffer.alloc(1);
    back[0] = 0;
    stream.write(back);
  });
}

async function listen(dht: HyperDHT): Promise<Line> {
  const keys = HyperDHT.keyPair();
  const server = dht.createServer(serve);
  await server.listen(keys);
  const key = keys.publicKey.toString('hex');
  servers.set(key, server);
  return { key };
}

async function connect(dht: HyperDHT, to: Line): Promise<{ ms: number; stream: Duplex }> {
  const key = Buffer.from(String(to['key']), 'hex');
  const { host } = to;
  const relayAddresses = typeof host === 'string' ? [{ host, port: HYPERDHT_PORT }] : [];
  const startedMs = performance.now();
  const stream = dht.connect(key, { relayAddresses });
  await soon<void>((resolve, reject) => void stream.once('open', resolve).once('error', reject));
  return { ms: performance.now() - startedMs, stream };
}

async function soon<T>(
  begin: (resolve: (value: T) => void, reject: (reason: Error) => void) => void,
): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const value = await new Promise<T>((resolve, reject) => {
    late = setTimeout(() => reject(new Error('not in time')), GIVE_UP_MS);
    begin(resolve, reject);
  });
  clearTimeout(late);
  return value;
}

async function trips(stream: Duplex, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const body = Buffer.alloc(TRIP_BYTES);
    body[0] = ECHO;
    const startedMs = performance.now();
    await soon<void>((resolve) => {
      stream.once('data', () => resolve());
      stream.write(body);
    });
    times.push(performance.now() - startedMs);
  }
  return times;
}

async function flow(stream: Duplex, bytes: number): Promise<number> {
  const startedMs = performance.now();
  const done = soon<void>((resolve) => void stream.once('data', () => resolve()));
  for (let sent = 0; sent < bytes; sent += FLOW_BODY_BYTES) {
    const body = Buffer.alloc(FLOW_BODY_BYTES);
    body[0] = PART;
    if (!stream.write(body)) {
      await soon<void>((resolve) => void stream.once('drain', () => resolve()));
    }
  }
  stream.write(Buffer.from([LAST]));
  await done;
  return performance.now() - startedMs;
}

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
if (role === 'nodes') await nodes(words);
else await peer(words[0]!, words[1]!, words[2] === 'behind');
