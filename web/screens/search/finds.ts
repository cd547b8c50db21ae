/**
 * Finds: what a search shows, in order.
 *
 *   what was pasted   people   commands   messages
 *
 * @module
 */
import type { Conversation, Hit, Peek } from '@sotto/api/contract.ts';
import type { TextKey } from '../../text/text.ts';
import { matchScore } from '../../words/match.ts';
import { deedOf, type Deed } from '../add/deed.ts';
import type { FilterName } from '@sotto/api/find-words.ts';
import type { Query } from './query.ts';

export type Tab = 'all' | 'people' | 'messages';

export type Find =
  | Pasted
  | { readonly kind: 'person'; readonly key: string; readonly person: Conversation }
  | { readonly kind: 'filter'; readonly key: string; readonly person: Conversation }
  | { readonly kind: 'command'; readonly key: string; readonly command: Command }
  | { readonly kind: 'message'; readonly key: string; readonly hit: Hit };

export interface Pasted {
  readonly kind: 'pasted';
  readonly key: string;
  readonly peek: Peek;
  readonly text: string;
  /** What there is to do with it, as on the page that adds people. */
  readonly deed: Deed;
}

export interface Command {
  readonly name: TextKey;
  /** Where it leads; undefined for the list of keys. */
  readonly path: string | undefined;
}

const COMMANDS: readonly Command[] = [
  { name: 'search.command.add', path: '/add' },
  { name: 'search.command.requests', path: '/requests' },
  { name: 'search.command.network', path: '/network' },
  { name: 'search.command.settings', path: '/settings' },
  { name: 'search.command.profiles', path: '/profiles' },
  { name: 'search.command.keys', path: undefined },
];

/** People who are shown beside messages and before anything was typed. */
const PEOPLE_SOME = 6;
const PEOPLE_MAX = 50;
/** An ID has 56; so many without anything else are no sentence. */
const ID_CHARS_SOME = 40;

export function findsOf(
  all: {
    readonly chats: readonly Conversation[];
    readonly hits: readonly Hit[];
    readonly pasted: { readonly peek: Peek; readonly text: string } | undefined;
  },
  query: Query,
  tab: Tab,
  say: (key: TextKey) => string,
): readonly Find[] {
  const { unfinished } = query;
  if (unfinished && isOfPeople(unfinished.filter)) {
    return peopleOf(all.chats, unfinished.value, PEOPLE_MAX).map((person) => ({
      kind: 'filter',
      key: `filter ${person.conversation}`,
      person,
    }));
  }
  const finds: Find[] = [];
  if (all.pasted) {
    const { known } = all.pasted.peek;
    const state = all.chats.find(({ conversation }) => conversation === known)?.state;
    const deed = deedOf(all.pasted.peek, state);
    finds.push({ kind: 'pasted', key: 'pasted', deed, ...all.pasted });
  }
  if (tab !== 'messages' && !hasFilter(query)) {
    const count = tab === 'all' ? PEOPLE_SOME : PEOPLE_MAX;
    for (const person of peopleOf(all.chats, query.text, count)) {
      finds.push({ kind: 'person', key: person.conversation, person });
    }
  }
  if (tab === 'all' && !hasFilter(query)) {
    for (const command of COMMANDS) {
      if (matchScore(say(command.name), query.text) === 0) continue;
      finds.push({ kind: 'command', key: command.name, command });
    }
  }
  if (tab !== 'people') {
    for (const hit of all.hits) finds.push({ kind: 'message', key: hit.message.event, hit });
  }
  return finds;
}

/** Might it be an ID or an invite? What it is the daemon says. */
export function looksPasted(text: string): boolean {
  const letters = text.replace(/[\s-]+/g, '');
  return /sotto:/i.test(text) || (letters.length >= ID_CHARS_SOME && /^[a-z2-7]+$/i.test(letters));
}

function isOfPeople(filter: FilterName): boolean {
  return filter === 'in' || filter === 'from';
}

function hasFilter({ from, within, before, after, unfinished }: Query): boolean {
  return [from, within, before, after, unfinished].some((one) => one !== undefined);
}

/** The best first; of equals, who moved last. */
function peopleOf(
  chats: readonly Conversation[],
  wanted: string,
  count: number,
): readonly Conversation[] {
  return chats
    .map((person) => ({ person, score: matchScore(person.name, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, count)
    .map(({ person }) => person);
}
