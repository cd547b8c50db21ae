/**
 * Message info: its times, the way it took, and how far it is.
 * @module
 */
import type { ApiErrorBody, Conversation, Message, Route } from '@sotto/api/contract.ts';
import { useEffect, useState, type ReactNode } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStore } from '../../model/store.ts';
import { timelineOf } from '../../model/timelines.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { routeWords, wayOfMessage } from '../../words/route.ts';
import { wholeTime } from '../../words/when.ts';
import { Panel } from '../details/panel.tsx';
import { Body } from './body.tsx';
import style from './message-info.module.css';
import { stateTip, stateWord } from './state-mark.tsx';

interface Props {
  readonly conversation: Conversation;
  /** Its route, with how the rule of it changed. */
  readonly shown: Route | undefined;
  readonly cursor: string;
}

export function MessageInfo({ conversation, shown, cursor }: Props) {
  const t = useText();
  const { name } = conversation;
  const { message, error, isMissing } = useMessage(conversation, cursor);
  const path = `/c/${conversation.conversation}`;
  return (
    <Panel title={t('info.title')} name={shownName(name)} backTo={path}>
      {error && <ErrorNote error={error} />}
      {isMissing && <p>{t('info.missing')}</p>}
      {message && <Facts message={message} shown={shown} name={name} />}
    </Panel>
  );
}

function Facts({
  message,
  shown,
  name,
}: {
  readonly message: Message;
  readonly shown: Route | undefined;
  readonly name: string;
}) {
  const t = useText();
  const model = useModel();
  const { outgoing, state, kind, text, conversation } = message;
  const way = wayOfMessage(message, shown);
  return (
    <>
      <div className={style['text']}>
        {kind === 'text' ? <Body text={text} isStop /> : t('conversation.unknown-kind')}
      </div>
      <dl className={style['facts']}>
        <Fact label={t('info.from')}>
          <bdi>{outgoing ? t('conversation.you') : shownName(name)}</bdi>
        </Fact>
        <Fact label={t('info.state')}>
          {stateWord(t, state)}. {stateTip(t, message, name)}
        </Fact>
        <Fact label={t('info.written')}>
          <Time at={message.time} />
          {!outgoing && (
            <span className={style['small']}>{t('info.clock', { name: nameIn(name) })}</span>
          )}
        </Fact>
        <Fact label={t('info.stored')}>
          <Time at={message.storedAt} />
        </Fact>
        {message.deliveredAt !== undefined && (
          <Fact label={t('info.delivered')}>
            <Time at={message.deliveredAt} />
          </Fact>
        )}
        <Fact label={t('info.route')}>
          {way === undefined ? (
            t('info.route.none')
          ) : (
            <>
              <span className={style['route']}>
                <Thread route={way} /> {routeWords(t, way, 'chip', name)}
              </span>
              <span className={style['small']}>{routeWords(t, way, 'line', name)}</span>
            </>
          )}
        </Fact>
      </dl>
      {message.gapBefore && <p>{t('conversation.gap')}</p>}
      {message.fork && <p>{t('conversation.fork', { name: nameIn(name) })}</p>}
      {state === 'cancelled' && (
        <Button onClick={() => void timelineOf(model, conversation).send(text)}>
          {t('info.resend')}
        </Button>
      )}
    </>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Time({ at }: { readonly at: string }) {
  return <time dateTime={at}>{wholeTime(new Date(at))}</time>;
}

interface Found {
  readonly message: Message | undefined;
  readonly error: ApiErrorBody | undefined;
  readonly isMissing: boolean;
}

/** From memory where it is there, and then it follows what happens to it; else from the daemon. */
function useMessage({ conversation }: Conversation, cursor: string): Found {
  const model = useModel();
  const { messages } = useStore(timelineOf(model, conversation).view);
  const times = useStore(model.filled);
  const known = messages.find((message) => message.cursor === cursor);
  const isKnown = known !== undefined;
  const [asked, setAsked] = useState<Found>();
  useEffect(() => {
    if (isKnown) return;
    const stop = new AbortController();
    const { signal } = stop;
    const params = { to: conversation, around: cursor, limit: 3 };
    model.client.call('messages.list', params, { signal }).then(
      (page) => {
        const message = page.messages.find((one) => one.cursor === cursor);
        setAsked({ message, error: undefined, isMissing: message === undefined });
      },
      (fault: unknown) => {
        if (signal.aborted) return;
        setAsked({ message: undefined, error: errorOf(fault), isMissing: false });
      },
    );
    return () => stop.abort();
  }, [model, conversation, cursor, isKnown, times]);
  if (known) return { message: known, error: undefined, isMissing: false };
  return asked ?? { message: undefined, error: undefined, isMissing: false };
}
