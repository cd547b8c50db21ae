/**
 * Timeline: the messages of one conversation that are in memory, oldest first: one piece without
 * holes, which grows at both ends as a person scrolls.
 *
 *   older()  <-- [ first ... last ] -->  newer()          what comes live is put at the end,
 *                                                         but only where nothing newer is missing
 *
 * What was just sent stands behind it as `pending` until the daemon has stored it and its
 * message comes over the stream: nothing is shown further than it is. Messages are handed over
 * one after the other, so that their order is the one in which they were written; while the daemon
 * is away all wait behind the first.
 * @module
 */
import type { Client } from '@sotto/api/client.ts';
import type { ApiErrorBody, Message, StreamEvent } from '@sotto/api/contract.ts';
import { errorOf } from './failure.ts';
import { isNewer } from './model.ts';
import { Store } from './store.ts';

const PAGE_MESSAGES = 50;
/** Pages after the first are larger: who scrolls wants to go on scrolling. */
const NEXT_MESSAGES = 200;
/** Beyond this, the far end is given back. */
const HELD_MESSAGES_MAX = 6_000;
/** What came live while a page was under way, which may be older than it. */
const LIVE_MAX = 200;

/** Written here and not yet known to be stored. */
export interface Pending {
  readonly clientId: string;
  readonly text: string;
  readonly writtenAtMs: number;
  /** Set once stored; the row goes when its message comes. */
  readonly event: string | undefined;
  /** Not stored, and why. */
  readonly error: ApiErrorBody | undefined;
}

export interface View {
  readonly messages: readonly Message[];
  readonly pending: readonly Pending[];
  /** More exists before the first, after the last. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly loaded: boolean;
  readonly error: ApiErrorBody | undefined;
  /** Grows when the piece was replaced by another one: positions mean nothing any more. */
  readonly piece: number;
}

const EMPTY: View = {
  messages: [],
  pending: [],
  hasOlder: false,
  hasNewer: false,
  loaded: false,
  error: undefined,
  piece: 0,
};

type State = Extract<StreamEvent, { type: 'state' }>['data'];

export class Timeline {
  readonly view = new Store<View>(EMPTY);
  /** On the screen: it must go on following the stream. */
  shown = false;
  /** Which fetch counts: a later one that replaces the piece makes earlier ones void. */
  #turn = 0;
  #busy = false;
  /** The page that was opened last, until it is here. */
  #wanted: PageAround | undefined;
  #sending: Promise<void> = Promise.resolve();
  /** By its client id: the one that the daemon was handed and has not answered for. */
  #underWay: string | undefined;
  /** The last that came live, by event. */
  readonly #live = new Map<string, Message>();
  readonly #states = new Map<string, State>();

  constructor(
    readonly client: Client,
    readonly conversation: string,
  ) {}

  /** The newest page; or the page around a message. */
  async open(around?: string, limit = PAGE_MESSAGES): Promise<void> {
    this.#turn++;
    this.#busy = false;
    this.#wanted = { limit, ...(around === undefined ? {} : { around }) };
    await this.#fetch(this.#wanted, (page, before) => {
      this.#wanted = undefined;
      return {
        ...before,
        messages: page.messages,
        hasOlder: page.more,
        hasNewer: page.newer,
        piece: before.piece + 1,
      };
    });
  }

  /** The newest page, where none was asked for yet. */
  async prefetch(): Promise<void> {
    if (!this.view.value.loaded && !this.#busy) await this.open();
  }

  async older(): Promise<void> {
    const { messages, hasOlder } = this.view.value;
    const first = messages[0];
    if (this.#busy || !first || !hasOlder) return;
    if (messages.length + NEXT_MESSAGES > HELD_MESSAGES_MAX) {
      // Before the page comes: one change of the list is at one end only.
      const kept = messages.slice(0, HELD_MESSAGES_MAX - NEXT_MESSAGES);
      this.#change({ messages: kept, hasNewer: true });
    }
    await this.#fetch({ limit: NEXT_MESSAGES, before: first.cursor }, (page, before) => ({
      ...before,
      messages: [...page.messages, ...before.messages],
      hasOlder: page.more,
    }));
  }

  async newer(): Promise<void> {
    const { messages, hasNewer } = this.view.value;
    const last = messages.at(-1);
    if (this.#busy || !last || !hasNewer) return;
    if (messages.length + NEXT_MESSAGES > HELD_MESSAGES_MAX) {
      const kept = messages.slice(NEXT_MESSAGES - HELD_MESSAGES_MAX);
      this.#change({ messages: kept, hasOlder: true });
    }
    await this.#fetch({ limit: NEXT_MESSAGES, after: last.cursor }, (page, before) => ({
      ...before,
      messages: [...before.messages, ...page.messages],
      hasNewer: page.newer,
    }));
  }

  /** After the stream was away: what came meanwhile, and what could not be handed over. */
  async resync(): Promise<void> {
    const { loaded, hasNewer, pending, error } = this.view.value;
    if (pending.some(isAway)) {
      this.#forgive(isAway);
      void this.#handOver();
    }
    // What failed while it was away is over.
    if (error) this.#change({ error: undefined });
    if (error && this.#wanted) return this.open(this.#wanted.around, this.#wanted.limit);
    if (!loaded || hasNewer) return;
    await this.#fetch({ limit: NEXT_MESSAGES }, (page, before) => {
      const first = page.messages[0];
      const last = before.messages.at(-1);
      if (!first || !last || (page.more && isNewer(first.cursor, last.cursor))) {
        const { messages, more } = page;
        return { ...before, messages, hasOlder: more, piece: before.piece + 1 };
      }
      const kept = before.messages.filter(({ cursor }) => isNewer(first.cursor, cursor));
      // What is older than the piece is no news: it comes when it is asked for.
      const begin = before.messages[0]!.cursor;
      const news = page.messages.filter(({ cursor }) => !isNewer(begin, cursor));
      return { ...before, ...atEnd(kept, news) };
    });
  }

  /** Shows it at once as pending, and hands it to the daemon. @returns when that has answered. */
  async send(text: string): Promise<void> {
    const { hasNewer, pending } = this.view.value;
    // Who writes wants to see it, behind the newest message.
    if (hasNewer) void this.open();
    const writtenAtMs = Date.now();
    const fresh = { clientId: freshId(), text, writtenAtMs, event: undefined, error: undefined };
    this.#change({ pending: [...pending, fresh] });
    await this.#handOver();
  }

  /** Once more, under the same id: what was stored after all is not stored twice. */
  async retry({ clientId }: Pending): Promise<void> {
    this.#forgive((one) => one.clientId === clientId);
    await this.#handOver();
  }

  discard(clientId: string): void {
    const pending = this.view.value.pending.filter((one) => one.clientId !== clientId);
    this.#change({ pending });
  }

  /** What the stream says. */
  take(event: StreamEvent): void {
    if (event.type === 'message' && event.data.conversation === this.conversation) {
      this.#takeMessage(event.data);
    } else if (event.type === 'state' && event.data.conversation === this.conversation) {
      this.#takeState(event.data);
    }
  }

  #takeMessage(message: Message): void {
    remember(this.#live, message.event, message);
    const { value } = this.view;
    const pending = value.pending.filter((one) => !this.#is(one, message));
    const last = value.messages.at(-1);
    const isNew = value.loaded && (!last || isNewer(message.cursor, last.cursor));
    // Where newer ones are missing it is one of them, and comes with its page.
    if (isNew && !value.hasNewer) this.#change({ ...atEnd(value.messages, [message]), pending });
    else if (pending.length < value.pending.length) this.#change({ pending });
  }

  /** By its event; while that is unknown, by its text, if the daemon has it at this moment. */
  #is({ clientId, event, text }: Pending, message: Message): boolean {
    if (!message.outgoing) return false;
    if (event !== undefined) return event === message.event;
    return clientId === this.#underWay && text === message.text;
  }

  #takeState(state: State): void {
    remember(this.#states, state.event, state);
    const { messages } = this.view.value;
    const at = messages.findLastIndex(({ event }) => event === state.event);
    if (at >= 0) this.#change({ messages: messages.with(at, { ...messages[at]!, ...state }) });
  }

  #forgive(which: (one: Pending) => boolean): void {
    const { pending } = this.view.value;
    this.#change({
      pending: pending.map((one) => (which(one) ? { ...one, error: undefined } : one)),
    });
  }

  /** One turn after the other, each from the oldest on that the daemon does not have. */
  async #handOver(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#handOverAll());
    await this.#sending;
  }

  async #handOverAll(): Promise<void> {
    const tried = new Set<string>();
    for (;;) {
      const { pending } = this.view.value;
      const next = pending.find((one) => isToSend(one) && !tried.has(one.clientId));
      if (!next) return;
      tried.add(next.clientId);
      const error = await this.#handOverOne(next);
      // What was written after it waits behind it; any other fault is of that message alone.
      if (error?.reason === 'not-running') return this.#allWait(error);
    }
  }

  async #handOverOne(pending: Pending): Promise<ApiErrorBody | undefined> {
    const { clientId, text } = pending;
    this.#underWay = clientId;
    try {
      const params = { to: this.conversation, text, clientId };
      const { event } = await this.client.call('messages.send', params);
      // The stream may have been faster than the answer.
      if (this.#live.has(event)) this.discard(clientId);
      else this.#mend({ ...pending, event, error: undefined });
      return undefined;
    } catch (fault) {
      const error = errorOf(fault);
      this.#mend({ ...pending, error });
      return error;
    } finally {
      this.#underWay = undefined;
    }
  }

  #allWait(error: ApiErrorBody): void {
    const { pending } = this.view.value;
    const wait = (one: Pending): Pending => (isToSend(one) ? { ...one, error } : one);
    this.#change({ pending: pending.map(wait) });
  }

  #mend(pending: Pending): void {
    const { value } = this.view;
    const at = value.pending.findIndex(({ clientId }) => clientId === pending.clientId);
    // A failed one stays, even where it was taken for a message of another window.
    if (at >= 0) this.#change({ pending: value.pending.with(at, pending) });
    else if (pending.error) this.#change({ pending: [...value.pending, pending] });
  }

  async #fetch(wanted: PageWanted, merge: (page: Page, before: View) => View): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const turn = this.#turn;
    try {
      const page = await this.client.call('messages.list', { to: this.conversation, ...wanted });
      if (turn !== this.#turn) return;
      const merged = merge(page, this.view.value);
      const messages = this.#withLive(merged);
      this.#change({ ...merged, messages, loaded: true, error: undefined });
    } catch (error) {
      if (turn === this.#turn) this.#change({ error: errorOf(error) });
    } finally {
      if (turn === this.#turn) this.#busy = false;
    }
  }

  /** A page may be older than what the stream has said meanwhile. */
  #withLive({ messages, hasNewer }: View): readonly Message[] {
    const known = messages.map((message) => {
      const state = message.state === 'waiting' ? this.#states.get(message.event) : undefined;
      return state ? { ...message, ...state } : message;
    });
    if (hasNewer) return known;
    const last = messages.at(-1);
    const missed = [...this.#live.values()].filter(
      ({ cursor }) => last === undefined || isNewer(cursor, last.cursor),
    );
    return missed.length === 0 ? known : [...known, ...missed];
  }

  #change(change: Partial<View>): void {
    const view = { ...this.view.value, ...change };
    this.view.set({ ...view, pending: stillPending(view) });
  }
}

interface PageAround {
  readonly limit: number;
  readonly around?: string;
}

interface PageWanted extends PageAround {
  readonly before?: string;
  readonly after?: string;
}

interface Page {
  readonly messages: readonly Message[];
  readonly more: boolean;
  readonly newer: boolean;
}

/**
 * `messages` with those that came at their end. What is more than can be held stays away, and comes
 * as newer ones do: nothing is taken away from above while somebody may be reading there.
 */
function atEnd(messages: readonly Message[], came: readonly Message[]): Partial<View> {
  const all = [...messages, ...came];
  if (all.length <= HELD_MESSAGES_MAX) return { messages: all };
  return { messages: all.slice(0, HELD_MESSAGES_MAX), hasNewer: true };
}

/** The daemon could not be asked: it may well be there soon. */
function isAway({ error }: Pending): boolean {
  return error?.reason === 'not-running';
}

function isToSend(one: Pending): boolean {
  return one.event === undefined && (one.error === undefined || isAway(one));
}

/** Whose message is here is not pending, however it came: by the stream or with a page. */
function stillPending({ messages, pending }: View): readonly Pending[] {
  if (pending.every(({ event }) => event === undefined)) return pending;
  const here = new Set(messages.map(({ event }) => event));
  return pending.filter(({ event }) => event === undefined || !here.has(event));
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > LIVE_MAX) map.delete(map.keys().next().value!);
}

function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
