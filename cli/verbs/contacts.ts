/**
 * `add` and `contacts list|show|rename|block|remove`.
 * @module
 */
import type { Contact, Policy } from '@sotto/api/contract.ts';
import { shellWord } from '@sotto/api/errors.ts';
import { wayOf } from '@sotto/api/way.ts';
import { failure } from '../failure.ts';
import { confirm } from '../prompt.ts';
import { truncated } from '../safe-text.ts';
import type { Session } from '../session.ts';
import { stdinText } from '../stdin-text.ts';
import { chip, routeLine, thread, threadAndChip, whoSees } from '../thread.ts';
import { dayAndClock } from '../time.ts';

const INVITE_BYTES_MAX = 4096;
const NAME_COLUMNS = 24;

export interface AddOptions {
  readonly name?: string;
  readonly hello?: string;
  readonly anyway?: true;
  readonly route?: Policy;
}

export async function add(
  session: Session,
  words: readonly string[],
  { route: policy, ...options }: AddOptions,
): Promise<void> {
  const { out, daemon } = session;
  const text = await inviteText(session, words);
  const wish = { text, ...options, ...(policy === undefined ? {} : { policy }) };
  let contact = await daemon.call('contacts.add', wish);
  if (contact.asking === 'held' && session.mayAsk) {
    const question = `${whoHasId(contact.name)} could find your IP address. Send anyway?`;
    const agreed = await confirm(question);
    if (agreed) contact = await daemon.call('contacts.add', { text: contact.id, anyway: true });
  }
  const told = printed(out, contact);
  if (!told) out.line(contact.name);
  if (contact.asking === 'held') throw failure('request-held', { name: contact.name });
  if (told) return;
  const write = `Write now: sotto send ${shellWord(contact.name)} "Hello"`;
  out.note(`Added. ${write}`);
  if (contact.asking !== undefined) {
    out.note(`${contact.name} was asked and decides. Messages wait here until then.`);
  } else if (!contact.online)
    out.note('Messages wait here until the two of you have found each other.');
}

function whoHasId(name: string): string {
  return `Someone who has the ID of ${name}`;
}

async function inviteText(session: Session, words: readonly string[]): Promise<string> {
  const text = words.join(' ');
  if (text !== '-') return text;
  const read = await stdinText(INVITE_BYTES_MAX, session.signal);
  if ('text' in read) return read.text;
  throw failure('unreadable-input', { what: 'An invite so long' });
}

export async function list({ out, daemon }: Session): Promise<void> {
  const { contacts } = await daemon.call('contacts.list', {});
  if (out.look.mode === 'json') return out.json({ contacts });
  if (out.look.mode === 'plain') {
    for (const contact of contacts) record(out, contact);
    return;
  }
  if (contacts.length === 0) return out.note('Nobody yet. Make an invite: sotto invite new');
  out.table(
    contacts.map((contact) => [
      thread(wayOf(contact), out.utf8),
      contact.state === 'blocked' ? 'Blocked' : chip(wayOf(contact)),
      truncated(out.clean(contact.name), NAME_COLUMNS, out.utf8),
      contact.conversation,
      remarks(contact),
    ]),
  );
}

export async function show({ out, daemon }: Session, to: string): Promise<void> {
  const contact = await daemon.call('contacts.show', { to });
  if (printed(out, contact)) return;
  const { name, lastSeenAt } = contact;
  const way = wayOf(contact);
  out.line({ text: name, style: 'bold' });
  const rows = [
    ['ID', contact.id],
    ['Conversation', contact.conversation],
    ['State', stateLine(contact)],
    ['Devices', String(contact.devices)],
    ['Verified', verifiedLine(contact)],
    ['Waiting', contact.waiting === 1 ? '1 message' : `${contact.waiting} messages`],
  ];
  if (lastSeenAt !== undefined && !contact.online) {
    rows.push(['Last linked', dayAndClock(lastSeenAt)]);
  }
  out.table(rows);
  out.line(threadAndChip(way, out.utf8), routeLine(way, name));
  out.line(whoSees(way, name));
}

function remarks({ verifiedAt, waiting }: Contact): string {
  const verified = verifiedAt === undefined ? [] : ['verified'];
  return [...verified, ...(waiting === 0 ? [] : [`${waiting} waiting`])].join(', ');
}

function verifiedLine({ name, verifiedAt }: Contact): string {
  if (verifiedAt !== undefined) return `On ${dayAndClock(verifiedAt)}`;
  return `Not yet. Compare: sotto contacts verify ${shellWord(name)}`;
}

function stateLine({ asking, state }: Contact): string {
  return (asking && state === 'added' ? ASKING[asking] : STATES[state]) ?? state;
}

/** A request by ID alone, until they let us in. */
export const ASKING: Readonly<Record<NonNullable<Contact['asking']>, string>> = {
  held: 'Not asked yet: no relay hides your IP address. See: sotto add --help',
  queued: 'To be asked, after others.',
  seeking: 'Looking for their door, which may be shut.',
  knocking: 'Asking them now.',
  placed: 'Asked. They decide.',
  full: 'Others are asking them; waiting for a place.',
  over: 'Asked for a week without an answer. You can ask again.',
};

const STATES: Readonly<Record<Contact['state'], string>> = {
  added: 'Added. Messages wait until they have found you.',
  connected: 'Connected',
  blocked: 'Blocked. Nothing comes in and nothing goes out.',
};

export async function rename({ out, daemon }: Session, to: string, name: string): Promise<void> {
  const contact = await daemon.call('contacts.rename', { to, name });
  if (!printed(out, contact)) out.note(`Now called ${contact.name}.`);
}

export async function block(
  { out, daemon }: Session,
  to: string,
  options: { undo?: true },
): Promise<void> {
  const contact = await daemon.call(options.undo ? 'contacts.unblock' : 'contacts.block', { to });
  if (printed(out, contact)) return;
  out.note(
    options.undo
      ? `${contact.name} can reach you again.`
      : `${contact.name} is blocked and is not told. Undo: sotto contacts block --undo ` +
          shellWord(contact.name),
  );
}

export async function remove(
  session: Session,
  to: string,
  options: { force?: true; dryRun?: true },
): Promise<void> {
  const { out, daemon } = session;
  const contact = await daemon.call('contacts.show', { to });
  const what = `${out.clean(contact.name)} and all messages with them on this device`;
  if (options.dryRun) return tellRemoval(out, contact, what);
  if (!options.force) {
    if (!session.mayAsk) throw failure('needs-confirmation', { what });
    if (!(await confirm(`Delete ${what}? This cannot be undone.`))) throw failure('declined');
  }
  // The conversation's id, not the word typed: a name may have got a second owner meanwhile.
  await daemon.call('contacts.remove', { to: contact.conversation });
  const { conversation, name } = contact;
  if (out.look.mode === 'json') return out.json({ conversation, removed: true });
  if (out.look.mode === 'plain') return out.record(conversation, 'removed');
  out.note(`${name} is gone from this device.`);
}

function tellRemoval(out: Session['out'], contact: Contact, what: string): void {
  const { conversation, name, waiting } = contact;
  if (out.look.mode === 'json') return out.json({ conversation, name, waiting, removed: false });
  if (out.look.mode === 'plain') return out.record(conversation, 'would-remove');
  const unsent = waiting === 0 ? '' : `; of those not delivered yet: ${waiting}`;
  out.line(`Would delete ${what}${unsent}. Nothing was deleted.`);
}

/** For programs; true where that was all. */
function printed(out: Session['out'], contact: Contact): boolean {
  if (out.look.mode === 'human') return false;
  if (out.look.mode === 'json') out.json(contact);
  else record(out, contact);
  return true;
}

function record(out: Session['out'], contact: Contact): void {
  const { conversation, name, state, online, route, waiting, id, devices } = contact;
  const { lastSeenAt, verifiedAt } = contact;
  out.record(
    ...[conversation, name, state, online, route, waiting, id, devices],
    ...[lastSeenAt, verifiedAt],
  );
}
