/**
 * Their invite: one field that takes everything, an ID, a link, a message around either, a QR code.
 * It says what was found while one types, and adds the person; who was added before is opened, or
 * met by a new invite.
 *
 *   nothing --text--> found --Add, Use this invite, Open--> their chat
 *                       \--ID alone, no relay--> held --Send anyway, or Wait--> their chat
 *
 * @module
 */
import type { ApiErrorBody, Contact, Peek } from '@sotto/api/contract.ts';
import { useState, type FormEvent } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { usePeek, type Found } from '../../model/peek.ts';
import { go } from '../../model/place.ts';
import { useStorePart } from '../../model/store.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Field, LongField } from '../../parts/field.tsx';
import { QrScan } from '../../parts/qr-scan.tsx';
import { useText } from '../../text/text.ts';
import { fromOf } from '../../words/invite-words.ts';
import { ConnectField, useConnect, type Connect } from '../route/connect-field.tsx';
import style from './add.module.css';
import { deedOf, wishOf, type Deed } from './deed.ts';
import { FoundLine } from './found-line.tsx';
import { Held } from './held.tsx';

const HELLO_CHARS_MAX = 280;
const NAME_CHARS_MAX = 64;

export function TheirInvite({
  initial = '',
  autoFocus = false,
}: {
  readonly initial?: string | undefined;
  readonly autoFocus?: boolean;
}) {
  const t = useText();
  const [text, setText] = useState(initial);
  const found = usePeek(text);
  const add = useAdd(text, found);
  if (add.held) return <Held contact={add.held} />;
  return (
    <form className={style['theirs']} onSubmit={add.submit} noValidate>
      <LongField
        label={t('add.field')}
        placeholder={t('add.field.placeholder')}
        rows={3}
        value={text}
        autoFocus={autoFocus}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
        error={
          found.state === 'error' && (
            <>
              {found.error.message} <span className={style['code']}>{found.error.code}</span>
            </>
          )
        }
      />
      <FoundLine found={found} />
      {found.state === 'found' && add.deed && <About {...add} deed={add.deed} peek={found.peek} />}
      {add.error && <ErrorNote error={add.error} />}
      <QrScan onText={setText} />
    </form>
  );
}

/** What more there is to say of who was found, and the button. */
function About(props: Adding & { readonly deed: Deed; readonly peek: Peek }) {
  const { deed, peek, name, setName, hello, setHello, connect, isAdding } = props;
  const t = useText();
  if (deed === 'open') {
    return (
      <Button kind="primary" type="submit">
        {t('add.known.open')}
      </Button>
    );
  }
  if (deed === 'use') {
    return (
      <>
        <p className={style['more']}>{t('add.known.use.line')}</p>
        <div className={style['buttons']}>
          <Button kind="primary" type="submit">
            {isAdding ? t('add.adding') : t('add.known.use')}
          </Button>
          <Button onClick={() => go(`/c/${peek.known}`)}>{t('add.known.open')}</Button>
        </div>
      </>
    );
  }
  const isId = deed === 'ask';
  return (
    <>
      <Field
        label={t('add.name')}
        value={name}
        maxLength={NAME_CHARS_MAX}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      {isId && (
        <LongField
          label={t('add.hello')}
          value={hello}
          rows={3}
          maxLength={HELLO_CHARS_MAX}
          hint={t('add.hello.left', { left: HELLO_CHARS_MAX - hello.length })}
          onChange={(event) => setHello(event.target.value)}
        />
      )}
      <ConnectField connect={connect} />
      <Button kind="primary" type="submit">
        {isAdding ? t('add.adding') : isId ? t('add.ask') : t('add.add')}
      </Button>
    </>
  );
}

interface Adding {
  readonly name: string;
  readonly setName: (name: string) => void;
  readonly hello: string;
  readonly setHello: (hello: string) => void;
  readonly connect: Connect;
  readonly isAdding: boolean;
}

function useAdd(text: string, found: Found) {
  const t = useText();
  const model = useModel();
  // What was typed wins; until then the name on the invite stands there.
  const [typed, setName] = useState<string>();
  const [hello, setHello] = useState('');
  const connect = useConnect();
  const [isAdding, setAdding] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const [held, setHeld] = useState<Contact>();
  const name = typed ?? fromOf(text) ?? '';
  const known = found.state === 'found' ? found.peek.known : undefined;
  const state = useStorePart(model.conversations, (all) => all.get(known ?? '')?.state);
  const deed = found.state === 'found' ? deedOf(found.peek, state) : undefined;
  const add = async (how: Exclude<Deed, 'open'>): Promise<void> => {
    setAdding(true);
    setError(undefined);
    try {
      const wish = wishOf(how, { text, name, hello, policy: connect.chosen });
      const contact = await model.client.call('contacts.add', wish);
      model.putContact(contact);
      if (contact.asking === 'held') return setHeld(contact);
      if (model.status.value?.online === false) announce(t('add.offline'));
      go(`/c/${contact.conversation}`);
    } catch (fault) {
      const told = errorOf(fault);
      // Met in the meantime: the invite is not needed.
      if (how === 'use' && told.reason === 'already-exists') go(`/c/${known}`);
      else setError(told);
    } finally {
      setAdding(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isAdding || deed === undefined) return;
    if (deed === 'open') go(`/c/${known}`);
    else void add(deed);
  };
  return { deed, name, setName, hello, setHello, connect, isAdding, error, held, submit };
}
