/**
 * Details of a person: route, safety number, what they are called, blocking, removing.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { Panel } from './panel.tsx';

export function DetailsPanel({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const name = shownName(conversation.name);
  return (
    <Panel title={t('details.title')} name={name} backTo={`/c/${conversation.conversation}`}>
      <p dir="auto">{name}</p>
    </Panel>
  );
}
