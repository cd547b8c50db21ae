/**
 * Blocking: who is shut out is so at once, before the disk has it; who is let in again, once it has
 * (CON-6, CON-8). One way for all: in the chat, and for a request at the door (DOR-17).
 * @module
 */
import { CONTACTS_MAX } from '../base/limits.ts';
import type { VaultFault } from '../base/vault.ts';
import { newContact, type Contact } from '../people/contact.ts';
import type { Request } from '../people/request.ts';
import { failed } from './context.ts';
import type { Decided } from './requests.ts';
import type { Runtime } from './runtime.ts';

type Done = (fault: VaultFault | undefined) => void;

/** What the disk refuses is undone. */
export function shutOut(runtime: Runtime, contact: Contact, done: Done): void {
  const { book, context, requests } = runtime;
  contact.blocked = true;
  const request = requests.forget(contact);
  const docs = [book.contactDoc(contact), ...request.docs, ...runtime.dropContact(contact, false)];
  context.vault({ op: 'put', docs }, (reply) => {
    if (!failed(reply)) return done(undefined);
    contact.blocked = false;
    request.undo();
    runtime.takeUp(contact);
    runtime.invites.review(contact);
    done(reply.reason);
  });
}

export function letIn(runtime: Runtime, contact: Contact, done: Done): void {
  const { book, context } = runtime;
  contact.blocked = false;
  context.vault({ op: 'put', docs: [book.contactDoc(contact)] }, (reply) => {
    if (failed(reply)) {
      contact.blocked = true;
      return done(reply.reason);
    }
    runtime.takeUp(contact);
    runtime.invites.review(contact);
    runtime.want(contact);
    done(undefined);
  });
}

/** Who asks at the door is shut out as a contact: as the one they are, or as a new one. */
export function shutOutAsker(
  runtime: Runtime,
  { identity, name }: Request,
  done: (decided: Decided) => void,
): void {
  const { book } = runtime;
  const known = book.contactOf(identity);
  if (!known && book.contacts.size >= CONTACTS_MAX) return done({ ok: false, reason: 'no space' });
  const contact = known ?? newContact(identity, book.freeName(name));
  if (!known) book.put(contact);
  shutOut(runtime, contact, (fault) => {
    if (fault && !known) book.remove(contact);
    done(fault ? { ok: false, reason: fault } : { ok: true, contact });
  });
}
