/**
 * Relays: the own list, where one adds and removes them, and those of others that are used now;
 * each with how it does.
 * @module
 */
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useRelays, type Relays as Known, type UsedRelay } from '../../model/relays.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { useText, type Text, type TextKey } from '../../text/text.ts';
import { placeOf, relaysIn, relaysOf } from '../../words/relay-text.ts';
import { Deed } from './deeds.tsx';
import type { ShownItem } from './items.ts';
import { isGiven, Notes } from './notes.tsx';
import style from './settings.module.css';
import { useSetting, type Setting } from './use-setting.ts';

export function Relays({ item }: { readonly item: ShownItem }) {
  const setting = useSetting(item.id);
  const known = useRelays();
  return (
    <>
      <Deed item={item} />
      <OwnList item={item} setting={setting} known={known} />
      <AddRelay setting={setting} />
      <Notes setting={setting} />
      <Others known={known} />
    </>
  );
}

function OwnList({
  item,
  setting,
  known,
}: {
  readonly item: ShownItem;
  readonly setting: Setting;
  readonly known: Known;
}) {
  const t = useText();
  const relays = relaysOf(String(setting.entry?.value ?? ''));
  const [removed, setRemoved] = useState<string>();
  const list = useRef<HTMLUListElement>(null);
  const remove = async (relay: string): Promise<void> => {
    setRemoved(undefined);
    const left = relays.filter((one) => one !== relay);
    if (!(await setting.set(left.join(',')))) return;
    setRemoved(relay);
    announce(t('settings.relays.removed', { relay: placeOf(relay) }));
  };
  const undo = (relay: string): void => {
    list.current?.focus();
    setRemoved(undefined);
    void setting.set([...relays, relay].join(','));
  };
  return (
    <>
      {relays.length === 0 && <p>{t('settings.relays.none')}</p>}
      <ul ref={list} aria-label={item.title} tabIndex={-1}>
        {relays.map((relay) => (
          <li key={relay} className={style['relay']}>
            <div className={style['words']}>
              <bdi dir="ltr">{placeOf(relay)}</bdi>
              <span className={style['line']}>{ownState(t, relay, known)}</span>
            </div>
            <Button disabled={isGiven(setting)} onClick={() => void remove(relay)}>
              {t('settings.relays.remove')}{' '}
              <bdi dir="ltr" className="visually-hidden">
                {placeOf(relay)}
              </bdi>
            </Button>
          </li>
        ))}
      </ul>
      {removed !== undefined && !relays.includes(removed) && (
        <Removed relay={removed} onUndo={() => undo(removed)} />
      )}
    </>
  );
}

/** Its text is long, and may be nowhere else. The focus comes here: its button is gone. */
function Removed({ relay, onUndo }: { readonly relay: string; readonly onUndo: () => void }) {
  const t = useText();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div className={style['relay']}>
      <p className={style['words']}>{t('settings.relays.removed', { relay: placeOf(relay) })}</p>
      <Button ref={button} onClick={onUndo}>
        {t('settings.relays.undo')}
      </Button>
    </div>
  );
}

/** What is refused stays in the field, to be corrected. */
function AddRelay({ setting }: { readonly setting: Setting }) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState('');
  const relays = relaysOf(String(setting.entry?.value ?? ''));
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found = relaysIn(typed);
    const fresh = found.filter((relay) => !relays.includes(relay));
    if (found.length === 0) return setFault(t('settings.relays.no-relay'));
    if (fresh.length === 0) return setFault(t('settings.relays.there'));
    setFault('');
    if (!(await setting.set([...relays, ...fresh].join(',')))) return;
    setTyped('');
    announce(t('settings.relays.added', { count: fresh.length }));
  };
  return (
    <form onSubmit={(event) => void add(event)} noValidate>
      <Field
        label={t('settings.relays.add')}
        hint={t('settings.relays.add.line')}
        error={fault}
        value={typed}
        disabled={isGiven(setting)}
        dir="ltr"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
          setFault('');
        }}
        beside={
          <Button type="submit" disabled={isGiven(setting)}>
            {t('settings.relays.add.do')}
          </Button>
        }
      />
    </form>
  );
}

/** Of contacts and of strangers: they come and go by themselves. */
function Others({ known }: { readonly known: Known }) {
  const t = useText();
  if (known.shown === undefined) return null;
  const others = known.shown.uses.filter(isOther);
  return (
    <section className={style['part']}>
      <h3>{t('settings.relays.others')}</h3>
      {others.length === 0 && <p className={style['line']}>{t('settings.relays.others.none')}</p>}
      <ul>
        {others.map((relay, at) => (
          <li key={at} className={style['relay']}>
            <div className={style['words']}>
              <bdi dir="ltr">{relay.address}</bdi>
              <span className={style['line']}>{t(OF[relay.source])}</span>
            </div>
            <span className={style['line']}>{stateOf(t, relay, known.isTrying)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const OF = {
  contact: 'settings.relays.of.contact',
  public: 'settings.relays.of.public',
} as const satisfies Record<string, TextKey>;
type Other = UsedRelay & { readonly source: keyof typeof OF };

function isOther(relay: UsedRelay): relay is Other {
  return relay.source !== 'own';
}

function ownState(t: Text, relay: string, { shown, isTrying }: Known): string {
  if (shown === undefined) return '';
  const used = shown.uses.find(({ address }) => address === placeOf(relay));
  if (used) return stateOf(t, used, isTrying);
  return t(isTrying ? 'settings.relays.state.trying' : 'settings.relays.state.spare');
}

function stateOf(t: Text, { answers, ms, reserved }: UsedRelay, isTrying: boolean): string {
  if (reserved && ms !== undefined) return t('settings.relays.state.ready', { ms });
  if (reserved) return t('settings.relays.state.reserved');
  if (isTrying) return t('settings.relays.state.trying');
  return t(answers ? 'settings.relays.state.placeless' : 'settings.relays.state.silent');
}
