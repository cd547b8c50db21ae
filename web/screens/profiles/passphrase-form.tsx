/**
 * Passphrase form: sets one, changes it, or takes it away. Nothing has to be typed twice: it can be
 * shown. What was typed goes from the page with the answer.
 * @module
 */
import type { ApiErrorBody, LockStatus } from '@sotto/api/contract.ts';
import { useState, type FormEvent } from 'react';
import { useClient } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { PassphraseField, passphraseOf } from '../../parts/passphrase-field.tsx';
import { useText, type TextKey } from '../../text/text.ts';
import { pauseOf } from './locked.tsx';
import style from './profiles.module.css';
import { usePause } from './use-pause.ts';

export type Wish = 'add' | 'change' | 'remove';

const DONE: Readonly<Record<Wish, TextKey>> = {
  add: 'profiles.passphrase.added',
  change: 'profiles.passphrase.changed',
  remove: 'profiles.passphrase.removed',
};

export function PassphraseForm({
  wish,
  onDone,
}: {
  readonly wish: Wish;
  /** Without a status: it was cancelled. */
  readonly onDone: (lock?: LockStatus) => void;
}) {
  const t = useText();
  const { current, setCurrent, next, setNext, isSaving, error, pause, save } = useSave(
    wish,
    onDone,
  );
  return (
    <form className={style['form']} onSubmit={(event) => void save(event)}>
      {wish !== 'add' && (
        <PassphraseField
          label={t('profiles.passphrase.current')}
          value={current}
          autoFocus
          onChange={setCurrent}
          hint={wish === 'remove' && t('profiles.passphrase.remove.line')}
        />
      )}
      {wish !== 'remove' && (
        <PassphraseField
          label={t('profiles.passphrase.next')}
          hint={t('profiles.passphrase.next.line')}
          value={next}
          isNew
          autoFocus={wish === 'add'}
          onChange={setNext}
        />
      )}
      {error && (
        <ErrorNote error={error}>
          {pause > 0 && <p aria-hidden="true">{t('locked.pause', { seconds: pause })}</p>}
        </ErrorNote>
      )}
      <div className={style['buttons']}>
        <Button kind="primary" type="submit" disabled={pause > 0}>
          {isSaving
            ? t('profiles.passphrase.saving')
            : t(wish === 'remove' ? 'profiles.passphrase.remove' : 'profiles.passphrase.save')}
        </Button>
        <Button onClick={() => onDone()}>{t('app.cancel')}</Button>
      </div>
    </form>
  );
}

function useSave(wish: Wish, onDone: (lock?: LockStatus) => void) {
  const t = useText();
  const client = useClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const [pause, setPause] = usePause();
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const isWhole = (wish === 'add' || current !== '') && (wish === 'remove' || next !== '');
    if (isSaving || pause > 0 || !isWhole) return;
    setSaving(true);
    setError(undefined);
    try {
      const lock = await client.call('lock.set', {
        ...(wish === 'add' ? {} : { current: passphraseOf(current) }),
        ...(wish === 'remove' ? {} : { next: passphraseOf(next) }),
      });
      announce(t(DONE[wish]));
      onDone(lock);
    } catch (fault) {
      const told = errorOf(fault);
      setError(told);
      setPause(pauseOf(told));
      setSaving(false);
    }
    setCurrent('');
  };
  return { current, setCurrent, next, setNext, isSaving, error, pause, save };
}
