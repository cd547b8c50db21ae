/**
 * Profiles and lock: the passphrase of this profile, when it locks itself, and the others.
 * @module
 */
import type { ApiErrorBody, LockStatus } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStore } from '../../model/store.ts';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Late } from '../../parts/late.tsx';
import { Page } from '../../parts/page.tsx';
import { useText } from '../../text/text.ts';
import { LockSection } from './lock-section.tsx';
import { ProfileList } from './profile-list.tsx';
import style from './profiles.module.css';

export default function Profiles() {
  const t = useText();
  const { client, filled } = useModel();
  const times = useStore(filled);
  const [lock, setLock] = useState<LockStatus>();
  const [error, setError] = useState<ApiErrorBody>();
  useEffect(() => {
    client.call('lock.status', {}).then(
      (now) => {
        setLock(now);
        setError(undefined);
      },
      (fault: unknown) => setError(errorOf(fault)),
    );
  }, [client, times]);
  return (
    <Page title={t('profiles.title')}>
      <div className={style['profiles']}>
        {error && <ErrorNote error={error} />}
        {lock && <LockSection lock={lock} onLock={setLock} />}
        {!lock && !error && <Late>{t('app.loading')}</Late>}
        <ProfileList />
      </div>
    </Page>
  );
}
