/**
 * Safety number of two people: the same 60 digits on both screens, compared by eye, by typing or
 * pasting those of the other, or by a QR code.
 *
 *   number --They match, same digits, same code--> verified --Not verified--> number
 *          --They don't match, other digits------> differ   --Try again-----> number
 *
 * @module
 */
import type { ApiErrorBody, Conversation } from '@sotto/api/contract.ts';
import { BadgeCheck } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStore } from '../../model/store.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { QrCode } from '../../parts/qr-code.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { wholeDay } from '../../words/when.ts';
import { Compare } from './compare.tsx';
import style from './details.module.css';
import { Panel } from './panel.tsx';
import { PersonDialog } from './person-dialog.tsx';

export function VerifyPanel({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const [isDifferent, setDifferent] = useState(false);
  const safety = useSafety(conversation, setDifferent);
  const { number, error } = safety;
  return (
    <Panel
      title={t('verify.title')}
      name={shownName(conversation.name)}
      backTo={`/c/${conversation.conversation}`}
    >
      {isDifferent ? (
        <Different conversation={conversation} onAgain={() => setDifferent(false)} />
      ) : number !== undefined ? (
        <Same conversation={conversation} number={number} safety={safety} onDiffer={setDifferent} />
      ) : !safety.isMet || error?.reason === 'not-met-yet' ? (
        <p>{t('verify.not-met')}</p>
      ) : (
        error && (
          <ErrorNote error={error}>
            <div>
              <Button onClick={safety.load}>{t('app.retry')}</Button>
            </div>
          </ErrorNote>
        )
      )}
    </Panel>
  );
}

interface Safety {
  /** There is no number before the first meeting. */
  readonly isMet: boolean;
  /** 60 digits. */
  readonly number: string | undefined;
  readonly error: ApiErrorBody | undefined;
  readonly load: () => void;
  /** Remembers that the numbers are the same, or forgets it. */
  readonly mark: (mark: boolean) => Promise<void>;
  /** Compares with what stands on the other screen; the same is remembered. */
  readonly compare: (digits: string) => Promise<void>;
}

function useSafety(conversation: Conversation, onDiffer: (isDifferent: boolean) => void): Safety {
  const t = useText();
  const model = useModel();
  const times = useStore(model.filled);
  const [number, setNumber] = useState<string>();
  const [error, setError] = useState<ApiErrorBody>();
  const to = conversation.conversation;
  const name = nameIn(conversation.name);
  const ask = useCallback(
    async (params: { digits?: string; mark?: boolean }): Promise<boolean> => {
      setError(undefined);
      try {
        const answer = await model.client.call('contacts.verify', { to, ...params });
        setNumber(answer.safetyNumber);
        model.putContact(answer.contact);
        return true;
      } catch (fault) {
        const body = errorOf(fault);
        if (body.reason === 'numbers-differ') onDiffer(true);
        else setError(body);
        return false;
      }
    },
    [model, onDiffer, to],
  );
  const load = useCallback(() => void ask({}), [ask]);
  const isMet = conversation.state !== 'added';
  useEffect(() => {
    if (isMet) load();
  }, [isMet, load, times]);
  return {
    isMet,
    number,
    error,
    load,
    mark: async (mark) => {
      if (await ask({ mark })) announce(t(mark ? 'verify.marked' : 'verify.unmarked', { name }));
    },
    compare: async (digits) => {
      if (await ask({ digits, mark: true })) announce(t('verify.match', { name }));
    },
  };
}

function Same({
  conversation,
  number,
  safety,
  onDiffer,
}: {
  readonly conversation: Conversation;
  readonly number: string;
  readonly safety: Safety;
  readonly onDiffer: (isDifferent: boolean) => void;
}) {
  const t = useText();
  const name = nameIn(conversation.name);
  const { verifiedAt } = conversation;
  return (
    <>
      <p className={style['state']}>
        {verifiedAt !== undefined && (
          <BadgeCheck aria-hidden="true" className={style['verified']} />
        )}
        {verifiedAt === undefined
          ? t('verify.not-yet')
          : t('verify.on', { day: wholeDay(new Date(verifiedAt)) })}
      </p>
      <p>{t('verify.how', { name })}</p>
      <Digits number={number} />
      {safety.error && <ErrorNote error={safety.error} />}
      <div className={style['buttons']}>
        {verifiedAt === undefined ? (
          <>
            <Button kind="primary" onClick={() => void safety.mark(true)}>
              {t('verify.they-match')}
            </Button>
            <Button onClick={() => onDiffer(true)}>{t('verify.they-differ')}</Button>
          </>
        ) : (
          <Button onClick={() => void safety.mark(false)}>{t('verify.unmark')}</Button>
        )}
      </div>
      <Compare name={name} onDigits={safety.compare} />
      <section className={style['code']}>
        <QrCode text={number} label={t('verify.qr', { name })} />
        <p className={style['quiet']}>{t('verify.qr.line')}</p>
      </section>
      <p className={style['quiet']}>{t('verify.about', { name })}</p>
    </>
  );
}

/** 12 groups of 5, in reading order; what is selected is digits and spaces. */
function Digits({ number }: { readonly number: string }) {
  const t = useText();
  const groups = number.match(/\d{1,5}/g) ?? [];
  return (
    <section className={style['block']}>
      <p className={style['digits']} dir="ltr">
        {groups.map((group, at) => (
          <span key={at}>{group} </span>
        ))}
      </p>
      <div>
        <CopyButton text={groups.join(' ')}>{t('verify.copy')}</CopyButton>
      </div>
    </section>
  );
}

function Different({
  conversation,
  onAgain,
}: {
  readonly conversation: Conversation;
  readonly onAgain: () => void;
}) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  const [isBlocking, setBlocking] = useState(false);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className={style['differ']} role="alert">
      <h3 ref={heading} tabIndex={-1}>
        {t('verify.they-differ')}
      </h3>
      <p>{t('verify.differ')}</p>
      <div className={style['buttons']}>
        {conversation.state !== 'blocked' && (
          <Button kind="danger" onClick={() => setBlocking(true)}>
            {t('person.block.do')}
          </Button>
        )}
        <Button onClick={onAgain}>{t('verify.again')}</Button>
      </div>
      {isBlocking && (
        <PersonDialog act="block" conversation={conversation} onClose={() => setBlocking(false)} />
      )}
    </section>
  );
}
