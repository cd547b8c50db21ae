/**
 * Search: one field finds people and messages, takes commands, and knows an ID or an invite when
 * it is pasted. All of it is local. The field keeps the focus; what is found is walked with arrows.
 *
 *   Up, Down   walk      Enter   open in place      Esc   back
 *
 * @module
 */
import { Search as Glass } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { orderedChats } from '../model/chats.ts';
import { useModel } from '../model/context.ts';
import { usePeek } from '../model/peek.ts';
import { searchText } from '../model/search-text.ts';
import { Store, useStore } from '../model/store.ts';
import { ErrorNote } from '../parts/error-note.tsx';
import { Page } from '../parts/page.tsx';
import { Pills } from '../parts/pills.tsx';
import { useText } from '../text/text.ts';
import { FilterBar } from './search/filter-bar.tsx';
import { FindList } from './search/find-list.tsx';
import { findsOf, looksPasted, type Find, type Tab } from './search/finds.ts';
import { openFind } from './search/open-find.ts';
import { readQuery, withFilter } from './search/query.ts';
import style from './search/search.module.css';
import { useHits } from './search/use-hits.ts';

const TABS: readonly Tab[] = ['all', 'people', 'messages'];

/** Who comes back from a hit stands on it again. */
const lastActive = new Store<string | undefined>(undefined);

export default function Search() {
  const t = useText();
  const typed = useStore(searchText);
  const [tab, setTab] = useState<Tab>('all');
  const [wantsMore, setWantsMore] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  const { query, finds, found, isDone } = useFinds(typed, tab, wantsMore);
  const activeKey = useStore(lastActive);
  const active = Math.max(
    0,
    finds.findIndex(({ key }) => key === activeKey),
  );
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const change = (text: string): void => {
    searchText.set(text);
    lastActive.set(undefined);
    setWantsMore(false);
  };
  const choose = (find: Find): void => {
    lastActive.set(find.key);
    if (find.kind !== 'filter') return openFind(find);
    change(withFilter(typed, query.unfinished!.filter, find.person.name));
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const find = finds[active];
    const to = walkTo(event, active, finds.length);
    if (to !== undefined) lastActive.set(finds[to]?.key);
    else if (event.key === 'Enter' && find) choose(find);
    else return;
    event.preventDefault();
  };
  return (
    <Page title={t('search.title')} back="/">
      <div className={style['search']} role="search">
        <div className={style['field']}>
          <Glass aria-hidden="true" className={style['icon']} />
          <input
            ref={field}
            data-search=""
            type="text"
            inputMode="search"
            role="combobox"
            className={style['input']}
            dir="auto"
            autoComplete="off"
            spellCheck={false}
            aria-label={t('search.label')}
            placeholder={t('search.label')}
            aria-expanded={finds.length > 0}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={finds.length > 0 ? optionId(listId, active) : undefined}
            value={typed}
            onChange={(event) => change(event.target.value)}
            onKeyDown={pressed}
          />
        </div>
        <Pills
          legend={t('search.tabs')}
          value={tab}
          options={TABS.map((value) => ({ value, label: t(`search.tab.${value}`) }))}
          onChoose={setTab}
        />
        {tab !== 'people' && (
          <FilterBar
            query={query}
            onFilter={(filter, value) => {
              change(withFilter(typed, filter, value));
              if (value === '') field.current?.focus();
            }}
          />
        )}
      </div>
      <p role="status" className={style['said']}>
        {said(t, { typed, finds, isDone, query, hits: found.hits.length })}
      </p>
      {found.error && <ErrorNote error={found.error} />}
      <FindList
        id={listId}
        finds={finds}
        active={active}
        wanted={found.wanted ?? ''}
        hasMore={found.more && tab !== 'people'}
        onMore={wantsMore ? undefined : () => setWantsMore(true)}
        onChoose={choose}
      />
    </Page>
  );
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

/** What is so, for those who see it and those who hear it. */
function said(
  t: ReturnType<typeof useText>,
  now: {
    readonly typed: string;
    readonly finds: readonly Find[];
    readonly isDone: boolean;
    readonly query: ReturnType<typeof readQuery>;
    readonly hits: number;
  },
): string {
  const { typed, finds, isDone, query, hits } = now;
  if (typed.trim() === '') return t('search.hint');
  if (query.unfinished) return t(`search.unfinished.${query.unfinished.filter}`);
  if (query.text === '') return t('search.words');
  if (!isDone) return '';
  if (finds.length === 0) return t('search.nothing', { q: query.text });
  const people = finds.filter(({ kind }) => kind === 'person').length;
  return t('search.count', { people, hits });
}

function walkTo(event: KeyboardEvent, at: number, count: number): number | undefined {
  if (count === 0 || event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (event.key === 'ArrowDown') return (at + 1) % count;
  if (event.key === 'ArrowUp') return (at - 1 + count) % count;
  return undefined;
}

function optionId(listId: string, at: number): string {
  return `${listId}-${at}`;
}
