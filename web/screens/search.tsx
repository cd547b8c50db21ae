/**
 * Search: one field finds people and messages, takes commands, and knows an ID or an invite when
 * it is pasted. All of it is local. The field keeps the focus; what is found is walked with arrows.
 *
 *   Up, Down   walk      Enter   open in place      Esc   back
 *
 * @module
 */
import { Search as Glass } from 'lucide-react';
import { useEffect, useId, useRef, type KeyboardEvent, type RefObject } from 'react';
import { ErrorNote } from '../parts/error-note.tsx';
import { Page } from '../parts/page.tsx';
import { Pills } from '../parts/pills.tsx';
import { useText, type Text } from '../text/text.ts';
import { FilterBar } from './search/filter-bar.tsx';
import { FindList } from './search/find-list.tsx';
import type { Tab } from './search/finds.ts';
import style from './search/search.module.css';
import { useSearch, type Searching } from './search/use-search.ts';

const TABS: readonly Tab[] = ['all', 'people', 'messages'];

export default function Search() {
  const t = useText();
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  const search = useSearch(field);
  const { active, finds, found, query, tab } = search;
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return (
    <Page title={t('search.title')} back="/">
      <div className={style['search']} role="search">
        <SearchField
          field={field}
          typed={search.typed}
          listId={listId}
          activeId={finds.length > 0 ? optionId(listId, active) : undefined}
          onType={search.type}
          onKey={search.press}
        />
        <Pills
          legend={t('search.tabs')}
          value={tab}
          options={TABS.map((value) => ({ value, label: t(`search.tab.${value}`) }))}
          onChoose={search.setTab}
        />
        {tab !== 'people' && <FilterBar query={query} onFilter={search.filter} />}
      </div>
      <p role="status" className={style['said']}>
        {said(t, search)}
      </p>
      {found.error && <ErrorNote error={found.error} />}
      <FindList
        id={listId}
        finds={finds}
        active={active}
        wanted={found.wanted ?? ''}
        hasMore={found.more && tab !== 'people'}
        onMore={search.more}
        onChoose={search.choose}
      />
    </Page>
  );
}

function SearchField({
  field,
  typed,
  listId,
  activeId,
  onType,
  onKey,
}: {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly typed: string;
  readonly listId: string;
  /** The option that Enter opens. */
  readonly activeId: string | undefined;
  readonly onType: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}) {
  const t = useText();
  return (
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
        aria-expanded={activeId !== undefined}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={activeId}
        value={typed}
        onChange={(event) => onType(event.target.value)}
        onKeyDown={onKey}
      />
    </div>
  );
}

/** What is so, for those who see it and those who hear it. */
function said(t: Text, { typed, finds, found, isDone, query }: Searching): string {
  if (typed.trim() === '') return t('search.hint');
  if (query.unfinished) return t(`search.unfinished.${query.unfinished.filter}`);
  if (query.text === '') return t('search.words');
  if (!isDone) return '';
  if (finds.length === 0) return t('search.nothing', { q: query.text });
  const people = finds.filter(({ kind }) => kind === 'person').length;
  return t('search.count', { people, hits: found.hits.length });
}

function optionId(listId: string, at: number): string {
  return `${listId}-${at}`;
}
