/**
 * One find, as an option of the list below the field.
 * @module
 */
import type { Hit } from '@sotto/api/contract.ts';
import { BadgeCheck, CornerDownLeft, MessageCircle, UserPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { Avatar } from '../../parts/avatar.tsx';
import { LookAlikeMark } from '../../parts/look-alike.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { routeWords, wayOf } from '../../words/route.ts';
import { shortTime, wholeTime } from '../../words/when.ts';
import type { Find, Pasted } from './finds.ts';
import { foundPart } from './found-part.ts';
import style from './search.module.css';

export function FindRow({
  find,
  id,
  isActive,
  wanted,
  onChoose,
}: {
  readonly find: Find;
  readonly id: string;
  readonly isActive: boolean;
  /** What messages were looked for. */
  readonly wanted: string;
  readonly onChoose: (find: Find) => void;
}) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={isActive}
      className={style['find']}
      onClick={() => onChoose(find)}
      // The field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
    >
      <Words find={find} wanted={wanted} />
      {isActive && <CornerDownLeft aria-hidden="true" className={style['enter']} />}
    </div>
  );
}

function Words({ find, wanted }: { readonly find: Find; readonly wanted: string }): ReactNode {
  switch (find.kind) {
    case 'pasted':
      return <PastedText find={find} />;
    case 'command':
      return <Command find={find} />;
    case 'message':
      return <MessageHit hit={find.hit} wanted={wanted} />;
    default:
      return <Person find={find} />;
  }
}

function Person({ find }: { readonly find: Extract<Find, { kind: 'person' | 'filter' }> }) {
  const t = useText();
  const { name, id, verifiedAt } = find.person;
  const way = wayOf(find.person);
  return (
    <>
      <Avatar name={name} id={id} />
      <span className={style['words']}>
        <span className={style['who']}>
          <bdi className={style['name']}>{shownName(name)}</bdi>
          <LookAlikeMark person={find.person} />
          {verifiedAt !== undefined && (
            <BadgeCheck className={style['verified']} role="img" aria-label={t('app.verified')} />
          )}
        </span>
      </span>
      <Thread route={way} label={routeWords(t, way, 'chip', name)} />
    </>
  );
}

function PastedText({ find: { deed, peek } }: { readonly find: Pasted }) {
  const t = useText();
  const Icon = deed === 'open' ? MessageCircle : UserPlus;
  return (
    <>
      <Icon aria-hidden="true" className={style['icon']} />
      <span className={style['words']}>
        <span>{t(`search.pasted.${deed}`, { name: nameIn(peek.name ?? '') })}</span>
        <span className={style['id']} dir="ltr">
          {peek.id}
        </span>
      </span>
    </>
  );
}

function Command({ find }: { readonly find: Extract<Find, { kind: 'command' }> }) {
  const t = useText();
  return (
    <span className={style['words']}>
      <span>{t(find.command.name)}</span>
    </span>
  );
}

function MessageHit({ hit, wanted }: { readonly hit: Hit; readonly wanted: string }) {
  const t = useText();
  const { message, name } = hit;
  const at = new Date(message.storedAt);
  return (
    <span className={style['words']}>
      <span className={style['who']}>
        <bdi className={style['name']}>{shownName(name)}</bdi>
        <time className={style['time']} dateTime={message.storedAt} title={wholeTime(at)}>
          {shortTime(at, new Date())}
        </time>
      </span>
      <span className={style['part']}>
        {message.outgoing && <span className={style['you']}>{t('search.you')} </span>}
        <bdi>
          {foundPart(message.text, wanted).map(({ text, isFound }, at) =>
            isFound ? <mark key={at}>{shownName(text)}</mark> : shownName(text),
          )}
        </bdi>
      </span>
    </span>
  );
}
