/**
 * Locked: the passphrase opens this profile. Nothing of it is on the page or in its memory: a page
 * that was loaded begins anew, what could not be stored included.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { useEffect, useState, type FormEvent } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { Button } from '../../parts/button.tsx';
import { Late } from '../../parts/late.tsx';
import { usePageTitle } from '../../parts/page.tsx';
import { PassphraseField, passphraseOf } from '../../parts/passphrase-field.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import style from './profiles.module.css';
import { usePause } from './use-pause.ts';

/** Longer than a page takes to begin anew: what is typed before that would be lost. */
const RELOAD_MS = 2_000;

export function Locked() {
  const model = useModel();
  const wasOpen = model.status.value !== undefined;
  useEffect(() => {
    if (wasOpen) location.reload();
  }, [wasOpen]);
  if (!wasOpen) return <Unlock />;
  // Where the browser did not load it anew.
  return (
    <Late afterMs={RELOAD_MS}>
      <Unlock />
    </Late>
  );
}

function Unlock() {
  const t = useText();
  const heading = usePageTitle(t('locked.title'));
  const { typed, setTyped, isOpening, error, pause, unlock } = useUnlock();
  const isPaused = pause > 0;
  return (
    <main id="content" className={style['locked']}>
      <form className={style['card']} onSubmit={(event) => void unlock(event)}>
        <span className={style['thread']}>
          <Thread route="waiting" />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {t('locked.title')}
        </h1>
        <p>{t('locked.line')}</p>
        <PassphraseField
          label={t('locked.passphrase')}
          value={typed}
          autoFocus
          onChange={setTyped}
          error={
            error && (
              <>
                {error.message} <span className={style['code']}>{error.code}</span>
              </>
            )
          }
        />
        <Button kind="primary" type="submit" disabled={isPaused}>
          {isOpening ? (
            <Late fallback={t('locked.unlock')} afterMs={300}>
              {t('locked.opening')}
            </Late>
          ) : (
            t('locked.unlock')
          )}
        </Button>
        {/* The seconds are seen; that it is over is said. */}
        <p aria-hidden="true" className={style['line']}>
          {isPaused && t('locked.pause', { seconds: pause })}
        </p>
        <p role="status" className="visually-hidden">
          {!isPaused && error?.reason === 'passphrase-pause' && t('locked.pause.over')}
        </p>
      </form>
    </main>
  );
}

function useUnlock() {
  const model = useModel();
  const [typed, setTyped] = useState('');
  const [isOpening, setOpening] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const [pause, setPause] = usePause();
  useEffect(() => {
    model.client.call('lock.status', {}).then(
      ({ pauseSeconds }) => setPause(pauseSeconds),
      // The model says what is so.
      () => undefined,
    );
  }, [model, setPause]);
  const unlock = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isOpening || pause > 0 || typed === '') return;
    setOpening(true);
    setError(undefined);
    try {
      await model.client.call('lock.open', { passphrase: passphraseOf(typed) });
      model.retryNow();
    } catch (fault) {
      const told = errorOf(fault);
      setError(told);
      setOpening(false);
      setPause(pauseOf(told));
    }
    setTyped('');
  };
  return { typed, setTyped, isOpening, error, pause, unlock };
}

/** Seconds to wait: after the last free try, or while a pause goes on. */
export function pauseOf({ detail, reason }: ApiErrorBody): number {
  if (reason === 'passphrase-pause') return Number(detail?.['seconds'] ?? 0);
  return 0;
}
