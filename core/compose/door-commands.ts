/**
 * Commands of the front door: open and shut it, decide on those who knocked, and ask somebody by
 * their ID alone.
 * @module
 */
import type { Command, CommandResult, RequestView } from '../commands.ts';
import { utf8 } from '../base/bytes.ts';
import { CONTACTS_MAX, KNOCK_TEXT_BYTES_MAX } from '../base/limits.ts';
import type { Contact } from '../people/contact.ts';
import { formatId } from '../people/id-text.ts';
import type { Request } from '../people/request.ts';
import { shutOutAsker } from './blocking.ts';
import { failure, vaultFailure, viewOf } from './commands.ts';
import type { Decided } from './requests.ts';
import { choosePolicy } from './route-commands.ts';
import type { Runtime } from './runtime.ts';

type Reply = (result: CommandResult) => void;
type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;
type Decision = 'request-accept' | 'request-decline' | 'request-block';
type DoorCommand = CommandOf<'request-list' | 'door-status' | 'door-open' | 'door-shut' | Decision>;

/** What they read of who says nothing else. */
export const HELLO_DEFAULT = 'Hello';

export function runDoorCommand(runtime: Runtime, command: DoorCommand, reply: Reply): void {
  switch (command.type) {
    case 'request-list':
      return listRequests(runtime, command.look, reply);
    case 'door-status':
      return tellDoor(runtime, reply);
    case 'door-open':
      return openDoor(runtime, command.anyway, reply);
    case 'door-shut':
      return shutDoor(runtime, reply);
    default:
      return decide(runtime, command, reply);
  }
}

/**
 * Asks somebody by ID alone. Stored at once; sent by relays, or where `anyway` agrees that whoever
 * has their ID could see our IP address (DOR-3).
 */
export function askById(
  runtime: Runtime,
  contact: Contact,
  command: CommandOf<'contact-add'>,
  reply: Reply,
): void {
  const { asking, book, context } = runtime;
  const text = (command.hello ?? '').trim() || HELLO_DEFAULT;
  const bytes = utf8(text).length;
  if (bytes > KNOCK_TEXT_BYTES_MAX) {
    return reply(failure('text-too-long', { bytes, most: KNOCK_TEXT_BYTES_MAX }));
  }
  const choice = choosePolicy(runtime, book.contactOf(contact.identity), command.policy);
  if (!choice.ok) return reply(choice.refused);
  const done = (fault: Parameters<typeof vaultFailure>[0] | undefined): void => {
    if (fault) {
      choice.undo();
      return reply(vaultFailure(fault));
    }
    const conversation = book.conversationText(contact);
    context.notify({ topic: 'contact', conversation });
    reply({ ok: true, data: { type: 'contact', contact: viewOf(runtime, contact) } });
  };
  const wish = { agreed: command.anyway === true, docs: choice.docs };
  if (asking.has(contact)) asking.again(contact, wish, done);
  else asking.begin(contact, text, wish, done);
}

function listRequests(runtime: Runtime, look: boolean, reply: Reply): void {
  const tell = (): void => {
    const requests = runtime.requests.list().map((request) => viewOfRequest(runtime, request));
    reply({ ok: true, data: { type: 'requests', requests } });
  };
  if (look && runtime.door.isOpen) runtime.requests.settle(runtime.door, tell);
  else tell();
}

function viewOfRequest({ requests }: Runtime, request: Request): RequestView {
  return {
    conversation: requests.conversationText(request),
    id: formatId(request.identity),
    name: request.name,
    knownName: requests.knownName(request),
    text: request.text,
    readMs: request.readMs,
  };
}

function decide(runtime: Runtime, command: CommandOf<Decision>, reply: Reply): void {
  const { context, requests } = runtime;
  const found = requests.resolve(command.who);
  if (found.length !== 1) {
    const candidates = found.map((request) => requests.conversationText(request));
    const detail = { to: command.who, ...(found.length > 1 && { candidates }) };
    return reply(failure(found.length > 1 ? 'ambiguous' : 'not-found', detail));
  }
  const request = found[0]!;
  if (command.type === 'request-decline') {
    return requests.decline(request, (fault) =>
      reply(fault ? vaultFailure(fault) : { ok: true, data: { type: 'done' } }),
    );
  }
  const known = runtime.book.contactOf(request.identity);
  if (!known && runtime.book.contacts.size >= CONTACTS_MAX) {
    return reply(failure('contacts-full', { most: CONTACTS_MAX }));
  }
  const tell = (decided: Decided): void => {
    if (!decided.ok) return reply(vaultFailure(decided.reason));
    const { contact } = decided;
    const conversation = runtime.book.conversationText(contact);
    context.notify({ topic: 'contact', conversation });
    if (command.type === 'request-accept') runtime.want(contact);
    reply({ ok: true, data: { type: 'contact', contact: viewOf(runtime, contact) } });
  };
  if (command.type === 'request-block') return shutOutAsker(runtime, request, tell);
  const { policy } = command;
  const choice = choosePolicy(runtime, known, policy);
  if (!choice.ok) return reply(choice.refused);
  requests.accept(request, { policy, docs: choice.docs }, (decided) => {
    if (!decided.ok) choice.undo();
    tell(decided);
  });
}

function tellDoor({ door }: Runtime, reply: Reply): void {
  reply({ ok: true, data: { type: 'door', door: door.view() } });
}

function openDoor(runtime: Runtime, anyway: boolean, reply: Reply): void {
  const { door } = runtime;
  if (!anyway && !door.isOpen && !door.isHidden) return reply(failure('shows-address'));
  door.open(anyway, (ok) => (ok ? tellDoor(runtime, reply) : reply(failure('disk-error'))));
}

function shutDoor(runtime: Runtime, reply: Reply): void {
  runtime.door.shut((ok) => (ok ? tellDoor(runtime, reply) : reply(failure('disk-error'))));
}
