/**
 * `send`: the id of the message goes to stdout as soon as it is stored for good; what became of
 * it goes to stderr. One run has one client id, so a request that is made again after a broken
 * connection is the same message (CLI-18). Whatever fails after that, the id is told.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { shellWord } from '@sotto/api/errors.ts';
import type { Contact, Result, Route, StreamEvent } from '@sotto/api/contract.ts';
import { wayOf, type Way } from '@sotto/api/way.ts';
import { TEXT_BYTES_MAX } from '@sotto/api/wire.ts';
import { asFailure, failure, usage, type Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { stdinText } from '../stdin-text.ts';
import { heldAs, heldLine, threadAndChip } from '../thread.ts';
import { clock } from '../time.ts';

type Sent = Result<'messages.send'>;
type Delivered = Extract<StreamEvent, { type: 'state' }>['data'];

export async function send(
  session: Session,
  to: string,
  words: readonly string[],
  options: { wait: 'queued' | 'delivered' },
): Promise<void> {
  const text = await messageText(session, words);
  if (options.wait === 'delivered') return sendAndWait(session, to, text);
  const sent = await request(session, to, text);
  const { out } = session;
  if (out.look.mode === 'json') return out.json({ ...sent, state: 'waiting' });
  if (out.look.mode === 'plain') return out.record(sent.event, sent.conversation, 'waiting');
  out.line(sent.event);
  if (!out.look.quiet) await tellQueued(session, sent);
}

function request({ daemon }: Session, to: string, text: string): Promise<Sent> {
  const clientId = randomBytes(16).toString('hex');
  return daemon.callAgain('messages.send', { to, text, clientId });
}

async function messageText(session: Session, words: readonly string[]): Promise<string> {
  const typed = words.join(' ');
  const text = words.length > 0 && typed !== '-' ? typed : await fromStdin(session, typed);
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > TEXT_BYTES_MAX) throw tooLong(bytes);
  if (text === '') throw failure('text-empty');
  return text;
}

async function fromStdin(session: Session, typed: string): Promise<string> {
  if (process.stdin.isTTY) {
    if (typed !== '-' && !session.mayAsk) throw failure('text-empty');
    session.out.note('Write your message. A line with Ctrl-D ends and sends it.');
  }
  const read = await stdinText(TEXT_BYTES_MAX, session.signal);
  if ('bytes' in read) throw tooLong(read.bytes);
  return read.text;
}

/** Standard input is not read further than the limit, so its size may be a lower bound. */
function tooLong(bytes: number): Error {
  return failure('text-too-long', { bytes, max: TEXT_BYTES_MAX });
}

/** The stream is open before the message is sent: its delivery cannot slip through between. */
async function sendAndWait(session: Session, to: string, text: string): Promise<void> {
  const { out, daemon } = session;
  const ended = AbortSignal.timeout(daemon.timeoutMs);
  const events = daemon.events(undefined, AbortSignal.any([ended, session.signal]));
  let sent: Sent | undefined;
  try {
    await events.next();
    sent = await request(session, to, text);
    if (out.look.mode === 'human') out.line(sent.event);
    const delivered = await delivery(events, sent.event, await nameOf(session, sent));
    await tellDelivered(session, sent, delivered);
  } catch (error) {
    const why = await reasonOf(error, ended, session, sent);
    if (!sent) throw why;
    // It is stored, whatever failed then: who is not told its id would send it again.
    const { conversation, event } = sent;
    const state = why.body.reason === 'cancelled' ? 'cancelled' : 'waiting';
    if (out.look.mode === 'plain') out.record(event, conversation, state);
    throw why.with({ event, conversation });
  } finally {
    await events.return();
  }
}

async function reasonOf(
  cause: unknown,
  ended: AbortSignal,
  session: Session,
  sent: Sent | undefined,
): Promise<Failure> {
  if (session.signal.aborted) return failure('interrupted', undefined, cause);
  if (!ended.aborted || cause !== ended.reason) return asFailure(cause);
  if (!sent) return failure('no-answer', undefined, cause);
  const name = await nameOf(session, sent);
  const route = await routeOf(session, sent);
  if (route?.held !== undefined) return failure(...heldAs(route, route.held, name), cause);
  return failure('not-delivered-yet', { name }, cause);
}

async function delivery(
  events: AsyncGenerator<StreamEvent, void, void>,
  event: string,
  name: string,
): Promise<Delivered> {
  for await (const { type, data } of events) {
    if ((type !== 'state' && type !== 'message') || data.event !== event) continue;
    if (data.state === 'delivered') return data;
    if (data.state === 'cancelled') throw failure('cancelled', { name });
  }
  throw usage('The stream of events has ended.');
}

async function tellDelivered(session: Session, sent: Sent, delivered: Delivered): Promise<void> {
  const { out } = session;
  const { route, deliveredAt } = delivered;
  if (out.look.mode === 'json') {
    const how = { ...(route && { route }), ...(deliveredAt && { deliveredAt }) };
    return out.json({ ...sent, state: 'delivered', ...how });
  }
  if (out.look.mode === 'plain') {
    return out.record(sent.event, sent.conversation, 'delivered', route, deliveredAt);
  }
  if (out.look.quiet) return;
  const at = clock(deliveredAt ?? new Date().toISOString());
  const contact = await contactOf(session, sent);
  const way = route && wayOf({ route, policy: contact?.policy, proxied: contact?.proxied });
  out.note(before(session, way), `delivered to ${contact?.name ?? sent.conversation}, ${at}`);
  await tellAnswer(session, sent);
}

async function tellQueued(session: Session, sent: Sent): Promise<void> {
  const { out } = session;
  const contact = await contactOf(session, sent);
  if (!contact) return out.note('Stored on this device; it goes out by itself.');
  const { name } = contact;
  const way = wayOf(contact);
  if (way === 'waiting' || way === 'asked') {
    const rule = await routeOf(session, sent);
    if (rule?.held !== undefined) {
      return out.note(before(session, way), heldLine(rule, name));
    }
    const later = `Check later: sotto read ${shellWord(name)}`;
    const state = `${name} isn't reachable now. It waits on this device, so keep the app running.`;
    return out.note(before(session, way), `${state} ${later}`);
  }
  out.note(before(session, way), `on its way to ${name}`);
  await tellAnswer(session, sent);
}

/** Echo answers every message: say where the answer is. */
async function tellAnswer(session: Session, sent: Sent): Promise<void> {
  const contact = await contactOf(session, sent);
  if (contact?.route !== 'local') return;
  session.out.note(`Its answer: sotto read ${shellWord(contact.name)}`);
}

function before({ out }: Session, way: Way | undefined): string {
  return way === undefined ? '' : threadAndChip(way, out.utf8);
}

async function nameOf(session: Session, sent: Sent): Promise<string> {
  return (await contactOf(session, sent))?.name ?? sent.conversation;
}

/** For words only, too. */
async function routeOf(session: Session, sent: Sent): Promise<Route | undefined> {
  try {
    return await session.daemon.call('route.show', { to: sent.conversation });
  } catch {
    return undefined;
  }
}

/** For words only: the message is stored, so a failure here must not look like one of it. */
async function contactOf(session: Session, sent: Sent): Promise<Contact | undefined> {
  try {
    return await session.daemon.call('contacts.show', { to: sent.conversation });
  } catch {
    return undefined;
  }
}
