/**
 * Commands: what each of them does to the running node, and what its result says.
 * @module
 */
import { fromHex, hex, utf8 } from '../base/bytes.ts';
import { INVITES_MAX, TEXT_BYTES_MAX } from '../base/limits.ts';
import type { DocChange, VaultFault } from '../base/vault.ts';
import type {
  Command,
  CommandError,
  CommandErrorCode,
  CommandResult,
  ContactView,
  InviteView,
  Status,
} from '../commands.ts';
import { Secret } from '../crypto/keys.ts';
import { homeMark } from '../discovery/lan-card.ts';
import type { Contact } from '../people/contact.ts';
import { formatId } from '../people/id-text.ts';
import { inviteId, inviteState, type Invite } from '../people/invite.ts';
import { formatInvite } from '../people/invite-text.ts';
import { cleanName, nameKey } from '../people/name.ts';
import { addContact, peekText } from './add.ts';
import { letIn, shutOut } from './blocking.ts';
import { healthOf, pathOf } from './health.ts';
import { runDoorCommand } from './door-commands.ts';
import { isPunched, setDefaultPolicy, setRoute, tellRoute } from './route-commands.ts';
import type { Runtime } from './runtime.ts';
import { verify } from './verify.ts';

type Reply = (result: CommandResult) => void;
type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;

/** Invites live for at most a year. */
export const INVITE_LIFE_MS_MAX = 366 * 24 * 3600 * 1000;
const DONE: CommandResult = { ok: true, data: { type: 'done' } };

export function runCommand(
  runtime: Runtime,
  command: Command,
  stats: Record<string, number>,
  reply: Reply,
): void {
  switch (command.type) {
    case 'status':
      return reply({ ok: true, data: { type: 'status', status: statusOf(runtime) } });
    case 'health':
      if (command.look) runtime.finding.wish();
      return reply({ ok: true, data: { type: 'health', health: healthOf(runtime) } });
    case 'network-mark': {
      const mark = homeMark(runtime.me.noise, command.print);
      return reply({ ok: true, data: { type: 'network-mark', mark } });
    }
    case 'stats':
      return reply({ ok: true, data: { type: 'stats', stats } });
    case 'invite-new':
      return newInvite(runtime, command, reply);
    case 'invite-list':
      return listInvites(runtime, reply);
    case 'invite-revoke':
      return revokeInvite(runtime, command, reply);
    case 'contact-add':
      return addContact(runtime, command, reply);
    case 'text-peek':
      return peekText(runtime, command.text, reply);
    case 'name-set':
      return setName(runtime, command.name, reply);
    case 'policy-default':
      return setDefaultPolicy(runtime, command.policy, reply);
    case 'relays-use':
      runtime.relays.use(command.list, command.public);
      return reply(DONE);
    case 'trackers-use':
      runtime.tracking.use(command.list);
      return reply(DONE);
    case 'contact-list':
      return listContacts(runtime, reply);
    case 'request-list':
    case 'request-accept':
    case 'request-decline':
    case 'request-block':
    case 'door-status':
    case 'door-open':
    case 'door-shut':
      return runDoorCommand(runtime, command, reply);
    case 'message-cancel':
      return cancelMessage(runtime, command, reply);
    default:
      return withContact(runtime, command, reply);
  }
}

/** Commands about one conversation partner. */
function withContact(
  runtime: Runtime,
  command: Extract<Command, { to: string }>,
  reply: Reply,
): void {
  const resolved = runtime.book.resolve(command.to);
  if (!resolved.ok) {
    const detail = resolved.code === 'ambiguous' ? { candidates: resolved.candidates } : undefined;
    return reply(failure(resolved.code, { to: command.to, ...detail }));
  }
  const { contact } = resolved;
  switch (command.type) {
    case 'contact-show':
      return reply({ ok: true, data: { type: 'contact', contact: viewOf(runtime, contact) } });
    case 'contact-rename':
      return rename(runtime, contact, command.name, reply);
    case 'contact-block':
      return block(runtime, contact, command.blocked, reply);
    case 'contact-verify':
      return verifyContact(runtime, contact, command, reply);
    case 'contact-remove':
      return remove(runtime, contact, reply);
    case 'message-send':
      return send(runtime, contact, command, reply);
    case 'draft-set':
      return setDraft(runtime, contact, command.text, reply);
    case 'mark-read':
      return markRead(runtime, contact, command.cursor, reply);
    case 'path-show':
      if (command.want) wantNow(runtime, contact);
      return reply({ ok: true, data: { type: 'path', path: pathOf(runtime, contact) } });
    case 'route-show':
      return tellRoute(runtime, contact, reply);
    case 'route-set':
      return setRoute(runtime, contact, command, reply);
  }
}

function statusOf(runtime: Runtime): Status {
  const { book, context, door, finding, mail, me, online, requests, sessions } = runtime;
  const contacts = [...book.contacts.values()];
  const { external, helpers } = finding;
  return {
    id: me.id,
    online: online.isOnline,
    helpers,
    readOnly: context.profile.readOnly,
    externalAddress: external && `${external.host}:${external.port}`,
    contacts: contacts.length,
    linked: contacts.filter((contact) => sessions.ofContact(contact) !== undefined).length,
    waiting: contacts.reduce((sum, contact) => sum + mail.waiting(contact), 0),
    requests: requests.waiting,
    doorOpen: door.isOpen,
    secondCopy: finding.presence.secondCopy,
  };
}

/** Everybody who is linked hears it at once, the others with the next link. */
function setName({ context, sessions }: Runtime, name: string, reply: Reply): void {
  const displayName = cleanName(name);
  if (displayName !== context.profile.displayName) {
    context.profile = { ...context.profile, displayName };
    sessions.sayAgain();
  }
  reply(DONE);
}

// Invites

function newInvite(runtime: Runtime, command: CommandOf<'invite-new'>, reply: Reply): void {
  const { book, context } = runtime;
  const { soundMs } = context;
  const { expiresInMs, reusable } = command;
  if (!(expiresInMs > 0 && expiresInMs <= INVITE_LIFE_MS_MAX)) {
    return reply(failure('bad-input', { what: 'expiry' }));
  }
  const docs = makeRoom(runtime);
  if (!docs) return reply(failure('invites-full', { most: INVITES_MAX }));
  const secret: Invite['secret'] = new Secret('invite', context.random(32));
  const invite: Invite = {
    id: inviteId(secret),
    secret,
    gate: new Secret('gate', context.random(32)),
    policy: context.profile.policy ?? 'auto',
    createdMs: soundMs,
    expiresMs: soundMs + expiresInMs,
    reusable,
    revoked: false,
    usedBy: [],
  };
  context.vault({ op: 'put', docs: [...docs, book.inviteDoc(invite)] }, (answer) => {
    if (answer.op === 'failed') return reply(vaultFailure(answer.reason));
    book.invites.set(invite.id, invite);
    runtime.invites.offer(invite);
    const view = inviteViewOf(runtime, invite);
    reply({ ok: true, data: { type: 'invite', invite: view, hint: runtime.inviteRecord(invite) } });
  });
}

/** What forgets the oldest spent invite where the list is full; undefined: all are open. */
function makeRoom(runtime: Runtime): DocChange[] | undefined {
  const { book, context } = runtime;
  if (book.invites.size < INVITES_MAX) return [];
  const spent = [...book.invites.values()]
    .filter((invite) => inviteState(invite, context.soundMs) !== 'open')
    .sort((a, b) => a.createdMs - b.createdMs)[0];
  if (!spent) return undefined;
  book.invites.delete(spent.id);
  runtime.invites.withdraw(spent);
  return [{ space: 'invite', key: utf8(spent.id), value: undefined }];
}

function listInvites(runtime: Runtime, reply: Reply): void {
  const invites = [...runtime.book.invites.values()].sort((a, b) => b.createdMs - a.createdMs);
  const views = invites.map((invite) => inviteViewOf(runtime, invite));
  reply({ ok: true, data: { type: 'invites', invites: views } });
}

function revokeInvite(runtime: Runtime, command: CommandOf<'invite-revoke'>, reply: Reply): void {
  const { book, context } = runtime;
  const wish = command.invite.toLowerCase();
  const found = [...book.invites.values()].filter(({ id }) => wish !== '' && id.startsWith(wish));
  if (found.length !== 1) {
    return reply(failure(found.length === 0 ? 'not-found' : 'ambiguous', { to: command.invite }));
  }
  const invite = found[0]!;
  const docs = [book.inviteDoc({ ...invite, revoked: true })];
  context.vault({ op: 'put', docs }, (answer) => {
    if (answer.op === 'failed') return reply(vaultFailure(answer.reason));
    invite.revoked = true;
    runtime.invites.withdraw(invite);
    const view = inviteViewOf(runtime, invite);
    reply({ ok: true, data: { type: 'invites', invites: [view] } });
  });
}

function inviteViewOf({ book, context, me }: Runtime, invite: Invite): InviteView {
  const state = inviteState(invite, context.soundMs);
  const { createdMs, expiresMs, id, reusable, secret } = invite;
  const text = { secret, identity: me.identity, expiresMs, reusable };
  return {
    invite: id,
    link: state === 'open' ? formatInvite(text) : undefined,
    createdMs,
    expiresMs,
    reusable,
    state,
    usedBy: invite.usedBy.map((user) => book.contactOf(user)?.name ?? formatId(user)),
  };
}

// Contacts

function listContacts(runtime: Runtime, reply: Reply): void {
  const sorted = [...runtime.book.contacts.values()]
    .map((contact) => ({ contact, key: nameKey(contact.name) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const contacts = sorted.map(({ contact }) => viewOf(runtime, contact));
  reply({ ok: true, data: { type: 'contacts', contacts } });
}

function rename(runtime: Runtime, contact: Contact, wish: string, reply: Reply): void {
  const { book, context } = runtime;
  const name = cleanName(wish);
  if (name === undefined) return reply(failure('bad-input', { what: 'name' }));
  const taken = [...book.contacts.values()].some(
    (other) => other !== contact && nameKey(other.name) === nameKey(name),
  );
  if (taken) return reply(failure('already-exists', { name }));
  const docs = [book.contactDoc({ ...contact, name, nameIsOurs: true })];
  context.vault({ op: 'put', docs }, (answer) => {
    if (answer.op === 'failed') return reply(vaultFailure(answer.reason));
    contact.name = name;
    contact.nameIsOurs = true;
    book.looks.put(contact);
    context.notify({ topic: 'contact', conversation: book.conversationText(contact) });
    reply({ ok: true, data: { type: 'contact', contact: viewOf(runtime, contact) } });
  });
}

function block(runtime: Runtime, contact: Contact, blocked: boolean, reply: Reply): void {
  const { book, context } = runtime;
  if (contact.blocked === blocked) return reply(DONE);
  const change = blocked ? shutOut : letIn;
  change(runtime, contact, (fault) => {
    if (fault) return reply(vaultFailure(fault));
    context.notify({ topic: 'contact', conversation: book.conversationText(contact) });
    reply(DONE);
  });
}

function verifyContact(
  runtime: Runtime,
  contact: Contact,
  command: CommandOf<'contact-verify'>,
  reply: Reply,
): void {
  verify(runtime, contact, command, (verified) => {
    if (verified.ok) {
      const view = viewOf(runtime, contact);
      const { number } = verified;
      return reply({ ok: true, data: { type: 'safety-number', contact: view, number } });
    }
    if ('fault' in verified) return reply(vaultFailure(verified.fault));
    const { name } = contact;
    reply(failure(verified.reason, { name, ...verified.detail }));
  });
}

function remove(runtime: Runtime, contact: Contact, reply: Reply): void {
  const { book, context, mail } = runtime;
  const conversation = book.conversation(contact);
  const devices = book.devicesOf(contact);
  const text = book.conversationText(contact);
  const docs = [...runtime.dropContact(contact, true), runtime.drafts.removal(contact)];
  runtime.relays.circuits.kept.leaveOthers();
  const request = { op: 'forget' as const, conversation, docs };
  context.vault({ ...request, devices: devices.map(({ peer }) => peer) }, (answer) => {
    if (answer.op === 'failed') {
      book.put(contact);
      runtime.takeUp(contact);
      runtime.invites.review(contact);
      return reply(vaultFailure(answer.reason));
    }
    mail.forget(contact, devices);
    runtime.drafts.forget(contact);
    context.notify({ topic: 'removed', conversation: text });
    reply(DONE);
  });
}

export function viewOf(runtime: Runtime, contact: Contact): ContactView {
  const { asking, book, drafts, mail, sessions } = runtime;
  const session = sessions.ofContact(contact);
  return {
    conversation: book.conversationText(contact),
    id: book.idText(contact),
    name: contact.name,
    state: stateOf(runtime, contact),
    online: session !== undefined,
    route: session?.route ?? 'waiting',
    punched: isPunched(runtime, session),
    proxied: runtime.listening.proxied === true,
    policy: contact.policy,
    waiting: mail.waiting(contact),
    asking: asking.step(contact),
    devices: contact.devices.length,
    lastSeenMs: contact.lastSeenMs === 0 ? undefined : contact.lastSeenMs,
    verifiedMs: contact.verifiedMs,
    looksLike: book.looks.like(contact)?.name,
    draft: drafts.of(contact),
  };
}

function stateOf({ asking }: Runtime, contact: Contact): ContactView['state'] {
  if (contact.blocked) return 'blocked';
  return contact.devices.length > 0 && !asking.has(contact) ? 'connected' : 'added';
}

// Messages

function send(
  runtime: Runtime,
  contact: Contact,
  command: CommandOf<'message-send'>,
  reply: Reply,
): void {
  const clientId = fromHex(command.clientId);
  const body = utf8(command.text);
  if (clientId?.length !== 16) return reply(failure('bad-input', { what: 'clientId' }));
  if (body.length === 0) return reply(failure('text-empty'));
  if (body.length > TEXT_BYTES_MAX) {
    return reply(failure('text-too-long', { bytes: body.length, most: TEXT_BYTES_MAX }));
  }
  if (contact.blocked) return reply(failure('blocked', { name: contact.name }));
  runtime.mail.send(contact, { kind: 'text', body, clientId }, [], (sent) => {
    if (!sent.ok) return reply(vaultFailure(sent.reason));
    const event = hex(sent.stored.id);
    const conversation = runtime.book.conversationText(contact);
    reply({ ok: true, data: { type: 'sent', event, conversation, duplicate: sent.duplicate } });
    wantNow(runtime, contact);
  });
}

/** A person waits for them: helpers are looked for too where there is none. */
function wantNow(runtime: Runtime, contact: Contact): void {
  runtime.finding.wish();
  runtime.want(contact);
}

function setDraft(runtime: Runtime, contact: Contact, text: string, reply: Reply): void {
  const bytes = utf8(text).length;
  if (bytes > TEXT_BYTES_MAX) {
    return reply(failure('text-too-long', { bytes, most: TEXT_BYTES_MAX }));
  }
  runtime.drafts.set(contact, text, (fault) =>
    reply(fault === undefined ? DONE : vaultFailure(fault)),
  );
}

function cancelMessage(runtime: Runtime, command: CommandOf<'message-cancel'>, reply: Reply): void {
  const event = fromHex(command.event);
  if (event?.length !== 16) return reply(failure('bad-input', { what: 'message id' }));
  if (!runtime.mail.isPending(hex(event))) return reply(failure('too-late'));
  runtime.mail.cancel(event, (cancelled) => reply(cancelled ? DONE : failure('too-late')));
}

function markRead(runtime: Runtime, contact: Contact, cursor: number, reply: Reply): void {
  const { book, context } = runtime;
  const conversation = book.conversation(contact);
  context.vault({ op: 'mark-read', conversation, cursor }, (answer) => {
    if (answer.op === 'failed') return reply(vaultFailure(answer.reason));
    context.notify({ topic: 'read', conversation: book.conversationText(contact) });
    reply(DONE);
  });
}

// Failures

export function failure(code: CommandErrorCode, detail?: CommandError['detail']): CommandResult {
  return { ok: false, error: detail ? { code, detail } : { code } };
}

export function vaultFailure(reason: VaultFault): CommandResult {
  const codes: Record<VaultFault, CommandErrorCode> = {
    'outbox full': 'outbox-full',
    'no space': 'no-space',
    'disk error': 'disk-error',
    'too large': 'text-too-long',
    'not found': 'not-found',
    closed: 'stopping',
  };
  return failure(codes[reason]);
}
