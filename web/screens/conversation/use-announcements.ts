/**
 * What is said aloud while a chat is open: messages as they come, and when the way to a person
 * changes its class: they see the address, or nothing goes.
 * @module
 */
import type { Conversation, RouteName } from '@sotto/api/contract.ts';
import { useEffect, useRef } from 'react';
import { useModel } from '../../model/context.ts';
import { announce } from '../../parts/announcer.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { routeWords } from '../../words/route.ts';

const SAID_CHARS = 280;
/** A way that flaps is no news. */
const SETTLE_MS = 5_000;

export function useAnnouncements(conversation: Conversation): void {
  const t = useText();
  const model = useModel();
  const { conversation: id, name, route } = conversation;
  useEffect(
    () =>
      model.listen((event) => {
        if (event.type !== 'message' || event.data.conversation !== id) return;
        const { outgoing, kind, text } = event.data;
        if (outgoing) return;
        const said = kind === 'text' ? text.slice(0, SAID_CHARS) : t('conversation.unknown-kind');
        announce(t('message.arrived', { name: nameIn(name), text: said }));
      }),
    [model, t, id, name],
  );
  const said = useRef(classOf(route));
  useEffect(() => {
    const timer = window.setTimeout(() => {
      const now = classOf(route);
      if (now === said.current) return;
      said.current = now;
      const values = { name: nameIn(name), route: routeWords(t, route, 'chip', name) };
      if (now !== 'local') announce(t(`conversation.${now}`, values));
    }, SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [t, route, name]);
}

function classOf(route: RouteName): 'visible' | 'held' | 'local' {
  if (route === 'waiting') return 'held';
  return route === 'local' ? 'local' : 'visible';
}
