/**
 * The route of a conversation as the daemon knows it, whole: asked for when the conversation is
 * opened, and anew whenever the stream tells of a change; and setting its rule.
 * @module
 */
import type { Conversation, Route, StreamEvent } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useModel } from './context.ts';
import type { Model } from './model.ts';
import { useStore } from './store.ts';

/** Undefined until it is known. What could not be asked stays as it was known last. */
export function useRoute({ conversation: id }: Conversation): Route | undefined {
  const model = useModel();
  const filled = useStore(model.filled);
  const [shown, setShown] = useState<Route>();
  useEffect(() => {
    let running: AbortController | undefined;
    const ask = (): void => {
      running?.abort();
      const { signal } = (running = new AbortController());
      model.client.call('route.show', { to: id }, { signal }).then(
        (now) => {
          if (!signal.aborted) setShown(now);
        },
        // What the list knows of it stands on the screen all the same.
        () => undefined,
      );
    };
    ask();
    const stop = model.listen((event) => {
      if (isOf(event, id)) ask();
    });
    return () => {
      stop();
      running?.abort();
    };
    // After the stream was away, what it did not tell is asked for.
  }, [model, id, filled]);
  return shown;
}

function isOf(event: StreamEvent, id: string): boolean {
  return (event.type === 'route' || event.type === 'contact') && event.data.conversation === id;
}

/**
 * Sets the rule of a conversation.
 * @param isAgreed a person has agreed that it shows more of them than before.
 * @throws what the call throws; `route-looser` where nobody has agreed yet.
 */
export async function setPolicy(
  model: Model,
  to: string,
  policy: Route['policy'],
  isAgreed: boolean,
): Promise<void> {
  const looser = isAgreed ? { looser: true as const } : {};
  const { route } = await model.client.call('route.set', { to, policy, ...looser });
  model.putRoute(route);
}
