/**
 * Profile list: the identities on this computer. Each is an app of its own, on an address of its
 * own; opening one leaves this page. With one alone there is nothing to switch.
 * @module
 */
import type { ApiErrorBody, Profile } from '@sotto/api/contract.ts';
import { useEffect, useState, type FormEvent } from 'react';
import { useClient, useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { useStore } from '../../model/store.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Field } from '../../parts/field.tsx';
import { Late } from '../../parts/late.tsx';
import { useText } from '../../text/text.ts';
import style from './profiles.module.css';

/** As the contract has it. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/i;
const NAME_CHARS_MAX = 32;

export function ProfileList() {
  const t = useText();
  const { client, filled } = useModel();
  const times = useStore(filled);
  const [profiles, setProfiles] = useState<readonly Profile[]>([]);
  const [error, setError] = useState<ApiErrorBody>();
  useEffect(() => {
    client.call('profiles.list', {}).then(
      (answer) => {
        setProfiles(answer.profiles);
        setError(undefined);
      },
      (fault: unknown) => setError(errorOf(fault)),
    );
  }, [client, times]);
  return (
    <section className={style['section']}>
      <h2>{t('profiles.list')}</h2>
      <p className={style['line']}>{t('profiles.list.line')}</p>
      {error && <ErrorNote error={error} />}
      {profiles.length > 1 && (
        <ul>
          {profiles.map((profile) => (
            <Row key={profile.name} profile={profile} />
          ))}
        </ul>
      )}
      <AddProfile
        onAdded={(added) => {
          const others = profiles.filter(({ name }) => name !== added.name);
          setProfiles([...others, added].sort((a, b) => (a.name < b.name ? -1 : 1)));
        }}
      />
    </section>
  );
}

function Row({ profile }: { readonly profile: Profile }) {
  const t = useText();
  const client = useClient();
  const [isOpening, setOpening] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const { name } = profile;
  const open = async (): Promise<void> => {
    setOpening(true);
    setError(undefined);
    try {
      const { url } = await client.call('profiles.open', { name });
      location.assign(url);
    } catch (fault) {
      setError(errorOf(fault));
      setOpening(false);
    }
  };
  const marks = [
    profile.current && t('profiles.current'),
    !profile.current && profile.running && t('profiles.running'),
    profile.hasPassphrase && t('profiles.locked-by'),
  ].filter((mark) => mark !== false);
  return (
    <li className={style['row']} aria-current={profile.current ? 'true' : undefined}>
      <div className={style['words']}>
        <bdi className={style['name']}>{name}</bdi>
        <ul className={style['marks']}>
          {marks.map((mark) => (
            <li key={mark}>{mark}</li>
          ))}
        </ul>
      </div>
      {!profile.current && (
        <Button disabled={isOpening} onClick={() => void open()}>
          {isOpening ? (
            <Late fallback={t('profiles.open')} afterMs={300}>
              {t('profiles.opening')}
            </Late>
          ) : (
            t('profiles.open')
          )}{' '}
          <bdi className="visually-hidden">{name}</bdi>
        </Button>
      )}
      {error && <ErrorNote error={error} />}
    </li>
  );
}

function AddProfile({ onAdded }: { readonly onAdded: (profile: Profile) => void }) {
  const t = useText();
  const client = useClient();
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = name.trim();
    if (!NAME.test(wanted)) return setError(t('profiles.add.bad'));
    try {
      onAdded(await client.call('profiles.create', { name: wanted }));
      announce(t('profiles.added', { name: wanted }));
      setName('');
    } catch (fault) {
      setError(errorOf(fault).message);
    }
  };
  return (
    <form className={style['form']} onSubmit={(event) => void add(event)} noValidate>
      <Field
        label={t('profiles.add.name')}
        hint={t('profiles.add.line')}
        error={error}
        value={name}
        dir="ltr"
        maxLength={NAME_CHARS_MAX}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => {
          setName(event.target.value);
          setError(undefined);
        }}
        beside={<Button type="submit">{t('profiles.add')}</Button>}
      />
    </form>
  );
}
