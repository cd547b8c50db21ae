/**
 * Finds: what a search shows, in order, each with what happens when it is chosen.
 *
 *   what was pasted   people   commands   messages
 *
 * @module
 */
import type { Conversation, Hit, Peek } from '@sotto/api/contract.ts';
import { addWith } from '../../model/handed.ts';
import { keyList } from '../../model/keys.ts';
import { go } from '../../model/place.ts';
import type { TextKey } from '../../text/text.ts';
import { matchScore } from '../../words/match.ts';
import type { FilterName, Query } from './query.ts';

export type Tab = 'all' | 'people' | 'messages';

export type Find =
  | { readonly kind: 'pasted'; readonly key: string; readonly peek: Peek; readonly text: string }
  | { readonly kind: 'person'; readonly key: string; readonly person: Conversation }
  | { readonly kind: 'filter'; readonly key: string; readonly person: Conversation }
  | { readonly kind: 'command'; readonly key: string; readonly command: Command }
  | { readonly kind: 'message'; readonly key: string; readonly hit: Hit };

export interface Command {
  readonly name: TextKey;
  readonly run: () => void;
}

const COMMANDS: readonly Command[] = [
  { name: 'search.command.add', run: () => go('/add') },
  { name: 'search.command.requests', run: () => go('/requests') },
  { name: 'search.command.network', run: () => go('/network') },
  { name: 'search.command.settings', run: () => go('/settings') },
  { name: 'search.command.profiles', run: () => go('/profiles') },
  { name: 'search.command.keys', run: () => keyList.set(true) },
];

/** People who are shown beside messages and before anything was typed. */
const PEOPLE_SOME = 6;
const PEOPLE_MAX = 50;

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
  if (all.pasted) finds.push({ kind: 'pasted', key: 'pasted', ...all.pasted });
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

/** Goes there. What completes a filter goes nowhere. */
export function open(find: Exclude<Find, { kind: 'filter' }>): void {
  switch (find.kind) {
    case 'pasted':
      if (find.peek.known === undefined) addWith(find.text);
      else go(`/c/${find.peek.known}`);
      break;
    case 'person':
      go(`/c/${find.person.conversation}`);
      break;
    case 'command':
      find.command.run();
      break;
    case 'message':
      go(`/c/${find.hit.message.conversation}/at/${find.hit.message.cursor}`);
      break;
  }
}

/** Might it be an ID or an invite? What it is the daemon says. */
export function looksPasted(text: string): boolean {
  return /sotto:/i.test(text) || /[a-z2-7]{24}/i.test(text.replace(/\s+/g, ''));
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
