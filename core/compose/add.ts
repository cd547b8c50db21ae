/**
 * Adding somebody: what a pasted text is, whether it may be used, and the contact it makes.
 *
 *   text --read--> ID ------> asked at their front door (door-commands.ts)
 *             '--> invite --> looked for under its secret
 *
 * Peeking is the first half: it refuses what adding would, and changes nothing (CON-13).
 * @module
 */
import { scopeOf } from '../base/endpoint.ts';
import { CONTACTS_MAX } from '../base/limits.ts';
import type { Command, CommandResult } from '../commands.ts';
import { decodeRecord } from '../discovery/record.ts';
import { isPaired, newContact, type Contact } from '../people/contact.ts';
import { formatId } from '../people/id-text.ts';
import type { TextFault } from '../people/id-text.ts';
import { formatInvite, parseIdOrInvite, type AddRead } from '../people/invite-text.ts';
import { cleanName } from '../people/name.ts';
import { failure, vaultFailure, viewOf } from './commands.ts';
import { askById } from './door-commands.ts';
import { choosePolicy } from './route-commands.ts';
import type { Runtime } from './runtime.ts';

type Reply = (result: CommandResult) => void;
type Add = Extract<Command, { type: 'contact-add' }>;

type Pasted =
  | {
      readonly ok: true;
      readonly read: Extract<AddRead, { ok: true }>;
      readonly identity: Uint8Array;
      readonly existing: Contact | undefined;
    }
  | { readonly ok: false; readonly refused: CommandResult };

/** Tells what a text is and whom it names. Stores nothing, and asks nobody. */
export function peekText(runtime: Runtime, text: string, reply: Reply): void {
  const pasted = readPasted(runtime, text);
  if (!pasted.ok) return reply(pasted.refused);
  const { existing, identity, read } = pasted;
  // Somebody known is led to, whatever has become of the invite.
  const known = existing && viewOf(runtime, existing);
  if (!known && isExpired(runtime, read)) return reply(failure('invite-expired'));
  const peek = {
    kind: read.kind,
    id: formatId(identity),
    expiresMs: read.kind === 'invite' ? read.invite.expiresMs : undefined,
    known,
  };
  reply({ ok: true, data: { type: 'peek', peek } });
}

export function addContact(runtime: Runtime, command: Add, reply: Reply): void {
  const { asking, book, context } = runtime;
  const pasted = readPasted(runtime, command.text);
  if (!pasted.ok) return reply(pasted.refused);
  const { existing, identity, read } = pasted;
  // Cut in the middle of the first meeting, one side may not know the other: a new invite helps.
  if (existing && existing.devices.length > 0 && isPaired(existing) && !asking.has(existing)) {
    const conversation = book.conversationText(existing);
    return reply(failure('already-exists', { name: existing.name, conversation }));
  }
  if (isExpired(runtime, read)) return reply(failure('invite-expired'));
  if (!existing && book.contacts.size >= CONTACTS_MAX) {
    return reply(failure('contacts-full', { most: CONTACTS_MAX }));
  }
  const contact = existing ?? newFriend(runtime, identity, command);
  if (read.kind === 'id') return askById(runtime, contact, command, reply);
  const choice = choosePolicy(runtime, existing, command.policy);
  if (!choice.ok) return reply(choice.refused);
  runtime.invites.unfollow(contact);
  contact.invite = formatInvite(read.invite);
  context.vault({ op: 'put', docs: [...choice.docs, book.contactDoc(contact)] }, (answer) => {
    if (answer.op === 'failed') {
      choice.undo();
      return reply(vaultFailure(answer.reason));
    }
    book.put(contact);
    runtime.takeUp(contact);
    if (command.hint) runtime.meetByHint(contact, command.hint);
    context.notify({ topic: 'contact', conversation: book.conversationText(contact) });
    reply({ ok: true, data: { type: 'contact', contact: viewOf(runtime, contact) } });
  });
}

/** What is refused first of all: a text that is none of ours, ourselves, blocked people. */
function readPasted({ book, me }: Runtime, text: string): Pasted {
  const read = parseIdOrInvite(text);
  if (!read.ok) return { ok: false, refused: textFailure(read) };
  const identity = read.kind === 'id' ? read.identity : read.invite.identity;
  if (formatId(identity) === me.id) return { ok: false, refused: failure('own-invite') };
  const existing = book.contactOf(identity);
  if (existing?.blocked) {
    return { ok: false, refused: failure('blocked', { name: existing.name }) };
  }
  return { ok: true, read, identity, existing };
}

function isExpired({ context }: Runtime, read: Extract<AddRead, { ok: true }>): boolean {
  return read.kind === 'invite' && context.soundMs >= read.invite.expiresMs;
}

function newFriend({ book, context }: Runtime, identity: Uint8Array, command: Add): Contact {
  const ours = command.name === undefined ? undefined : cleanName(command.name);
  const local = command.hint !== undefined && isInside(command.hint);
  const policy = command.policy ?? context.profile.policy ?? 'auto';
  const contact = newContact(identity, book.freeName(ours), policy);
  // Nothing leaves this computer on the way to a partner inside it.
  if (local) contact.policy = 'auto';
  return { ...contact, nameIsOurs: ours !== undefined, local };
}

/** A record that names loopback addresses alone: a partner inside this computer. */
function isInside(hint: Uint8Array): boolean {
  const read = decodeRecord(hint);
  if (!read.ok || read.record.candidates.length === 0) return false;
  return read.record.candidates.every((c) => scopeOf(c.endpoint.host) === 'loopback');
}

function textFailure(fault: TextFault): CommandResult {
  switch (fault.fault) {
    case 'incomplete':
    case 'too long':
      return failure('id-incomplete', { characters: fault.characters, of: fault.of });
    case 'typing error':
      return failure('id-typo');
    case 'newer version':
      return failure('newer-version');
    case 'not an ID':
      return failure('not-an-id');
  }
}
