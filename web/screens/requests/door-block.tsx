/**
 * The door: whether people who have my ID alone can ask, and what that costs, said before it is
 * opened.
 * @module
 */
import type { Door } from '@sotto/api/contract.ts';
import { useDoor } from '../../model/door.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { doorLine } from '../../words/door.ts';
import { wholeTime } from '../../words/when.ts';
import { DoorDialog } from './door-dialog.tsx';
import style from './requests.module.css';

export function DoorBlock() {
  const t = useText();
  const keeper = useDoor();
  const { door, error, isAsked, ask, shut } = keeper;
  if (!door) return error ? <ErrorNote error={error} /> : null;
  return (
    <section className={style['door']}>
      <h2>{t('door.title')}</h2>
      <p role="status">{t(doorLine(door))}</p>
      {error && <ErrorNote error={error} />}
      <div>
        {door.open ? (
          <Button onClick={shut}>{t('door.do-shut')}</Button>
        ) : (
          <Button onClick={ask}>{t('door.do-open')}</Button>
        )}
      </div>
      {door.open && <Technical door={door} />}
      {isAsked && <DoorDialog {...keeper} />}
    </section>
  );
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
