/**
 * Log: what the daemon did, as it happens. It is redacted where it is written, and here once more.
 * @module
 */
import type { LogLine } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { useText } from '../../text/text.ts';
import { redact } from '../../words/redact.ts';
import type { ShownItem } from './items.ts';
import style from './settings.module.css';

const LINES_MAX = 300;
const LOOK_MS = 2_000;

export function Log({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const [isShown, setShown] = useState(false);
  return (
    <>
      <h2>{item.title}</h2>
      <p className={style['line']}>{item.line}</p>
      <Button aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        {t(isShown ? 'settings.log.hide' : 'settings.log.show')}
      </Button>
      {isShown && <Lines />}
    </>
  );
}

function Lines() {
  const t = useText();
  const { lines, hasFailed } = useLog();
  const text = lines.map(lineText).join('\n');
  if (hasFailed && lines.length === 0) return <p role="alert">{t('settings.log.failed')}</p>;
  return (
    <>
      {/* Scrolled by keys too, so it can have the focus. */}
      <pre className={style['log']} dir="ltr" tabIndex={0} aria-label={t('settings.log.lines')}>
        {text === '' ? t('settings.log.empty') : text}
      </pre>
      <CopyButton text={text}>{t('app.copy')}</CopyButton>
    </>
  );
}

function useLog() {
  const client = useClient();
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    let after: string | undefined;
    let timer: number | undefined;
    const look = async (): Promise<void> => {
      try {
        const from = after === undefined ? {} : { after };
        const answer = await client.call('logs.tail', { limit: LINES_MAX, ...from }, { signal });
        after = answer.next;
        setLines((before) => [...before, ...answer.lines].slice(-LINES_MAX));
        setFailed(false);
      } catch {
        if (signal.aborted) return;
        setFailed(true);
      }
      timer = window.setTimeout(() => void look(), LOOK_MS);
    };
    void look();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [client]);
  return { lines, hasFailed };
}

function lineText({ fields, level, message, time }: LogLine): string {
  const more = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${String(value)}`);
  return `${time} ${level.padEnd(5)} ${redact([message, ...more].join(' '))}`;
}
