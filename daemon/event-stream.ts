/**
 * The stream of events: NDJSON, one client per connection.
 *
 * What is stored (messages and their states) is never queued here: each client has a cursor into
 * the vault's feed, and reads on when its connection has taken what was written. So a client that
 * reads slowly costs one socket buffer, and one that comes back misses nothing (API-18). What is
 * only true now (network, route, contact, read ...) is kept once per thing while a client is
 * behind.
 * @module
 */
import type { ServerResponse } from 'node:http';
import { API_VERSION } from '@sotto/api/contract.ts';
import type { ConfigEntry, StreamEvent } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import type { Notice } from '@sotto/core/effects.ts';
import type { ContactView } from '@sotto/core/commands.ts';
import { conversationText, parseConversation } from '@sotto/core/people/conversation.ts';
import type { FeedEntry } from '@sotto/vault/view.ts';
import { beginStream, Refusal } from './api-server.ts';
import { ContactNews } from './contact-news.ts';
import type { People } from './people.ts';
import type { StoreReader } from './store.ts';
import { contactOf, cursorText, messageOf, readCursor, ruleOf, stateEvent } from './views.ts';

export const CLIENTS_MAX = 32;
/** Things of the moment that wait for one client. */
export const WAITING_MAX = 512;
const ROWS_PER_READ = 100;
/** Lines are written together until they are so long. */
const CHARS_PER_WRITE = 64 * 1024;
/** A client that takes nothing for so long is dropped; its cursor brings it back. */
export const STALLED_MS = 30_000;
/** An empty line keeps a quiet connection warm. */
const WARM_MS = 25_000;

export interface EventParts {
  readonly reader: StoreReader;
  readonly people: People;
  /** Our own name, as author of what we wrote. */
  readonly ownName: () => string;
  readonly network: () => Promise<{ online: boolean; helpers: number }>;
  readonly onFault: (error: unknown) => void;
}

export class EventStream {
  readonly #parts: EventParts;
  readonly #clients = new Set<Client>();
  readonly #news: ContactNews;
  #warm: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(parts: EventParts) {
    this.#parts = parts;
    const { onFault, people } = parts;
    const tell = (view: ContactView): void => {
      const data = contactOf(view);
      this.#tell(`contact ${data.conversation}`, { v: API_VERSION, type: 'contact', data });
    };
    this.#news = new ContactNews({ people, tell, onFault });
  }

  /** Answers GET /api/v1/events. @throws Refusal where the cursor is none. */
  async open(query: string, response: ServerResponse): Promise<void> {
    const from = new URLSearchParams(query).get('from');
    const head = this.#parts.reader.lastCursor();
    const cursor = from === null ? head : Math.min(readCursor(from), head);
    const network = await this.#parts.network();
    if (response.destroyed) return;
    if (this.#isEnded) throw new Refusal('stopping');
    if (this.#clients.size >= CLIENTS_MAX) [...this.#clients][0]!.drop();
    const client = new Client(cursor, response, this.#parts);
    this.#clients.add(client);
    this.#warm ??= setInterval(() => this.#keepWarm(), WARM_MS);
    response.on('close', () => this.#closed(client));
    beginStream(response);
    const data = { online: network.online, helpers: network.helpers };
    client.tell('network', { v: API_VERSION, type: 'network', cursor: cursorText(cursor), data });
    client.pump();
  }

  /** Passes on what core tells; order among different things is not promised. */
  notice(notice: Notice): void {
    const { people } = this.#parts;
    if (notice.topic === 'contact' || notice.topic === 'removed') people.forget();
    if (this.#clients.size === 0) return;
    switch (notice.topic) {
      case 'feed':
        for (const client of this.#clients) client.pump();
        return;
      case 'contact':
      case 'waiting':
        return this.#news.changed(notice.conversation);
      case 'removed':
        return this.#tellRemoved(notice.conversation);
      case 'read':
        return this.#tellRead(notice.conversation);
      case 'draft': {
        const { topic, ...data } = notice;
        return this.#tell(`${topic} ${data.conversation}`, { v: API_VERSION, type: topic, data });
      }
      case 'requests': {
        const data = { requests: notice.waiting };
        return this.#tell('requests', { v: API_VERSION, type: 'requests', data });
      }
      case 'route': {
        const { conversation, peerSeesMyIp, route, topic } = notice;
        const data = { conversation, route, peerSeesMyIp, ...ruleOf(notice) };
        this.#news.changed(conversation);
        return this.#tell(`${topic} ${data.conversation}`, { v: API_VERSION, type: topic, data });
      }
      case 'network': {
        const { topic, ...data } = notice;
        return this.#tell(topic, { v: API_VERSION, type: topic, data });
      }
    }
  }

  /** A setting has another value. */
  tellSetting(data: ConfigEntry): void {
    this.#tell(`setting ${data.key}`, { v: API_VERSION, type: 'setting', data });
  }

  clients(): number {
    return this.#clients.size;
  }

  /** Ends every stream, with why as its last line where there is a reason. */
  close(why?: Refusal): void {
    this.#isEnded = true;
    this.#news.close();
    const error = why && errorBody(why.reason, why.detail);
    const line = error && `${JSON.stringify({ v: API_VERSION, ok: false, error })}\n`;
    for (const client of this.#clients) client.end(line);
  }

  #tellRemoved(conversation: string): void {
    this.#news.removed(conversation);
    const data = { conversation };
    this.#tell(`removed ${conversation}`, { v: API_VERSION, type: 'removed', data });
  }

  #tellRead(conversation: string): void {
    const id = parseConversation(conversation);
    if (!id) return;
    const { reader } = this.#parts;
    const readUpTo = cursorText(reader.readUpTo(id));
    const data = { conversation, readUpTo, unread: reader.unread(id) };
    this.#tell(`read ${conversation}`, { v: API_VERSION, type: 'read', data });
  }

  #tell(key: string, event: StreamEvent): void {
    for (const client of this.#clients) client.tell(key, event);
  }

  #keepWarm(): void {
    for (const client of this.#clients) client.warm();
  }

  #closed(client: Client): void {
    this.#clients.delete(client);
    client.closed();
    if (this.#clients.size > 0) return;
    clearInterval(this.#warm);
    this.#warm = undefined;
  }
}

class Client {
  readonly #response: ServerResponse;
  readonly #parts: EventParts;
  /** The last row of the feed that was written. */
  #cursor: number;
  readonly #waiting = new Map<string, StreamEvent>();
  #pumping = false;
  #again = false;
  #stalled: NodeJS.Timeout | undefined;

  constructor(cursor: number, response: ServerResponse, parts: EventParts) {
    this.#cursor = cursor;
    this.#response = response;
    this.#parts = parts;
    response.on('drain', () => {
      clearTimeout(this.#stalled);
      this.#stalled = undefined;
      this.#flush();
      this.pump();
    });
  }

  /**
   * A thing of the moment; an older one of the same key that still waits is replaced. For whom
   * more would wait is dropped: it comes back, and asks how things are.
   */
  tell(key: string, event: StreamEvent): void {
    this.#waiting.delete(key);
    if (this.#waiting.size >= WAITING_MAX) return this.drop();
    this.#waiting.set(key, event);
    this.#flush();
  }

  /**
   * Writes what is new in the feed, for as long as the connection takes it. Not at once: sending
   * and receipting come before showing, and what one commit brought is read in one go. UDX sends
   * when it is next polled, so this waits until after that.
   */
  pump(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    const run = (): void => {
      this.#run().catch((error: unknown) => {
        this.drop();
        this.#parts.onFault(error);
      });
    };
    setImmediate(() => setImmediate(run));
  }

  warm(): void {
    if (!this.#stalled) this.#write('\n');
  }

  /** One that is behind has texts in its connection: it is cut, and takes them with it. */
  end(line?: string): void {
    if (this.#stalled) this.drop();
    else this.#response.end(line);
  }

  drop(): void {
    this.#response.destroy();
  }

  closed(): void {
    clearTimeout(this.#stalled);
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      if (this.#stalled || this.#response.writableEnded || this.#response.destroyed) break;
      const rows = this.#parts.reader.feedAfter(this.#cursor, ROWS_PER_READ);
      let lines = '';
      for (const row of rows) {
        lines += `${JSON.stringify(await this.#eventOf(row))}\n`;
        this.#cursor = row.cursor;
        if (lines.length < CHARS_PER_WRITE) continue;
        this.#write(lines);
        lines = '';
        if (this.#stalled) break;
      }
      if (lines !== '') this.#write(lines);
      if (rows.length === ROWS_PER_READ && !this.#stalled) this.#again = true;
    }
    this.#pumping = false;
  }

  async #eventOf({ cursor, message: stored, type }: FeedEntry): Promise<StreamEvent> {
    const { ownName, people, reader } = this.#parts;
    if (type === 'state') return stateEvent(stored, cursor);
    const conversation = conversationText(stored.conversation);
    const author = stored.outgoing ? ownName() : await people.nameOf(conversation);
    const data = messageOf(stored, { author, readUpTo: reader.readUpTo(stored.conversation) });
    return { v: API_VERSION, type: 'message', cursor: cursorText(cursor), data };
  }

  #flush(): void {
    for (const [key, event] of this.#waiting) {
      if (this.#stalled) return;
      this.#waiting.delete(key);
      this.#write(`${JSON.stringify(event)}\n`);
    }
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.write(text)) return;
    this.#stalled ??= setTimeout(() => this.drop(), STALLED_MS);
  }
}
