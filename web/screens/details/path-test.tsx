/**
 * Test of the way to one person: found, answers, waiting; then what the network says. Each step is
 * named, and it can be cancelled.
 * @module
 */
import type { ApiErrorBody, Check, Conversation } from '@sotto/api/contract.ts';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { useClient, useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStorePart } from '../../model/store.ts';
import { WAY } from '../../model/way.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { CheckRow } from '../network/check-row.tsx';
import style from './details.module.css';

/** What starts the test from elsewhere. */
export interface Tester {
  readonly test: () => void;
}

export function PathTest({
  conversation,
  ref,
}: {
  readonly conversation: Conversation;
  readonly ref: Ref<Tester>;
}) {
  const t = useText();
  const { status } = useModel();
  // On the same network people are reached without the internet.
  const isOnline = useStorePart(status, (now) => now?.online === true) || conversation.online;
  const { checks, error, isTesting, test, cancel } = usePathTest(conversation.conversation);
  const section = useRef<HTMLElement>(null);
  useImperativeHandle(ref, () => ({
    test: () => {
      section.current?.scrollIntoView({ block: 'nearest' });
      test();
    },
  }));
  const name = nameIn(conversation.name);
  const way = checks?.filter(({ check }) => WAY.includes(check)) ?? [];
  const troubles = checks?.filter(
    ({ check, state }) => !WAY.includes(check) && (state === 'warn' || state === 'fail'),
  );
  return (
    <section ref={section} className={style['block']}>
      <div className={style['buttons']}>
        <Button onClick={test} disabled={isTesting || !isOnline}>
          {isTesting ? t('route.testing') : t('route.test', { name })}
        </Button>
        {isTesting && <Button onClick={cancel}>{t('app.cancel')}</Button>}
      </div>
      {!isOnline && <p className={style['quiet']}>{t('route.test.offline')}</p>}
      {error && <ErrorNote error={error} />}
      <div role="status" className={style['tested']}>
        {isTesting && <span className="visually-hidden">{t('route.testing')}</span>}
        {!isTesting && checks && (
          <>
            <h3>{t('route.tested', { name })}</h3>
            <Checks checks={way} />
            {troubles && troubles.length > 0 && (
              <>
                <h3>{t('route.tested.network')}</h3>
                <Checks checks={troubles} />
              </>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function Checks({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ul>
      {checks.map((check) => (
        <CheckRow key={check.check} check={check} />
      ))}
    </ul>
  );
}

function usePathTest(to: string) {
  const client = useClient();
  const [checks, setChecks] = useState<readonly Check[]>();
  const [error, setError] = useState<ApiErrorBody>();
  const [isTesting, setTesting] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const cancel = (): void => {
    running.current?.abort();
    setTesting(false);
  };
  const test = (): void => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    setTesting(true);
    setError(undefined);
    client
      .call('doctor.run', { with: to }, { signal })
      .then(
        (found) => {
          if (!signal.aborted) setChecks(found.checks);
        },
        (fault: unknown) => {
          if (!signal.aborted) setError(errorOf(fault));
        },
      )
      .finally(() => {
        if (!signal.aborted) setTesting(false);
      });
  };
  return { checks, error, isTesting, test, cancel };
}
