/**
 * Copy button: puts a text on the clipboard and says so, in its own words and aloud.
 * @module
 */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useText } from '../text/text.ts';
import { announce } from './announcer.tsx';
import { Button } from './button.tsx';

const SAID_MS = 2_000;

export function CopyButton({
  text,
  kind = 'plain',
  children,
}: {
  /** What is copied; a function may have to fetch it first, and gives undefined where it cannot. */
  readonly text: string | (() => Promise<string | undefined>);
  readonly kind?: 'primary' | 'plain' | 'quiet';
  readonly children: ReactNode;
}) {
  const t = useText();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = window.setTimeout(() => setState('idle'), SAID_MS);
    return () => window.clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      const copied = typeof text === 'string' ? text : await text();
      if (copied === undefined) return;
      await navigator.clipboard.writeText(copied);
      setState('copied');
      announce(t('app.copied'));
    } catch {
      // The browser did not allow it: what is to be copied stands beside the button.
      setState('failed');
      announce(t('app.not-copied'));
    }
  };
  const icon = state === 'copied' ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />;
  return (
    <Button kind={kind} onClick={() => void copy()} data-copied={state === 'copied'}>
      {icon}
      {state === 'copied' ? t('app.copied') : state === 'failed' ? t('app.not-copied') : children}
    </Button>
  );
}
