/**
 * The state of a search: what is typed, what that finds, and which find is the active one.
 * @module
 */
import { useMemo, useState, type KeyboardEvent, type RefObject } from 'react';
import { orderedChats } from '../../model/chats.ts';
import { useModel } from '../../model/context.ts';
import { usePeek } from '../../model/peek.ts';
import { searchText } from '../../model/search-text.ts';
import { Store, useStore } from '../../model/store.ts';
import { useText } from '../../text/text.ts';
import { findsOf, looksPasted, type Find, type Tab } from './finds.ts';
import { openFind } from './open-find.ts';
import type { FilterName } from '@sotto/api/find-words.ts';
import { readQuery, withFilter } from './query.ts';
import { useHits } from './use-hits.ts';

/** Who comes back from a hit stands on it again. */
const lastActive = new Store<string | undefined>(undefined);

export type Searching = ReturnType<typeof useSearch>;

/** @param field gets the focus back when a filter is to be finished in it. */
export function useSearch(field: RefObject<HTMLInputElement | null>) {
  const typed = useStore(searchText);
  const [tab, setTab] = useState<Tab>('all');
  const [wantsMore, setWantsMore] = useState(false);
  const { query, finds, found, isDone } = useFinds(typed, tab, wantsMore);
  const activeKey = useStore(lastActive);
  const at = finds.findIndex(({ key }) => key === activeKey);
  const active = Math.max(0, at);
  const type = (text: string): void => {
    searchText.set(text);
    lastActive.set(undefined);
    setWantsMore(false);
  };
  const filter = (name: FilterName, value: string | undefined): void => {
    type(withFilter(typed, name, value));
    if (value === '') field.current?.focus();
  };
  const choose = (find: Find): void => {
    lastActive.set(find.key);
    if (find.kind !== 'filter') return openFind(find);
    filter(query.unfinished!.filter, find.person.name);
    field.current?.focus();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const find = finds[active];
    const to = walkTo(event, active, finds.length);
    if (to !== undefined) lastActive.set(finds[to]?.key);
    else if (event.key === 'Enter' && find) choose(find);
    else return;
    event.preventDefault();
  };
  const more = wantsMore ? undefined : (): void => setWantsMore(true);
  return {
    typed,
    tab,
    query,
    finds,
    found,
    isDone,
    active,
    type,
    setTab,
    filter,
    choose,
    press,
    more,
  };
}

/** What is found now; `isDone` once the messages have been asked for it too. */
function useFinds(typed: string, tab: Tab, wantsMore: boolean) {
  const t = useText();
  const model = useModel();
  const conversations = useStore(model.conversations);
  const chats = useMemo(() => orderedChats(conversations), [conversations]);
  const query = useMemo(() => readQuery(typed, chats, new Date()), [typed, chats]);
  const found = useHits(query, wantsMore);
  const peeked = usePeek(looksPasted(typed) ? typed : '');
  const pasted = peeked.state === 'found' ? peeked : undefined;
  const finds = useMemo(
    () => findsOf({ chats, hits: found.hits, pasted }, query, tab, t),
    [chats, found.hits, pasted, query, tab, t],
  );
  return { query, finds, found, isDone: tab === 'people' || found.wanted === query.text };
}

function walkTo(event: KeyboardEvent, at: number, count: number): number | undefined {
  if (count === 0 || event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (event.key === 'ArrowDown') return (at + 1) % count;
  if (event.key === 'ArrowUp') return (at - 1 + count) % count;
  return undefined;
}
