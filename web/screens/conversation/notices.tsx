/**
 * One line above the composer: offline, or how far a request is that they have not answered.
 * @module
 */
import type { ApiErrorBody, Conversation } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import style from './notices.module.css';

export function Notices({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const model = useModel();
  const online = useStorePart(model.status, (status) => status?.online === true);
  const { asking, route, state } = conversation;
  if (state === 'blocked') return null;
  if (asking !== undefined) return <Asking conversation={conversation} asking={asking} />;
  // Echo is on this computer.
  if (online || route === 'local') return null;
  return (
    <p className={style['notice']} role="status">
      {t('app.offline')}
    </p>
  );
}

function Asking({
  conversation,
  asking,
}: {
  readonly conversation: Conversation;
  readonly asking: NonNullable<Conversation['asking']>;
}) {
  const t = useText();
  const model = useModel();
  const [isAsked, setAsked] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const name = nameIn(conversation.name);
  const add = async (anyway: boolean): Promise<void> => {
    setAsked(false);
    try {
      const params = { text: conversation.id, ...(anyway ? { anyway } : {}) };
      model.putContact(await model.client.call('contacts.add', params));
      setError(undefined);
    } catch (fault) {
      setError(errorOf(fault));
    }
  };
  return (
    <div className={style['notice']}>
      <p role="status">{t(`asking.${asking}`, { name })}</p>
      {asking === 'held' && <Button onClick={() => setAsked(true)}>{t('asking.held.send')}</Button>}
      {asking === 'over' && (
        <Button onClick={() => void add(false)}>{t('asking.over.again')}</Button>
      )}
      {error && <ErrorNote error={error} />}
      {isAsked && (
        <Dialog title={t('asking.held.title')} onClose={() => setAsked(false)}>
          <p>{t('asking.held.confirm', { name })}</p>
          <div className={style['buttons']}>
            <Button onClick={() => setAsked(false)}>{t('app.cancel')}</Button>
            <Button kind="danger" onClick={() => void add(true)}>
              {t('asking.held.yes')}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
