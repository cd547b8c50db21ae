/**
 * Held: a request by ID that has not left, because whoever has that ID could see our IP address.
 * Nothing goes before a person has said so.
 * @module
 */
import type { ApiErrorBody, Contact } from '@sotto/api/contract.ts';
import { useEffect, useRef, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import style from './add.module.css';

export function Held({ contact }: { readonly contact: Contact }) {
  const t = useText();
  const model = useModel();
  const [error, setError] = useState<ApiErrorBody>();
  const heading = useRef<HTMLHeadingElement>(null);
  // The form it was asked in is gone.
  useEffect(() => heading.current?.focus(), []);
  const chat = `/c/${contact.conversation}`;
  const send = async (): Promise<void> => {
    try {
      const text = contact.id;
      model.putContact(await model.client.call('contacts.add', { text, anyway: true }));
      go(chat);
    } catch (fault) {
      setError(errorOf(fault));
    }
  };
  return (
    <section className={style['held']}>
      <h3 ref={heading} tabIndex={-1}>
        {t('add.held.title')}
      </h3>
      <p>{t('add.held')}</p>
      {error && <ErrorNote error={error} />}
      <div className={style['buttons']}>
        <Button kind="primary" onClick={() => go(chat)}>
          {t('add.held.wait')}
        </Button>
        <Button onClick={() => void send()}>{t('add.held.send')}</Button>
      </div>
    </section>
  );
}
