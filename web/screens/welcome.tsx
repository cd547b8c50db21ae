/**
 * Welcome: one field, one button. Opened by an invite, Start leads into the chat with who sent it.
 * Works without any network.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { RefreshCw } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useModel } from '../model/context.ts';
import { errorOf } from '../model/failure.ts';
import { usePeek, type Found } from '../model/peek.ts';
import { go } from '../model/place.ts';
import type { Model } from '../model/model.ts';
import { setSetting } from '../model/settings.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { Field } from '../parts/field.tsx';
import { Late } from '../parts/late.tsx';
import { usePageTitle } from '../parts/page.tsx';
import { Thread } from '../parts/thread.tsx';
import { useText } from '../text/text.ts';
import { friendlyName } from '../words/friendly-name.ts';
import { fromOf } from '../words/invite-words.ts';
import { nameIn } from '../words/name.ts';
import style from './welcome.module.css';

const NAME_CHARS_MAX = 64;

/** @param onStarted the invite, if there was one, has been seen to. */
export function Welcome({
  invite,
  onStarted,
}: {
  readonly invite: string | undefined;
  readonly onStarted: () => void;
}) {
  const t = useText();
  const model = useModel();
  const heading = usePageTitle(t('welcome.title'));
  const [name, setName] = useState(() => nameOf(model) || friendlyName());
  const [state, setState] = useState<'asking' | 'starting' | ApiErrorBody>('asking');
  const invited = usePeek(invite ?? '');
  const start = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (state === 'starting') return;
    setState('starting');
    try {
      // Who is faster than the look at the invite has not lost it.
      const path = await begin(model, name.trim(), invited.state === 'error' ? undefined : invite);
      onStarted();
      go(path, { replace: true });
    } catch (error) {
      setState(errorOf(error));
    }
  };
  return (
    <main id="content" className={style['welcome']}>
      <form className={style['card']} onSubmit={(event) => void start(event)}>
        <span className={style['thread']}>
          <Thread route="direct" />
        </span>
        <h1 ref={heading} className={style['title']} tabIndex={-1}>
          {t('welcome.title')}
        </h1>
        <Invited found={invited} invite={invite ?? ''} />
        <Field
          label={t('welcome.name')}
          value={name}
          maxLength={NAME_CHARS_MAX}
          autoComplete="nickname"
          autoCapitalize="words"
          spellCheck={false}
          autoFocus
          enterKeyHint="go"
          onChange={(event) => setName(event.target.value)}
          beside={
            <IconButton
              kind="plain"
              icon={<RefreshCw aria-hidden="true" />}
              label={t('welcome.name.new')}
              onClick={() => setName(friendlyName(undefined, name))}
            />
          }
        />
        <Button kind="primary" type="submit" className={style['start']}>
          {state === 'starting' ? (
            <Late fallback={t('welcome.start')} afterMs={300}>
              {t('welcome.starting')}
            </Late>
          ) : (
            t('welcome.start')
          )}
        </Button>
        {typeof state === 'object' && <ErrorNote error={state} />}
        <p className={style['small']}>{t('welcome.small')}</p>
      </form>
    </main>
  );
}

/** What the profile is called already, or nothing. */
function nameOf({ settings }: Model): string {
  return String(settings.value.get('profile.name')?.value ?? '');
}

/** Who invites, or what is wrong with the invite: it holds nobody up. */
function Invited({ found, invite }: { readonly found: Found; readonly invite: string }) {
  const t = useText();
  if (found.state === 'nothing') return null;
  if (found.state === 'error') {
    return (
      <ErrorNote error={found.error}>
        <p>{t('welcome.invite.bad')}</p>
      </ErrorNote>
    );
  }
  const name = found.peek.name ?? fromOf(invite);
  return (
    <p className={style['invited']} role="status" dir="auto">
      {name === undefined
        ? t('welcome.invited.nameless')
        : t('welcome.invited', { name: nameIn(name) })}
    </p>
  );
}

/** @returns the page to go to. */
async function begin(model: Model, name: string, invite: string | undefined): Promise<string> {
  await setSetting(model, 'profile.name', name);
  let path = '/';
  if (invite !== undefined) {
    const from = fromOf(invite);
    const params = from === undefined ? { text: invite } : { text: invite, name: from };
    const contact = await model.client.call('contacts.add', params);
    model.putContact(contact);
    path = `/c/${contact.conversation}`;
  }
  await setSetting(model, 'app.welcomed', true);
  return path;
}
