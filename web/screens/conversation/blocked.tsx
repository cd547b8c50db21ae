/**
 * In place of the composer where a person is blocked.
 * @module
 */
import type { ApiErrorBody, Conversation } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import style from './composer.module.css';

export function Blocked({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const model = useModel();
  const [error, setError] = useState<ApiErrorBody>();
  const unblock = async (): Promise<void> => {
    try {
      const to = conversation.conversation;
      model.putContact(await model.client.call('contacts.unblock', { to }));
    } catch (fault) {
      setError(errorOf(fault));
    }
  };
  return (
    <div className={style['blocked']} data-region="">
      <p>{t('composer.blocked', { name: nameIn(conversation.name) })}</p>
      <Button onClick={() => void unblock()}>{t('composer.unblock')}</Button>
      {error && <ErrorNote error={error} />}
    </div>
  );
}
