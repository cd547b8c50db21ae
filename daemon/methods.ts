/**
 * The methods of the contract: reads come from the vault's read-only view, changes and live state
 * from core by its commands, settings and logs from the daemon itself.
 * @module
 */
import type { ConfigEntry, Door, Message, ParsedParams } from '@sotto/api/contract.ts';
import type { LanPresence } from '@sotto/api/checks.ts';
import { isSettingKey } from '@sotto/api/settings.ts';
import type { SettingKey, Settings } from '@sotto/api/settings.ts';
import type { Command, CommandResult, ContactView } from '@sotto/core/commands.ts';
import { conversationText, parseConversation } from '@sotto/core/people/conversation.ts';
import type { Message as StoredMessage } from '@sotto/vault/view.ts';
import { Refusal } from './api-server.ts';
import type { Handlers } from './api-server.ts';
import type { Config } from './config.ts';
import { examine } from './doctor.ts';
import type { DoctorParts } from './doctor.ts';
import { SURROUNDINGS } from './doctor-online.ts';
import type { Lan } from './lan.ts';
import type { LogFile } from './logs.ts';
import { readPage } from './message-page.ts';
import { ask } from './people.ts';
import type { People } from './people.ts';
import type { PortMapping } from './port-map/port-mapping.ts';
import { readPolicy } from './policies.ts';
import { relayOf } from './relay-view.ts';
import type { StoreReader } from './store.ts';
import {
  contactOf,
  conversationOf,
  doorOf,
  inviteOf,
  messageOf,
  peekOf,
  readCursor,
  requestOf,
  routeOf,
  timeText,
} from './views.ts';

export interface MethodParts {
  readonly command: (command: Command) => Promise<CommandResult>;
  readonly reader: StoreReader;
  readonly people: People;
  readonly config: Config;
  readonly logs: LogFile;
  readonly version: string;
  readonly startedMs: number;
  /** Ports that the router sends on to us. */
  readonly ports: PortMapping;
  readonly network: DoctorParts['network'];
  readonly freeBytes: DoctorParts['freeBytes'];
  readonly ownName: () => string;
  readonly stats: () => Record<string, number>;
  readonly lan: Pick<Lan, 'home' | 'state'>;
  /** A setting was changed: what takes effect at once does so before this resolves. */
  readonly onSetting: (settings: Settings, changed: ConfigEntry) => Promise<void>;
}

/** The methods of an open profile; those of the daemon itself are in daemon-methods.ts. */
export type ProfileHandlers = Omit<
  Handlers,
  Extract<keyof Handlers, `${'daemon' | 'lock' | 'pages' | 'profiles'}.${string}`>
>;

export function makeHandlers(parts: MethodParts): ProfileHandlers {
  return {
    ...daemonMethods(parts),
    ...inviteMethods(parts),
    ...contactMethods(parts),
    ...doorMethods(parts),
    ...messageMethods(parts),
    ...draftMethods(parts),
    ...configMethods(parts),
  };
}

type Bounds = Pick<ParsedParams<'messages.list'>, 'before' | 'after' | 'around'>;
type Some<Prefix extends string> = Pick<Handlers, Extract<keyof Handlers, `${Prefix}.${string}`>>;

function daemonMethods(parts: MethodParts): Some<'status' | 'stats' | 'logs' | 'doctor' | 'relay'> {
  const { command, config, freeBytes, logs, network, ports, startedMs, version } = parts;
  const settings = (): Settings => config.values();
  const nearby = (): LanPresence => parts.lan.state;
  const surroundings = SURROUNDINGS;
  const doctor = { command, freeBytes, startedMs, network, ports, settings, surroundings, nearby };
  return {
    'status.get': async () => {
      const { externalAddress, ...status } = (await ask(command, { type: 'status' }, 'status'))
        .status;
      return {
        ...status,
        ...(externalAddress === undefined ? {} : { externalAddress }),
        version,
        pid: process.pid,
        startedAt: timeText(startedMs),
      };
    },
    'relay.show': async () => {
      const { health } = await ask(command, { type: 'health' }, 'health');
      return { ...relayOf(health), port443: parts.network.web };
    },
    'doctor.run': async (params) => {
      if (params.ask) await command({ type: 'health', look: true });
      return { checks: await examine(doctor, params.with, params.ask) };
    },
    'stats.get': () => ({ stats: parts.stats() }),
    'logs.tail': ({ limit, after }) => logs.tail(limit, after),
  };
}

function inviteMethods({ command }: MethodParts): Some<'invites'> {
  return {
    'invites.create': async (params) =>
      inviteOf((await ask(command, { type: 'invite-new', ...params }, 'invite')).invite),
    'invites.list': async () => {
      const { invites } = await ask(command, { type: 'invite-list' }, 'invites');
      return { invites: invites.map(inviteOf) };
    },
    'invites.revoke': async ({ invite }) => {
      await ask(command, { type: 'invite-revoke', invite }, 'invites');
      return {};
    },
  };
}

function contactMethods({ command, people }: MethodParts): Some<'contacts' | 'route'> {
  const block = async (to: string, blocked: boolean): Promise<ReturnType<typeof contactOf>> => {
    await ask(command, { type: 'contact-block', to, blocked }, 'done');
    return contactOf(await people.show(to));
  };
  return {
    'contacts.add': async (params) => {
      const { anyway, hello, name, policy, text } = params;
      const wish = {
        ...(name === undefined ? { text } : { text, name }),
        ...(hello === undefined ? {} : { hello }),
        ...(policy === undefined ? {} : { policy: readPolicy(policy) }),
        anyway: anyway === true,
      };
      return contactOf((await ask(command, { type: 'contact-add', ...wish }, 'contact')).contact);
    },
    'contacts.peek': async ({ text }) =>
      peekOf((await ask(command, { type: 'text-peek', text }, 'peek')).peek),
    'contacts.list': async () => ({ contacts: (await people.list()).map(contactOf) }),
    'contacts.show': async ({ to }) => contactOf(await people.show(to)),
    'contacts.rename': async ({ to, name }) =>
      contactOf((await ask(command, { type: 'contact-rename', to, name }, 'contact')).contact),
    'contacts.block': ({ to }) => block(to, true),
    'contacts.unblock': ({ to }) => block(to, false),
    'contacts.verify': async ({ to, digits, mark }) => {
      const wish = {
        type: 'contact-verify',
        to,
        ...(digits === undefined ? {} : { digits }),
        ...(mark === undefined ? {} : { mark }),
      } as const;
      const { contact, number } = await ask(command, wish, 'safety-number');
      return { contact: contactOf(contact), safetyNumber: number };
    },
    'contacts.remove': async ({ to }) => {
      await ask(command, { type: 'contact-remove', to }, 'done');
      return {};
    },
    'route.show': async ({ to }) =>
      routeOf((await ask(command, { type: 'route-show', to }, 'route')).route),
    'route.set': async ({ to, policy, looser }) => {
      const wish = { to, policy: readPolicy(policy), looser: looser === true };
      const { route } = await ask(command, { type: 'route-set', ...wish }, 'route');
      return { route: routeOf(route) };
    },
  };
}

function doorMethods({ command }: MethodParts): Some<'door' | 'requests'> {
  const door = async (wish: Extract<Command, { type: `door-${string}` }>): Promise<Door> =>
    doorOf((await ask(command, wish, 'door')).door);
  return {
    'requests.list': async ({ look }) => {
      const { requests } = await ask(command, { type: 'request-list', look }, 'requests');
      const { open } = await door({ type: 'door-status' });
      return { requests: requests.map(requestOf), doorOpen: open };
    },
    'requests.accept': async ({ who, policy }) => {
      const wish = policy === undefined ? { who } : { who, policy: readPolicy(policy) };
      return contactOf(
        (await ask(command, { type: 'request-accept', ...wish }, 'contact')).contact,
      );
    },
    'requests.decline': async ({ who }) => {
      await ask(command, { type: 'request-decline', who }, 'done');
      return {};
    },
    'requests.block': async ({ who }) =>
      contactOf((await ask(command, { type: 'request-block', who }, 'contact')).contact),
    'door.status': () => door({ type: 'door-status' }),
    'door.open': ({ anyway }) => door({ type: 'door-open', anyway }),
    'door.shut': () => door({ type: 'door-shut' }),
  };
}

function messageMethods(parts: MethodParts): Some<'messages' | 'conversations'> {
  const { command, people, reader } = parts;
  return {
    'conversations.list': async () => {
      const rows = new Map(
        reader.conversations().map((row) => [conversationText(row.conversation), row]),
      );
      const conversations = (await people.list()).map((view) => {
        const row = rows.get(view.conversation);
        return conversationOf(
          view,
          row && { ...row, author: authorOf(parts, view.name, row.last) },
        );
      });
      return { conversations };
    },
    'messages.send': async ({ to, text, clientId }) => {
      const wish = { type: 'message-send', to, text, clientId } as const;
      const { event, conversation, duplicate } = await ask(command, wish, 'sent');
      await nextPoll();
      return { event, conversation, duplicate };
    },
    'messages.list': async ({ to, limit, since, ...bounds }) => {
      const view = await people.show(to);
      const { conversation, name } = view;
      const sinceMs = since === undefined ? undefined : Date.parse(since);
      const page = readPage(reader, idOf(view), limit, { ...cursorsOf(bounds), sinceMs });
      const messages = page.messages.map((one) => shown(parts, name, one));
      return { conversation, name, messages, more: page.more, newer: page.newer };
    },
    'messages.find': async ({ text, limit, from, before, after, ...within }) => {
      const only = within.in === undefined ? undefined : await people.show(within.in);
      const { found, more } = reader.search({
        text,
        limit,
        conversation: only && idOf(only),
        outgoing: from === undefined ? undefined : from === 'me',
        beforeMs: before === undefined ? undefined : Date.parse(before),
        sinceMs: after === undefined ? undefined : Date.parse(after),
      });
      const hits = [];
      for (const stored of found) {
        const name = await people.nameOf(conversationText(stored.conversation));
        if (name !== '') hits.push({ message: shown(parts, name, stored), name });
      }
      return { hits, more };
    },
    'messages.cancel': async ({ event }) => {
      await ask(command, { type: 'message-cancel', event }, 'done');
      return {};
    },
    'messages.markRead': async ({ to, cursor }) => {
      await ask(command, { type: 'mark-read', to, cursor: readCursor(cursor) }, 'done');
      return {};
    },
  };
}

/** Resolves after UDX has sent what it was given: the message leaves before its answer. */
function nextPoll(): Promise<void> {
  return new Promise((done) => setImmediate(() => setImmediate(done)));
}

function draftMethods({ command }: MethodParts): Some<'drafts'> {
  return {
    'drafts.set': async ({ to, text }) => {
      await ask(command, { type: 'draft-set', to, text }, 'done');
      return {};
    },
  };
}

function authorOf({ ownName }: MethodParts, name: string, stored: StoredMessage): string {
  return stored.outgoing ? ownName() : name;
}

/** @param name who the conversation is with */
function shown(parts: MethodParts, name: string, stored: StoredMessage): Message {
  const readUpTo = parts.reader.readUpTo(stored.conversation);
  return messageOf(stored, { author: authorOf(parts, name, stored), readUpTo });
}

function cursorsOf({ before, after, around }: Bounds): Parameters<typeof readPage>[3] {
  const read = (cursor: string | undefined): number | undefined =>
    cursor === undefined ? undefined : readCursor(cursor);
  return { before: read(before), after: read(after), around: read(around) };
}

function idOf(view: ContactView): Uint8Array {
  const conversation = parseConversation(view.conversation);
  if (!conversation) throw new Error('core names conversations by their text form');
  return conversation;
}

function configMethods({ config, lan, onSetting }: MethodParts): Some<'config'> {
  return {
    'config.list': () => ({ entries: config.list() }),
    'config.get': ({ key }) => config.entry(settingKey(key)),
    'config.set': async ({ key: name, value }): Promise<ConfigEntry> => {
      const key = settingKey(name);
      const meant = key === 'nearby.home' ? await homeMeant(lan, value) : value;
      const read = meant === null ? undefined : config.read(key, meant);
      if (read && !read.ok) throw new Refusal('bad-input', { what: `${key}: ${read.what}` });
      try {
        config.set(key, read?.value);
      } catch (error) {
        const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
        throw new Refusal(isFull ? 'no-space' : 'disk-error');
      }
      const changed = config.entry(key);
      await onSetting(config.values(), changed);
      return changed;
    },
  };
}

/** `here` and `not-here` mean the networks that this computer is in now. */
async function homeMeant(lan: MethodParts['lan'], value: unknown): Promise<unknown> {
  if (value !== 'here' && value !== 'not-here') return value;
  const marks = await lan.home(value === 'here');
  if (marks === undefined) throw new Refusal('offline');
  return marks;
}

function settingKey(name: string): SettingKey {
  if (!isSettingKey(name)) throw new Refusal('not-found', { name });
  return name;
}
