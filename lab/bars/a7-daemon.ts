/**
 * Daemons of the release bundles on loopback, and their API spoken over kept connections with
 * as little work on this side as possible: what is measured is the daemon.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ApiFile, Params, Result, StreamEvent } from '@sotto/api/contract.ts';
import type { Method } from '@sotto/api/contract.ts';
import { API_FILE, API_PREFIX } from '@sotto/api/wire.ts';
import { ROOT } from './bar.ts';

const DAEMON = join(ROOT, 'dist', 'daemon.mjs');
export const LOOPBACK = '127.0.0.1';
/** From the port of a daemon to that of its API. */
const API_PORT_FURTHER = 100;
const END_AFTER_MS = 5_000;

/** One profile, whose daemon may be started again and again. */
export class LocalDaemon {
  readonly dataDir: string;
  #child: ChildProcess | undefined;
  #calls: Calls | undefined;
  #streams: Events[] = [];

  /** @param settings `key=value` of every start. */
  constructor(
    folder: string,
    readonly name: string,
    private readonly settings: readonly string[],
    private readonly nodeFlags: readonly string[] = [],
  ) {
    this.dataDir = join(folder, name);
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts the program; resolves when it says that it is ready. */
  async start(): Promise<void> {
    const given = [`profile.name=${this.name}`, ...this.settings];
    const flags = given.flatMap((setting) => ['--set', setting]);
    const args = [...this.nodeFlags, DAEMON, '--data-dir', this.dataDir, ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) =>
        reject(new Error(`${this.name} ended with ${code}: ${complaint.slice(0, 300)}`)),
      );
    });
  }

  /** Ends it and waits until it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#calls?.close();
    this.#calls = undefined;
    for (const stream of this.#streams) stream.close();
    this.#streams = [];
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), END_AFTER_MS);
    await ended;
    clearTimeout(killer);
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#calls === undefined || this.#calls.isClosed) this.#calls = new Calls(this.api());
    return this.#calls.call(method, params);
  }

  /** The stream of events from now on; resolves when it stands. */
  async events(onEvent: (event: StreamEvent) => void): Promise<Events> {
    const stream = new Events(this.api(), onEvent);
    this.#streams.push(stream);
    await stream.standing;
    return stream;
  }

  async stats(): Promise<Record<string, number>> {
    return (await this.call('stats.get', {})).stats;
  }

  /** Where its API listens now. */
  api(): ApiFile {
    return JSON.parse(readFileSync(join(this.dataDir, API_FILE), 'utf8')) as ApiFile;
  }
}

/** Requests over one connection, answered in order; each may follow before the last is answered. */
export class Calls {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #waiting: ((body: string) => void)[] = [];
  #failed: ((error: Error) => void)[] = [];
  #unread: Buffer = Buffer.alloc(0);

  constructor({ port, token }: ApiFile) {
    this.#head = `Host: ${LOOPBACK}:${port}\r\nAuthorization: Bearer ${token}\r\n`;
    this.#socket = connect({ host: LOOPBACK, port, noDelay: true });
    this.#socket.on('data', (bytes) => this.#read(bytes));
    const cut = (): void => {
      for (const fail of this.#failed.splice(0)) fail(new Error('the daemon hung up'));
    };
    this.#socket.on('error', cut).on('close', cut);
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const body = JSON.stringify(params);
    const length = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
    const request = `POST ${API_PREFIX}${method} HTTP/1.1\r\n${this.#head}${length}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#failed.push(reject);
      this.#waiting.push((answer) => {
        const { data, error, ok } = JSON.parse(answer) as {
          ok: boolean;
          data: Result<M>;
          error?: { message: string };
        };
        if (ok) resolve(data);
        else reject(new Error(`${method}: ${error?.message}`));
      });
      this.#socket.write(request);
    });
  }

  /** True where the daemon has hung up: it does so after a while without requests. */
  get isClosed(): boolean {
    return this.#socket.closed;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, bytes]) : bytes;
    for (;;) {
      const headEnd = this.#unread.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = this.#unread.toString('latin1', 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#unread.length < end) return;
      const body = this.#unread.toString('utf8', headEnd + 4, end);
      this.#unread = this.#unread.subarray(end);
      this.#failed.shift();
      this.#waiting.shift()?.(body);
    }
  }
}

/** The NDJSON stream of events. */
export class Events {
  readonly #socket: Socket;
  #unread = '';
  readonly standing: Promise<void>;

  constructor({ port, token }: ApiFile, onEvent: (event: StreamEvent) => void) {
    this.#socket = connect({ host: LOOPBACK, port, noDelay: true });
    const head = `Host: ${LOOPBACK}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    this.#socket.write(`GET ${API_PREFIX}events HTTP/1.1\r\n${head}`);
    this.standing = new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.setEncoding('utf8').on('data', (text: string) => {
        const lines = (this.#unread + text).split('\n');
        this.#unread = lines.pop()!;
        for (const line of lines) {
          // Chunk sizes and headers stand on lines of their own; only events begin with a brace.
          if (!line.startsWith('{')) continue;
          resolve();
          onEvent(JSON.parse(line) as StreamEvent);
        }
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

export function freshId(): string {
  return randomBytes(16).toString('hex');
}

/** Two people who have met, both running, each knowing the other by name. */
export async function pair(
  folder: string,
  ports: readonly [number, number],
  nodeFlags: readonly string[] = [],
): Promise<[LocalDaemon, LocalDaemon]> {
  const daemons = ports.map((port, i) => {
    const settings = [
      'net.allowReserved=true',
      'net.bind=127.0.0.1',
      'echo.enabled=false',
      `net.port=${port}`,
      // Of its own: another program may take a common one while this daemon is restarted.
      `api.port=${port + API_PORT_FURTHER}`,
      `dht.bootstrap=${LOOPBACK}:${ports[1 - i]}`,
    ];
    return new LocalDaemon(folder, i === 0 ? 'Ana' : 'Bo', settings, nodeFlags);
  });
  const [ana, bo] = daemons as [LocalDaemon, LocalDaemon];
  await Promise.all([ana.start(), bo.start()]);
  const { link } = await ana.call('invites.create', {});
  const met = isOnline(ana);
  await bo.call('contacts.add', { text: link!, name: 'Ana' });
  await met;
  await isOnline(bo);
  return [ana, bo];
}

/** Resolves when a contact of this person is linked. */
export async function isOnline(person: LocalDaemon): Promise<void> {
  let seen: () => void;
  const linked = new Promise<void>((resolve) => (seen = resolve));
  const stream = await person.events((event) => {
    if (event.type === 'route' && event.data.route !== 'waiting') seen();
  });
  const { contacts } = await person.call('contacts.list', {});
  if (!contacts.some((contact) => contact.online)) await linked;
  stream.close();
}
