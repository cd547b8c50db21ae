/**
 * Settings: a search over all of them, the sections, and a page for each section. Whatever is found
 * can be changed where it is found.
 * @module
 */
import { ChevronRight, Search } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useStore } from '../../model/store.ts';
import { Field } from '../../parts/field.tsx';
import { Page } from '../../parts/page.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { ItemView } from './item-view.tsx';
import { findItems, isSection, SECTIONS, shownItems, type Section } from './items.ts';
import style from './settings.module.css';

export default function Settings({ section }: { readonly section: string | undefined }) {
  return isSection(section) ? <SectionPage key={section} section={section} /> : <Overview />;
}

function Overview() {
  const t = useText();
  const [query, setQuery] = useState('');
  return (
    <Page title={t('settings.title')}>
      <div className={style['settings']}>
        <search>
          <Field
            label={
              <>
                <Search aria-hidden="true" className={style['glass']} />
                {t('settings.search')}
              </>
            }
            type="search"
            value={query}
            autoComplete="off"
            data-search=""
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || query === '') return;
              event.preventDefault();
              setQuery('');
            }}
          />
        </search>
        {query.trim() === '' ? <Sections /> : <Found query={query} />}
      </div>
    </Page>
  );
}

function Sections() {
  const t = useText();
  return (
    <nav aria-label={t('settings.title')}>
      <ul className={style['sections']}>
        {SECTIONS.map((section) => (
          <li key={section}>
            <PageLink path={`/settings/${section}`} className={style['section']}>
              <span>
                {t(`settings.${section}`)}
                <span className={style['line']}>{t(`settings.${section}.line`)}</span>
              </span>
              <ChevronRight aria-hidden="true" className={style['chevron']} />
            </PageLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Found({ query }: { readonly query: string }) {
  const t = useText();
  const items = useItems();
  const found = findItems(items, query, t);
  return (
    <>
      <p role="status" className={style['count']}>
        {found.length === 0
          ? t('settings.none', { query: nameIn(query.trim()) })
          : t('settings.found', { count: found.length })}
      </p>
      <ul>
        {found.map((item) => (
          <ItemView key={item.id} item={item} />
        ))}
      </ul>
    </>
  );
}

function SectionPage({ section }: { readonly section: Section }) {
  const t = useText();
  const items = useItems();
  return (
    <Page title={t(`settings.${section}`)} back="/settings">
      <ul className={style['settings']}>
        {items
          .filter((item) => item.section === section)
          .map((item) => (
            <ItemView key={item.id} item={item} />
          ))}
      </ul>
    </Page>
  );
}

function useItems() {
  const t = useText();
  const settings = useStore(useModel().settings);
  return useMemo(() => shownItems(settings, t), [settings, t]);
}
