/**
 * The API server: HTTP on 127.0.0.1 and nowhere else, for programs of this user that can read the
 * token in api.json, and for browsers that they let in. What it serves is the contract
 * (api/contract.ts) and the browser app (web-replies.ts); who may come in is judged in
 * http-guard.ts, with the sessions of page-sessions.ts; what methods do is in methods.ts, the
 * stream of events in event-stream.ts.
 *
 * Nothing a client sends ends the process, holds a connection for long or fills memory: headers,
 * body, time, connections and failed tokens each have a limit (API-14, API-15).
 * Spec: docs/spec/local-api.md.
 * @module
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { API_VERSION, METHODS, REQUEST_BYTES_MAX } from '@sotto/api/contract.ts';
import type { Method, ParsedParams, Result } from '@sotto/api/contract.ts';
import { errorBody, httpStatusOf } from '@sotto/api/errors.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { equalSecret } from '@sotto/core/crypto/mac.ts';
import { cookieName, judge } from './http-guard.ts';
import type { Keys, Verdict } from './http-guard.ts';
import type { PageSession, PageSessions } from './page-sessions.ts';
import { endReply } from './reply-end.ts';
import type { WebFiles } from './web-files.ts';
import { redirect, replyWithPage } from './web-replies.ts';

export const API_HOST = '127.0.0.1';
const PORTS_TRIED = 100;
export const CONNECTIONS_MAX = 128;
/** Cookies of all other web servers of this computer come along. */
export const HEADER_BYTES_MAX = 32 * 1024;
export const HEADERS_MAX = 64;
export const HEADERS_MS = 5_000;
export const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** `{"key":"<64 hex>"}`, with room for blanks. */
const SWAP_BYTES_MAX = 256;
/** Browsers keep no cookie longer; the session ends when it was not used for long (API-27). */
const COOKIE_SECONDS = 400 * 86_400;
/** Wrong tokens answered at once within FAILURES_MS; further ones wait FAILURE_DELAY_MS. */
export const FAILURES_FREE = 10;
const FAILURES_MS = 60_000;
export const FAILURE_DELAY_MS = 500;
/** Wrong tokens that wait at one time; more are hung up on. */
const DELAYED_MAX = 32;

/** Security headers of every reply; there is no CORS header, ever. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Tells a client why not, by the error registry. */
export class Refusal extends Error {
  constructor(
    readonly reason: ErrorName,
    readonly detail?: ErrorDetail,
  ) {
    super(reason);
  }
}

export type Handlers = {
  readonly [M in Method]: (params: ParsedParams<M>) => Result<M> | Promise<Result<M>>;
};

export interface ApiServerParts {
  readonly token: string;
  readonly sessions: PageSessions;
  readonly files: WebFiles;
  readonly handlers: Handlers;
  /** Answers GET /api/v1/events. @throws Refusal */
  readonly events: (query: string, response: ServerResponse) => Promise<void>;
  /** A handler threw something that is no Refusal: our fault. */
  readonly onFault: (error: unknown) => void;
}

export class ApiServer {
  readonly #parts: ApiServerParts;
  readonly #keys: Keys<PageSession>;
  readonly #server: Server;
  readonly #counts = { requests: 0, refused: 0, malformed: 0, delayed: 0 };
  #port = 0;
  #failuresAtMs: number[] = [];
  #sockets = 0;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
    const token = utf8(parts.token);
    this.#keys = {
      isToken: (bearer) => equalSecret(utf8(bearer), token),
      session: (halves) => parts.sessions.find(halves),
    };
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: HEADERS_MS,
        insecureHTTPParser: false,
        requireHostHeader: true,
      },
      (request, response) => this.#serve(request, response),
    );
    this.#server.maxHeadersCount = HEADERS_MAX;
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('connection', (socket) => {
      this.#sockets++;
      // Where nobody listens, Node reads into one buffer for all, which shows the last requests
      // for as long as there is no longer one; so it reads into buffers that are freed (API-43).
      socket.on('data', () => undefined);
      socket.once('close', () => this.#sockets--);
    });
    this.#server.on('clientError', (error, socket) => {
      // Browsers connect ahead: an answer to nothing could be taken for that of their next request.
      if ('code' in error && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroy();
      else this.#hangUp(socket as Socket);
    });
    // A body is read whole or not at all: nobody is asked to go on.
    this.#server.on('checkContinue', (request, response) => this.#serve(request, response));
    this.#server.on('checkExpectation', (request, response) => this.#serve(request, response));
    for (const event of ['upgrade', 'connect']) {
      this.#server.on(event, (_: IncomingMessage, socket: Socket) => this.#hangUp(socket));
    }
  }

  /**
   * Listens on `port`, or where it may choose on the next free one.
   * @returns the port, or undefined where none is free.
   */
  async listen(port: number, mayChoose: boolean): Promise<number | undefined> {
    for (let i = 0; i < (mayChoose ? PORTS_TRIED : 1); i++) {
      const tried = port === 0 ? 0 : port + i;
      if (tried > 65_535 || !(await this.#listenOn(tried))) continue;
      const address = this.#server.address();
      this.#port = typeof address === 'object' && address ? address.port : tried;
      return this.#port;
    }
    return undefined;
  }

  stats(): Record<string, number> {
    const { requests, refused, malformed, delayed } = this.#counts;
    return {
      apiConnections: this.#sockets,
      apiRequests: requests,
      apiRefused: refused,
      apiMalformed: malformed,
      apiDelayed: delayed,
    };
  }

  /** Takes no more requests and ends every connection. */
  async close(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 100).unref();
    });
  }

  #listenOn(port: number): Promise<boolean> {
    return new Promise((done) => {
      const taken = (): void => done(false);
      this.#server.once('error', taken);
      this.#server.listen({ host: API_HOST, port, exclusive: true }, () => {
        this.#server.off('error', taken);
        done(true);
      });
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#counts.requests++;
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    const { method = '', httpVersion: version, url: target = '', rawHeaders } = request;
    const head = { method, version, target, rawHeaders };
    const verdict: Verdict<PageSession> = judge(head, this.#port, this.#keys);
    if (!verdict.ok) {
      this.#counts.refused++;
      if (verdict.status === 401) this.#refuseToken(response);
      else if (verdict.status === 307) redirect(response, verdict.location);
      else end(response, verdict.status);
      return;
    }
    if (verdict.to === 'page') {
      const { path } = verdict;
      return this.#attempt(response, () => replyWithPage(this.#parts.files, path, response));
    }
    if (verdict.to === 'call' && verdict.path === 'events') {
      const { query, session } = verdict;
      if (session) endWith(session, response);
      return this.#attempt(response, () => this.#parts.events(query, response));
    }
    readBody(request, verdict.to === 'swap' ? SWAP_BYTES_MAX : REQUEST_BYTES_MAX).then(
      (body) => {
        if (verdict.to === 'swap') return this.#swap(body, verdict.cookie, response);
        this.#attempt(response, () => this.#call(verdict.path, body, response));
      },
      () => fail(response, new Refusal('bad-input', { what: 'the request is too long' })),
    );
  }

  /** A one-use key becomes a session: a cookie, and what the page keeps (API-25). */
  #swap(body: string, before: string | undefined, response: ServerResponse): void {
    const { key } = (parseJson(body) ?? {}) as { key?: unknown };
    const isKey = typeof key === 'string' && /^[0-9a-f]{64}$/.test(key);
    const halves = isKey ? this.#parts.sessions.swap(key, before) : undefined;
    if (!halves) {
      this.#counts.refused++;
      return this.#refuseToken(response);
    }
    const cookie = `${cookieName(this.#port)}=${halves.cookie}`;
    const bounds = `Max-Age=${COOKIE_SECONDS}; Path=/api/; HttpOnly; SameSite=Strict`;
    response.setHeader('Set-Cookie', `${cookie}; ${bounds}`);
    end(response, 200, { v: API_VERSION, ok: true, data: { page: halves.page } });
  }

  async #call(method: string, body: string, response: ServerResponse): Promise<void> {
    if (!isMethod(method)) {
      const name = /^[a-zA-Z.]{1,40}$/.test(method) ? method : '?';
      throw new Refusal('unknown-method', { name });
    }
    const data = await this.#run(method, body);
    end(response, 200, { v: API_VERSION, ok: true, data });
  }

  #run<M extends Method>(method: M, body: string): Result<M> | Promise<Result<M>> {
    const read = METHODS[method].params.safeParse(parseJson(body));
    if (!read.success) {
      const { path = [], message = '' } = read.error.issues[0] ?? {};
      throw new Refusal('bad-input', {
        what: [path.join('.'), message].filter(Boolean).join(': '),
      });
    }
    return this.#parts.handlers[method](read.data as ParsedParams<M>);
  }

  /** Runs what may fail, and answers its failure. */
  #attempt(response: ServerResponse, work: () => void | Promise<void>): void {
    const failed = (error: unknown): void => {
      if (error instanceof Refusal) return fail(response, error);
      fail(response, new Refusal('internal'));
      this.#parts.onFault(error);
    };
    try {
      work()?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The token is not to be guessed anyhow; waiting keeps a program that tries quiet (API-15). */
  #refuseToken(response: ServerResponse): void {
    const nowMs = performance.now();
    this.#failuresAtMs = this.#failuresAtMs.filter((atMs) => nowMs - atMs < FAILURES_MS);
    const answer = (): void => fail(response, new Refusal('unauthorised'));
    if (this.#failuresAtMs.length < FAILURES_FREE) {
      this.#failuresAtMs.push(nowMs);
      return answer();
    }
    if (this.#counts.delayed >= DELAYED_MAX) {
      response.destroy();
      return;
    }
    this.#counts.delayed++;
    setTimeout(() => {
      this.#counts.delayed--;
      answer();
    }, FAILURE_DELAY_MS);
  }

  #hangUp(socket: Socket): void {
    this.#counts.malformed++;
    socket.on('error', () => socket.destroy());
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
    // One that does not hang up in turn is cut.
    setTimeout(() => socket.destroy(), HEADERS_MS).unref();
  }
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name);
}

/** Undefined where it is no JSON: then no schema accepts it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The whole body as text. Rejects where it is longer. */
function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  return new Promise((done, refuse) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
      else refuse(new Error('too long'));
    });
    request.on('end', () => {
      const whole = Buffer.concat(chunks);
      const text = whole.toString('utf8');
      // Node keeps such memory for later: no text and no passphrase stays in it (API-43).
      for (const bytes of [whole, ...chunks]) bytes.fill(0);
      done(text);
    });
    request.on('close', () => {
      if (!request.complete) refuse(new Error('cut'));
    });
  });
}

function fail(response: ServerResponse, { reason, detail }: Refusal): void {
  const status = httpStatusOf(reason);
  end(response, status, { v: API_VERSION, ok: false, error: errorBody(reason, detail) });
}

/** Ends a reply; a client that has not sent all of its body is hung up on. */
function end(response: ServerResponse, status: number, body?: object): void {
  if (response.headersSent || response.destroyed) return;
  const text = body ? JSON.stringify(body) : '';
  const isWhole = response.req.complete;
  response.writeHead(status, {
    ...HEADERS,
    ...(body ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
    'Content-Length': Buffer.byteLength(text),
    ...(isWhole ? {} : { Connection: 'close' }),
  });
  endReply(response, text);
}

/** A session that ends takes its replies with it. */
function endWith(session: PageSession, response: ServerResponse): void {
  const cut = (): void => void response.destroy();
  session.ends.add(cut);
  response.on('close', () => session.ends.delete(cut));
}

/** The head of a reply that goes on for as long as the client listens. */
export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/x-ndjson; charset=utf-8' });
}
