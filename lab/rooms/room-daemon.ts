/**
 * A daemon of the release bundles in a room, and its API spoken from outside.
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Method, Params, Result } from '@sotto/api/contract.ts';
import { ROOT } from '../bars/bar.ts';
import { LineProcess } from '../dht/line-process.ts';
import { bundled } from './bundled.ts';
import type { Arrival } from './inside.ts';
import type { Room } from './internet.ts';

const DAEMON = join(ROOT, 'dist', 'daemon.mjs');
const INSIDE = new URL('inside.ts', import.meta.url);
/** Messages of one answer. */
const PAGE = 200;
const MEET_MS = 60_000;

export class RoomDaemon {
  readonly dataDir: string;
  #inside!: LineProcess;
  #pid = 0;
  #child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly room: Room,
    folder: string,
    readonly port: number,
    private readonly settings: readonly string[] = [],
  ) {
    this.dataDir = join(folder, name);
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
  }

  get pid(): number {
    return this.#pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null;
  }

  /**
   * @param core the only processor it may use.
   * @param more settings of this start alone, `key=value`.
   * @param env more variables of its environment.
   */
  async start(
    core?: number,
    more: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<void> {
    const settings = [
      `profile.name=${this.name}`,
      `net.port=${this.port}`,
      'net.allowReserved=true',
      'echo.enabled=false',
      ...this.settings,
      ...more,
    ];
    const flags = settings.flatMap((setting) => ['--set', setting]);
    const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
    const words = [...pinned, process.execPath, DAEMON, '--data-dir', this.dataDir, ...flags];
    const child = this.room.spawn(words[0]!, words.slice(1), { env });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error(`${this.name}: ${complaint.slice(0, 300)}`)));
    });
    this.#pid = child.pid!;
    this.#child = child;
    const inside = [bundled(INSIDE), this.dataDir];
    this.#inside = new LineProcess(this.room.spawn(process.execPath, inside));
    await this.#inside.ready;
  }

  /** Ends it and waits for that. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ended = new Promise((resolve) => this.#child!.once('exit', resolve));
    if (signal === 'SIGKILL') process.kill(this.#pid, signal);
    await this.#inside.stop();
    if (signal === 'SIGTERM') this.#child!.kill(signal);
    await ended;
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const { data, error } = await this.#inside.ask({ method, params });
    if (error !== undefined) throw new Error(`${method} (${this.name}): ${JSON.stringify(error)}`);
    return data as Result<M>;
  }

  /** Sends messages and waits until their recipient has stored them. */
  async talk(to: string, count: number, everyMs: number): Promise<{ ms: number[]; lost: number }> {
    return (await this.#inside.ask({ talk: { to, count, everyMs } })) as never;
  }

  /** Sends one message after the other; the returned function ends that and tells how many. */
  async flow(to: string, everyMs: number): Promise<() => Promise<number>> {
    await this.#inside.ask({ flow: { to, everyMs } });
    return async () => Number((await this.#inside.ask({ flow: null }))['sent']);
  }

  /** What others wrote since the start, in the order in which this device told of it. */
  async arrivals(): Promise<Arrival[]> {
    return ((await this.#inside.ask({ arrivals: true })) as { arrivals: Arrival[] }).arrivals;
  }

  /** Calls a method after which a contact becomes linked. @returns how long that took, ms. */
  async reach<M extends Method>(method: M, params: Params<M>): Promise<number> {
    const { error, ms } = await this.#inside.ask({ reach: method, params });
    if (error !== undefined) throw new Error(`${method} (${this.name}): ${JSON.stringify(error)}`);
    return ms as number;
  }

  /** Every route that was told since the start. */
  async routes(): Promise<string[]> {
    return ((await this.#inside.ask({ routes: true })) as { routes: string[] }).routes;
  }

  async stats(): Promise<Record<string, number>> {
    return (await this.call('stats.get', {})).stats;
  }

  get rssBytes(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Processor time that it has used, in seconds. */
  get cpuS(): number {
    const fields = readFileSync(`/proc/${this.#pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}

/** Makes two people who run know each other, by an invite of the first. */
export async function meet(host: RoomDaemon, guest: RoomDaemon): Promise<void> {
  const { link } = await host.call('invites.create', {});
  await guest.call('contacts.add', { text: link!, name: host.name });
  await linked(host, MEET_MS, guest.name);
  await linked(guest, MEET_MS, host.name);
}

/** Resolves when this person is linked with a contact, or with some contact. */
export async function linked(person: RoomDaemon, timeoutMs = MEET_MS, to?: string): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const { contacts } = await person.call('contacts.list', {});
    if (contacts.some(({ name, online }) => online && (to ?? name) === name)) return;
    if (performance.now() > endMs) throw new Error(`${person.name} met ${to ?? 'nobody'} in vain`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How somebody reaches a contact now. */
export async function routeTo(person: RoomDaemon, to: string): Promise<Result<'route.show'>> {
  return await person.call('route.show', { to });
}

/** What somebody received from another, oldest first. */
export async function textsFrom(person: RoomDaemon, from: string): Promise<string[]> {
  const all: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = { to: from, limit: PAGE, ...(before === undefined ? {} : { before }) };
    const { messages, more } = await person.call('messages.list', page);
    const theirs = messages.filter(({ outgoing }) => !outgoing).map(({ text }) => text);
    all.unshift(...theirs);
    before = messages[0]?.cursor;
    if (!more || before === undefined) return all;
  }
}
