/**
 * Reading view: the last messages as plain text, all of them on the page, for readers that walk
 * through a page by their own keys.
 * @module
 */
import type { Conversation, Message, Route } from '@sotto/api/contract.ts';
import { MESSAGES_PAGE_MAX } from '@sotto/api/wire.ts';
import { Fragment, useEffect } from 'react';
import { useStore } from '../../model/store.ts';
import type { Timeline } from '../../model/timeline.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Page } from '../../parts/page.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { wholeTime } from '../../words/when.ts';
import { Body } from './body.tsx';
import { policyLines } from './policy-lines.ts';
import { PolicyNotes } from './policy-notes.tsx';
import style from './reading.module.css';
import { stateWord } from './state-mark.tsx';

export function Reading({
  conversation,
  timeline,
  route,
}: {
  readonly conversation: Conversation;
  readonly timeline: Timeline;
  readonly route: Route | undefined;
}) {
  const t = useText();
  const { name } = conversation;
  const view = useStore(timeline.view);
  const { messages, loaded, error } = view;
  useEffect(() => void timeline.open(undefined, MESSAGES_PAGE_MAX), [timeline]);
  const last = messages.slice(-MESSAGES_PAGE_MAX);
  const lines = policyLines(last, route?.changes ?? [], view);
  return (
    <Page
      title={t('reading.with', { name: nameIn(name) })}
      back={`/c/${conversation.conversation}`}
    >
      {error && (
        <ErrorNote error={error}>
          <Button onClick={() => void timeline.open(undefined, MESSAGES_PAGE_MAX)}>
            {t('app.retry')}
          </Button>
        </ErrorNote>
      )}
      {loaded && <p>{t('reading.line', { count: last.length })}</p>}
      <div className={style['messages']}>
        {last.map((message) => (
          <Fragment key={message.event}>
            <PolicyNotes changes={lines.before.get(message.event)} name={name} />
            <ReadMessage message={message} name={name} />
          </Fragment>
        ))}
        <PolicyNotes changes={lines.after} name={name} />
      </div>
    </Page>
  );
}

function ReadMessage({ message, name }: { readonly message: Message; readonly name: string }) {
  const t = useText();
  const { outgoing, kind, text, state } = message;
  const author = outgoing ? t('conversation.you') : nameIn(name);
  const time = wholeTime(new Date(message.storedAt));
  return (
    <article className={style['message']}>
      {message.gapBefore && <p className={style['note']}>{t('conversation.gap')}</p>}
      <h2 className={style['head']}>{t('reading.said', { author, time })}</h2>
      {kind === 'text' ? <Body text={text} isStop /> : <p>{t('conversation.unknown-kind')}</p>}
      {outgoing && <p className={style['note']}>{stateWord(t, state)}</p>}
      {message.fork && (
        <p className={style['note']}>{t('conversation.fork', { name: nameIn(name) })}</p>
      )}
    </article>
  );
}
