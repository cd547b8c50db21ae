/**
 * Link in a message. It is never followed by the app itself: the browser opens it in a window that
 * knows nothing of this one. One that looks like another address asks first.
 * @module
 */
import { useState } from 'react';
import { addWith } from '../../model/handed.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useText } from '../../text/text.ts';
import type { Link } from '../../words/link.ts';
import style from './message-link.module.css';

const REL = 'noopener noreferrer nofollow';

export function MessageLink({ link, isStop }: { readonly link: Link; readonly isStop: boolean }) {
  const [asks, setAsks] = useState(false);
  const tabIndex = isStop ? 0 : -1;
  if (link.kind === 'sotto') {
    const open = (): void => addWith(link.text);
    return (
      <button type="button" className={style['link']} tabIndex={tabIndex} onClick={open}>
        {link.text}
      </button>
    );
  }
  if (link.suspicious) {
    return (
      <>
        <button
          type="button"
          className={style['link']}
          tabIndex={tabIndex}
          onClick={() => setAsks(true)}
        >
          {link.text}
        </button>
        <OtherForms link={link} />
        {asks && <AskFirst link={link} onClose={() => setAsks(false)} />}
      </>
    );
  }
  return (
    <>
      <a className={style['link']} href={link.href} rel={REL} target="_blank" tabIndex={tabIndex}>
        <bdi>{link.text}</bdi>
      </a>
      <OtherForms link={link} />
    </>
  );
}

/** The host as it really is, and as it is drawn, where either differs from what was written. */
function OtherForms({ link: { host, drawn } }: { readonly link: Link }) {
  const other = host ?? drawn;
  if (other === undefined) return null;
  return (
    <span className={style['host']}>
      {' ('}
      <bdi>{other}</bdi>
      {')'}
    </span>
  );
}

function AskFirst({ link, onClose }: { readonly link: Link; readonly onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t('link.title')} onClose={onClose}>
      <div className={style['ask']}>
        <p>{t('link.line')}</p>
        <p className={style['real']} dir="ltr">
          {new URL(link.href).host}
        </p>
        <div className={style['buttons']}>
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <a
            className={style['open']}
            href={link.href}
            rel={REL}
            target="_blank"
            onClick={() => onClose()}
          >
            {t('link.open')}
          </a>
        </div>
      </div>
    </Dialog>
  );
}
