/**
 * Our links on real sockets, without people, vault and DHT: a program that is spoken to in JSON
 * lines (lab/dht/line-process.ts), like hyperdht-program.ts.
 *
 *   usage: our-link-program.ts HOST PORT
 *
 *   {"id": 1, "do": "who"}                         -> whom and where to dial, for "to"
 *   {"id": 2, "do": "connect", "to": WHO}          -> {"ms": N} until the link is up; then it ends
 *   {"id": 3, "do": "trips", "to": WHO, "count": N} -> {"ms": [...]} of 64 bytes there and back
 *   {"id": 4, "do": "flow", "to": WHO, "bytes": N} -> {"ms": N} until the last byte is answered
 *   {"id": 5, "do": "cpu"}                         -> {"ms": N} processor time so far
 *
 * What a daemon keeps on disk (first flights, for LNK-6) is kept by nobody here.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { fromHex, hex } from '@sotto/core/base/bytes.ts';
import { FEATURES, VERSIONS } from '@sotto/core/compose/versions.ts';
import type { GateKey, LinkId, LinksOutput, LinkTarget } from '@sotto/core/link/contract.ts';
import { Links } from '@sotto/core/link/links.ts';
import { Streams } from '../daemon/streams.ts';
import { Udp } from '../daemon/udp.ts';
import type { Line } from '../lab/dht/line-process.ts';
import { ECHO, FLOW_BODY_BYTES, LAST, PART, TRIP_BYTES } from './traffic.ts';

const GIVE_UP_MS = 20_000;
const host = process.argv[2]!;
const port = Number(process.argv[3]);

const random = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(bytes));
const nowMs = (): number => performance.now();
const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const self = {
  identity: random(32),
  device: random(32),
  noise: new Secret('device noise', random(32)),
};
/** No secret: it is told to whoever starts this program. */
const gateBytes = random(32);
const secret = new Secret('gate', gateBytes.slice());
const gate: GateKey = { id: 'bench', kind: 'direct', secret };
const links = new Links({
  random,
  self,
  versions: VERSIONS,
  features: FEATURES,
  gates: () => [gate],
  admit: () => true,
  replaySeen: new Map(),
});
const udp = new Udp((from, bytes) => {
  links.handleDatagram(from, bytes, nowMs());
  drain();
});
const streams = new Streams((input) => {
  if (input.type === 'stream-opened') links.handleStreamOpened(input.stream, nowMs());
  else if (input.type === 'stream-bytes')
    links.handleStreamBytes(input.stream, input.bytes, nowMs());
  else if (input.type === 'stream-writable') links.handleStreamWritable(input.stream, nowMs());
  else if (input.type === 'stream-closed') links.handleStreamClosed(input.stream, nowMs());
  drain();
}, udp);

/** What a link of ours is waited for. */
let up: ((link: LinkId) => void) | undefined;
let answered: (() => void) | undefined;
let writable: (() => void) | undefined;
let nextDial = 1;
let timer: NodeJS.Timeout | undefined;

function drain(): void {
  for (let out = links.poll(); out; out = links.poll()) carryOut(out);
  clearTimeout(timer);
  const wakeAtMs = links.wakeAtMs();
  if (wakeAtMs === undefined) return;
  const wake = (): void => {
    links.handleTimeout(nowMs());
    drain();
  };
  timer = setTimeout(wake, Math.max(0, wakeAtMs - nowMs()));
}

function carryOut(out: LinksOutput): void {
  switch (out.type) {
    case 'datagram':
      return udp.send(out.to, out.bytes);
    case 'stream-open':
      return streams.open({ ...out, transport: out.transport === 'udx' ? 'udx' : 'tcp' });
    case 'stream-write':
      return streams.write(out.stream, out.bytes);
    case 'stream-close':
      return streams.close(out.stream, out.reset);
    case 'replay':
      return links.handleReplayStored(out.token, true, nowMs());
    case 'up':
      return out.initiator ? up?.(out.link) : undefined;
    case 'message':
      return took(out.link, out.body, out.bytes);
    case 'writable':
      return writable?.();
    case 'path':
    case 'down':
    case 'dial-failed':
      return undefined;
  }
}

/** An echo goes back as an answer, and so does the last of a flow. */
function took(link: LinkId, body: Uint8Array, bytes: number): void {
  const kind = body[0];
  if (kind === ECHO || kind === LAST) {
    const back = kind === ECHO ? body.slice() : new Uint8Array(1);
    back[0] = 0;
    links.send(link, back, nowMs());
  } else if (kind !== PART) answered?.();
  links.credit(link, bytes, nowMs());
}

function who(): Line {
  return {
    host,
    port,
    identity: hex(self.identity),
    device: hex(self.device),
    noise: hex(dhPublicKey(self.noise.reveal())),
    gate: hex(gateBytes),
  };
}

/** One object for one gate: what was derived from its secret is kept with it. */
const gates = new Map<string, GateKey>();

function targetOf(to: Line): LinkTarget {
  const bytes = (name: string): Uint8Array<ArrayBuffer> => fromHex(String(to[name]))!;
  const name = String(to['gate']);
  const secret = new Secret('gate', bytes('gate'));
  const theirs = gates.get(name) ?? { id: 'theirs', kind: 'direct' as const, secret };
  gates.set(name, theirs);
  const [identity, device, noise] = [bytes('identity'), bytes('device'), bytes('noise')];
  return { identity, device, noise, versions: VERSIONS, gate: theirs };
}

async function connect(to: Line): Promise<{ link: LinkId; ms: number }> {
  const target = targetOf(to);
  const endpoint = { host: String(to['host']), port: Number(to['port']) };
  const startedMs = nowMs();
  const link = await soon<LinkId>((resolve) => {
    up = resolve;
    links.dial(nextDial++, target, [{ transport: 'udp', endpoint }], new Uint8Array(0), nowMs());
    drain();
  });
  return { link, ms: nowMs() - startedMs };
}

async function soon<T>(begin: (resolve: (value: T) => void) => void): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const value = await new Promise<T>((resolve, reject) => {
    late = setTimeout(() => reject(new Error('not in time')), GIVE_UP_MS);
    begin(resolve);
  });
  clearTimeout(late);
  return value;
}

async function answer(ask: Line): Promise<Line> {
  if (ask['do'] === 'who') return who();
  if (ask['do'] === 'cpu') return { ms: cpuMs() };
  const { link, ms } = await connect(ask['to'] as Line);
  try {
    if (ask['do'] === 'trips') return { ms: await trips(link, Number(ask['count'])) };
    if (ask['do'] === 'flow') return { ms: await flow(link, Number(ask['bytes'])) };
    return { ms };
  } finally {
    links.close(link, 'closed', nowMs());
    drain();
  }
}

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

async function trips(link: LinkId, count: number): Promise<number[]> {
  const times: number[] = [];
  const body = new Uint8Array(TRIP_BYTES);
  body[0] = ECHO;
  for (let i = 0; i < count; i++) {
    const startedMs = nowMs();
    await soon<void>((resolve) => {
      answered = resolve;
      links.send(link, body.slice(), nowMs());
      drain();
    });
    times.push(nowMs() - startedMs);
  }
  return times;
}

async function flow(link: LinkId, bytes: number): Promise<number> {
  const startedMs = nowMs();
  const send = async (kind: number, length: number): Promise<void> => {
    const body = new Uint8Array(length);
    body[0] = kind;
    while (!links.send(link, body, nowMs())) await soon<void>((resolve) => (writable = resolve));
    drain();
  };
  for (let sent = 0; sent < bytes; sent += FLOW_BODY_BYTES) await send(PART, FLOW_BODY_BYTES);
  const done = soon<void>((resolve) => (answered = resolve));
  await send(LAST, 1);
  await done;
  return nowMs() - startedMs;
}

udp.bind(host, port);
say({ ready: true });
const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
lines.on('line', (text) => {
  const ask = JSON.parse(text) as Line;
  answer(ask).then(
    (line) => say({ id: ask['id'], ...line }),
    (error: Error) => say({ id: ask['id'], error: error.message }),
  );
});
