/**
 * Settings about people: the door for those who have the ID, the blocked, the verified.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useDoor } from '../../model/door.ts';
import { errorOf } from '../../model/failure.ts';
import type { Conversations } from '../../model/model.ts';
import { useStore, useStorePart } from '../../model/store.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { Switch } from '../../parts/switch.tsx';
import { useText } from '../../text/text.ts';
import { doorLine } from '../../words/door.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { DoorDialog } from '../requests/door-dialog.tsx';
import type { ShownItem } from './items.ts';
import style from './settings.module.css';

/** Opening it asks first where it would show the IP address; shutting it never does. */
export function Door({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const keeper = useDoor();
  const { door, error, isAsked, ask, open, shut } = keeper;
  const isOpen = useStorePart(useModel().status, (status) => status?.doorOpen === true);
  const turn = (wantsOpen: boolean): void => {
    if (!wantsOpen) shut();
    else if (door?.hidden === false) ask();
    else open();
  };
  return (
    <>
      <Switch
        label={item.title}
        line={t(doorLine({ open: isOpen, hidden: door?.hidden }))}
        checked={isOpen}
        onChange={turn}
      />
      {error && <ErrorNote error={error} />}
      {isAsked && <DoorDialog {...keeper} />}
    </>
  );
}

export function Blocked({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const model = useModel();
  const people = among(useStore(model.conversations), ({ state }) => state === 'blocked');
  const [error, setError] = useState<ApiErrorBody>();
  const unblock = async (to: string, name: string): Promise<void> => {
    try {
      setError(undefined);
      model.putContact(await model.client.call('contacts.unblock', { to }));
      announce(t('settings.unblocked', { name: nameIn(name) }));
    } catch (fault) {
      setError(errorOf(fault));
    }
  };
  return (
    <>
      <h2>{item.title}</h2>
      <p className={style['line']}>
        {people.length === 0 ? t('settings.blocked.none') : item.line}
      </p>
      <ul>
        {people.map(({ conversation, name }) => (
          <li key={conversation} className={style['person']}>
            <bdi>{shownName(name)}</bdi>
            <Button onClick={() => void unblock(conversation, name)}>
              {t('settings.unblock')} <bdi className="visually-hidden">{shownName(name)}</bdi>
            </Button>
          </li>
        ))}
      </ul>
      {error && <ErrorNote error={error} />}
    </>
  );
}

export function Verified({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const conversations = useStore(useModel().conversations);
  const people = among(conversations, ({ verifiedAt }) => verifiedAt !== undefined);
  return (
    <>
      <h2>{item.title}</h2>
      <p className={style['line']}>
        {people.length === 0 ? t('settings.verified.none') : item.line}
      </p>
      <ul>
        {people.map(({ conversation, name }) => (
          <li key={conversation} className={style['person']}>
            <PageLink path={`/c/${conversation}/verify`}>
              <bdi>{shownName(name)}</bdi>
            </PageLink>
          </li>
        ))}
      </ul>
    </>
  );
}

type One = Conversations extends ReadonlyMap<string, infer C> ? C : never;

function among(all: Conversations, isMeant: (one: One) => boolean): readonly One[] {
  return [...all.values()].filter(isMeant).sort((a, b) => a.name.localeCompare(b.name));
}
