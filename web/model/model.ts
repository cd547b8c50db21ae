/**
 * Model: what the daemon knows, as far as screens show it. Filled once, then kept true by the
 * stream of events; after a lost connection filled anew.
 *
 *   opening --session--> loading --lists--> ready <--> lost
 *      \--no session--> refused              \--passphrase--> locked
 *
 * Screens only read it and call methods; the network never blocks one of them.
 * @module
 */
import type { Verdict } from '@sotto/api/checks.ts';
import { ApiError, type Client } from '@sotto/api/client.ts';
import type {
  ConfigEntry,
  Contact,
  Conversation,
  Message,
  Route,
  Status,
  StreamEvent,
} from '@sotto/api/contract.ts';
import { Store } from './store.ts';

export type Phase = 'opening' | 'loading' | 'ready' | 'lost' | 'refused' | 'locked';
export type Conversations = ReadonlyMap<string, Conversation>;
export type Settings = ReadonlyMap<string, ConfigEntry>;

/** The first words of so many; the list is asked for anew at the next start. */
const UNPLACED_MAX = 200;
const RETRY_MS = 1_000;
/** Who is not let in is not let in by asking: another window may be, in a while. */
const REFUSED_RETRY_MS = 15_000;

export class Model {
  readonly phase = new Store<Phase>('opening');
  readonly status = new Store<Status | undefined>(undefined);
  readonly conversations = new Store<Conversations>(new Map());
  readonly settings = new Store<Settings>(new Map());
  /** What the doctor found last, of the app that is there now; undefined until it was asked. */
  readonly verdict = new Store<Verdict | undefined>(undefined);
  /** Messages and states as they come, for the conversation that is open. */
  readonly #listeners = new Set<(event: StreamEvent) => void>();
  /** Messages of conversations that are not in the list yet. */
  #unplaced: readonly Message[] = [];

  #retry: () => void = () => undefined;

  constructor(readonly client: Client) {}

  /** Runs until `signal` ends it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (!(await this.#isStillLocked(signal))) await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.phase.set(phaseOf(error));
      }
      const pauseMs = this.phase.value === 'refused' ? REFUSED_RETRY_MS : RETRY_MS;
      await new Promise<void>((done) => {
        this.#retry = done;
        setTimeout(done, pauseMs);
      });
    }
  }

  /** Tries at once rather than after the pause. */
  retryNow(): void {
    this.#retry();
  }

  /** Events after the model has taken them in. */
  listen(listener: (event: StreamEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts in what an answer of a method already says: the event may come later. */
  putContact(contact: Contact): void {
    const {
      devices: _devices,
      lastSeenAt: _seen,
      asking,
      looksLike,
      verifiedAt,
      ...shown
    } = contact;
    const before = this.conversations.value.get(contact.conversation);
    const {
      asking: _asked,
      looksLike: _like,
      punched: _punched,
      verifiedAt: _verified,
      ...kept
    }: Partial<Conversation> & Shown = before ?? NEW;
    this.#put({
      ...kept,
      ...shown,
      ...(asking === undefined ? {} : { asking }),
      ...(verifiedAt === undefined ? {} : { verifiedAt }),
      ...(looksLike === undefined ? {} : { looksLike }),
    });
  }

  putRoute({ conversation, policy, route }: PartOfRoute): void {
    this.#change(conversation, (one) => ({ ...one, policy, route }));
  }

  putDraft(conversation: string, text: string): void {
    const known = this.conversations.value.get(conversation);
    if (!known) return;
    const { draft: _draft, ...rest } = known;
    this.#put(text === '' ? rest : { ...rest, draft: text });
  }

  putSetting(entry: ConfigEntry): void {
    this.settings.set(new Map(this.settings.value).set(entry.key, entry));
  }

  async refreshStatus(): Promise<void> {
    this.status.set(await this.client.call('status.get', {}));
  }

  /** Another window or the terminal may have opened what is locked. A hidden page need not know. */
  async #isStillLocked(signal: AbortSignal): Promise<boolean> {
    if (this.phase.value !== 'locked') return false;
    if (document.visibilityState === 'hidden') return true;
    return (await this.client.call('lock.status', {}, { signal })).locked;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    // The stream stands before the lists are asked for: nothing falls between them.
    const early: StreamEvent[] = [];
    let loaded = false;
    const patienceMs = 0;
    for await (const event of this.client.events({ signal, patienceMs })) {
      if (loaded) {
        this.#take(event);
        continue;
      }
      early.push(event);
      if (early.length > 1) continue;
      if (this.phase.value !== 'lost') this.phase.set('loading');
      void this.#load(signal).then(
        () => {
          loaded = true;
          for (const missed of early.splice(0)) this.#take(missed);
          this.phase.set('ready');
        },
        (error: unknown) => this.phase.set(phaseOf(error)),
      );
    }
    this.phase.set('lost');
  }

  async #load(signal: AbortSignal): Promise<void> {
    const [status, { conversations }, { entries }] = await Promise.all([
      this.client.call('status.get', {}, { signal }),
      this.client.call('conversations.list', {}, { signal }),
      this.client.call('config.list', {}, { signal }),
    ]);
    this.status.set(status);
    this.verdict.set(undefined);
    this.settings.set(new Map(entries.map((entry) => [entry.key, entry])));
    this.conversations.set(new Map(conversations.map((one) => [one.conversation, one])));
  }

  #take(event: StreamEvent): void {
    switch (event.type) {
      case 'message':
        this.#takeMessage(event.data);
        break;
      case 'state':
        this.#change(event.data.conversation, ({ last, ...rest }) =>
          last?.event === event.data.event
            ? { ...rest, last: { ...last, ...event.data } }
            : { ...rest, ...(last ? { last } : {}) },
        );
        break;
      case 'contact':
        this.putContact(event.data);
        this.#place(event.data.conversation);
        break;
      case 'route': {
        const { conversation, policy, route } = event.data;
        this.putRoute({ conversation, policy, route });
        break;
      }
      case 'read':
        this.#change(event.data.conversation, (one) => ({
          ...one,
          readUpTo: event.data.readUpTo,
          unread: event.data.unread,
        }));
        break;
      case 'setting':
        this.putSetting(event.data);
        break;
      case 'removed':
        this.#remove(event.data.conversation);
        break;
      case 'requests':
      case 'network':
        if (this.status.value) this.status.set({ ...this.status.value, ...event.data });
        break;
    }
    for (const listener of [...this.#listeners]) listener(event);
  }

  #takeMessage(message: Message): void {
    if (!this.conversations.value.has(message.conversation)) {
      // Somebody new: what is told of them comes a moment after their first words.
      this.#unplaced = [...this.#unplaced, message].slice(-UNPLACED_MAX);
      return;
    }
    this.#change(message.conversation, (one) => {
      // The list may already know it: it was asked for after the stream stood.
      if (one.last !== undefined && !isNewer(message.cursor, one.last.cursor)) return one;
      const unread = one.unread + (message.outgoing || message.read ? 0 : 1);
      return { ...one, last: message, unread };
    });
  }

  #place(conversation: string): void {
    const theirs = this.#unplaced.filter((message) => message.conversation === conversation);
    if (theirs.length === 0) return;
    this.#unplaced = this.#unplaced.filter((message) => message.conversation !== conversation);
    for (const message of theirs) this.#takeMessage(message);
  }

  #change(conversation: string, change: (one: Conversation) => Conversation): void {
    const known = this.conversations.value.get(conversation);
    if (known) this.#put(change(known));
  }

  #put(conversation: Conversation): void {
    const { value } = this.conversations;
    this.conversations.set(new Map(value).set(conversation.conversation, conversation));
  }

  #remove(conversation: string): void {
    const left = new Map(this.conversations.value);
    if (left.delete(conversation)) this.conversations.set(left);
  }
}

type PartOfRoute = Pick<Route, 'conversation' | 'policy' | 'route'>;
type Shown = Pick<
  Conversation,
  'unread' | 'readUpTo' | 'draft' | 'asking' | 'looksLike' | 'verifiedAt' | 'last'
>;
const NEW: Shown = { unread: 0, readUpTo: '0' };

/** Cursors are numbers written as text (docs/spec/local-api.md). */
export function isNewer(cursor: string, than: string): boolean {
  return Number(cursor) > Number(than);
}

function phaseOf(error: unknown): Phase {
  if (error instanceof ApiError && error.body.reason === 'unauthorised') return 'refused';
  if (error instanceof ApiError && error.body.reason === 'locked') return 'locked';
  return 'lost';
}
