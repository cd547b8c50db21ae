/**
 * A stand-in for the daemon that speaks the contract over real HTTP, for tests of arguments and
 * formats. It holds every request and every answer against the schemas, so that no test can
 * agree with itself only. What the real daemon does is tested with the real daemon.
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { API_FILE, API_PREFIX, METHODS, StreamEvent } from '@sotto/api/contract.ts';
import type { Contact, Message, Method, ParsedParams } from '@sotto/api/contract.ts';
import type { Result, Status } from '@sotto/api/contract.ts';
import { errorBody, httpStatusOf } from '@sotto/api/errors.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';

/** A relay as text, as far as a screen is concerned. */
export const RELAY = 'sotto-relay:aaaa@203.0.113.7:443';
export const TOKEN = 'ab'.repeat(32);
/** Of the link that it opens the app with. */
export const PAGE_KEY = '5a'.repeat(32);
export const ID = `sotto:${'ab2c'.repeat(14)}`;
export const EVENT = '0123456789abcdef0123456789abcdef';
export const TIME = '2026-12-03T14:02:05.000Z';

export const ANA: Contact = {
  conversation: 'c_7k2',
  id: ID,
  name: 'Ana Ruiz',
  state: 'connected',
  online: true,
  route: 'direct',
  policy: 'auto',
  waiting: 0,
  devices: 1,
  lastSeenAt: TIME,
};

export function message(changes: Partial<Message> = {}): Message {
  return {
    event: EVENT,
    conversation: ANA.conversation,
    cursor: '41',
    outgoing: false,
    author: ANA.name,
    kind: 'text',
    text: 'hello',
    time: TIME,
    storedAt: TIME,
    state: 'received',
    read: false,
    gapBefore: false,
    fork: false,
    ...changes,
  };
}

/** Thrown by a handler: the daemon says no. */
export class No extends Error {
  constructor(
    readonly reason: ErrorName,
    readonly detail?: ErrorDetail,
  ) {
    super(reason);
  }
}

type Handlers = {
  [M in Method]?: (params: ParsedParams<M>, response: ServerResponse) => Result<M>;
};

export interface Call {
  readonly method: string;
  readonly params: unknown;
}

export class FakeDaemon {
  readonly folder: string;
  readonly calls: Call[] = [];
  /** Lines that go out at the start of each event stream, and what each stream was asked for. */
  eventLines: (from: string | undefined, nth: number) => readonly StreamEvent[] = () => [NETWORK];
  readonly eventRequests: (string | undefined)[] = [];
  readonly #handlers: Handlers;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  constructor(folder: string, handlers: Handlers = {}) {
    this.folder = folder;
    this.#handlers = { ...DEFAULTS, ...handlers };
    this.#server = createServer((request, response) => this.#handle(request, response));
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done));
    const at = (this.#server.address() as AddressInfo).port;
    mkdirSync(this.folder, { recursive: true });
    const file = { v: 1, pid: process.pid, port: at, token: TOKEN };
    writeFileSync(join(this.folder, API_FILE), JSON.stringify(file), { mode: 0o600 });
    return at;
  }

  async close(): Promise<void> {
    rmSync(join(this.folder, API_FILE), { force: true });
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** To every open stream. */
  emit(event: StreamEvent): void {
    for (const response of this.#streams) writeEvent(response, event);
  }

  dropStreams(): void {
    for (const response of this.#streams) response.destroy();
    this.#streams.clear();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      const method = pathname.slice(API_PREFIX.length);
      try {
        if (request.headers.authorization !== `Bearer ${TOKEN}`) throw new No('unauthorised');
        if (method === 'events') return this.#stream(searchParams.get('from'), response);
        this.#answer(method, JSON.parse(Buffer.concat(chunks).toString('utf8')), response);
      } catch (error) {
        const told = error instanceof No ? error : new No('internal', { what: String(error) });
        if (!(error instanceof No)) console.error(error);
        const body = { v: 1, ok: false, error: errorBody(told.reason, told.detail) };
        response.writeHead(httpStatusOf(told.reason)).end(JSON.stringify(body));
      }
    });
  }

  #answer(method: string, body: unknown, response: ServerResponse): void {
    if (!Object.hasOwn(METHODS, method)) throw new No('unknown-method', { name: method });
    const { params, result } = METHODS[method as Method];
    const read = params.safeParse(body);
    if (!read.success) throw new No('bad-input', { what: method });
    this.calls.push({ method, params: read.data });
    const handler = this.#handlers[method as Method] as
      ((params: unknown, response: ServerResponse) => unknown) | undefined;
    if (!handler) throw new No('internal');
    const answer = handler(read.data, response);
    if (response.destroyed) return;
    const data = result.parse(answer);
    response.writeHead(200).end(JSON.stringify({ v: 1, ok: true, data }));
  }

  #stream(from: string | null, response: ServerResponse): void {
    this.eventRequests.push(from ?? undefined);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    const lines = this.eventLines(from ?? undefined, this.eventRequests.length);
    for (const line of lines) writeEvent(response, line);
  }
}

export const NETWORK: StreamEvent = {
  v: 1,
  type: 'network',
  cursor: '40',
  data: { online: true, helpers: 148 },
};

function writeEvent(response: ServerResponse, event: StreamEvent): void {
  response.write(`${JSON.stringify(StreamEvent.parse(event))}\n`);
}

/** Of the fake's own profile and ANA. */
export const NUMBER = '0123456789'.repeat(6);

const INVITE: Result<'invites.create'> = {
  invite: '00ff00ff',
  link: 'sotto:i/abcdefghijkl',
  createdAt: TIME,
  expiresAt: '2026-12-10T14:02:05.000Z',
  reusable: false,
  state: 'open',
  usedBy: [],
};

const REQUEST: Result<'requests.list'>['requests'][number] = {
  conversation: 'c_9x',
  id: ID,
  name: 'Bo',
  knownName: false,
  text: 'Hello, we met at the fair.',
  time: TIME,
};

export const DOOR: Result<'door.status'> = {
  open: true,
  hidden: false,
  signedUntil: TIME,
  putAt: TIME,
  copies: 16,
  lookedAt: TIME,
  slotsTaken: 1,
  slots: 8,
};

export const PORT: Result<'config.get'> = {
  key: 'net.port',
  value: 20_000,
  source: 'file',
  default: 0,
  about: 'UDP and TCP port.',
  restart: true,
};

function find(to: string): Contact {
  if (['ana', 'ana ruiz', ANA.conversation].includes(to.toLowerCase())) return ANA;
  if (to === 'a') throw new No('ambiguous', { name: to, candidates: ['Ana Ruiz', 'Anton'] });
  throw new No('not-found', { name: to });
}

export const STATUS: Status = {
  id: ID,
  online: true,
  helpers: 148,
  readOnly: true,
  contacts: 2,
  linked: 1,
  waiting: 3,
  requests: 0,
  doorOpen: false,
  secondCopy: false,
  version: '0.1.0',
  pid: process.pid,
  startedAt: TIME,
};

const DEFAULTS: Handlers = {
  'status.get': () => STATUS,
  'invites.create': (params) => ({ ...INVITE, reusable: params.reusable }),
  'invites.list': () => ({ invites: [INVITE] }),
  'invites.revoke': () => ({}),
  'contacts.add': (params) => ({ ...ANA, name: params.name ?? ANA.name, online: false }),
  'contacts.list': () => ({ contacts: [ANA] }),
  'contacts.show': (params) => find(params.to),
  'contacts.rename': (params) => ({ ...find(params.to), name: params.name }),
  'contacts.block': (params) => ({ ...find(params.to), state: 'blocked' }),
  'contacts.unblock': (params) => find(params.to),
  'contacts.verify': (params) => {
    const contact = find(params.to);
    const digits = params.digits?.replace(/\s/g, '');
    if (digits !== undefined && digits !== NUMBER) {
      throw new No('numbers-differ', { name: contact.name });
    }
    const verified = params.mark ? { verifiedAt: TIME } : {};
    return { contact: { ...contact, ...verified }, safetyNumber: NUMBER };
  },
  'contacts.remove': () => ({}),
  'requests.list': () => ({ requests: [REQUEST], doorOpen: true }),
  'requests.accept': () => ({ ...ANA, name: 'Bo', online: false }),
  'requests.decline': () => ({}),
  'requests.block': () => ({ ...ANA, name: 'Bo', state: 'blocked', online: false }),
  'door.status': () => DOOR,
  'door.open': () => DOOR,
  'door.shut': () => ({ open: false, hidden: false, copies: 0, slotsTaken: 0, slots: 8 }),
  'messages.send': (params) => {
    const { conversation } = find(params.to);
    return { event: EVENT, conversation, duplicate: false };
  },
  'messages.list': (params) => {
    const { conversation, name } = find(params.to);
    return { conversation, name, messages: [message()], more: false, newer: false };
  },
  'messages.find': (params) => ({
    hits: [{ message: message({ text: `Shall we ${params.text}?` }), name: ANA.name }],
    more: false,
  }),
  'messages.markRead': () => ({}),
  'route.show': (params) => ({
    conversation: find(params.to).conversation,
    policy: 'auto',
    route: 'direct',
    transport: 'udx',
    endpoint: '192.0.2.7:20000',
    peerSeesMyIp: true,
    rttMs: 12.4,
    hops: 0,
    punched: false,
    changes: [],
  }),
  'route.set': (params) => {
    const { conversation } = find(params.to);
    if (params.policy !== 'hidden' && params.looser !== true) {
      throw new No('route-looser', { name: ANA.name });
    }
    const { policy } = params;
    const now = { route: 'waiting', peerSeesMyIp: false, hops: 0, punched: false } as const;
    const held = policy === 'hidden' ? ({ held: 'no-relay' } as const) : {};
    const changes = [{ at: TIME, by: 'us' as const, policy }];
    return { route: { conversation, policy, ...held, ...now, changes } };
  },
  'config.list': () => ({ entries: [PORT] }),
  'config.get': (params) => {
    if (params.key !== PORT.key) throw new No('not-found', { name: params.key });
    return PORT;
  },
  'config.set': (params) => ({ ...PORT, value: params.value ?? PORT.default }),
  'logs.tail': () => ({
    lines: [{ time: TIME, level: 'info', message: 'ready', fields: { port: 7340 } }],
    next: '1',
  }),
  'doctor.run': () => ({ checks: [] }),
  'relay.show': () => ({
    serve: 'public',
    clients: 2,
    text: RELAY,
    port443: 'open',
    listed: true,
    uses: [{ address: '192.0.2.9:443', source: 'public', reserved: true, ms: 41, answers: true }],
  }),
  'pages.open': ({ path }) => ({ url: `http://127.0.0.1:7340${path}#k=${PAGE_KEY}` }),
  'stats.get': () => ({ stats: { sockets: 2 } }),
  'daemon.stop': () => ({}),
};
