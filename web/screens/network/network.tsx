/**
 * Network: the doctor. First the verdict in plain words, then what was looked at, each with what
 * can be done; the way to a person; and a report to hand on.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useDoctor } from '../../model/doctor.ts';
import { useStore, useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Late } from '../../parts/late.tsx';
import { Page } from '../../parts/page.tsx';
import { useText } from '../../text/text.ts';
import { CheckRow } from './check-row.tsx';
import style from './network.module.css';
import { PersonTest } from './person-test.tsx';
import { Report } from './report.tsx';

const LOOK_MS = 5_000;

export default function Network() {
  const t = useText();
  const doctor = useDoctor();
  const model = useModel();
  const isOnline = useStorePart(model.status, (status) => status?.online);
  const [isReporting, setReporting] = useState(false);
  const { findings, isRunning, run } = doctor;
  useEffect(() => run(), [run, isOnline]);
  return (
    <Page
      title={t('network.title')}
      actions={
        <Button onClick={() => run()}>{isRunning ? t('network.running') : t('network.run')}</Button>
      }
    >
      <div className={style['network']}>
        <div role="status">
          {findings ? (
            <>
              <p className={style['verdict']}>{t(`network.verdict.${findings.verdict}`)}</p>
              <p className={style['hint']}>{t('network.at', { at: findings.at })}</p>
            </>
          ) : (
            isRunning && <Late>{t('network.running')}</Late>
          )}
        </div>
        <Live />
        {doctor.error && (
          <ErrorNote error={doctor.error}>
            <Button onClick={() => run()}>{t('app.retry')}</Button>
          </ErrorNote>
        )}
        {findings && (
          <section>
            <h2>{t('network.checks')}</h2>
            <ul aria-busy={isRunning}>
              {[...findings.checks, pageCheck(t('network.page'), t('network.page.here'))].map(
                (check) => (
                  <CheckRow key={check.check} check={check} onAsk={() => run(undefined, true)} />
                ),
              )}
            </ul>
          </section>
        )}
        <PersonTest doctor={doctor} />
        {findings && (
          <Button className={style['copy']} onClick={() => setReporting(true)}>
            {t('network.report')}
          </Button>
        )}
      </div>
      {isReporting && findings && (
        <Report findings={findings} onClose={() => setReporting(false)} />
      )}
    </Page>
  );
}

/** The API listens on 127.0.0.1 only, and the page that reads this came from there. */
function pageCheck(title: string, message: string): Check {
  return { check: 'page', finding: 'here', state: 'ok', title, message };
}

/** How things are at this moment; looked at again and again while it is seen. */
function Live() {
  const t = useText();
  const model = useModel();
  const status = useStore(model.status);
  useEffect(() => {
    const look = (): void => void model.refreshStatus().catch(() => undefined);
    const timer = window.setInterval(look, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [model]);
  if (status === undefined) return null;
  const { contacts, helpers, linked, online, waiting } = status;
  return (
    <p className={style['live']}>
      {online
        ? t('network.live.online', { helpers, linked, contacts, waiting })
        : t('network.live.offline')}
    </p>
  );
}
