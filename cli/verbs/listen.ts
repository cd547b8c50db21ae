/**
 * `listen`: what happens, line by line, until Ctrl-C. It outlives a restart of the app, and goes
 * on after any cursor it has printed.
 * @module
 */
import type { Contact, StreamEvent } from '@sotto/api/contract.ts';
import { wayOf } from '@sotto/api/way.ts';
import { usage } from '../failure.ts';
import { markOf, messageLines, messageRecord } from '../message-lines.ts';
import { truncated } from '../safe-text.ts';
import type { Session } from '../session.ts';
import { threadAndChip } from '../thread.ts';

type Type = StreamEvent['type'];
/** What is printed where nobody says what is wanted: the rest came later, and scripts ran. */
const TYPES: readonly Type[] = ['message', 'state', 'contact', 'route', 'network'];
const ALL_TYPES: readonly Type[] = [...TYPES, 'removed', 'read', 'requests', 'setting', 'draft'];
const CURSOR = /^[0-9A-Za-z_-]{1,64}$/;
const WHERE_COLUMNS = 16;
const DRAFT_COLUMNS = 60;

interface ListenOptions {
  readonly conv?: string;
  readonly type?: string;
  readonly from?: string;
}

export async function listen(session: Session, options: ListenOptions): Promise<void> {
  const { out, daemon } = session;
  const types = typesOf(options.type);
  if (options.from !== undefined && !CURSOR.test(options.from)) {
    throw usage(`"${options.from}" is no cursor.`, 'Take it from a line of: sotto listen --json');
  }
  const only = options.conv && (await daemon.call('contacts.show', { to: options.conv }));
  const names = new Names(session);
  if (out.look.mode === 'human') await names.load();
  out.note('Listening. Ctrl-C ends it.');
  const lost = (): void => out.note('The app has stopped answering. Waiting for it to come back.');
  for await (const event of daemon.events(options.from, session.signal, lost)) {
    if (event.type === 'contact') names.learn(event.data);
    if (!types.includes(event.type)) continue;
    if (only && !('conversation' in event.data && event.data.conversation === only.conversation)) {
      continue;
    }
    if (out.look.mode === 'json') await out.event(event);
    else if (out.look.mode === 'plain') record(session, event);
    else print(session, event, names, only !== undefined);
  }
}

function typesOf(text: string | undefined): readonly Type[] {
  if (text === undefined) return TYPES;
  return text.split(',').map((word) => {
    const type = ALL_TYPES.find((type) => type === word.trim());
    if (type === undefined) throw usage(`"${word}" is no type.`, `Types: ${ALL_TYPES.join(', ')}`);
    return type;
  });
}

/** What conversations are called here. */
class Names {
  readonly #session: Session;
  readonly #byConversation = new Map<string, string>();

  constructor(session: Session) {
    this.#session = session;
  }

  async load(): Promise<void> {
    const { contacts } = await this.#session.daemon.call('contacts.list', {});
    for (const contact of contacts) this.learn(contact);
  }

  /** Contacts are people one has added: they do not grow without end. */
  learn(contact: Contact): void {
    this.#byConversation.set(contact.conversation, contact.name);
  }

  of(conversation: string): string {
    return this.#byConversation.get(conversation) ?? conversation;
  }
}

function record({ out }: Session, event: StreamEvent): void {
  switch (event.type) {
    case 'message':
      return messageRecord(out, event.data, event.type);
    case 'state': {
      const { conversation, state, deliveredAt, route } = event.data;
      return out.record(
        event.type,
        event.cursor,
        event.data.event,
        conversation,
        state,
        deliveredAt,
        route,
      );
    }
    case 'contact': {
      const { conversation, name, state, online, route } = event.data;
      return out.record(event.type, event.cursor, conversation, name, state, online, route);
    }
    case 'route': {
      const { conversation, held, peerSeesMyIp, policy, route } = event.data;
      return out.record(event.type, event.cursor, conversation, route, peerSeesMyIp, policy, held);
    }
    case 'network':
      return out.record(event.type, event.cursor, event.data.online, event.data.helpers);
    case 'removed':
      return out.record(event.type, event.cursor, event.data.conversation);
    case 'read': {
      const { conversation, readUpTo, unread } = event.data;
      return out.record(event.type, event.cursor, conversation, readUpTo, unread);
    }
    case 'requests':
      return out.record(event.type, event.cursor, event.data.requests);
    case 'setting': {
      const { key, value, source } = event.data;
      return out.record(event.type, event.cursor, key, value, source);
    }
    case 'draft':
      return out.record(event.type, event.cursor, event.data.conversation, event.data.text);
  }
}

function print({ out }: Session, event: StreamEvent, names: Names, oneOnly: boolean): void {
  switch (event.type) {
    case 'message': {
      const { conversation, outgoing } = event.data;
      const name = truncated(out.clean(names.of(conversation)), WHERE_COLUMNS, out.utf8);
      return messageLines(out, event.data, outgoing && !oneOnly ? `to ${name}: ` : '');
    }
    case 'state': {
      const [, mark = ''] = markOf(out, event.data.state);
      return out.line('  ', mark, ` to ${names.of(event.data.conversation)}`);
    }
    case 'contact': {
      const { name, state } = event.data;
      return out.line(`  ${name}: ${state}`);
    }
    case 'route': {
      const { conversation } = event.data;
      return out.line('  ', threadAndChip(wayOf(event.data), out.utf8), names.of(conversation));
    }
    case 'network': {
      const { online, helpers } = event.data;
      return out.line(online ? `  Online, ${helpers} helpers known` : '  Offline');
    }
    case 'removed':
      return out.line(`  ${names.of(event.data.conversation)} was removed`);
    case 'read': {
      const { conversation, unread } = event.data;
      return out.line(`  ${names.of(conversation)}: ${unread} unread`);
    }
    case 'requests':
      return out.line(`  ${event.data.requests} people ask to chat`);
    case 'setting':
      return out.line(`  ${event.data.key} is now ${event.data.value}`);
    case 'draft': {
      const name = names.of(event.data.conversation);
      if (event.data.text === '') return out.line(`  Nothing typed to ${name}`);
      const text = truncated(out.clean(event.data.text), DRAFT_COLUMNS, out.utf8);
      return out.line(`  Typed to ${name}: ${text}`);
    }
  }
}
