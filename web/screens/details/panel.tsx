/**
 * Panel: what is open beside the messages of a conversation. Its parent is a row that is
 * `position: relative` and as high as the page.
 *
 *   from 1100 px   a column of 320 px          below 720 px   the only pane, with Back
 *   below that     the same column, over the messages
 *
 * @module
 */
import { ArrowLeft, X } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { goBack } from '../../model/place.ts';
import { IconButton } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import style from './panel.module.css';

export function Panel({
  title,
  name,
  backTo,
  children,
}: {
  readonly title: string;
  /** Says what it is about to those who jump from region to region. */
  readonly name: string;
  /** Where closing leads when the panel was opened by its address. */
  readonly backTo: string;
  readonly children: ReactNode;
}) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  // Who opened it is told where they are. Esc closes it (model/keys.ts).
  useEffect(() => heading.current?.focus(), []);
  const close = (): void => goBack(backTo);
  return (
    <aside className={style['panel']} aria-label={`${title}: ${name}`} data-region="">
      <header className={style['head']}>
        <IconButton
          className={style['back']}
          icon={<ArrowLeft />}
          label={t('app.back')}
          onClick={close}
        />
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <IconButton
          className={style['close']}
          icon={<X />}
          label={t('app.close')}
          onClick={close}
        />
      </header>
      {/* It scrolls, and not every panel has something in it that takes the focus. */}
      <div className={style['body']} role="group" aria-label={title} tabIndex={0}>
        {children}
      </div>
    </aside>
  );
}
