/**
 * The door, as a screen opens and shuts it. Opening it where it shows the IP address needs a
 * person's yes; whether it does may change while they read.
 * @module
 */
import type { ApiErrorBody, Door } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from './context.ts';
import { errorOf } from './failure.ts';
import { useStore, useStorePart } from './store.ts';

export interface DoorKeeper {
  /** Undefined until the app has told of it. */
  readonly door: Door | undefined;
  readonly error: ApiErrorBody | undefined;
  /** A person is asked whether to open it, and told what that shows. */
  readonly isAsked: boolean;
  readonly ask: () => void;
  readonly cancel: () => void;
  /** Where somebody was asked, with their yes to what `door` says that it shows. */
  readonly open: () => void;
  readonly shut: () => void;
}

export function useDoor(): DoorKeeper {
  const model = useModel();
  const { client } = model;
  const times = useStore(model.filled);
  const isOpen = useStorePart(model.status, (status) => status?.doorOpen);
  const [door, setDoor] = useState<Door>();
  const [error, setError] = useState<ApiErrorBody>();
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    client.call('door.status', {}, { signal }).then(
      (now) => {
        setDoor(now);
        setError(undefined);
      },
      (fault: unknown) => {
        if (!signal.aborted) setError(errorOf(fault));
      },
    );
    return () => stop.abort();
    // Another window may open and shut it too.
  }, [client, times, isOpen]);
  const take = async (answer: Promise<Door>): Promise<void> => {
    setAsked(false);
    setError(undefined);
    try {
      setDoor(await answer);
      void model.refreshStatus().catch(() => undefined);
    } catch (fault) {
      const told = errorOf(fault);
      if (told.reason !== 'shows-address') return setError(told);
      // The relays that hid it are gone since: that is another question.
      setDoor((known) => known && { ...known, hidden: false });
      setAsked(true);
    }
  };
  return {
    door,
    error,
    isAsked,
    ask: () => setAsked(true),
    cancel: () => setAsked(false),
    open: () => {
      // Agreed to is what was shown with the question, and nothing without one.
      const anyway = isAsked && door?.hidden !== true;
      void take(client.call('door.open', { anyway }));
    },
    shut: () => void take(client.call('door.shut', {})),
  };
}
