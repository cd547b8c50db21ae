/**
 * Runs `sotto` as people and scripts do: as a process, from the bundle, with streams of its own.
 * @module
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from './fake-daemon.suite.ts';

const BANNER =
  "import { createRequire as __createRequire } from 'node:module';" +
  'const require = __createRequire(import.meta.url);';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** As this user, whom the tests may have to be. */
  readonly uid?: number | undefined;
}

/** A place with the bundle, a home and a profile; `close` takes all of it away. */
export class Terminal {
  readonly root = mkdtempSync(join(tmpdir(), 'sotto-cli-'));
  readonly program = join(this.root, 'sotto.mjs');
  readonly batch = join(this.root, 'batch.mjs');
  readonly folder = join(this.root, 'home', '.local', 'share', 'sotto', 'default');
  readonly #daemons: FakeDaemon[] = [];

  constructor() {
    bundle(new URL('./main.ts', import.meta.url), this.program);
  }

  async daemon(...args: [handlers?: ConstructorParameters<typeof FakeDaemon>[1]]) {
    const daemon = new FakeDaemon(this.folder, ...args);
    this.#daemons.push(daemon);
    await daemon.listen();
    return daemon;
  }

  /** Ends what a test has started, and keeps the bundle. */
  async closeDaemons(): Promise<void> {
    for (const daemon of this.#daemons.splice(0)) await daemon.close();
    rmSync(join(this.root, 'home'), { recursive: true, force: true });
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  env(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: join(this.root, 'home'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      TERM: 'xterm',
      ...changes,
    };
  }

  /** Command lines one after the other in one process: where the start of each proves nothing. */
  async runAll(
    lines: readonly (readonly string[])[],
    env: RunOptions['env'] = {},
  ): Promise<readonly Ran[]> {
    if (!existsSync(this.batch)) bundle(new URL('./batch.suite.ts', import.meta.url), this.batch);
    const child = spawn(process.execPath, [this.batch], {
      cwd: this.root,
      env: this.env(env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = await ended(child, JSON.stringify(lines));
    if (stderr !== '') throw new Error(stderr);
    return JSON.parse(stdout) as Ran[];
  }

  start(
    args: readonly string[],
    options: RunOptions = {},
  ): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn(process.execPath, [this.program, ...args], {
      cwd: this.root,
      env: this.env(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return ended(this.start(args, options), options.input);
  }

  /** With a pseudo terminal on all streams. Types each answer when its question is shown. */
  async atTerminal(
    args: readonly string[],
    options: { env?: RunOptions['env']; answers?: readonly (readonly [string, string])[] } = {},
  ): Promise<Ran> {
    const words = [process.execPath, this.program, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', words, '/dev/null'], {
      cwd: this.root,
      env: this.env({ SHELL: '/bin/sh', ...options.env }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const answers = [...(options.answers ?? [])];
    let shown = '';
    child.stdout.on('data', (chunk: string) => {
      shown += chunk;
      const [question, answer] = answers[0] ?? [];
      if (question === undefined || !shown.includes(question)) return;
      answers.shift();
      shown = '';
      child.stdin.write(`${answer}\n`);
    });
    return ended(child, null);
  }
}

/** @param input what comes by standard input, which then ends; null leaves it open. */
export async function ended(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  input?: string | Uint8Array | null,
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.on('error', () => undefined);
  // A terminal whose input ends is hung up.
  if (input !== null) child.stdin.end(input);
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, stdout, stderr };
}

export function bundle(entry: URL, outfile: string): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync(
    join(root, 'node_modules', '.bin', 'esbuild'),
    [
      fileURLToPath(entry),
      '--bundle',
      '--platform=node',
      '--target=node20.19',
      '--format=esm',
      '--log-level=error',
      '--define:__SOTTO_VERSION__="0.1.0"',
      `--banner:js=${BANNER}`,
      `--outfile=${outfile}`,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
}
