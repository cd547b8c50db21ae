/**
 * The typed client of the daemon's API, for every screen: terminal now, browser next. It uses
 * `fetch` and nothing of Node, holds no state but a cursor, and checks the shape of what comes
 * back only as far as it must (the contract's own schemas are the daemon's duty).
 *
 * `reach` is asked before each request where the daemon is, because a restart may change port
 * and token.
 * @module
 */
import type { ApiErrorBody, Method, Params, Result, StreamEvent } from './contract.ts';
import { API_PREFIX, API_VERSION } from './wire.ts';

/** `url` without a path, such as http://127.0.0.1:7340. */
export interface Reach {
  readonly url: string;
  readonly token: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface EventOptions extends CallOptions {
  /** Where to go on; without it, from now on. */
  readonly from?: string;
  /** How long to keep trying to reconnect once a connection has ended; 0: its end is the end. */
  readonly patienceMs?: number;
  /** Called at each loss of the connection, before the first attempt to get it back. */
  readonly onLost?: () => void;
}

/** The daemon answered, and the answer is no. */
export class ApiError extends Error {
  readonly body: ApiErrorBody;
  constructor(body: ApiErrorBody) {
    super(body.message);
    this.name = 'ApiError';
    this.body = body;
  }
}

/** Nobody answered, or the connection broke: the request may or may not have been done. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('the daemon cannot be reached', { cause });
    this.name = 'UnreachableError';
  }
}

/** What answered does not speak the contract. */
export class BadAnswerError extends Error {
  constructor() {
    super('the answer is not of this API');
    this.name = 'BadAnswerError';
  }
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;
const PATIENCE_MS = 10_000;
/** One line of the stream: a message of full length, each byte escaped, and its wrapping. */
const LINE_CHARS_MAX = 256 * 1024;

export class Client {
  readonly #reach: () => Reach | Promise<Reach>;

  /** @param reach throws UnreachableError where it knows of no daemon. */
  constructor(reach: () => Reach | Promise<Reach>) {
    this.#reach = reach;
  }

  /**
   * One request.
   * @throws ApiError, UnreachableError, BadAnswerError, or the signal's reason.
   */
  async call<M extends Method>(
    method: M,
    params: Params<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    const response = await this.#fetch(method, options.signal, JSON.stringify(params));
    const body = await readJson(response, options.signal);
    if (isRecord(body) && body['v'] === API_VERSION) {
      if (body['ok'] === true && isRecord(body['data'])) return body['data'] as Result<M>;
      if (body['ok'] === false && isErrorBody(body['error'])) throw new ApiError(body['error']);
    }
    throw new BadAnswerError();
  }

  /**
   * The event stream, for as long as it is read. A lost connection is taken up again after the
   * last cursor seen, so that stored events come exactly once and in order; the others may be
   * missed meanwhile, and the first line of each connection says how the network is.
   * @throws UnreachableError where nobody answers within `patienceMs`; at once where the very
   *   first connection fails. Also ApiError, BadAnswerError, or the signal's reason.
   */
  async *events(options: EventOptions = {}): AsyncGenerator<StreamEvent, void, void> {
    const { signal, patienceMs = PATIENCE_MS } = options;
    let cursor = options.from;
    let connected = false;
    let delayMs = RETRY_FIRST_MS;
    let giveUpAtMs = 0;
    for (;;) {
      try {
        for await (const event of this.#connection(cursor, signal)) {
          connected = true;
          delayMs = RETRY_FIRST_MS;
          giveUpAtMs = 0;
          cursor = event.cursor ?? cursor;
          yield event;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (!connected || !worthRetrying(error)) throw error;
      }
      if (giveUpAtMs === 0) {
        giveUpAtMs = Date.now() + patienceMs;
        options.onLost?.();
      }
      if (Date.now() >= giveUpAtMs) throw new UnreachableError('it did not come back');
      await pause(delayMs, signal);
      delayMs = Math.min(2 * delayMs, RETRY_MAX_MS);
    }
  }

  async *#connection(
    from: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StreamEvent, void, void> {
    const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
    const response = await this.#fetch(`events${query}`, signal);
    if (!response.ok) {
      const body = await readJson(response, signal);
      const error = isRecord(body) ? body['error'] : undefined;
      throw isErrorBody(error) ? new ApiError(error) : new BadAnswerError();
    }
    for await (const line of lines(response, signal)) {
      if (line === '') continue;
      const event = parseJson(line);
      // The stream ends because of this, such as `locked`.
      if (isRecord(event) && isErrorBody(event['error'])) throw new ApiError(event['error']);
      if (!isRecord(event) || event['v'] !== API_VERSION || typeof event['type'] !== 'string') {
        throw new BadAnswerError();
      }
      yield event as StreamEvent;
    }
  }

  /** GET without a body, POST with one. */
  async #fetch(path: string, signal?: AbortSignal, body?: string): Promise<Response> {
    const { url, token } = await this.#reach();
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await fetch(url + API_PREFIX + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
        // A daemon redirects nowhere: whoever does is not one, and must not get the token.
        redirect: 'error',
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new UnreachableError(error);
    }
  }
}

function worthRetrying(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  // A new daemon has a new token, and its file may be one moment old.
  return error instanceof ApiError && ['unauthorised', 'stopping'].includes(error.body.reason);
}

/** Lines of a body. An end without a newline drops the unfinished line: it will come again. */
async function* lines(
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, void> {
  const reader = response.body?.getReader();
  if (!reader) throw new BadAnswerError();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw new BadAnswerError();
      yield* parts;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof BadAnswerError ? error : new UnreachableError(error);
  } finally {
    // Closes the connection where the reader stopped early; nothing depends on its outcome.
    reader.cancel().catch(() => undefined);
  }
}

async function readJson(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(error);
  }
  return parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadAnswerError();
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isErrorBody(value: unknown): value is ApiErrorBody {
  if (!isRecord(value)) return false;
  return (['code', 'reason', 'message', 'hint'] as const).every(
    (key) => typeof value[key] === 'string',
  );
}
