/**
 * Chat list: every conversation, the one that moved last on top; above it the way to people and
 * messages, requests, and filters.
 * @module
 */
import { ChevronRight, Plus, Search } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { chatFilter, orderedChats, shownChats, type ChatFilter } from '../../model/chats.ts';
import { useModel } from '../../model/context.ts';
import { modName } from '../../model/keys.ts';
import { useNarrow } from '../../model/narrow.ts';
import { go, place } from '../../model/place.ts';
import { useStore, useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { Pills } from '../../parts/pills.tsx';
import { Tip } from '../../parts/tip.tsx';
import { useText } from '../../text/text.ts';
import style from './chat-list.module.css';
import { ChatRows } from './chat-rows.tsx';

export function ChatList() {
  const t = useText();
  const model = useModel();
  const conversations = useStore(model.conversations);
  const filter = useStore(chatFilter);
  const open = useStorePart(place, (at) =>
    at.page === 'conversation' ? at.conversation : undefined,
  );
  const all = useMemo(() => orderedChats(conversations), [conversations]);
  const shown = useMemo(() => shownChats(all, filter, open), [all, filter, open]);
  const isHome = useStorePart(place, (at) => at.page === 'home');
  // Alone on the page it is the main thing there; the element stays, and with it what is scrolled.
  const role = useNarrow() && isHome ? 'main' : 'complementary';
  return (
    <div className={style['list']} role={role} data-region="" aria-label={t('chats.title')}>
      <h1 className="visually-hidden">{t('chats.title')}</h1>
      <Head />
      {all.length > 0 && <Filters filter={filter} />}
      <OfflineLine />
      <RequestsRow />
      {shown.length > 0 ? (
        <ChatRows chats={shown} open={open} />
      ) : (
        <Empty filter={filter} isNobodyThere={all.length === 0} />
      )}
    </div>
  );
}

function Head() {
  const t = useText();
  return (
    <div className={style['head']}>
      <PageLink path="/search" className={style['find']} aria-keyshortcuts="Control+K Meta+K">
        <Search aria-hidden="true" />
        <span className={style['find-words']}>{t('chats.find')}</span>
        <kbd className={style['key']} aria-hidden="true">
          {t('chats.find.key', { mod: modName(t) })}
        </kbd>
      </PageLink>
      <Tip label={t('chats.add')}>
        <PageLink path="/add" className={style['add']} aria-label={t('chats.add')}>
          <Plus aria-hidden="true" />
        </PageLink>
      </Tip>
    </div>
  );
}

const FILTERS: readonly ChatFilter[] = ['all', 'unread', 'people'];

function Filters({ filter }: { readonly filter: ChatFilter }) {
  const t = useText();
  return (
    <div className={style['filters']}>
      <Pills
        legend={t('chats.filter')}
        value={filter}
        options={FILTERS.map((value) => ({ value, label: t(`chats.filter.${value}`) }))}
        onChoose={(chosen) => chatFilter.set(chosen)}
      />
    </div>
  );
}

/** Calm: one line, and everything goes on. */
function OfflineLine() {
  const t = useText();
  const isOnline = useStorePart(useModel().status, (now) => now?.online !== false);
  return (
    <p role="status" className={style['offline']}>
      {isOnline ? '' : t('app.offline')}
    </p>
  );
}

function RequestsRow() {
  const t = useText();
  const requests = useStorePart(useModel().status, (now) => now?.requests ?? 0);
  if (requests === 0) return null;
  return (
    <PageLink path="/requests" className={style['requests']}>
      <span>{t('chats.requests', { count: requests })}</span>
      <ChevronRight aria-hidden="true" className={style['chevron']} />
    </PageLink>
  );
}

function Empty({
  filter,
  isNobodyThere,
}: {
  readonly filter: ChatFilter;
  readonly isNobodyThere: boolean;
}) {
  const t = useText();
  let words: ReactNode = t('chats.empty');
  if (!isNobodyThere) words = t(filter === 'unread' ? 'chats.empty.unread' : 'chats.empty.people');
  return (
    <div className={style['empty']}>
      <p>{words}</p>
      {(isNobodyThere || filter === 'people') && (
        <Button onClick={() => go('/add')}>{t('chats.add')}</Button>
      )}
    </div>
  );
}
