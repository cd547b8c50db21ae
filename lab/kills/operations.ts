/**
 * The twelve operations at whose k-th write or sync a daemon dies. Each begins a scene: what is
 * done while the victim dies, and what must be so once it lives again: an acknowledged change is
 * there, and one whose answer was lost is there whole or not at all.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { MESSAGES_PAGE_MAX } from '@sotto/api/wire.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { formatInvite } from '@sotto/core/people/invite-text.ts';
import type { Person } from './person.ts';

const INVITE_MS = 24 * 3600 * 1000;
const BACKLOG_MS = 400;
/** Who died while being looked for is found at the next look into the DHT. */
const MEETING_MS = 180_000;
const LETTERS = 20;
const POLL_MS = 20;

export interface Stage {
  readonly victim: Person;
  readonly peer: Person;
  /** A third person whom neither knows; undefined where nobody is to be met. */
  readonly third: Person | undefined;
  /** The conversation of victim and peer. */
  readonly pair: string;
  /** A contact of the victim who never answers. */
  readonly ghost: string;
  /** Lets the lanes of a person flow, or not. */
  flow(who: 'victim' | 'peer', on: boolean): void;
}

export interface Scene {
  /** Who dies, where it is not the victim of the stage. */
  readonly dying?: Person;
  /** Resolves when everything was acknowledged; rejects with the death. */
  act(): Promise<unknown>;
  /** @returns what is wrong after the restart. */
  check?(acknowledged: boolean): Promise<string | undefined>;
}

export interface Operation {
  readonly name: string;
  /** `start`: dies while it starts. */
  readonly dies: 'running' | 'start';
  readonly lanes: 'both' | 'victim' | 'peer';
  begin(stage: Stage): Promise<Scene>;
}

type Begin = (stage: Stage) => Promise<Scene> | Scene;

function operation(name: string, begin: Begin, lanes: Operation['lanes'] = 'both'): Operation {
  return { name, dies: 'running', lanes, begin: async (stage) => begin(stage) };
}

const nothing: Begin = () => ({ act: () => new Promise(() => undefined) });

export const OPERATIONS: readonly Operation[] = [
  operation('send', nothing, 'victim'),
  operation('receive', nothing, 'peer'),
  operation('receipt', receipts, 'victim'),
  operation('invite', invite),
  operation('add', add),
  operation('rename', rename),
  operation('block', block),
  operation('read', read),
  operation('cancel', cancel),
  operation('meet', meet),
  operation('stop', ({ victim }) => ({ act: () => victim.call('daemon.stop', {}) })),
  { ...operation('start', nothing), dies: 'start' },
];

/** The peer is frozen while letters pile up; what the victim then writes is their receipts. */
async function receipts({ flow, peer, victim }: Stage): Promise<Scene> {
  peer.signal('SIGSTOP');
  await sleep(BACKLOG_MS);
  flow('victim', false);
  return {
    act: async () => {
      peer.signal('SIGCONT');
      await victim.endsWithin(BACKLOG_MS);
      flow('victim', true);
    },
  };
}

function invite({ victim }: Stage): Scene {
  let made: string | undefined;
  const list = async () => (await victim.callAgain('invites.list', {})).invites;
  return {
    act: async () => (made = (await victim.call('invites.create', {})).link),
    check: async (acknowledged) => {
      const open = (await list()).filter(({ state }) => state === 'open');
      if (acknowledged && !open.some(({ link }) => link === made)) return 'an invite is gone';
      for (const one of open) await victim.callAgain('invites.revoke', { invite: one.invite });
      return open.length > 1 ? 'an invite is there twice' : undefined;
    },
  };
}

/** An invite that nobody stands behind. */
export function inviteOfNobody(): string {
  const nobody = new SigningKey(new Secret('identity', new Uint8Array(randomBytes(32))));
  return formatInvite({
    secret: new Secret('invite', new Uint8Array(randomBytes(32))),
    identity: nobody.publicKey,
    expiresMs: Date.now() + INVITE_MS,
    reusable: false,
  });
}

function add({ victim }: Stage): Scene {
  const name = `New ${randomBytes(4).toString('hex')}`;
  return {
    act: () => victim.call('contacts.add', { text: inviteOfNobody(), name }),
    check: async (acknowledged) => {
      const { contacts } = await victim.callAgain('contacts.list', {});
      const found = contacts.filter((contact) => contact.name.startsWith(name));
      for (const { conversation } of found) {
        await victim.callAgain('contacts.remove', { to: conversation });
      }
      if (found.length > 1) return 'an added contact is there twice';
      return acknowledged && found.length === 0 ? 'an added contact is gone' : undefined;
    },
  };
}

async function rename({ ghost, victim }: Stage): Promise<Scene> {
  const show = async () => (await victim.callAgain('contacts.show', { to: ghost })).name;
  const before = await show();
  const name = `Ghost ${randomBytes(4).toString('hex')}`;
  return {
    act: () => victim.call('contacts.rename', { to: ghost, name }),
    check: async (acknowledged) => {
      const now = await show();
      if (now !== name && acknowledged) return 'a new name is gone';
      return now === name || now === before ? undefined : 'a name that nobody gave';
    },
  };
}

/** Blocking renews our gate as well, and tells the new one to everybody linked. */
function block({ ghost, victim }: Stage): Scene {
  return {
    act: () => victim.call('contacts.block', { to: ghost }),
    check: async (acknowledged) => {
      const { state } = await victim.callAgain('contacts.show', { to: ghost });
      await victim.callAgain('contacts.unblock', { to: ghost });
      return acknowledged && state !== 'blocked' ? 'a block is gone' : undefined;
    },
  };
}

async function read({ pair, victim }: Stage): Promise<Scene> {
  const newest = async () =>
    (await victim.callAgain('messages.list', { to: pair, limit: MESSAGES_PAGE_MAX })).messages;
  const last = (await newest()).findLast(({ outgoing }) => !outgoing);
  if (!last) return { act: () => Promise.resolve() };
  const { cursor, event } = last;
  return {
    act: () => victim.call('messages.markRead', { to: pair, cursor }),
    check: async (acknowledged) => {
      const now = (await newest()).find((message) => message.event === event);
      if (!now) return 'a message that was to be marked is gone';
      return acknowledged && !now.read ? 'a read mark is gone' : undefined;
    },
  };
}

/** Of a letter to somebody who is not there: it can be taken back for certain. */
async function cancel({ ghost, victim }: Stage): Promise<Scene> {
  const clientId = randomBytes(16).toString('hex');
  const letter = { to: ghost, text: `to cancel ${clientId}`, clientId };
  const { event } = await victim.callAgain('messages.send', letter);
  return {
    act: () => victim.call('messages.cancel', { event }),
    check: async (acknowledged) => {
      const { messages } = await victim.callAgain('messages.list', {
        to: ghost,
        limit: MESSAGES_PAGE_MAX,
      });
      const state = messages.find((message) => message.event === event)?.state;
      if (acknowledged && state !== 'cancelled') return `a cancelled letter is ${state}`;
      return state === 'waiting' || state === 'cancelled' ? undefined : `a letter is ${state}`;
    },
  };
}

let meetings = 0;

/** First contact; by turns the invited and the inviting one dies, with letters waiting. */
async function meet({ third, victim }: Stage): Promise<Scene> {
  if (!third) throw new Error('a third person is needed');
  const { id } = await third.callAgain('status.get', {});
  const { link } = await third.callAgain('invites.create', {});
  const dying = meetings++ % 2 === 0 ? victim : third;
  const texts: string[] = [];
  let to = '';
  const add = async () => {
    try {
      to = (await victim.callAgain('contacts.add', { text: link!, name: 'Cy' })).conversation;
    } catch {
      // The answer to the first request was lost, and by now they have even met.
      const { contacts } = await victim.callAgain('contacts.list', {});
      to = contacts.find((contact) => contact.id === id)?.conversation ?? '';
    }
  };
  const write = async (from: Person) => {
    const clientId = randomBytes(16).toString('hex');
    const text = `${from.name} ${clientId}`;
    texts.push(text);
    await from.callAgain('messages.send', { to, text, clientId });
  };
  const act = async (): Promise<void> => {
    await add();
    await Promise.all(Array.from({ length: LETTERS }, () => write(victim)));
    const bothOnline = async () => (await isOnline(victim, to)) && (await isOnline(third, to));
    if (!(await until(MEETING_MS, bothOnline))) throw new Error('they never met');
    await Promise.all(Array.from({ length: LETTERS }, () => write(third)));
  };
  const acting = { promise: Promise.resolve() };
  return {
    dying,
    act: () => (acting.promise = act()),
    check: async () => {
      try {
        // Whatever was asked is asked again until it is answered, so it ends by itself.
        await acting.promise;
        return await sameAtBoth(victim, third, to, texts);
      } finally {
        await removed(victim, to);
        await removed(third, to);
      }
    },
  };
}

/** Where they have not even met, there is nobody to remove. */
async function removed(person: Person, to: string): Promise<void> {
  await person.callAgain('contacts.remove', { to }).catch(() => undefined);
}

async function sameAtBoth(
  one: Person,
  other: Person,
  to: string,
  texts: readonly string[],
): Promise<string | undefined> {
  let shown: string[][] = [];
  const wanted = [...texts].sort().join();
  const isWhole = async () => {
    const lists = await Promise.all([one, other].map((person) => person.messagesAfter(to, '')));
    shown = lists.map((list) => list.flatMap(({ kind, text }) => (kind === 'text' ? [text] : [])));
    return shown.every((list) => [...list].sort().join() === wanted);
  };
  if (await until(MEETING_MS, isWhole)) return undefined;
  return `after meeting ${shown.map((list) => list.length).join(' and ')} of ${texts.length} shown`;
}

export async function isOnline(person: Person, to: string): Promise<boolean> {
  if (!person.running.isOpen) return false;
  try {
    return (await person.call('contacts.show', { to })).online;
  } catch {
    return false; // it dies, or does not know them yet
  }
}

/** False where it did not become true in time. */
export async function until(ms: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    if (await isSo()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
