import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { StreamEvent } from '@sotto/api/contract.ts';
import type { Command, CommandResult, ContactView } from '@sotto/core/commands.ts';
import { conversationText } from '@sotto/core/people/conversation.ts';
import type { FeedEntry, Message } from '@sotto/vault/view.ts';
import { NEWS_EVERY_MS } from './contact-news.ts';
import { CLIENTS_MAX, EventStream, WAITING_MAX } from './event-stream.ts';
import { People } from './people.ts';
import type { StoreReader } from './store.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A feed of texts in memory: row i is message i. */
class Feed implements StoreReader {
  readonly texts: string[] = [];
  reads = 0;
  /** The cursor that was asked for last. */
  asked = 0;
  lastCursor(): number {
    return this.texts.length;
  }
  feedAfter(cursor: number, limit: number): FeedEntry[] {
    this.reads++;
    this.asked = cursor;
    const count = Math.min(limit, this.texts.length - cursor);
    return Array.from({ length: count }, (_, i) => ({
      cursor: cursor + i + 1,
      type: 'message',
      event: new Uint8Array(16),
      message: this.#message(cursor + i + 1),
    }));
  }
  #message(cursor: number): Message {
    return {
      id: new Uint8Array(16),
      conversation: new Uint8Array(16),
      author: new Uint8Array(32),
      sequence: cursor,
      outgoing: false,
      kind: 'text',
      text: this.texts[cursor - 1]!,
      timeMs: 0,
      storedMs: 0,
      state: 'received',
      deliveredMs: undefined,
      route: undefined,
      gapBefore: false,
      fork: false,
      cursor,
    };
  }
  messages(): Message[] {
    return [];
  }
  conversations(): [] {
    return [];
  }
  search(): { found: []; more: false } {
    return { found: [], more: false };
  }
  readUpTo(): number {
    return 7;
  }
  unread(): number {
    return 3;
  }
}

/** What is read for somebody slow stops where the kernel's buffers are full: until then. */
async function standsStill(feed: Feed): Promise<void> {
  for (let before = -1, stills = 0; stills < 5; before = feed.reads) {
    await sleep(50);
    stills = feed.reads > 0 && feed.reads === before ? stills + 1 : 0;
  }
}

interface Scene {
  readonly stream: EventStream;
  readonly feed: Feed;
  readonly people: ContactView[];
  readonly port: number;
}

/** The two commands by which contacts are looked at. */
function answer(command: Command, contacts: readonly ContactView[]): CommandResult {
  if (command.type !== 'contact-show') return { ok: true, data: { type: 'contacts', contacts } };
  const contact = contacts.find(({ conversation }) => conversation === command.to);
  if (!contact) return { ok: false, error: { code: 'not-found' } };
  return { ok: true, data: { type: 'contact', contact } };
}

const ROUTE = {
  topic: 'route',
  route: 'direct',
  peerSeesMyIp: true,
  policy: 'auto',
  theirPolicy: undefined,
  held: undefined,
} as const;

function contact(conversation: string, name: string): ContactView {
  return {
    conversation,
    id: 'sotto:',
    name,
    state: 'connected',
    online: true,
    route: 'direct',
    punched: false,
    proxied: false,
    policy: 'auto',
    waiting: 0,
    devices: 1,
    lastSeenMs: undefined,
    asking: undefined,
    verifiedMs: undefined,
    looksLike: undefined,
    draft: undefined,
  };
}

async function open(): Promise<Scene> {
  const feed = new Feed();
  const people: ContactView[] = [];
  const stream = new EventStream({
    reader: feed,
    people: new People((command) => Promise.resolve(answer(command, people))),
    ownName: () => 'You',
    network: () => Promise.resolve({ online: false, helpers: 0 }),
    onFault: (error) => {
      throw error;
    },
  });
  const server = createServer((request, response) => {
    void stream.open(request.url!.split('?')[1] ?? '', response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(
    () => server.close(),
    () => stream.close(),
  );
  return { stream, feed, people, port: (server.address() as AddressInfo).port };
}

interface Reader {
  /** Texts and topics in the order they came. */
  readonly seen: string[];
  readonly events: StreamEvent[];
  readonly go: () => void;
  readonly ended: Promise<void>;
}

/** A client that reads nothing before `go`. */
function client(port: number, query: string): Reader {
  const seen: string[] = [];
  const events: StreamEvent[] = [];
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /?${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.pause();
  ends.push(() => socket.destroy());
  let rest = '';
  socket.on('data', (bytes) => {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (!line.startsWith('{')) continue;
      const event = JSON.parse(line) as StreamEvent;
      events.push(event);
      seen.push('text' in event.data ? event.data.text : event.type);
    }
  });
  const ended = new Promise<void>((done) => socket.on('close', () => done()));
  return { seen, events, go: () => void socket.resume(), ended };
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(5);
  }
}

test('[API-18] one that reads slowly is not run ahead of, and misses nothing', async () => {
  const { feed, port, stream } = await open();
  for (let i = 1; i <= 3_000; i++) feed.texts.push(`${i} ${'x'.repeat(8_000)}`);
  const slow = client(port, 'from=0');
  await until(() => stream.clients() === 1);
  await standsStill(feed);
  const readAhead = feed.reads;
  for (let i = 0; i < 50; i++) stream.notice({ topic: 'feed' });
  await sleep(50);
  expect(feed.reads).toBe(readAhead);
  // What the kernel's buffers hold, and no more.
  expect(feed.asked).toBeLessThan(2_000);
  slow.go();
  await until(() => slow.seen.length >= 3_001);
  feed.texts.push('live');
  stream.notice({ topic: 'feed' });
  await until(() => slow.seen.at(-1) === 'live');
  const numbers = slow.seen.slice(1, -1).map((text) => parseInt(text, 10));
  expect(slow.seen[0]).toBe('network');
  expect(numbers).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
});

test('[API-18] what is true only now waits once per thing for a slow one', async () => {
  const { feed, port, stream } = await open();
  for (let i = 1; i <= 2_000; i++) feed.texts.push('x'.repeat(8_000));
  const slow = client(port, 'from=0');
  await until(() => stream.clients() === 1);
  await standsStill(feed);
  for (let i = 0; i < 500; i++) {
    stream.notice({ topic: 'network', online: i % 2 === 0, helpers: i });
    const conversation = `c_${i % 50}`;
    stream.notice({ ...ROUTE, conversation });
  }
  slow.go();
  await until(() => slow.seen.filter((text) => text.startsWith('x')).length === 2_000);
  expect(slow.seen.filter((text) => text === 'network')).toHaveLength(2);
  expect(slow.seen.filter((text) => text === 'route')).toHaveLength(50);
});

test('[API-18] a slow one for whom too many things would wait is dropped', async () => {
  const { feed, port, stream } = await open();
  for (let i = 1; i <= 2_000; i++) feed.texts.push('x'.repeat(8_000));
  const slow = client(port, 'from=0');
  await until(() => stream.clients() === 1);
  await standsStill(feed);
  const told = (i: number): void => {
    const conversation = `c_${i}`;
    stream.notice({ ...ROUTE, conversation });
  };
  for (let i = 0; i < WAITING_MAX; i++) told(i);
  expect(stream.clients()).toBe(1);
  told(WAITING_MAX);
  slow.go();
  await slow.ended;
  await until(() => stream.clients() === 0);
});

test('[API-30] news of a contact come together, as they are then; who is gone is told', async () => {
  const { people, port, stream } = await open();
  const reader = client(port, '');
  reader.go();
  await until(() => stream.clients() === 1);
  people.push(contact('c_a', 'Ana'), contact('c_b', 'Bo'));
  for (let i = 0; i < 1_000; i++) stream.notice({ topic: 'waiting', conversation: 'c_a' });
  stream.notice({ topic: 'contact', conversation: 'c_b' });
  stream.notice({ topic: 'contact', conversation: 'c_gone' });
  stream.notice({ topic: 'requests', waiting: 2 });
  const read = conversationText(new Uint8Array(16));
  stream.notice({ topic: 'read', conversation: read });
  stream.notice({ topic: 'removed', conversation: 'c_b' });
  people.pop();
  await until(() => reader.events.filter(({ type }) => type === 'contact').length === 1);
  await sleep(NEWS_EVERY_MS);
  expect(reader.events.slice(1)).toEqual([
    { v: 1, type: 'requests', data: { requests: 2 } },
    { v: 1, type: 'read', data: { conversation: read, readUpTo: '7', unread: 3 } },
    { v: 1, type: 'removed', data: { conversation: 'c_b' } },
    { v: 1, type: 'contact', data: expect.objectContaining({ name: 'Ana' }) },
  ]);
});

test('[API-18] of too many clients the oldest goes', async () => {
  const { port, stream } = await open();
  const oldest = client(port, '');
  await until(() => stream.clients() === 1);
  for (let i = 0; i < CLIENTS_MAX; i++) client(port, '');
  oldest.go();
  await oldest.ended;
  await until(() => stream.clients() === CLIENTS_MAX);
});
