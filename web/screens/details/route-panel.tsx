/**
 * Route of a conversation: how it connects, and who can see what.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { Panel } from './panel.tsx';

export function RoutePanel({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const name = shownName(conversation.name);
  return (
    <Panel title={t('route.title')} name={name} backTo={`/c/${conversation.conversation}`}>
      <p dir="auto">{name}</p>
    </Panel>
  );
}
