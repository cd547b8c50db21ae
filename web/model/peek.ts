/**
 * What a text is, while it is typed or pasted: an invite, an ID, or something that is neither. The
 * daemon reads it without any network; nothing is stored and nothing leaves.
 * @module
 */
import type { ApiErrorBody, Peek } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useClient } from './context.ts';
import { errorOf } from './failure.ts';

const SETTLE_MS = 150;
/** Who still types should not read that it is not finished. */
const ERROR_MS = 600;

export type Found =
  | { readonly state: 'nothing' }
  /** `text`: what was looked at. */
  | { readonly state: 'found'; readonly text: string; readonly peek: Peek }
  | { readonly state: 'error'; readonly text: string; readonly error: ApiErrorBody };

export function usePeek(text: string): Found {
  const client = useClient();
  const [found, setFound] = useState<Found>({ state: 'nothing' });
  const meant = text.trim();
  useEffect(() => {
    setFound({ state: 'nothing' });
    if (meant === '') return;
    const stop = new AbortController();
    const { signal } = stop;
    let late: number | undefined;
    const timer = window.setTimeout(() => {
      client.call('contacts.peek', { text: meant }, { signal }).then(
        (peek) => setFound({ state: 'found', text: meant, peek }),
        (fault: unknown) => {
          if (signal.aborted) return;
          const show = (): void => setFound({ state: 'error', text: meant, error: errorOf(fault) });
          late = window.setTimeout(show, ERROR_MS - SETTLE_MS);
        },
      );
    }, SETTLE_MS);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      window.clearTimeout(late);
    };
  }, [client, meant]);
  return found;
}
