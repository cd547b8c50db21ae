/**
 * Messages of a conversation: opens at the first unread one, at the newest, or around the one that
 * the address names; then the feed of them.
 * @module
 */
import type { Route } from '@sotto/api/contract.ts';
import { useEffect, useState, type ReactNode, type Ref } from 'react';
import { useModel } from '../../model/context.ts';
import type { Model } from '../../model/model.ts';
import { useStore, useStorePart } from '../../model/store.ts';
import type { Timeline } from '../../model/timeline.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Late } from '../../parts/late.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { wayOf } from '../../words/route.ts';
import { Feed } from './feed.tsx';
import style from './message-list.module.css';
import { PolicyNotes } from './policy-notes.tsx';
import { rowsOf } from './rows.ts';
import type { Reach } from './use-roving.ts';

/** With more unread ones than this the first of them is not on the newest page for sure. */
const UNREAD_ON_PAGE = 30;
const SKELETON_ROWS = [9, 16, 12, 20, 7, 14, 18, 10];

export interface ListProps {
  readonly timeline: Timeline;
  /** Of the other person. */
  readonly name: string;
  /** What only the daemon knows of the route. */
  readonly route: Route | undefined;
  /** The message that the address names. */
  readonly at: string | undefined;
  /** Set to what leads to a message by keyboard. */
  readonly reach: Ref<Reach>;
}

export function MessageList(props: ListProps) {
  const { timeline, name, at, route } = props;
  const model = useModel();
  const view = useStore(timeline.view);
  const boundary = useBoundary(model, timeline.conversation);
  // What is shown of a chat that is opened anew begins where it should, whatever was there before.
  const [opened, setOpened] = useState(() => isThere(timeline, at));
  useEffect(() => {
    setOpened(true);
    void openAt(model, timeline, at);
  }, [model, timeline, at]);
  return (
    <div className={style['list']} data-region="">
      {view.error && (
        <div className={style['error']}>
          <ErrorNote error={view.error}>
            <Retry onRetry={() => void timeline.open(at)} />
          </ErrorNote>
        </div>
      )}
      {opened && view.loaded ? (
        <Loaded key={view.piece} {...props} boundary={boundary} />
      ) : (
        !view.error && (
          <Late>
            <Skeleton />
          </Late>
        )
      )}
      {view.loaded && rowsOf(view).length === 0 && (
        <Empty name={name} conversation={timeline.conversation} changes={route?.changes} />
      )}
    </div>
  );
}

function Loaded(props: ListProps & { readonly boundary: string | undefined }): ReactNode {
  const view = useStore(props.timeline.view);
  return rowsOf(view).length === 0 ? null : <Feed {...props} />;
}

/** Is what the address asks for in memory, so that it can be shown at once? */
function isThere(timeline: Timeline, at: string | undefined): boolean {
  const { loaded, hasNewer, messages } = timeline.view.value;
  return at === undefined ? loaded && !hasNewer : messages.some(({ cursor }) => cursor === at);
}

async function openAt(model: Model, timeline: Timeline, at: string | undefined): Promise<void> {
  const { loaded, hasNewer, messages } = timeline.view.value;
  if (at !== undefined) {
    if (!messages.some(({ cursor }) => cursor === at)) await timeline.open(at);
    return;
  }
  const chat = model.conversations.value.get(timeline.conversation);
  const isFar = (chat?.unread ?? 0) > UNREAD_ON_PAGE;
  if (!loaded) await (isFar ? timeline.open(chat?.readUpTo) : timeline.prefetch());
  else if (hasNewer && !isFar) await timeline.open();
}

/** Up to where everything was read when the unread ones began; undefined where none did. */
function useBoundary(model: Model, conversation: string): string | undefined {
  const chat = (): { unread: number; readUpTo: string } | undefined =>
    model.conversations.value.get(conversation);
  const unread = useStorePart(model.conversations, (all) => all.get(conversation)?.unread ?? 0);
  const [boundary, setBoundary] = useState(() => (unread > 0 ? chat()?.readUpTo : undefined));
  const times = useStore(model.filled);
  const [before, setBefore] = useState({ unread, times });
  if (before.unread !== unread || before.times !== times) {
    setBefore({ unread, times });
    // Who is looking sees them come, but for those that came while nobody looked.
    const isSeen = document.hasFocus() && before.times === times;
    if (before.unread === 0 && unread > 0 && !isSeen) setBoundary(chat()?.readUpTo);
  }
  return boundary;
}

function Retry({ onRetry }: { readonly onRetry: () => void }) {
  const t = useText();
  return <Button onClick={onRetry}>{t('app.retry')}</Button>;
}

function Empty({
  name,
  conversation,
  changes,
}: {
  readonly name: string;
  readonly conversation: string;
  readonly changes: Route['changes'] | undefined;
}) {
  const t = useText();
  const { conversations } = useModel();
  const way = useStorePart(conversations, (all) => {
    const chat = all.get(conversation);
    return chat && wayOf(chat);
  });
  return (
    <div className={style['empty']}>
      {way && <Thread route={way} />}
      <p>{t('conversation.empty', { name: nameIn(name) })}</p>
      <PolicyNotes changes={changes?.slice(-1)} name={name} />
    </div>
  );
}

function Skeleton() {
  const t = useText();
  return (
    <div className={style['skeleton']} role="status" aria-label={t('app.loading')}>
      {SKELETON_ROWS.map((width, i) => (
        <span key={i} data-own={i % 3 === 1} style={{ inlineSize: `${width}rem` }} />
      ))}
    </div>
  );
}
