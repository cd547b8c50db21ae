/**
 * Timeline: the messages of one conversation that are in memory, oldest first: one piece without
 * holes, which grows at both ends as a person scrolls.
 *
 *   older()  <-- [ first ... last ] -->  newer()          what comes live is put at the end,
 *                                                         but only where nothing newer is missing
 *
 * What was just sent stands behind it as `pending` until the daemon has stored it and its
 * message comes over the stream: nothing is shown further than it is.
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

export class Timeline {
  readonly view = new Store<View>(EMPTY);
  #busy = false;

  constructor(
    readonly client: Client,
    readonly conversation: string,
  ) {}

  /** The newest page; or the page around a message. */
  async open(around?: string): Promise<void> {
    const bound = around === undefined ? {} : { around };
    await this.#fetch({ limit: PAGE_MESSAGES, ...bound }, (page, before) => ({
      ...before,
      messages: page.messages,
      hasOlder: page.more,
      hasNewer: page.newer,
      piece: before.piece + 1,
    }));
  }

  async older(): Promise<void> {
    const first = this.view.value.messages[0];
    if (!first || !this.view.value.hasOlder) return;
    await this.#fetch({ limit: NEXT_MESSAGES, before: first.cursor }, (page, before) => {
      const messages = [...page.messages, ...before.messages];
      const kept = messages.slice(0, HELD_MESSAGES_MAX);
      const hasNewer = before.hasNewer || kept.length < messages.length;
      return { ...before, messages: kept, hasOlder: page.more, hasNewer };
    });
  }

  async newer(): Promise<void> {
    const last = this.view.value.messages.at(-1);
    if (!last || !this.view.value.hasNewer) return;
    await this.#fetch({ limit: NEXT_MESSAGES, after: last.cursor }, (page, before) => {
      const messages = [...before.messages, ...page.messages];
      const kept = messages.slice(-HELD_MESSAGES_MAX);
      const hasOlder = before.hasOlder || kept.length < messages.length;
      return { ...before, messages: kept, hasOlder, hasNewer: page.newer };
    });
  }

  /** Shows it at once as pending, and hands it to the daemon. @returns when that has answered. */
  async send(text: string): Promise<void> {
    const clientId = freshId();
    this.#pend({ clientId, text, writtenAtMs: Date.now(), event: undefined, error: undefined });
    await this.#deliver(clientId, text);
  }

  /** Once more, under the same id: what was stored after all is not stored twice. */
  async retry(pending: Pending): Promise<void> {
    this.#pend({ ...pending, error: undefined });
    await this.#deliver(pending.clientId, pending.text);
  }

  discard(clientId: string): void {
    const { value } = this.view;
    const pending = value.pending.filter((one) => one.clientId !== clientId);
    this.view.set({ ...value, pending });
  }

  /** What the stream says. */
  take(event: StreamEvent): void {
    if (event.type === 'message' && event.data.conversation === this.conversation) {
      this.#takeMessage(event.data);
    } else if (event.type === 'state' && event.data.conversation === this.conversation) {
      const { value } = this.view;
      const messages = value.messages.map((one) =>
        one.event === event.data.event ? { ...one, ...event.data } : one,
      );
      this.view.set({ ...value, messages });
    }
  }

  #takeMessage(message: Message): void {
    const { value } = this.view;
    const pending = value.pending.filter(({ event }) => event !== message.event);
    const last = value.messages.at(-1);
    const isNew = value.loaded && (!last || isNewer(message.cursor, last.cursor));
    // Where newer ones are missing it is one of them, and comes with its page.
    const messages = isNew && !value.hasNewer ? [...value.messages, message] : value.messages;
    this.view.set({ ...value, messages, pending });
  }

  async #deliver(clientId: string, text: string): Promise<void> {
    try {
      const params = { to: this.conversation, text, clientId };
      const { event } = await this.client.call('messages.send', params);
      const { value } = this.view;
      // The stream may have been faster than the answer.
      if (value.messages.some((one) => one.event === event)) this.discard(clientId);
      else this.#mend(clientId, { event });
    } catch (error) {
      this.#mend(clientId, { error: errorOf(error) });
    }
  }

  #pend(pending: Pending): void {
    const { value } = this.view;
    const others = value.pending.filter(({ clientId }) => clientId !== pending.clientId);
    this.view.set({ ...value, pending: [...others, pending] });
  }

  #mend(clientId: string, change: Partial<Pending>): void {
    const { value } = this.view;
    const pending = value.pending.map((one) =>
      one.clientId === clientId ? { ...one, ...change } : one,
    );
    this.view.set({ ...value, pending });
  }

  async #fetch(wanted: PageWanted, merge: (page: Page, before: View) => View): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const page = await this.client.call('messages.list', { to: this.conversation, ...wanted });
      this.view.set({ ...merge(page, this.view.value), loaded: true, error: undefined });
    } catch (error) {
      this.view.set({ ...this.view.value, error: errorOf(error) });
    } finally {
      this.#busy = false;
    }
  }
}

interface PageWanted {
  readonly limit: number;
  readonly before?: string;
  readonly after?: string;
  readonly around?: string;
}

interface Page {
  readonly messages: readonly Message[];
  readonly more: boolean;
  readonly newer: boolean;
}

function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
