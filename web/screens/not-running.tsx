/**
 * Not running: what stands where the daemon does not answer, or does not let this browser in. The
 * model looks for it every second, so that everything goes on by itself.
 * @module
 */
import { errorBody } from '@sotto/api/errors.ts';
import { useEffect, useState, type ReactNode } from 'react';
import { CopyButton } from '../parts/copy-button.tsx';
import { Button } from '../parts/button.tsx';
import { Late } from '../parts/late.tsx';
import { usePageTitle } from '../parts/page.tsx';
import { Thread } from '../parts/thread.tsx';
import { useText } from '../text/text.ts';
import { STORED } from '../model/session.ts';
import style from './not-running.module.css';

const START = 'sotto start';
const OPEN = 'sotto open';
/** A restart takes less: no need to speak of it. */
const SHORT_MS = 600;
const STARTING_MS = 400;

/** Nothing was loaded yet. */
export function Lost() {
  return (
    <Late afterMs={STARTING_MS}>
      <LostPage />
    </Late>
  );
}

function LostPage() {
  const t = useText();
  const { code, message } = errorBody('not-running');
  return (
    <Card title={t('app.lost.title')}>
      <p role="status">
        {message} <span className={style['code']}>{code}</span>
      </p>
      <HowToStart kind="primary" />
      <p className={style['small']}>{t('app.lost.trying')}</p>
    </Card>
  );
}

/** One line above a page that was loaded. */
export function LostLine() {
  return (
    <div role="status">
      <Late afterMs={SHORT_MS}>
        <LostWords />
      </Late>
    </div>
  );
}

function LostWords() {
  return (
    <div className={style['line']}>
      <p>{errorBody('not-running').message}</p>
      <HowToStart kind="plain" />
    </div>
  );
}

/** A button, and behind it the command. */
function HowToStart({ kind }: { readonly kind: 'primary' | 'plain' }) {
  const t = useText();
  const [isShown, setShown] = useState(false);
  return (
    <>
      <Button kind={kind} aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        {t('app.lost.how')}
      </Button>
      {isShown && <Command line={t('app.lost.start')} command={START} />}
    </>
  );
}

/** This browser was not let in, or not any more. */
export function Refused() {
  const t = useText();
  useEffect(() => {
    // Another window of this browser was let in: this one is, too.
    const stored = ({ key, newValue }: StorageEvent): void => {
      if (key === STORED && newValue !== null) location.reload();
    };
    window.addEventListener('storage', stored);
    return () => window.removeEventListener('storage', stored);
  }, []);
  return (
    <Card title={t('app.refused')}>
      <Command line={t('app.refused.line')} command={OPEN} />
      <p className={style['small']}>{t('app.refused.why')}</p>
    </Card>
  );
}

/** The whole page: what it is called, and what there is to do. */
function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const heading = usePageTitle(title);
  return (
    <main id="content" className={style['page']}>
      <div className={style['card']}>
        <span className={style['thread']}>
          <Thread route="waiting" />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </div>
    </main>
  );
}

function Command({ line, command }: { readonly line: string; readonly command: string }) {
  const t = useText();
  return (
    <div className={style['command']}>
      <p>{line}</p>
      <code dir="ltr">{command}</code>
      <CopyButton text={command}>{t('app.copy')}</CopyButton>
    </div>
  );
}
