/**
 * Own ID: whole, to be copied or scanned.
 * @module
 */
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { QrCode } from '../../parts/qr-code.tsx';
import { useText } from '../../text/text.ts';
import type { ShownItem } from './items.ts';
import style from './settings.module.css';

export function OwnId({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const id = useStorePart(useModel().status, (status) => status?.id ?? '');
  const [isShown, setShown] = useState(false);
  return (
    <>
      <h2>{item.title}</h2>
      <code className={style['id']} dir="ltr">
        {id}
      </code>
      <p className={style['line']}>{item.line}</p>
      <div className={style['buttons']}>
        <CopyButton text={id}>{t('invite.copy.id')}</CopyButton>
        <Button aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {t(isShown ? 'settings.id.qr.hide' : 'settings.id.qr')}
        </Button>
      </div>
      {isShown && <QrCode text={id} label={t('settings.id.qr.label')} />}
    </>
  );
}
