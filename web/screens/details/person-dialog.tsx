/**
 * What is asked before something is done to a person: what follows from it, in words, and the way
 * back. Focus begins at what does no harm.
 *
 *   rename   a field               block, unblock   undone at any time
 *   remove   cannot be undone
 *
 * @module
 */
import type { ApiErrorBody, Conversation } from '@sotto/api/contract.ts';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go, place } from '../../model/place.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Field } from '../../parts/field.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import style from './person-dialog.module.css';

export type PersonAct = 'rename' | 'block' | 'unblock' | 'remove';

const NAME_CHARS_MAX = 256;

interface Props {
  readonly conversation: Conversation;
  readonly onClose: () => void;
}

export function PersonDialog({ act, ...rest }: Props & { readonly act: PersonAct }) {
  return act === 'rename' ? <Rename {...rest} /> : <Confirm act={act} {...rest} />;
}

function Rename({ conversation, onClose }: Props) {
  const t = useText();
  const model = useModel();
  const [name, setName] = useState(conversation.name);
  const { busy, error, run } = useAct(onClose);
  const isSame = name.trim() === '' || name.trim() === conversation.name;
  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (isSame) return onClose();
    run(async () => {
      const wish = { to: conversation.conversation, name: name.trim() };
      model.putContact(await model.client.call('contacts.rename', wish));
    });
  };
  return (
    <Dialog title={t('person.rename.title')} onClose={onClose}>
      <form className={style['form']} onSubmit={save}>
        <Field
          label={t('person.rename.label')}
          hint={t('person.rename.hint')}
          value={name}
          maxLength={NAME_CHARS_MAX}
          data-autofocus=""
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
        {error && <ErrorNote error={error} />}
        <div className={style['buttons']}>
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={busy || name.trim() === ''}>
            {t('person.rename.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Confirm({
  act,
  conversation,
  onClose,
}: Props & { readonly act: Exclude<PersonAct, 'rename'> }) {
  const t = useText();
  const model = useModel();
  const { busy, error, run } = useAct(onClose);
  const name = nameIn(conversation.name);
  const confirm = (): void =>
    run(async () => {
      const wish = { to: conversation.conversation };
      if (act === 'remove') await model.client.call('contacts.remove', wish);
      else model.putContact(await model.client.call(`contacts.${act}`, wish));
      announce(t(`person.${act}.done`, { name }));
      if (act === 'remove' && isOpen(conversation)) go('/', { replace: true });
    });
  return (
    <Dialog title={t(`person.${act}.title`, { name })} onClose={onClose}>
      <div className={style['form']}>
        <Consequences act={act}>{t(`person.${act}.text`, { name })}</Consequences>
        {error && <ErrorNote error={error} />}
        <div className={style['buttons']}>
          <Button onClick={onClose} data-autofocus="">
            {t('app.cancel')}
          </Button>
          <Button kind={act === 'unblock' ? 'primary' : 'danger'} disabled={busy} onClick={confirm}>
            {t(`person.${act}.do`)}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** What is gone is no page any more. */
function isOpen({ conversation }: Conversation): boolean {
  return place.value.page === 'conversation' && place.value.conversation === conversation;
}

function Consequences({
  act,
  children,
}: {
  readonly act: PersonAct;
  readonly children: ReactNode;
}) {
  const t = useText();
  return (
    <>
      <p>{children}</p>
      {act === 'remove' && <p>{t('person.remove.for-good')}</p>}
    </>
  );
}

/** One thing at a time; closes when it is done, and says why when it is not. */
function useAct(onDone: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const run = (work: () => Promise<void>): void => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    work().then(onDone, (fault: unknown) => {
      setBusy(false);
      setError(errorOf(fault));
    });
  };
  return { busy, error, run };
}
