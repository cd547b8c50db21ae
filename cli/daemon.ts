/**
 * The daemon of a profile as verbs see it: requests that end in time, and failures in words.
 *
 *   no api.json, its process gone, connection refused     not-running
 *   no answer within the time, connection broken          no-answer; `send` tries again first
 * @module
 */
import { Client, UnreachableError } from '@sotto/api/client.ts';
import type { Method, Params, Result, StreamEvent } from '@sotto/api/contract.ts';
import { failure } from './failure.ts';
import { readApiFile } from './profile.ts';

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 100;

interface DaemonOptions {
  readonly folder: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly debug: (text: string) => void;
}

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #client: Client;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#client = new Client(() => {
      const file = readApiFile(options.folder);
      if (!file) throw new UnreachableError('no daemon has told its port here');
      return { url: `http://127.0.0.1:${file.port}`, token: file.token };
    });
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Process of the running daemon; undefined where there is none. */
  pid(): number | undefined {
    return readApiFile(this.#options.folder)?.pid;
  }

  /** @throws Failure, ApiError, or the reason of Ctrl-C. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const ended = AbortSignal.timeout(this.timeoutMs);
    try {
      return await this.#once(method, params, ended);
    } catch (error) {
      throw this.#explain(error, ended);
    }
  }

  /**
   * For requests that are the same when made twice: a broken connection is tried again until
   * the time is up, also over a restart of the daemon.
   */
  async callAgain<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const ended = AbortSignal.timeout(this.timeoutMs);
    let broken = false;
    for (;;) {
      try {
        return await this.#once(method, params, ended);
      } catch (error) {
        const again = error instanceof UnreachableError && (broken || !isRefused(error));
        if (!again || ended.aborted) throw this.#explain(error, ended);
        broken = true;
      }
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }

  /** The event stream; it outlives a restart of the daemon that is shorter than the timeout. */
  async *events(
    from: string | undefined,
    signal = this.#options.signal,
    onLost = (): void => undefined,
  ): AsyncGenerator<StreamEvent, void, void> {
    const patienceMs = this.timeoutMs;
    const options = { signal, patienceMs, onLost, ...(from === undefined ? {} : { from }) };
    try {
      yield* this.#client.events(options);
    } catch (error) {
      if (error instanceof UnreachableError) throw failure('not-running', undefined, error);
      throw error;
    }
  }

  async #once<M extends Method>(
    method: M,
    params: Params<M>,
    ended: AbortSignal,
  ): Promise<Result<M>> {
    const startedMs = performance.now();
    const signal = AbortSignal.any([ended, this.#options.signal]);
    try {
      return await this.#client.call(method, params, { signal });
    } finally {
      this.#options.debug(`${method} ${(performance.now() - startedMs).toFixed(1)} ms`);
    }
  }

  #explain(error: unknown, ended: AbortSignal): unknown {
    if (this.#options.signal.aborted) return failure('interrupted', undefined, error);
    if (error instanceof UnreachableError) {
      return failure(isRefused(error) ? 'not-running' : 'no-answer', undefined, error);
    }
    return error === ended.reason ? failure('no-answer', undefined, error) : error;
  }
}

/** Nothing was sent: there is nobody, or nobody takes the connection. */
function isRefused(error: UnreachableError): boolean {
  const cause = error.cause;
  if (!(cause instanceof Error)) return true;
  return ((cause.cause ?? cause) as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}
