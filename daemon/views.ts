/**
 * From the views of core and of the vault to those of the contract: times become text, ids become
 * text, and what has no value is left out.
 * @module
 */
import type {
  Contact,
  Conversation,
  Door,
  Invite,
  Message,
  Peek,
  Request,
  Route,
  RouteName,
  StreamEvent,
} from '@sotto/api/contract.ts';
import { API_VERSION, LAST_TEXT_CHARS, RouteName as RouteNames } from '@sotto/api/contract.ts';
import type { ErrorDetail } from '@sotto/api/errors.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import { TIME_MS_MAX } from '@sotto/core/base/limits.ts';
import type {
  CommandError,
  ContactView,
  DoorView,
  InviteView,
  PeekView,
  RequestView,
  RouteView,
} from '@sotto/core/commands.ts';
import type { Rule } from '@sotto/core/effects.ts';
import { conversationText } from '@sotto/core/people/conversation.ts';
import type { ConversationRow } from '@sotto/vault/reader.ts';
import type { Message as StoredMessage } from '@sotto/vault/view.ts';
import { Refusal } from './api-server.ts';
import { shownPolicy } from './policies.ts';

const ROUTES = RouteNames.options;

/** RFC 3339 in UTC; what others told us may lie beyond what that has a text for (EVT-5). */
export function timeText(wallMs: number): string {
  return new Date(Math.min(wallMs, TIME_MS_MAX)).toISOString();
}

export function cursorText(cursor: number): string {
  return String(cursor);
}

/** @throws Refusal where the text is no cursor of ours. */
export function readCursor(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Refusal('bad-input', { what: 'the cursor' });
  return Number(text);
}

export function inviteOf(view: InviteView): Invite {
  const { invite, link, createdMs, expiresMs, reusable, state, usedBy } = view;
  return {
    invite,
    ...(link === undefined ? {} : { link }),
    createdAt: timeText(createdMs),
    expiresAt: timeText(expiresMs),
    reusable,
    state,
    usedBy: [...usedBy],
  };
}

export function contactOf(view: ContactView): Contact {
  const {
    asking,
    draft: _,
    lastSeenMs,
    looksLike,
    policy,
    proxied,
    punched,
    verifiedMs,
    ...rest
  } = view;
  return {
    ...rest,
    policy: shownPolicy(policy),
    ...(punched && { punched }),
    ...(proxied && { proxied }),
    ...(lastSeenMs === undefined ? {} : { lastSeenAt: timeText(lastSeenMs) }),
    ...(asking === undefined ? {} : { asking }),
    ...(verifiedMs === undefined ? {} : { verifiedAt: timeText(verifiedMs) }),
    ...(looksLike === undefined ? {} : { looksLike }),
  };
}

export function routeOf(view: RouteView): Route {
  const { asking, changes, endpoint, held, policy, rttMs, theirPolicy, transport, ...rest } = view;
  return {
    ...rest,
    ...ruleOf({ held, policy, theirPolicy }),
    changes: changes.map((change) => ({
      at: timeText(change.atMs),
      by: change.by,
      policy: shownPolicy(change.policy),
    })),
    ...(transport === undefined ? {} : { transport }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(asking === undefined ? {} : { asking }),
  };
}

/** By which ways a conversation may go, and why nothing can leave. */
export function ruleOf({ held, policy, theirPolicy }: Rule): Pick<Route, keyof Rule> {
  return {
    policy: shownPolicy(policy),
    ...(theirPolicy === undefined ? {} : { theirPolicy: shownPolicy(theirPolicy) }),
    ...(held === undefined ? {} : { held }),
  };
}

export function requestOf({ name, readMs, ...rest }: RequestView): Request {
  return { ...rest, ...(name === undefined ? {} : { name }), time: timeText(readMs) };
}

export function doorOf(view: DoorView): Door {
  const { lookedMs, putMs, signedUntilMs, ...rest } = view;
  return {
    ...rest,
    ...(signedUntilMs === undefined ? {} : { signedUntil: timeText(signedUntilMs) }),
    ...(putMs === undefined ? {} : { putAt: timeText(putMs) }),
    ...(lookedMs === undefined ? {} : { lookedAt: timeText(lookedMs) }),
  };
}

/** What a message needs to know of its conversation. */
export interface Around {
  /** Name of its author. */
  readonly author: string;
  /** Everything up to and with this cursor is read. */
  readonly readUpTo: number;
}

export function messageOf(stored: StoredMessage, { author, readUpTo }: Around): Message {
  const route = routeName(stored.route);
  return {
    event: hex(stored.id),
    conversation: conversationText(stored.conversation),
    cursor: cursorText(stored.cursor),
    outgoing: stored.outgoing,
    author,
    kind: stored.kind,
    text: stored.text ?? '',
    time: timeText(stored.timeMs),
    storedAt: timeText(stored.storedMs),
    state: stored.state,
    ...(stored.deliveredMs === undefined ? {} : { deliveredAt: timeText(stored.deliveredMs) }),
    ...(route === undefined ? {} : { route }),
    read: stored.outgoing || stored.cursor <= readUpTo,
    gapBefore: stored.gapBefore,
    fork: stored.fork,
  };
}

/** The event that tells of a change of state. */
export function stateEvent(stored: StoredMessage, cursor: number): StreamEvent {
  const { event, conversation, state, deliveredAt, route } = messageOf(stored, {
    author: '',
    readUpTo: 0,
  });
  return {
    v: API_VERSION,
    type: 'state',
    cursor: cursorText(cursor),
    data: {
      event,
      conversation,
      state,
      ...(deliveredAt === undefined ? {} : { deliveredAt }),
      ...(route === undefined ? {} : { route }),
    },
  };
}

/** @param row what is stored of it, and who wrote its last message; undefined for nothing. */
export function conversationOf(
  view: ContactView,
  row: (ConversationRow & { readonly author: string }) | undefined,
): Conversation {
  const { asking, draft, looksLike, verifiedMs } = view;
  const readUpTo = row?.readCursor ?? 0;
  // One by one: there may be thousands, and copying objects is most of the work.
  const conversation: Conversation = {
    conversation: view.conversation,
    id: view.id,
    name: view.name,
    state: view.state,
    online: view.online,
    route: view.route,
    policy: shownPolicy(view.policy),
    unread: row?.unread ?? 0,
    waiting: view.waiting,
    readUpTo: cursorText(readUpTo),
  };
  if (view.punched) conversation.punched = true;
  if (view.proxied) conversation.proxied = true;
  if (draft !== undefined) conversation.draft = draft;
  if (asking !== undefined) conversation.asking = asking;
  if (verifiedMs !== undefined) conversation.verifiedAt = timeText(verifiedMs);
  if (looksLike !== undefined) conversation.looksLike = looksLike;
  if (row) conversation.last = lastOf(row, readUpTo);
  return conversation;
}

function lastOf(
  { author, last }: ConversationRow & { readonly author: string },
  readUpTo: number,
): Message {
  const message = messageOf(last, { author, readUpTo });
  // A lone half of a pair at the end would be no valid text.
  const text = message.text.slice(0, LAST_TEXT_CHARS).replace(/[\ud800-\udbff]$/, '');
  return { ...message, text };
}

export function peekOf({ kind, id, expiresMs, known }: PeekView): Peek {
  return {
    kind,
    id,
    ...(known && { name: known.name, known: known.conversation }),
    ...(expiresMs === undefined ? {} : { expiresAt: timeText(expiresMs) }),
  };
}

/** Core's failure in the words of the registry. */
export function refusalOf({ code, detail = {} }: CommandError): Refusal {
  const { to, most, characters, of, ...rest } = detail;
  const named: Record<string, ErrorDetail[string]> = { ...rest };
  if (to !== undefined) named['name'] = to;
  if (most !== undefined) named['max'] = most;
  if (characters !== undefined) named['have'] = characters;
  if (of !== undefined) named['want'] = of;
  return new Refusal(code, Object.keys(named).length > 0 ? named : undefined);
}

function routeName(text: string | undefined): RouteName | undefined {
  return ROUTES.find((route) => route === text);
}
