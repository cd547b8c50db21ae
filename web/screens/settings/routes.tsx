/**
 * Settings of routes that are no plain values: which networks are home, and a password that is
 * never shown again.
 * @module
 */
import { useState, type FormEvent } from 'react';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { useText } from '../../text/text.ts';
import { Deed } from './deeds.tsx';
import type { ShownItem } from './items.ts';
import { isGiven, Notes } from './notes.tsx';
import style from './settings.module.css';
import { useSetting } from './use-setting.ts';

/** The daemon knows the present network; the page tells it only whether that is home. */
export function HomeNetworks({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const setting = useSetting(item.id);
  const marks = String(setting.entry?.value ?? '');
  const count = marks === '' ? 0 : marks.split(',').length;
  const isFixed = isGiven(setting);
  return (
    <>
      <Deed item={item} />
      <p>{t('settings.nearby.home.count', { count })}</p>
      <div className={style['buttons']}>
        <Button disabled={isFixed} onClick={() => void setting.set('here')}>
          {t('settings.nearby.home.here')}
        </Button>
        {count > 0 && (
          <Button disabled={isFixed} onClick={() => void setting.set('not-here')}>
            {t('settings.nearby.home.not-here')}
          </Button>
        )}
      </div>
      <Notes setting={setting} />
    </>
  );
}

/** What is kept never comes back to a page; it is replaced or forgotten. */
export function SecretLine({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const setting = useSetting(item.id);
  const [typed, setTyped] = useState('');
  const isKept = setting.entry !== undefined && setting.entry.value !== setting.entry.default;
  const save = async (value: string | null): Promise<void> => {
    if (!(await setting.set(value))) return;
    setTyped('');
    announce(t('settings.saved'));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (typed !== '') void save(typed);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Field
        label={item.title}
        hint={item.line}
        type="password"
        value={typed}
        placeholder={isKept ? t('settings.secret.kept') : ''}
        disabled={isGiven(setting)}
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        beside={
          typed !== '' ? (
            <Button type="submit">{t('settings.save')}</Button>
          ) : (
            isKept && <Button onClick={() => void save(null)}>{t('settings.secret.forget')}</Button>
          )
        }
      />
      <Notes setting={setting} />
    </form>
  );
}
