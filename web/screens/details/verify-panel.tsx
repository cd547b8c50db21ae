/**
 * Safety number of two people: compared on their screens, by eye, or by scanning.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { Panel } from './panel.tsx';

export function VerifyPanel({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const name = shownName(conversation.name);
  return (
    <Panel title={t('verify.title')} name={name} backTo={`/c/${conversation.conversation}`}>
      <p dir="auto">{name}</p>
    </Panel>
  );
}
