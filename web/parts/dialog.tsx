/**
 * Dialog: the browser's own, so that focus stays inside, Esc closes it and the page behind is
 * inert. It opens when it is rendered. Focus begins at what carries `data-autofocus`, else at the
 * title: on a button it would open a tooltip, which takes the first Esc for itself.
 * @module
 */
import { X } from 'lucide-react';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useText } from '../text/text.ts';
import { IconButton } from './button.tsx';
import style from './dialog.module.css';

export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const t = useText();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    const first =
      shown?.querySelector<HTMLElement>('[data-autofocus]') ?? shown?.querySelector('h2');
    first?.focus();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={style['dialog']}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={style['head']}>
        <h2 id={titleId} tabIndex={-1} className={style['title']}>
          {title}
        </h2>
        <IconButton icon={<X />} label={t('app.close')} onClick={onClose} />
      </div>
      {children}
    </dialog>
  );
}
