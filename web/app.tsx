/**
 * App: the frame, and which page stands in it. From 720 px on: rail, list, page; below, one of
 * them at a time with the rail at the bottom.
 * @module
 */
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import style from './app.module.css';
import { useModel } from './model/context.ts';
import { go, place, type Place } from './model/place.ts';
import { useStore, useStorePart } from './model/store.ts';
import { Announcer } from './parts/announcer.tsx';
import { Late } from './parts/late.tsx';
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

const Add = lazy(() => import('./screens/add/add.tsx'));
const Network = lazy(() => import('./screens/network/network.tsx'));
const Profiles = lazy(() => import('./screens/profiles/profiles.tsx'));
const Requests = lazy(() => import('./screens/requests.tsx'));
const Search = lazy(() => import('./screens/search.tsx'));
const Settings = lazy(() => import('./screens/settings/settings.tsx'));

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
        <Suspense fallback={<Loading />}>{pageOf(current, invite)}</Suspense>
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
