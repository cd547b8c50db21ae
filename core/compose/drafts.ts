/**
 * Drafts: what a person has typed and not sent, one text for each contact, kept as a document of
 * the vault (CON-14).
 *
 *   set --> next --(nothing is being written)--> one request with all that waits --> on disk
 *
 * A screen saves at every pause of typing. What is typed while a write is under way replaces what
 * waited for the same person, so that drafts take one request at a time and messages go between.
 * @module
 */
import { hex, utf8, utf8Text } from '../base/bytes.ts';
import type { Doc, DocChange, VaultFault } from '../base/vault.ts';
import type { Contact } from '../people/contact.ts';
import type { Book } from './book.ts';
import { failed, type Context } from './context.ts';

type Done = (fault: VaultFault | undefined) => void;

interface Wish {
  readonly contact: Contact;
  readonly text: string;
  /** Of this text and of those that it replaced. */
  readonly done: readonly Done[];
}

export class Drafts {
  /** By hex of the identity key, as on disk; not one is empty. */
  readonly #texts = new Map<string, string>();
  /** At most one for each contact. */
  #next = new Map<string, Wish>();
  #writing = false;

  constructor(
    private readonly context: Context,
    private readonly book: Book,
    docs: readonly Doc[],
  ) {
    for (const { key, space, value } of docs) {
      if (space !== 'draft' || !book.contactOf(key)) continue;
      const text = utf8Text(value);
      if (text) this.#texts.set(hex(key), text);
    }
  }

  of(contact: Contact): string | undefined {
    return this.#texts.get(hex(contact.identity));
  }

  /** `done` runs when this text, or one that replaced it, is on disk. */
  set(contact: Contact, text: string, done: Done): void {
    const key = hex(contact.identity);
    const before = this.#next.get(key)?.done ?? [];
    this.#next.set(key, { contact, text, done: [...before, done] });
    if (!this.#writing) this.#write();
  }

  /** What takes the draft of a contact off the disk, for the request that removes the contact. */
  removal(contact: Contact): DocChange {
    return { space: 'draft', key: contact.identity, value: undefined };
  }

  /** The contact is gone. */
  forget(contact: Contact): void {
    this.#texts.delete(hex(contact.identity));
  }

  #write(): void {
    const wishes = [...this.#next.values()];
    this.#next = new Map();
    for (const { contact, done } of wishes) {
      // Removed meanwhile: their draft must not come back.
      if (!this.#isKnown(contact)) for (const tell of done) tell('not found');
    }
    const known = wishes.filter(({ contact }) => this.#isKnown(contact));
    if (known.length === 0) return;
    this.#writing = true;
    this.context.vault({ op: 'put', docs: known.map(docOf) }, (reply) => {
      this.#writing = false;
      const fault = failed(reply) ? reply.reason : undefined;
      for (const { contact, done, text } of known) {
        if (fault === undefined) this.#keep(contact, text);
        for (const tell of done) tell(fault);
      }
      if (this.#next.size > 0) this.#write();
    });
  }

  #keep(contact: Contact, text: string): void {
    if (!this.#isKnown(contact)) return;
    const key = hex(contact.identity);
    const before = this.#texts.get(key) ?? '';
    if (text === before) return;
    if (text === '') this.#texts.delete(key);
    else this.#texts.set(key, text);
    const conversation = this.book.conversationText(contact);
    this.context.notify({ topic: 'draft', conversation, text });
  }

  #isKnown(contact: Contact): boolean {
    return this.book.contactOf(contact.identity) === contact;
  }
}

function docOf({ contact, text }: Wish): DocChange {
  const value = text === '' ? undefined : utf8(text);
  return { space: 'draft', key: contact.identity, value };
}
