/**
 * Door dialog: what opening the door costs, said before it is opened.
 * @module
 */
import type { DoorKeeper } from '../../model/door.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useText } from '../../text/text.ts';
import style from './requests.module.css';

export function DoorDialog({ door, cancel, open }: DoorKeeper) {
  const t = useText();
  const isHidden = door?.hidden === true;
  return (
    <Dialog title={t('door.ask')} onClose={cancel}>
      <div className={style['ask']}>
        <p>
          <strong>{t(isHidden ? 'door.cost.hidden' : 'door.cost')}</strong>
        </p>
        <p>{t(isHidden ? 'door.why.hidden' : 'door.why')}</p>
        <div className={style['buttons']}>
          <Button data-autofocus="" onClick={cancel}>
            {t('app.cancel')}
          </Button>
          <Button onClick={open}>{t(isHidden ? 'door.yes' : 'door.anyway')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
