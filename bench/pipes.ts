/**
 * A link and a stream of hyperdht on loopback, in turn: how long 64 bytes take there and back, how
 * many bytes a second go one way, and what making one costs both processors together. No DHT is
 * asked: hyperdht's client is told the address of its server, our link is dialled there.
 * @module
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LineProcess, type Line } from '../lab/dht/line-process.ts';

const OURS = fileURLToPath(new URL('our-link-program.ts', import.meta.url));
const HYPERDHT = fileURLToPath(new URL('hyperdht-program.ts', import.meta.url));
/** Loopback addresses of our two, of hyperdht's two, and of the node they need to start. */
const [CALLER, CALLED, CLIENT, SERVER, NODE] = [2, 3, 4, 5, 6].map((n) => `127.0.77.${n}`);
const PORT = 41_761;
const WARM_TRIPS = 2_000;
const FLOW_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;
/** LNK-7 admits 20 handshakes per second of one address. */
const CONNECT_EVERY_MS = 60;
const WARM_CONNECTS = 30;
const CPU_PARTS = 10;

export interface Pipe {
  /** There and back, ms. */
  readonly tripMs: number[];
  readonly mibPerS: number[];
  /** From the call to the authenticated pipe, ms. */
  readonly connectMs: number[];
  /** Processor time of both ends for one, ms: means of several parts. */
  readonly cpuMs: number[];
}

export interface PipeFigures {
  readonly ours: Pipe;
  readonly hyperdht: Pipe;
}

interface Side {
  readonly dials: LineProcess;
  readonly answers: LineProcess;
  readonly to: Line;
  readonly into: Pipe;
}

export async function measurePipes(amount: {
  trips: number;
  flows: number;
  connects: number;
}): Promise<PipeFigures> {
  const figures = { ours: noPipe(), hyperdht: noPipe() };
  const running: LineProcess[] = [];
  const start = async (program: string, ...words: string[]): Promise<LineProcess> => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...words]);
    const process_ = new LineProcess(child);
    running.push(process_);
    await process_.ready;
    return process_;
  };
  try {
    await start(HYPERDHT, 'nodes', NODE!);
    const [caller, called] = [CALLER!, CALLED!].map((host) => start(OURS, host, String(PORT)));
    const [client, server] = [CLIENT!, SERVER!].map((host) => start(HYPERDHT, 'peer', host, NODE!));
    const { key } = await (await server!).ask({ do: 'listen' });
    const sides: Side[] = [
      {
        dials: await caller!,
        answers: await called!,
        to: await (await called!).ask({ do: 'who' }),
        into: figures.ours,
      },
      {
        dials: await client!,
        answers: await server!,
        to: { key, host: SERVER! },
        into: figures.hyperdht,
      },
    ];
    await measureTrips(sides, amount.trips);
    for (let i = -1; i < amount.flows; i++) await measureFlows(sides, i >= 0);
    await measureConnects(sides, amount.connects);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
  return figures;
}

function noPipe(): Pipe {
  return { tripMs: [], mibPerS: [], connectMs: [], cpuMs: [] };
}

/** In four parts each, so that a busy moment of this machine falls on both. */
async function measureTrips(sides: readonly Side[], count: number): Promise<void> {
  for (const { dials, to } of sides) await ask(dials, { do: 'trips', to, count: WARM_TRIPS });
  for (let part = 0; part < 4; part++) {
    for (const { dials, into, to } of sides) {
      const { ms } = await ask(dials, { do: 'trips', to, count: Math.ceil(count / 4) });
      into.tripMs.push(...(ms as number[]));
    }
  }
}

async function measureFlows(sides: readonly Side[], counts: boolean): Promise<void> {
  for (const { dials, into, to } of sides) {
    const { ms } = await ask(dials, { do: 'flow', to, bytes: FLOW_BYTES });
    if (counts) into.mibPerS.push(FLOW_BYTES / MIB / ((ms as number) / 1000));
  }
}

async function measureConnects(sides: readonly Side[], count: number): Promise<void> {
  for (let i = 0; i < WARM_CONNECTS; i++) {
    for (const { dials, to } of sides) await connect(dials, to);
  }
  const each = Math.ceil(count / CPU_PARTS);
  for (let part = 0; part < CPU_PARTS; part++) {
    const before = await Promise.all(sides.map(cpuMs));
    for (let i = 0; i < each; i++) {
      for (const { dials, into, to } of sides) into.connectMs.push(await connect(dials, to));
    }
    const after = await Promise.all(sides.map(cpuMs));
    for (const [i, { into }] of sides.entries()) into.cpuMs.push((after[i]! - before[i]!) / each);
  }
}

async function connect(dials: LineProcess, to: Line): Promise<number> {
  const { ms } = await ask(dials, { do: 'connect', to });
  await new Promise((resolve) => setTimeout(resolve, CONNECT_EVERY_MS));
  return ms as number;
}

async function cpuMs({ answers, dials }: Side): Promise<number> {
  const both = await Promise.all([answers, dials].map((end) => ask(end, { do: 'cpu' })));
  return both.reduce((sum, { ms }) => sum + (ms as number), 0);
}

async function ask(program: LineProcess, request: Line): Promise<Line> {
  const line = await program.ask(request);
  const { error } = line as { error?: string };
  if (error !== undefined) throw new Error(`${String(request['do'])}: ${error}`);
  return line;
}
