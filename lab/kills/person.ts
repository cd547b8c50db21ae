/**
 * A person whose daemon dies: one data folder, the release bundles, and whatever its event
 * stream has shown, followed across every death.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, Client, UnreachableError } from '@sotto/api/client.ts';
import type { ApiFile, Message, Method, Params, Result } from '@sotto/api/contract.ts';
import type { StreamEvent } from '@sotto/api/contract.ts';
import { API_FILE, MESSAGES_PAGE_MAX } from '@sotto/api/wire.ts';
import { Board } from './board.ts';
import { Latch } from './latch.ts';

const CALL_MS = 20_000;
const AGAIN_MS = 20;

export interface PersonOptions {
  readonly folder: string;
  readonly name: string;
  /** Folder of the bundles. */
  readonly dist: string;
  /** `kth.so`. */
  readonly library: string;
  /** `key=value` of every start. */
  readonly settings: readonly string[];
}

export class Person {
  readonly name: string;
  readonly dataDir: string;
  readonly board: Board;
  /** Open while the API answers. */
  readonly running = new Latch();
  /** Events of the stream that came twice, which none may. */
  readonly shownTwice: string[] = [];
  /** Each stored event of the stream, once. */
  onEvent: (event: StreamEvent) => void = () => undefined;
  readonly #options: PersonOptions;
  readonly #client: Client;
  readonly #seen = new Set<string>();
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(0);
  #cursor: string | undefined;
  #abort = new AbortController();

  constructor(options: PersonOptions) {
    const { folder, library, name } = options;
    this.#options = options;
    this.name = name;
    this.dataDir = join(folder, name);
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    this.board = new Board(join(folder, `${name}.board`), library);
    this.#client = new Client(() => {
      const file = join(this.dataDir, API_FILE);
      // A daemon that ends in order takes the file with it first.
      if (!existsSync(file)) throw new UnreachableError('no daemon has told its port here');
      const { port, token } = JSON.parse(readFileSync(file, 'utf8')) as ApiFile;
      return { url: `http://127.0.0.1:${port}`, token };
    });
  }

  /** Starts the daemon. False where it died before it was ready. */
  async start(): Promise<boolean> {
    const { dist, settings } = this.#options;
    const given = [`profile.name=${this.name}`, ...settings];
    const flags = given.flatMap((setting) => ['--set', setting]);
    const args = [join(dist, 'daemon.mjs'), '--data-dir', this.dataDir, ...flags];
    const env = { ...process.env, ...this.board.environment(this.dataDir) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    this.#child = child;
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => {
        this.running.shut();
        this.#abort.abort();
        resolve(code);
      });
    });
    this.#ended = ended;
    const ready = new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true)));
    if (!(await Promise.race([ready, ended.then(() => false)]))) {
      const code = await ended;
      if (code === null) return false;
      throw new Error(`${this.name} ended with ${code}: ${complaint.slice(0, 300)}`);
    }
    this.#abort = new AbortController();
    if (child.exitCode !== null || child.signalCode !== null) return false;
    this.running.open();
    void this.#follow(this.#abort.signal);
    return true;
  }

  get lives(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with true when the daemon has ended by itself, false once the time is over. */
  async endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
    const ended = await Promise.race([this.#ended.then(() => true), late]);
    clearTimeout(timer);
    return ended;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.lives) this.#child!.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    await this.#ended;
  }

  /** The signal or the exit code by which it last ended; undefined while it lives. */
  get end(): NodeJS.Signals | number | undefined {
    return this.#child?.signalCode ?? this.#child?.exitCode ?? undefined;
  }

  /** One request, made once. @throws where it was refused or the answer was lost. */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#client.call(method, params, { signal: AbortSignal.timeout(CALL_MS) });
  }

  /** A request that may be made again, until it is answered, over deaths. */
  async callAgain<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    for (;;) {
      await this.running.passed();
      try {
        return await this.call(method, params);
      } catch (error) {
        if (error instanceof ApiError && !error.body.retryable && !isEnding(error)) throw error;
        if (!(error instanceof ApiError) && !isLost(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** Messages of a conversation after a cursor, oldest first; all without one. */
  async messagesAfter(to: string, after: string | undefined): Promise<Message[]> {
    const found: Message[] = [];
    let before: string | undefined;
    for (;;) {
      const bound = before === undefined ? {} : { before };
      const wish = { to, limit: MESSAGES_PAGE_MAX, ...bound };
      const { messages, more } = await this.callAgain('messages.list', wish);
      const known = messages.findIndex(({ cursor }) => cursor === after);
      found.unshift(...messages.slice(known + 1));
      before = messages[0]?.cursor;
      if (known >= 0 || !more) return found;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const from = this.#cursor === undefined ? {} : { from: this.#cursor };
    try {
      for await (const event of this.#client.events({ ...from, signal, patienceMs: 0 })) {
        if (event.cursor !== undefined) this.#cursor = event.cursor;
        if (event.type === 'message') {
          if (this.#seen.has(event.data.event)) this.shownTwice.push(event.data.event);
          this.#seen.add(event.data.event);
        }
        this.onEvent(event);
      }
    } catch {
      // The daemon died; the next start follows on from the cursor.
    }
    if (!signal.aborted) setTimeout(() => this.#again(signal), AGAIN_MS);
  }

  /** The stream broke, and the daemon may still live: too slow a reader, or a death just now. */
  #again(signal: AbortSignal): void {
    if (!signal.aborted && this.lives) void this.#follow(signal);
  }
}

function isEnding(error: ApiError): boolean {
  return ['stopping', 'unauthorised'].includes(error.body.reason);
}

/** Was the answer lost? Then the request may or may not have been carried out. */
function isLost(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  const { name } = error as Error;
  return name === 'TimeoutError' || name === 'AbortError' || name === 'BadAnswerError';
}
