/**
 * One request: who, how they came, what they wrote as plain text, and the three answers. A new ID
 * under a name that is known already is said before anything else. Of somebody who is in the chats
 * already, the chat keeps its rule.
 * @module
 */
import type { ApiErrorBody, Request } from '@sotto/api/contract.ts';
import { useId, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { useStorePart } from '../../model/store.ts';
import { announce } from '../../parts/announcer.tsx';
import { Avatar } from '../../parts/avatar.tsx';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { IdText } from '../../parts/id-text.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { policyName, type Policy } from '../../words/route.ts';
import { wholeTime } from '../../words/when.ts';
import { ConnectField, useConnect } from '../route/connect-field.tsx';
import style from './requests.module.css';

export function RequestCard({
  request,
  onAnswered,
}: {
  readonly request: Request;
  readonly onAnswered: () => void;
}) {
  const t = useText();
  const titleId = useId();
  const own = request.name ?? t('requests.nobody');
  const name = nameIn(own);
  const connect = useConnect();
  const chat = useStorePart(useModel().conversations, (all) => all.get(request.conversation));
  const policy = chat ? undefined : connect.chosen;
  const { answer, isBusy, error } = useAnswer(request, name, { policy, onAnswered });
  return (
    <article
      className={style['card']}
      aria-labelledby={titleId}
      tabIndex={-1}
      data-request={request.conversation}
    >
      <header className={style['head']}>
        <Avatar name={own} id={request.id} />
        <div className={style['who']}>
          <h2 id={titleId}>
            <bdi>{shownName(own)}</bdi>
          </h2>
          <time dateTime={request.time} className={style['time']}>
            {wholeTime(new Date(request.time))}
          </time>
        </div>
      </header>
      {request.knownName && request.name !== undefined && (
        <KnownName request={request} name={name} onNotThem={() => answer('decline')} />
      )}
      <p>{t('requests.who', { name })}</p>
      {request.text === '' ? (
        <p className={style['quiet']}>{t('requests.no-text')}</p>
      ) : (
        <blockquote className={style['text']} dir="auto">
          {plainText(request.text)}
        </blockquote>
      )}
      <details className={style['more']}>
        <summary>{t('requests.id')}</summary>
        <IdText id={request.id} />
      </details>
      {error && (
        <>
          <p>{t('requests.failed')}</p>
          <ErrorNote error={error} />
        </>
      )}
      {chat ? (
        <p>
          {t('requests.in-chats', { name: nameIn(chat.name), policy: policyName(t, chat.policy) })}
        </p>
      ) : (
        <ConnectField connect={connect} />
      )}
      <Answers isDoubtful={request.knownName} isBusy={isBusy} onAnswer={answer} />
      <p className={style['quiet']}>{t('requests.others-line')}</p>
    </article>
  );
}

type Answer = 'accept' | 'decline' | 'block';

function Answers({
  isDoubtful,
  isBusy,
  onAnswer,
}: {
  /** Accepting is not what is offered first. */
  readonly isDoubtful: boolean;
  readonly isBusy: boolean;
  readonly onAnswer: (how: Answer) => void;
}) {
  const t = useText();
  return (
    <div className={style['buttons']}>
      <Button
        kind={isDoubtful ? 'plain' : 'primary'}
        disabled={isBusy}
        onClick={() => onAnswer('accept')}
      >
        {t('requests.accept')}
      </Button>
      <Button disabled={isBusy} onClick={() => onAnswer('decline')}>
        {t('requests.decline')}
      </Button>
      <Button kind="danger" disabled={isBusy} onClick={() => onAnswer('block')}>
        {t('requests.block')}
      </Button>
    </div>
  );
}

/** Lines stay lines; nothing in it is a link, and what cannot be seen is shown. */
function plainText(text: string): string {
  return text
    .split('\n')
    .map((line) => shownName(line))
    .join('\n');
}

function useAnswer(
  request: Request,
  name: string,
  {
    policy,
    onAnswered,
  }: {
    /** What a person chose for the chat. */
    readonly policy: Policy | undefined;
    readonly onAnswered: () => void;
  },
) {
  const t = useText();
  const model = useModel();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const answer = (how: Answer): void => {
    const who = request.conversation;
    setBusy(true);
    setError(undefined);
    const { client } = model;
    const done = async (): Promise<void> => {
      switch (how) {
        case 'accept': {
          const wish = policy === undefined ? { who } : { who, policy };
          const contact = await client.call('requests.accept', wish);
          model.putContact(contact);
          announce(t('requests.accepted', { name }));
          onAnswered();
          go(`/c/${contact.conversation}`);
          return;
        }
        case 'decline':
          await client.call('requests.decline', { who });
          announce(t('requests.declined', { name }));
          break;
        case 'block':
          model.putContact(await client.call('requests.block', { who }));
          announce(t('requests.blocked', { name }));
      }
      onAnswered();
    };
    done().catch((fault: unknown) => {
      setBusy(false);
      setError(errorOf(fault));
    });
  };
  return { answer, isBusy, error };
}

function KnownName({
  request,
  name,
  onNotThem,
}: {
  readonly request: Request;
  readonly name: string;
  readonly onNotThem: () => void;
}) {
  const t = useText();
  const [isComparing, setComparing] = useState(false);
  const known = useStorePart(useModel().conversations, (all) =>
    [...all.values()].find((one) => one.name === request.name && one.id !== request.id),
  );
  return (
    <section className={style['known']}>
      <p>
        <strong>{t('requests.known', { name })}</strong> {t('requests.known.line', { name })}
      </p>
      <div className={style['buttons']}>
        <Button aria-expanded={isComparing} onClick={() => setComparing(!isComparing)}>
          {t('requests.compare')}
        </Button>
        <Button onClick={onNotThem}>{t('requests.not-them')}</Button>
      </div>
      {isComparing && (
        <>
          <p>{t('requests.compare.how', { name })}</p>
          <IdText id={request.id} />
          {known && (
            <PageLink path={`/c/${known.conversation}`}>
              {t('requests.compare.chat', { name })}
            </PageLink>
          )}
        </>
      )}
    </section>
  );
}
