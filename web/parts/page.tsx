/**
 * Page: a heading, what may be done with the whole page, and what is on it. Whoever goes to a page
 * by keyboard stands on its heading; the title of the window is the title of the page.
 * @module
 */
import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { goBack } from '../model/place.ts';
import { useText } from '../text/text.ts';
import { IconButton } from './button.tsx';
import style from './page.module.css';

export function Page({
  title,
  back,
  actions,
  children,
}: {
  readonly title: string;
  /** Where Back leads when nothing came before; without it there is no button. */
  readonly back?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const t = useText();
  const heading = usePageTitle(title);
  return (
    <section className={style['page']} data-region="" aria-label={title}>
      <header className={style['head']}>
        {back !== undefined && (
          <IconButton
            icon={<ArrowLeft aria-hidden="true" />}
            label={t('app.back')}
            onClick={() => goBack(back)}
          />
        )}
        <h1 ref={heading} tabIndex={-1} className={style['title']}>
          {title}
        </h1>
        {actions !== undefined && <div className={style['actions']}>{actions}</div>}
      </header>
      <div className={style['body']}>{children}</div>
    </section>
  );
}

/** Names the window, and gives the heading the focus where nothing else has it. */
export function usePageTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Sotto`;
  }, [title]);
  useEffect(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return heading;
}
