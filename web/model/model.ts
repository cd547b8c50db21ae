/**
 * Model: what the daemon knows, as far as screens show it. Filled once, then kept true by the
 * stream of events; after a lost connection filled anew.
 *
 *   opening --session--> loading --lists--> ready <--> lost
 *      \--no session--> refused              \--passphrase--> locked
 *
 * A hidden page gives the stream up and is filled anew when it is seen; a lock still ends what it
 * shows (API-34).
 *
 * Screens only read it and call methods; the network never blocks one of them.
 * @module
 */
import type { Verdict } from '@sotto/api/checks.ts';
import { ApiError, UnreachableError, type Client } from '@sotto/api/client.ts';
import type {
  ConfigEntry,
  Contact,
  Conversation,
  Message,
  Route,
  Status,
  StreamEvent,
} from '@sotto/api/contract.ts';
import { isHidden, untilSeen, whenHidden } from './seen.ts';
import { Store } from './store.ts';

export type Phase = 'opening' | 'loading' | 'ready' | 'lost' | 'refused' | 'locked';
export type Conversations = ReadonlyMap<string, Conversation>;
export type Settings = ReadonlyMap<string, ConfigEntry>;

/** The first words of so many; the list is asked for anew at the next start. */
const UNPLACED_MAX = 200;
const RETRY_MS = 1_000;
/** A stream that stood is mostly there again at once: the daemon cuts those that fall behind. */
const TAKE_UP_MS = 50;
/** Who is not let in is not let in by asking: another window may be, in a while. */
const REFUSED_RETRY_MS = 15_000;
/** Who looks at another page for a moment comes back to one that is as it is now. */
const REST_AFTER_MS = 5_000;
/** So often a page without a stream asks whether the profile was locked. */
const REST_LOOK_MS = 5_000;
/** Why a stream ended: nobody sees the page. */
const UNSEEN = Symbol('unseen');

export class Model {
  readonly phase = new Store<Phase>('opening');
  readonly status = new Store<Status | undefined>(undefined);
  readonly conversations = new Store<Conversations>(new Map());
  readonly settings = new Store<Settings>(new Map());
  /** How often all of this was loaded: what a screen asked for beside it is old when this grows. */
  readonly filled = new Store(0);
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
      const filledBefore = this.filled.value;
      try {
        if (!(await this.#isStillLocked(signal))) await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error === UNSEEN) {
          await this.#rest(signal);
          continue;
        }
        this.phase.set(phaseOf(error));
      }
      const stood = this.filled.value > filledBefore;
      const pauseMs = this.phase.value === 'refused' ? REFUSED_RETRY_MS : RETRY_MS;
      await new Promise<void>((done) => {
        this.#retry = done;
        setTimeout(done, stood ? TAKE_UP_MS : pauseMs);
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
      proxied: _proxied,
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
    if (!known || text === (known.draft ?? '')) return;
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
    if (isHidden()) return true;
    return (await this.client.call('lock.status', {}, { signal })).locked;
  }

  /** Until the page is seen; or until it must not go on holding what it was let see. */
  async #rest(signal: AbortSignal): Promise<void> {
    while (isHidden() && !signal.aborted) {
      await untilSeen(REST_LOOK_MS);
      if (isHidden() && (await this.#isShut(signal))) return;
    }
  }

  /** Was the profile locked, or this browser's session ended? */
  async #isShut(signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.client.call('lock.status', {}, { signal })).locked;
    } catch (error) {
      return error instanceof ApiError;
    }
  }

  /**
   * One stream, and what is loaded beside it. Never resolves.
   * @throws why it ended: the stream broke, a list could not be loaded, or nobody sees the page.
   */
  async #follow(signal: AbortSignal): Promise<never> {
    const ended = new AbortController();
    const end = (): void => ended.abort(signal.reason);
    signal.addEventListener('abort', end);
    // A browser opens six connections to one origin, for all of its pages together.
    const stopWatching = whenHidden(REST_AFTER_MS, () => ended.abort(UNSEEN));
    try {
      await this.#read(ended);
      throw new UnreachableError('the stream has ended');
    } finally {
      stopWatching();
      signal.removeEventListener('abort', end);
      // What this stream is still loaded for comes too late.
      ended.abort();
    }
  }

  async #read(ended: AbortController): Promise<void> {
    const { signal } = ended;
    // The stream stands before the lists are asked for: nothing falls between them.
    const early: StreamEvent[] = [];
    let isLoaded = false;
    for await (const event of this.client.events({ signal, patienceMs: 0 })) {
      if (isLoaded) {
        this.#take(event);
        continue;
      }
      early.push(event);
      if (early.length > 1) continue;
      if (this.phase.value !== 'lost') this.phase.set('loading');
      this.#ask(signal).then(
        (lists) => {
          if (signal.aborted) return;
          this.#fill(lists);
          isLoaded = true;
          for (const missed of early.splice(0)) this.#take(missed);
          this.phase.set('ready');
          this.filled.set(this.filled.value + 1);
        },
        (error: unknown) => ended.abort(error),
      );
    }
  }

  async #ask(signal: AbortSignal): Promise<Lists> {
    const [status, { conversations }, { entries }] = await Promise.all([
      this.client.call('status.get', {}, { signal }),
      this.client.call('conversations.list', {}, { signal }),
      this.client.call('config.list', {}, { signal }),
    ]);
    return { status, conversations, entries };
  }

  #fill({ status, conversations, entries }: Lists): void {
    const isSameApp = status.startedAt === this.status.value?.startedAt;
    if (!isSameApp || this.phase.value === 'lost') this.verdict.set(undefined);
    this.status.set(status);
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
      case 'draft':
        this.putDraft(event.data.conversation, event.data.text);
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

interface Lists {
  readonly status: Status;
  readonly conversations: readonly Conversation[];
  readonly entries: readonly ConfigEntry[];
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
