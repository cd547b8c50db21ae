/**
 * Pairing: how two people come to share the secret by which they find each other (CON-7).
 *
 *   met --lower identity makes it, sealed in a `pair` event--> pairing --it arrived--> paired
 *
 * @module
 */
import { compare } from '../base/bytes.ts';
import type { DocChange, StoredEvent } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import type { Contact } from '../people/contact.ts';
import type { Book } from './book.ts';
import type { Context } from './context.ts';
import type { Mail } from './mail.ts';
import { pairSecretOf } from './sessions.ts';

export interface PairingPorts {
  readonly book: Book;
  readonly mail: Pick<Mail, 'send' | 'waiting'>;
  /** Both hold the secret: nothing else leads them to each other any more. */
  paired(contact: Contact): void;
}

export class Pairing {
  constructor(
    private readonly context: Context,
    private readonly self: Uint8Array,
    private readonly ports: PairingPorts,
  ) {}

  /**
   * Of two who share none, the lower identity makes the pair secret and seals it for the other.
   * It is stored with the event that carries it, so a crash leaves both or neither.
   */
  make(contact: Contact): void {
    if (compare(this.self, contact.identity) > 0) return;
    const before = { secret: contact.secret, pairing: contact.pairing };
    const secret = this.context.random(32);
    const clientId = this.context.random(16);
    contact.secret = new Secret('pair', secret);
    contact.pairing = true;
    const draft = { kind: 'pair', body: secret, clientId };
    const { book, mail } = this.ports;
    mail.send(contact, draft, [book.contactDoc(contact)], (sent) => {
      if (!sent.ok) Object.assign(contact, before);
    });
  }

  /** What a control event of a contact changes. */
  apply(contact: Contact, { event }: StoredEvent): DocChange[] {
    if (compare(this.self, contact.identity) < 0) return [];
    const secret = pairSecretOf(event);
    if (!secret) return [];
    contact.secret = secret;
    return this.#paired(contact);
  }

  /**
   * Something of ours has arrived: with nothing left under way, the pair secret has too.
   * @returns what is to be written.
   */
  arrived(): DocChange[] {
    const { book, mail } = this.ports;
    const docs: DocChange[] = [];
    for (const contact of book.contacts.values()) {
      if (!contact.pairing || mail.waiting(contact) > 0) continue;
      contact.pairing = false;
      docs.push(...this.#paired(contact));
    }
    return docs;
  }

  /** From here on the secret alone leads them to each other. */
  #paired(contact: Contact): DocChange[] {
    contact.besides = undefined;
    this.ports.paired(contact);
    return [this.ports.book.contactDoc(contact)];
  }
}
