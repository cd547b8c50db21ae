/**
 * Conversation: header, messages, composer, and the panel beside them.
 * @module
 */
import type { Place } from '../../model/place.ts';
import { useConversation } from '../../model/context.ts';
import { shownName } from '../../words/name.ts';

export function Conversation({ at }: { readonly at: Extract<Place, { page: 'conversation' }> }) {
  const conversation = useConversation(at.conversation);
  return <h1 dir="auto">{shownName(conversation?.name ?? '')}</h1>;
}
