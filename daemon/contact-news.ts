/**
 * News of contacts: what has changed of whom, told once in a while and not at every change
 * (API-30). A burst of messages changes how many wait a thousand times a second, and a screen
 * wants to know how many there are now.
 *
 *   changed --first of all--> NEWS_EVERY_MS --> one look at the contacts --> told, each once
 *
 * @module
 */
import type { ContactView } from '@sotto/core/commands.ts';
import type { People } from './people.ts';

export const NEWS_EVERY_MS = 100;
/** Up to so many are looked up one by one. */
const FEW = 8;

export interface NewsParts {
  readonly people: Pick<People, 'find' | 'list'>;
  readonly tell: (view: ContactView) => void;
  readonly onFault: (error: unknown) => void;
}

export class ContactNews {
  readonly #parts: NewsParts;
  /** Conversations; as many as there are contacts. */
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  changed(conversation: string): void {
    this.#changed.add(conversation);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell().catch(this.#parts.onFault);
    }, NEWS_EVERY_MS);
  }

  /** Whoever it is with is gone: there is nothing to tell of them. */
  removed(conversation: string): void {
    this.#changed.delete(conversation);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
  }

  async #tell(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    if (changed.size === 0) return;
    for (const view of await this.#views([...changed])) this.#parts.tell(view);
  }

  async #views(conversations: readonly string[]): Promise<readonly ContactView[]> {
    const { people } = this.#parts;
    if (conversations.length <= FEW) {
      const views = await Promise.all(conversations.map((one) => people.find(one)));
      return views.filter((view) => view !== undefined);
    }
    const changed = new Set(conversations);
    return (await people.list()).filter((view) => changed.has(view.conversation));
  }
}
