/**
 * Host: starts the vault worker and carries messages to and from it.
 *
 * One worker serves every vault of the process: a thread of its own for each would cost about
 * 15 MB. From sources it runs `worker.ts` through tsx, in a release the bundle beside ours.
 * @module
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './channel.ts';

/** Memory of the worker's JavaScript heap; SQLite and libsignal keep theirs outside of it. */
const OLD_GENERATION_MB = 128;
const YOUNG_GENERATION_MB = 8;

type Listener = (message: FromWorker) => void;

export class VaultHost {
  readonly #worker: Worker;
  readonly #listeners = new Map<number, Listener>(); // one for each vault that is open
  readonly #onCrash = new Set<(error: Error) => void>();
  #crashed: Error | undefined;
  #next = 1;

  constructor() {
    const { file, eval: isSource = false } = workerProgram();
    const options: WorkerOptions = {
      name: 'vault',
      eval: isSource,
      resourceLimits: {
        maxOldGenerationSizeMb: OLD_GENERATION_MB,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    };
    this.#worker = new Worker(file, options);
    this.#worker.on('message', (message: FromWorker) => {
      this.#listeners.get(message.vault)?.(message);
    });
    this.#worker.on('error', (error) => this.#crash(error));
    this.#worker.on('exit', (code) => this.#crash(new Error(`the vault worker ended: ${code}`)));
  }

  /** A number for one more vault; it goes into every message. */
  number(): number {
    return this.#next++;
  }

  /** From now on this listener hears of the vault. */
  attach(vault: number, listener: Listener, onCrash: (error: Error) => void): void {
    this.#listeners.set(vault, listener);
    this.#onCrash.add(onCrash);
    if (this.#crashed) onCrash(this.#crashed);
  }

  detach(vault: number, onCrash: (error: Error) => void): void {
    this.#listeners.delete(vault);
    this.#onCrash.delete(onCrash);
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Ends the thread. Close its vaults first. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #crash(error: Error): void {
    if (this.#crashed) return;
    this.#crashed = error;
    for (const onCrash of this.#onCrash) onCrash(error);
  }
}

/** From sources: tsx must be in place before the first `.ts` file is loaded. */
function workerProgram(): { file: URL | string; eval?: boolean } {
  if (!import.meta.url.endsWith('.ts')) {
    return { file: new URL('./vault-worker.mjs', import.meta.url) };
  }
  const folder = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  const tsx = pathToFileURL(join(folder, 'dist/esm/api/index.mjs')).href;
  const worker = new URL('./worker.ts', import.meta.url).href;
  const start = `import('${tsx}').then(({ register }) => register() && import('${worker}'))`;
  return { file: `${start}.catch((error) => setImmediate(() => { throw error; }))`, eval: true };
}
