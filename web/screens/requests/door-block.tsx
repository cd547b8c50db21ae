/**
 * The door: whether people who have my ID alone can ask, and what that costs, said before it is
 * opened.
 * @module
 */
import type { ApiErrorBody, Door } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStore } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { wholeTime } from '../../words/when.ts';
import style from './requests.module.css';

export function DoorBlock() {
  const t = useText();
  const { door, error, change } = useDoor();
  const [isAsked, setAsked] = useState(false);
  if (!door) return error ? <ErrorNote error={error} /> : null;
  return (
    <section className={style['door']}>
      <h2>{t('door.title')}</h2>
      <p role="status">
        {t(!door.open ? 'door.shut' : door.hidden ? 'door.open.hidden' : 'door.open')}
      </p>
      {error && <ErrorNote error={error} />}
      <div>
        {door.open ? (
          <Button onClick={() => change('door.shut')}>{t('door.do-shut')}</Button>
        ) : (
          <Button onClick={() => setAsked(true)}>{t('door.do-open')}</Button>
        )}
      </div>
      {door.open && <Technical door={door} />}
      {isAsked && (
        <Dialog title={t('door.ask')} onClose={() => setAsked(false)}>
          <div className={style['ask']}>
            <p>
              <strong>{t(door.hidden ? 'door.cost.hidden' : 'door.cost')}</strong>
            </p>
            <p>{t(door.hidden ? 'door.why.hidden' : 'door.why')}</p>
            <div className={style['buttons']}>
              <Button data-autofocus="" onClick={() => setAsked(false)}>
                {t('app.cancel')}
              </Button>
              <Button
                onClick={() => {
                  setAsked(false);
                  change('door.open');
                }}
              >
                {t(door.hidden ? 'door.yes' : 'door.anyway')}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function useDoor() {
  const model = useModel();
  const times = useStore(model.filled);
  const [door, setDoor] = useState<Door>();
  const [error, setError] = useState<ApiErrorBody>();
  const take = (answer: Promise<Door>): void => {
    answer.then(
      (now) => {
        setDoor(now);
        setError(undefined);
        void model.refreshStatus().catch(() => undefined);
      },
      (fault: unknown) => setError(errorOf(fault)),
    );
  };
  useEffect(() => {
    model.client.call('door.status', {}).then(
      (now) => {
        setDoor(now);
        setError(undefined);
      },
      (fault: unknown) => setError(errorOf(fault)),
    );
  }, [model, times]);
  const change = (how: 'door.open' | 'door.shut'): void =>
    take(
      how === 'door.open'
        ? model.client.call('door.open', { anyway: door?.hidden !== true })
        : model.client.call('door.shut', {}),
    );
  return { door, error, change };
}

function Technical({ door }: { readonly door: Door }) {
  const t = useText();
  const when = (time: string | undefined): string =>
    time === undefined ? t('door.not-yet') : wholeTime(new Date(time));
  const rows = [
    [t('door.signed'), when(door.signedUntil)],
    [t('door.put'), when(door.putAt)],
    [t('door.copies'), String(door.copies)],
    [t('door.looked'), when(door.lookedAt)],
    [t('door.slots'), t('door.slots.count', { taken: door.slotsTaken, slots: door.slots })],
  ] as const;
  return (
    <details className={style['more']}>
      <summary>{t('door.details')}</summary>
      <dl className={style['facts']}>
        {rows.map(([name, value]) => (
          <div key={name} className={style['fact']}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
