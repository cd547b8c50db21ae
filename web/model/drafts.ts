/**
 * Drafts: what is typed and not sent is kept by the daemon, encrypted, so that it is there again
 * after anything. Saved when the hand rests, and when the field or the chat is left.
 *
 *   typed --a rest--> under way --> saved
 *     ^                  |--the daemon is away--> under way again, after a while
 *     \--the next key----\--refused
 *
 * A conversation has one draft, however often it is opened, and of it one save is under way at a
 * time: what was typed last is what stays.
 * @module
 */
import { errorOf } from './failure.ts';
import type { Model } from './model.ts';
import { Store } from './store.ts';

const REST_MS = 500;
const AGAIN_MS = 2_000;
/** The daemon could not be asked, or not any more: it may well be there soon. */
const AWAY: readonly string[] = ['not-running', 'stopping'];

const draftsOf = new WeakMap<Model, Drafts>();

/** The draft of a conversation; made of what the daemon has where there is none. */
export function draftOf(model: Model, conversation: string): Draft {
  const drafts = draftsOf.get(model) ?? new Drafts(model);
  draftsOf.set(model, drafts);
  return drafts.get(conversation);
}

class Drafts {
  readonly #kept = new Map<string, Draft>();

  constructor(readonly model: Model) {
    const { conversations } = model;
    conversations.watch(() => {
      for (const [id, draft] of this.#kept) {
        const known = conversations.value.get(id);
        if (known) draft.take(known.draft ?? '');
        else this.#kept.delete(id);
      }
    });
  }

  get(conversation: string): Draft {
    for (const [id, one] of this.#kept) if (one.isSaved && !one.shown) this.#kept.delete(id);
    const draft = this.#kept.get(conversation) ?? new Draft(this.model, conversation);
    this.#kept.set(conversation, draft);
    return draft;
  }
}

class Draft {
  readonly text: Store<string>;
  /** On the screen: there is something to type it into. */
  shown = false;
  /** What the daemon has. */
  #saved: string;
  #isUnderWay = false;
  /** Something else was typed and is to be saved as soon as that is over. */
  #isNext = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly model: Model,
    readonly conversation: string,
  ) {
    this.#saved = model.conversations.value.get(conversation)?.draft ?? '';
    this.text = new Store(this.#saved);
  }

  get isSaved(): boolean {
    return !this.#isUnderWay && this.text.value === this.#saved;
  }

  change(text: string): void {
    this.text.set(text);
    this.#saveAfter(REST_MS);
  }

  /** What the daemon has now, from another window too. What is typed here and not saved stays. */
  take(text: string): void {
    if (!this.isSaved) return;
    this.#saved = text;
    this.text.set(text);
  }

  /** At once, where it is not saved. */
  readonly save = (): void => {
    clearTimeout(this.#timer);
    if (this.#isUnderWay) this.#isNext = true;
    else if (!this.isSaved) void this.#write(this.text.value);
  };

  async #write(text: string): Promise<void> {
    const { model, conversation } = this;
    this.#isUnderWay = true;
    this.#isNext = false;
    model.putDraft(conversation, text);
    const reason = await this.#hand(text);
    this.#isUnderWay = false;
    if (reason === undefined) {
      this.#saved = text;
      // The list may have been loaded meanwhile, with what was there before.
      model.putDraft(conversation, text);
    }
    // What is typed stays in the field. What is refused would be refused again.
    if (reason !== undefined && AWAY.includes(reason)) this.#saveAfter(AGAIN_MS);
    else if (this.#isNext && this.text.value !== text) this.save();
  }

  /** @returns why it was not taken. */
  async #hand(text: string): Promise<string | undefined> {
    try {
      await this.model.client.call('drafts.set', { to: this.conversation, text });
      return undefined;
    } catch (error) {
      return errorOf(error).reason;
    }
  }

  #saveAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.save, ms);
  }
}
