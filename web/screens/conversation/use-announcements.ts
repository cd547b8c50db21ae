/**
 * What is said aloud while a chat is open: messages as they come, that the other person set the
 * rule of it, and when the way to them changes its class: they see the address, they do not, or
 * nothing goes.
 * @module
 */
import type { Conversation, Route } from '@sotto/api/contract.ts';
import { useEffect, useRef } from 'react';
import { useModel } from '../../model/context.ts';
import { announce } from '../../parts/announcer.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { changeWords, classOf, routeWords, wayOf } from '../../words/route.ts';

const SAID_CHARS = 280;
/** A way that flaps is no news. */
const SETTLE_MS = 5_000;

/** @param shown what only the daemon knows of the route. */
export function useAnnouncements(conversation: Conversation, shown: Route | undefined): void {
  const t = useText();
  const model = useModel();
  const { conversation: id, name } = conversation;
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
  useClass(conversation, shown);
  useTheirChanges(shown, name);
}

function useClass(conversation: Conversation, shown: Route | undefined): void {
  const t = useText();
  const { name } = conversation;
  const way = wayOf(conversation, shown);
  const said = useRef(classOf(way));
  useEffect(() => {
    const timer = window.setTimeout(() => {
      const now = classOf(way);
      if (now === said.current) return;
      said.current = now;
      const values = { name: nameIn(name), route: routeWords(t, way, 'chip', name) };
      if (now !== 'local') announce(t(`conversation.${now}`, values));
    }, SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [t, way, name]);
}

/** What was changed before the chat was opened stands in it. */
function useTheirChanges(shown: Route | undefined, name: string): void {
  const t = useText();
  const known = useRef<string>(undefined);
  const newest = shown?.changes.findLast(({ by }) => by === 'them');
  const at = shown && (newest?.at ?? '');
  const words = newest === undefined ? '' : changeWords(t, newest, name);
  useEffect(() => {
    if (at === undefined) return;
    if (known.current !== undefined && at > known.current) announce(words);
    known.current = at;
  }, [at, words]);
}
