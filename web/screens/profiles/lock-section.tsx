/**
 * Lock section: whether this profile has a passphrase, when it locks itself, and locking it now.
 * @module
 */
import type { ApiErrorBody, LockStatus } from '@sotto/api/contract.ts';
import { useRef, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { SelectField } from '../../parts/field.tsx';
import { useText } from '../../text/text.ts';
import { Notes } from '../settings/notes.tsx';
import { useSetting } from '../settings/use-setting.ts';
import { PassphraseForm, type Wish } from './passphrase-form.tsx';
import style from './profiles.module.css';

export function LockSection({
  lock,
  onLock,
}: {
  readonly lock: LockStatus;
  readonly onLock: (lock: LockStatus) => void;
}) {
  const t = useText();
  const model = useModel();
  const [wish, setWish] = useState<Wish>();
  const [error, setError] = useState<ApiErrorBody>();
  const heading = useRef<HTMLHeadingElement>(null);
  const lockNow = async (): Promise<void> => {
    try {
      await model.client.call('lock.now', {});
      model.retryNow();
    } catch (fault) {
      setError(errorOf(fault));
    }
  };
  const { hasPassphrase } = lock;
  return (
    <section className={style['section']}>
      <h2 ref={heading} tabIndex={-1} className={style['heading']}>
        {t('profiles.lock')}
      </h2>
      <p>{t(hasPassphrase ? 'profiles.lock.set' : 'profiles.lock.none')}</p>
      {wish === undefined ? (
        <div className={style['buttons']}>
          {hasPassphrase ? (
            <>
              <Button kind="primary" onClick={() => void lockNow()}>
                {t('profiles.lock.now')}
              </Button>
              <Button onClick={() => setWish('change')}>{t('profiles.passphrase.change')}</Button>
              <Button onClick={() => setWish('remove')}>{t('profiles.passphrase.remove')}</Button>
            </>
          ) : (
            <Button onClick={() => setWish('add')}>{t('profiles.passphrase.add')}</Button>
          )}
        </div>
      ) : (
        <PassphraseForm
          wish={wish}
          onDone={(done) => {
            setWish(undefined);
            // The form that had the focus goes.
            heading.current?.focus();
            if (done) onLock(done);
          }}
        />
      )}
      {error && <ErrorNote error={error} />}
      <LockAfter hasPassphrase={hasPassphrase} />
    </section>
  );
}

/** Minutes; 0 is never. */
const AFTER = [0, 1, 5, 15, 30, 60];

function LockAfter({ hasPassphrase }: { readonly hasPassphrase: boolean }) {
  const t = useText();
  const setting = useSetting('lock.afterMinutes');
  const minutes = Number(setting.entry?.value ?? 0);
  const offered = AFTER.includes(minutes) ? AFTER : [...AFTER, minutes].sort((a, b) => a - b);
  return (
    <>
      <SelectField
        label={t('profiles.lock.after')}
        hint={t(hasPassphrase ? 'profiles.lock.after.line' : 'profiles.lock.after.needs')}
        value={minutes}
        disabled={!hasPassphrase}
        onChange={(event) => void setting.set(Number(event.target.value))}
      >
        {offered.map((one) => (
          <option key={one} value={one}>
            {t('profiles.lock.after.minutes', { minutes: one })}
          </option>
        ))}
      </SelectField>
      <Notes setting={setting} />
    </>
  );
}
