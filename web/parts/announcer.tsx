/**
 * Announcer: one polite region that tells screen readers what changed. What comes within 3 s is
 * said together, so that a busy chat does not talk without end.
 * @module
 */
import { useEffect, useState } from 'react';
import { Store } from '../model/store.ts';

const BATCH_MS = 3_000;
const SAID_MAX = 5;

const waiting = new Store<readonly string[]>([]);

/** @param text one sentence, in the language of the page. */
export function announce(text: string): void {
  waiting.set([...waiting.value, text].slice(-SAID_MAX));
}

/** Stands once on the page. */
export function Announcer() {
  const [said, setSaid] = useState('');
  useEffect(() => {
    let timer: number | undefined;
    const speak = (): void => {
      timer = undefined;
      setSaid(waiting.value.join(' '));
      waiting.set([]);
    };
    const stop = waiting.watch(() => {
      if (waiting.value.length > 0) timer ??= window.setTimeout(speak, BATCH_MS);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, []);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {said}
    </div>
  );
}
