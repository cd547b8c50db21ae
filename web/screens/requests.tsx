/**
 * Requests: who has my ID and asks to chat, in their own words as plain text; and the door to which
 * they come. Nothing is told to those who are declined or blocked.
 * @module
 */
import type { ApiErrorBody, Request } from '@sotto/api/contract.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModel } from '../model/context.ts';
import { errorOf } from '../model/failure.ts';
import { useStore, useStorePart } from '../model/store.ts';
import { Button } from '../parts/button.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { Late } from '../parts/late.tsx';
import { Page } from '../parts/page.tsx';
import { useText } from '../text/text.ts';
import { DoorBlock } from './requests/door-block.tsx';
import { RequestCard } from './requests/request-card.tsx';
import style from './requests/requests.module.css';

export default function Requests() {
  const t = useText();
  const { requests, error, load, drop } = useRequests();
  const isOpen = useStorePart(useModel().status, (now) => now?.doorOpen === true);
  const list = useRef<HTMLUListElement>(null);
  const look = useLook(load);
  /** What had the focus is gone: the next one has it, else the page. */
  const answered = (request: Request): void => {
    const at = requests?.indexOf(request) ?? 0;
    drop(request);
    requestAnimationFrame(() => {
      const cards = list.current?.querySelectorAll<HTMLElement>('[data-request]');
      const next = cards?.[Math.min(at, cards.length - 1)];
      (next ?? document.querySelector<HTMLElement>('main h1'))?.focus();
    });
  };
  return (
    <Page
      title={t('requests.title')}
      back="/"
      actions={
        look.isLooking ? (
          <Button onClick={look.cancel}>{t('app.cancel')}</Button>
        ) : (
          // Behind a shut door there is nobody to look for.
          isOpen && <Button onClick={look.start}>{t('requests.look')}</Button>
        )
      }
    >
      <div className={style['page']}>
        <p role="status" className={style['status']}>
          {look.isLooking
            ? t('requests.looking', { seconds: look.seconds })
            : look.isDone && requests && t('requests.looked', { count: requests.length })}
        </p>
        {(look.error ?? error) && (
          <ErrorNote error={(look.error ?? error)!}>
            <div>
              <Button onClick={load}>{t('app.retry')}</Button>
            </div>
          </ErrorNote>
        )}
        {requests === undefined && !error && (
          <Late>
            <p>{t('app.loading')}</p>
          </Late>
        )}
        {requests?.length === 0 && <p className={style['empty']}>{t('requests.empty')}</p>}
        {requests && requests.length > 0 && (
          <ul ref={list} className={style['list']} aria-label={t('requests.list')}>
            {requests.map((request) => (
              <li key={request.conversation}>
                <RequestCard request={request} onAnswered={() => answered(request)} />
              </li>
            ))}
          </ul>
        )}
        <DoorBlock />
      </div>
    </Page>
  );
}

/** Asked again when their number changes, and when the app is back. */
function useRequests() {
  const { client, filled, status } = useModel();
  const count = useStorePart(status, (now) => now?.requests);
  const times = useStore(filled);
  const [requests, setRequests] = useState<readonly Request[]>();
  const [error, setError] = useState<ApiErrorBody>();
  const load = useCallback(() => {
    client.call('requests.list', {}).then(
      (answer) => {
        setRequests(answer.requests);
        setError(undefined);
      },
      (fault: unknown) => setError(errorOf(fault)),
    );
  }, [client]);
  useEffect(load, [load, count, times]);
  const drop = (request: Request): void =>
    setRequests((before) => before?.filter((one) => one !== request));
  return { requests, error, load, drop };
}

const SECOND_MS = 1_000;

/** A look at the door takes some seconds: how many so far is said, and it can be left. */
function useLook(onDone: () => void) {
  const { client } = useModel();
  const [startedMs, setStarted] = useState<number>();
  const [seconds, setSeconds] = useState(0);
  const [isDone, setDone] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    if (startedMs === undefined) return;
    const timer = window.setInterval(
      () => setSeconds(Math.round((performance.now() - startedMs) / SECOND_MS)),
      SECOND_MS,
    );
    return () => window.clearInterval(timer);
  }, [startedMs]);
  const cancel = (): void => {
    running.current?.abort();
    setStarted(undefined);
  };
  const start = (): void => {
    const { signal } = (running.current = new AbortController());
    setStarted(performance.now());
    setSeconds(0);
    setDone(false);
    setError(undefined);
    client
      .call('requests.list', { look: true }, { signal })
      .then(
        () => {
          setDone(true);
          onDone();
        },
        (fault: unknown) => {
          if (!signal.aborted) setError(errorOf(fault));
        },
      )
      .finally(() => {
        if (!signal.aborted) setStarted(undefined);
      });
  };
  return { isLooking: startedMs !== undefined, isDone, seconds, error, start, cancel };
}
