/**
 * Conversation: header, messages, composer, and the panel beside them.
 *
 *   Mod+F  find in this chat      Mod+;  route      Mod+'  details      Esc  composer
 *
 * @module
 */
import { Suspense, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import type { Conversation as Chat, Route } from '@sotto/api/contract.ts';
import { useConversation, useModel } from '../../model/context.ts';
import { hasMod } from '../../model/keys.ts';
import { go, type Place } from '../../model/place.ts';
import { useRoute } from '../../model/routes.ts';
import { timelineOf } from '../../model/timelines.ts';
import { Boundary } from '../../parts/boundary.tsx';
import { lazyPart } from '../../parts/lazy-part.ts';
import { PageLink } from '../../parts/page-link.tsx';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { Panel } from '../details/panel.tsx';
import { Composer } from './composer.tsx';
import style from './conversation.module.css';
import { FindBar } from './find-bar.tsx';
import { Header } from './header.tsx';
import { MessageInfo } from './message-info.tsx';
import { MessageList } from './message-list.tsx';
import { Notices } from './notices.tsx';
import { Reading } from './reading.tsx';
import { useAnnouncements } from './use-announcements.ts';
import type { Reach } from './use-roving.ts';

type At = Extract<Place, { page: 'conversation' }>;

const DetailsPanel = lazyPart(async () => ({
  default: (await import('../details/details-panel.tsx')).DetailsPanel,
}));
const RoutePanel = lazyPart(async () => ({
  default: (await import('../details/route-panel.tsx')).RoutePanel,
}));
const VerifyPanel = lazyPart(async () => ({
  default: (await import('../details/verify-panel.tsx')).VerifyPanel,
}));

export function Conversation({ at }: { readonly at: At }) {
  const conversation = useConversation(at.conversation);
  if (!conversation) return <Missing />;
  return <Open conversation={conversation} at={at} />;
}

function Open({ conversation, at }: { readonly conversation: Chat; readonly at: At }) {
  const model = useModel();
  const id = conversation.conversation;
  const timeline = timelineOf(model, id);
  const composer = useRef<HTMLTextAreaElement>(null);
  const reach = useRef<Reach>(null);
  const [isFinding, setFinding] = useState(false);
  const toComposer = useCallback(() => composer.current?.focus(), []);
  const find = useCallback(() => setFinding(true), []);
  const name = shownName(conversation.name);
  const route = useRoute(conversation);
  useChatKeys(id, find);
  useAnnouncements(conversation, route);
  useEffect(() => {
    document.title = `${name} · Sotto`;
  }, [name]);
  useEffect(() => {
    timeline.shown = true;
    return () => {
      timeline.shown = false;
    };
  }, [timeline]);
  if (at.panel === 'reading') {
    return <Reading conversation={conversation} timeline={timeline} route={route} />;
  }
  return (
    <div className={style['page']}>
      <section
        className={style['pane']}
        aria-label={name}
        onKeyDown={(event) => {
          // What the address names is closed first, by the keys that work anywhere.
          if (event.key !== 'Escape' || event.defaultPrevented || at.cursor !== undefined) return;
          const isInDialog = (event.target as HTMLElement).closest('dialog') !== null;
          if (at.panel === undefined && !isInDialog) toComposer();
        }}
      >
        <Header conversation={conversation} shown={route} onFind={find} />
        {isFinding && (
          <FindBar
            conversation={id}
            onClose={() => {
              setFinding(false);
              toComposer();
            }}
          />
        )}
        <MessageList
          timeline={timeline}
          name={conversation.name}
          route={route}
          at={at.panel === undefined ? at.cursor : undefined}
          reach={reach}
        />
        <Notices conversation={conversation} />
        <Composer field={composer} conversation={conversation} timeline={timeline} reach={reach} />
      </section>
      <Beside key={at.panel} conversation={conversation} shown={route} at={at} />
    </div>
  );
}

/** What is open beside the messages, which stay where it cannot be shown. */
function Beside({
  conversation,
  shown,
  at,
}: {
  readonly conversation: Chat;
  readonly shown: Route | undefined;
  readonly at: At;
}) {
  const t = useText();
  const frame = (note: ReactNode): ReactNode => (
    <Panel
      title={t('app.broken')}
      name={shownName(conversation.name)}
      backTo={`/c/${conversation.conversation}`}
    >
      {note}
    </Panel>
  );
  return (
    <Boundary frame={frame}>
      <Suspense fallback={null}>{panelOf(conversation, shown, at)}</Suspense>
    </Boundary>
  );
}

function panelOf(conversation: Chat, shown: Route | undefined, { panel, cursor }: At): ReactNode {
  switch (panel) {
    case 'info':
      return <DetailsPanel conversation={conversation} shown={shown} />;
    case 'route':
      return <RoutePanel conversation={conversation} shown={shown} />;
    case 'verify':
      return <VerifyPanel conversation={conversation} />;
    case 'message':
      return (
        <MessageInfo key={cursor} conversation={conversation} shown={shown} cursor={cursor!} />
      );
    default:
      return null;
  }
}

function useChatKeys(conversation: string, onFind: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (!hasMod(event) || event.altKey || event.defaultPrevented) return;
      const path = { ';': 'route', "'": 'info' }[event.key];
      if (path !== undefined) {
        event.preventDefault();
        go(`/c/${conversation}/${path}`);
      } else if (event.key.toLowerCase() === 'f' && !isInFind(document.activeElement)) {
        // Pressed a second time it is the browser's own.
        event.preventDefault();
        onFind();
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [conversation, onFind]);
}

function isInFind(element: Element | null): boolean {
  return Boolean(element?.closest('[role=search]'));
}

function Missing() {
  const t = useText();
  return (
    <section className={style['missing']}>
      <h1>{t('app.not-found')}</h1>
      <PageLink path="/">{t('app.not-found.home')}</PageLink>
    </section>
  );
}
