/**
 * Messages from the API of one daemon to the vault of another: how long one takes there and its
 * receipt back, how many a second go one way, and when the search finds them.
 * @module
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { VaultReader } from '@sotto/vault/reader.ts';
import { readKeyFile } from '@sotto/vault/key-file.ts';
import { Calls, freshId, pair, type LocalDaemon } from './a7-daemon.ts';
import { quantile, type Report } from './bar.ts';
import { fdatasyncMedianMs } from './disk.ts';

const TRIP_MS = 2;
const TRIP_SYNCS = 4;
const PER_SECOND = 1_000;
const CAUGHT_UP_MS = 2_000;
/** Calls under way in the one-way measurement: connections, and requests on each. */
const CONNECTIONS = 4;
const CALLS_EACH = 24;
/** Before the round trips: the code is as warm as that of a daemon that has run for a while. */
const WARM_S = 4;
const WARM_TRIPS = 3_000;
const SLOWED_TRIPS = 30;
const SLOWED_MS = 60;
const SLOWED_FLOW_S = 5;
const GIVE_UP_MS = 120_000;
const PORTS = [41_731, 41_732] as const;

export interface FlowOptions {
  readonly folder: string;
  readonly trips: number;
  readonly seconds: number;
}

export async function measureFlow(report: Report, options: FlowOptions): Promise<void> {
  const [ana, bo] = await pair(options.folder, PORTS);
  try {
    // Until the other side has written once, every envelope carries the first message's keys.
    await bo.call('messages.send', { to: ana.name, text: 'hello', clientId: freshId() });
    await roundTrips(report, ana, bo, options);
    await oneWay(report, ana, bo, options.seconds);
  } finally {
    await ana.stop();
    await bo.stop();
  }
}

/** One after the other, from the API call to the event that says `delivered`. */
async function roundTrips(
  report: Report,
  ana: LocalDaemon,
  bo: LocalDaemon,
  { folder, trips }: FlowOptions,
): Promise<void> {
  await flow(ana, bo, WARM_S);
  const delivered = await Deliveries.of(ana);
  const trip = async (text: string): Promise<number> => {
    const startedMs = performance.now();
    const { event } = await ana.call('messages.send', { to: bo.name, text, clientId: freshId() });
    await delivered.event(event);
    return performance.now() - startedMs;
  };
  for (let i = 0; i < WARM_TRIPS; i++) await trip(`warm ${i}`);
  const times: number[] = [];
  // Before, between and after: what the disk does at the time of the messages.
  const syncs: number[] = [];
  for (let i = 0; i < trips; i++) {
    if (i % Math.ceil(trips / 5) === 0) syncs.push(fdatasyncMedianMs(folder));
    times.push(await trip(`there and back ${i}`));
  }
  const syncMs = quantile(syncs, 0.5);
  report.figures('round trip: sealed, stored, receipted', times, 'ms');
  report.say(`  this disk meanwhile: fdatasync median ${syncMs.toFixed(3)} ms`);
  const limitMs = TRIP_MS + TRIP_SYNCS * syncMs;
  const what = `p50 ≤ ${TRIP_MS} ms + ${TRIP_SYNCS} × fdatasync = ${limitMs.toFixed(2)} ms`;
  report.require(quantile(times, 0.5) <= limitMs, `round trip: ${what}`);
  const slowed: number[] = [];
  for (let i = 0; i < SLOWED_TRIPS; i++) {
    process.kill(bo.pid, 'SIGSTOP');
    setTimeout(() => process.kill(bo.pid, 'SIGCONT'), SLOWED_MS);
    slowed.push(await trip(`slowed ${i}`));
  }
  delivered.close();
  report.control(quantile(slowed, 0.5) > limitMs, 'a receiver that sleeps is too slow');
}

/** As many as the API takes, then until all are delivered and the search knows the last. */
async function oneWay(
  report: Report,
  ana: LocalDaemon,
  bo: LocalDaemon,
  seconds: number,
): Promise<void> {
  const { perSecond, last, endedMs, sent } = await flow(ana, bo, seconds);
  const reader = await readerOf(bo);
  try {
    while (reader.search({ text: last, limit: 1 }).found.length === 0) {
      if (performance.now() - endedMs > GIVE_UP_MS) throw new Error('the search never caught up');
      await pause(20);
    }
  } finally {
    reader.close();
  }
  const caughtUpMs = performance.now() - endedMs;
  const rate = `${perSecond.toFixed(0)} messages/s`;
  report.say(`one way: n ${sent} in ${seconds} s, ${rate} until the last was delivered`);
  report.say(`  the search knows the last ${caughtUpMs.toFixed(0)} ms after its delivery`);
  report.require(perSecond >= PER_SECOND, `one way: ≥ ${PER_SECOND} messages/s over ${seconds} s`);
  report.require(caughtUpMs <= CAUGHT_UP_MS, `search caught up ≤ ${CAUGHT_UP_MS / 1000} s later`);
  const sleeper = setInterval(() => {
    process.kill(bo.pid, 'SIGSTOP');
    setTimeout(() => process.kill(bo.pid, 'SIGCONT'), 160);
  }, 200);
  const slowed = await flow(ana, bo, SLOWED_FLOW_S);
  clearInterval(sleeper);
  await pause(200);
  const heard = `a receiver that sleeps most of the time (${slowed.perSecond.toFixed(0)}/s)`;
  report.control(slowed.perSecond < PER_SECOND, heard);
}

interface Flow {
  readonly sent: number;
  /** Over the time from the first call to the last delivery. */
  readonly perSecond: number;
  /** A word that only the last message has. */
  readonly last: string;
  readonly endedMs: number;
}

async function flow(ana: LocalDaemon, bo: LocalDaemon, seconds: number): Promise<Flow> {
  const delivered = await Deliveries.of(ana);
  const connections = Array.from({ length: CONNECTIONS }, () => new Calls(ana.api()));
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1000;
  let sent = 0;
  const send = async (calls: Calls, text: string): Promise<void> => {
    sent++;
    await calls.call('messages.send', { to: bo.name, text, clientId: freshId() });
  };
  const line = async (calls: Calls): Promise<void> => {
    while (performance.now() < untilMs) {
      await send(calls, `message ${sent} of a long talk about nothing in particular`);
    }
  };
  const lines = connections.flatMap((calls) =>
    Array.from({ length: CALLS_EACH }, () => line(calls)),
  );
  await Promise.all(lines);
  const last = `last-${freshId()}`;
  await send(connections[0]!, last);
  await delivered.count(sent);
  const endedMs = performance.now();
  for (const calls of connections) calls.close();
  delivered.close();
  return { sent, perSecond: (sent * 1000) / (endedMs - startedMs), last, endedMs };
}

/** The vault of somebody, beside their daemon. */
async function readerOf({ dataDir }: LocalDaemon): Promise<VaultReader> {
  const key = await readKeyFile(join(dataDir, 'key'), undefined);
  return new VaultReader(join(dataDir, 'vault.db'), key);
}

/** What the stream of events says was delivered. */
class Deliveries {
  readonly #waiting = new Map<string, () => void>();
  readonly #early = new Set<string>();
  #count = 0;
  #wanted: { count: number; done: () => void } | undefined;
  close: () => void = () => undefined;

  static async of(person: LocalDaemon): Promise<Deliveries> {
    const deliveries = new Deliveries();
    const stream = await person.events((event) => {
      if (event.type !== 'state' || event.data.state !== 'delivered') return;
      deliveries.#delivered(event.data.event);
    });
    deliveries.close = () => stream.close();
    return deliveries;
  }

  event(id: string): Promise<void> {
    if (this.#early.delete(id)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Resolves when so many have been delivered since the start. */
  async count(count: number): Promise<void> {
    if (this.#count >= count) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done, reject) => {
      this.#wanted = { count, done };
      timer = setTimeout(() => reject(new Error('not all were delivered')), GIVE_UP_MS);
    });
    clearTimeout(timer);
  }

  #delivered(id: string): void {
    this.#count++;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) waiting();
    else this.#early.add(id);
    if (this.#wanted && this.#count >= this.#wanted.count) this.#wanted.done();
  }
}
