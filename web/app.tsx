/**
 * App: the frame, and which page stands in it. From 720 px on: rail, list, page; below, one of
 * them at a time with the rail at the bottom.
 * @module
 */
import { Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import style from './app.module.css';
import { useModel } from './model/context.ts';
import { go, place, type Place } from './model/place.ts';
import { useStore, useStorePart } from './model/store.ts';
import { Announcer } from './parts/announcer.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Late } from './parts/late.tsx';
import { lazyPart } from './parts/lazy-part.ts';
import { Page } from './parts/page.tsx';
import { Rail } from './parts/rail.tsx';
import { ChatList } from './screens/chats/chat-list.tsx';
import { Conversation } from './screens/conversation/conversation.tsx';
import { FirstChat, isAlone } from './screens/first-chat.tsx';
import { KeyList } from './screens/keys/key-list.tsx';
import { NewerLine } from './screens/newer-line.tsx';
import { Locked } from './screens/profiles/locked.tsx';
import { Lost, LostLine, Refused } from './screens/not-running.tsx';
import { Welcome } from './screens/welcome.tsx';
import { useKeys } from './model/keys.ts';
import { useText } from './text/text.ts';

const Add = lazyPart(() => import('./screens/add/add.tsx'));
const Network = lazyPart(() => import('./screens/network/network.tsx'));
const Profiles = lazyPart(() => import('./screens/profiles/profiles.tsx'));
const Requests = lazyPart(() => import('./screens/requests.tsx'));
const Search = lazyPart(() => import('./screens/search.tsx'));
const Settings = lazyPart(() => import('./screens/settings/settings.tsx'));

/** @param opened an invite that was opened together with the app. */
export function App({ opened }: { readonly opened: string | undefined }) {
  const model = useModel();
  const phase = useStore(model.phase);
  const status = useStore(model.status);
  const isNew = useStore(model.settings).get('app.welcomed')?.value === false;
  const current = useStore(place);
  const hasNobody = useStorePart(model.conversations, isAlone) && status?.requests === 0;
  // Where only one has room: the list is the page of `/`, unless there is nothing in it.
  const pane = current.page === 'home' && !hasNobody ? 'list' : 'page';
  const [invite, setInvite] = useInvite(opened, phase === 'ready' && !isNew, current.page);
  useKeys();
  useEffect(() => {
    if (phase === 'ready' && isNew && current.page !== 'welcome') go('/welcome', { replace: true });
  }, [phase, isNew, current.page]);

  if (phase === 'refused') return <Refused />;
  if (phase === 'locked') return <Locked />;
  // What was loaded stays on the screen while the daemon is away.
  if (status === undefined) return phase === 'lost' ? <Lost /> : <Loading />;
  if (isNew || current.page === 'welcome')
    return <Welcome invite={invite} onStarted={() => setInvite(undefined)} />;
  return (
    <div className={style['app']} data-pane={pane}>
      <SkipLink />
      <Rail />
      {/* Above both panes: in a narrow window only one of them is seen. */}
      <div className={style['notices']}>
        {phase === 'lost' && <LostLine />}
        <NewerLine />
      </div>
      <div className={style['list']}>
        <ChatList />
      </div>
      <main id="content" className={style['content']} tabIndex={-1}>
        <Boundary key={keyOf(current)} frame={(note) => <BrokenPage>{note}</BrokenPage>}>
          <Suspense fallback={<Loading />}>{pageOf(current, invite)}</Suspense>
        </Boundary>
      </main>
      <KeyList />
      <Announcer />
    </div>
  );
}

/** An invite that came with the link leads to the field for it once, and is then forgotten. */
function useInvite(opened: string | undefined, isSettled: boolean, page: Place['page']) {
  const [invite, setInvite] = useState(opened);
  const wasShown = useRef(false);
  useEffect(() => {
    if (!isSettled || invite === undefined || page === 'welcome') return;
    if (page === 'add') wasShown.current = true;
    else if (wasShown.current) setInvite(undefined);
    else go('/add', { replace: true });
  }, [isSettled, invite, page]);
  return [invite, setInvite] as const;
}

/** What another page is. */
function keyOf(at: Place): string {
  if (at.page === 'conversation') return at.conversation;
  return at.page === 'settings' ? `settings ${at.section}` : at.page;
}

function BrokenPage({ children }: { readonly children: ReactNode }) {
  const t = useText();
  return <Page title={t('app.broken')}>{children}</Page>;
}

function pageOf(current: Place, invite: string | undefined): ReactNode {
  switch (current.page) {
    case 'conversation':
      // A key: each conversation has state of its own.
      return <Conversation key={current.conversation} at={current} />;
    case 'add':
      return <Add invite={invite} />;
    case 'requests':
      return <Requests />;
    case 'search':
      return <Search />;
    case 'network':
      return <Network />;
    case 'profiles':
      return <Profiles />;
    case 'settings':
      return <Settings section={current.section} />;
    case 'unknown':
      return <Unknown />;
    default:
      return <FirstChat />;
  }
}

function Loading() {
  const t = useText();
  return (
    <div className={style['loading']} aria-busy="true">
      <Late>{t('app.loading')}</Late>
    </div>
  );
}

function SkipLink() {
  const t = useText();
  return (
    <a
      className={style['skip']}
      href="#content"
      onClick={(event) => {
        // The address stays that of the page.
        event.preventDefault();
        document.getElementById('content')?.focus();
      }}
    >
      {t('app.skip')}
    </a>
  );
}

function Unknown() {
  const t = useText();
  return (
    <section className={style['unknown']}>
      <h1>{t('app.not-found')}</h1>
      <a
        href="/"
        onClick={(event) => {
          event.preventDefault();
          go('/');
        }}
      >
        {t('app.not-found.home')}
      </a>
    </section>
  );
}
