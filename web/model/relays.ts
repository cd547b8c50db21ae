/**
 * Relays as the app has them now: those that it uses, and this computer as one. Asked for when a
 * screen shows them and when a setting of theirs changes, and some times after that, for a relay
 * takes some seconds to answer; and then no more, so that a page that stands open asks nothing.
 * @module
 */
import type { Result } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from './context.ts';
import { useStore, useStorePart } from './store.ts';

export type Serving = Result<'relay.show'>;
export type UsedRelay = Serving['uses'][number];

const ASK_AT_MS = [0, 2_000, 5_000, 10_000];
const KEYS = ['relays.list', 'relays.public', 'relay.serve', 'relay.port443'];

export interface Relays {
  /** Undefined until it is known. What could not be asked stays as it was known last. */
  readonly shown: Serving | undefined;
  /** Who does not answer may only need a moment. */
  readonly isTrying: boolean;
}

export function useRelays(): Relays {
  const model = useModel();
  const times = useStore(model.filled);
  const wanted = useStorePart(model.settings, (all) =>
    KEYS.map((key) => all.get(key)?.value).join(' '),
  );
  const [shown, setShown] = useState<Serving>();
  const [isTrying, setTrying] = useState(true);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    setTrying(true);
    const ask = async (isLast: boolean): Promise<void> => {
      // The app that cannot be asked is told of by the frame of the page.
      const now = await model.client.call('relay.show', {}, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (now) setShown(now);
      if (isLast) setTrying(false);
    };
    const timers = ASK_AT_MS.map((afterMs, at) =>
      window.setTimeout(() => void ask(at === ASK_AT_MS.length - 1), afterMs),
    );
    return () => {
      stop.abort();
      for (const timer of timers) window.clearTimeout(timer);
    };
  }, [model, times, wanted]);
  return { shown, isTrying };
}
