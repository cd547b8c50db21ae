/**
 * First chat: what to do while there is nobody to write to; beside a list of chats, one line.
 * @module
 */
import { useState } from 'react';
import { useModel } from '../model/context.ts';
import { useInvites } from '../model/invites.ts';
import type { Conversations } from '../model/model.ts';
import { go } from '../model/place.ts';
import { useStorePart } from '../model/store.ts';
import { Button } from '../parts/button.tsx';
import { Thread } from '../parts/thread.tsx';
import { usePageTitle } from '../parts/page.tsx';
import { useText } from '../text/text.ts';
import { MyInvite } from './add/my-invite.tsx';
import { TheirInvite } from './add/their-invite.tsx';
import style from './first-chat.module.css';

export function FirstChat() {
  const model = useModel();
  const isFirst = useStorePart(model.conversations, isAlone);
  return isFirst ? <Ways /> : <Nothing />;
}

/** Nobody is there, or nobody but Echo. */
export function isAlone(conversations: Conversations): boolean {
  return [...conversations.values()].every(isEcho);
}

function isEcho({ name, route }: { readonly name: string; readonly route: string }): boolean {
  return route === 'local' || name === 'Echo';
}

function Nothing() {
  const t = useText();
  usePageTitle(t('chats.title'));
  return (
    <div className={style['nothing']}>
      <Thread route="waiting" />
      <p>{t('chats.select')}</p>
    </div>
  );
}

function Ways() {
  const t = useText();
  const heading = usePageTitle(t('first.title'));
  const invites = useInvites();
  const [open, setOpen] = useState<'theirs' | 'mine'>();
  return (
    <section className={style['first']} data-region="" aria-label={t('first.title')}>
      <h1 ref={heading} tabIndex={-1} className={style['title']}>
        {t('first.title')}
      </h1>
      <p className={style['lead']}>{t('first.lead')}</p>
      <Way
        title={t('first.invite')}
        line={t('first.invite.line')}
        isOpen={open === 'theirs'}
        onOpen={() => setOpen('theirs')}
      >
        <TheirInvite autoFocus />
      </Way>
      <Way
        title={t('first.make')}
        line={t('first.make.line')}
        isOpen={open === 'mine'}
        onOpen={() => setOpen('mine')}
      >
        <MyInvite invites={invites} isMain />
      </Way>
      <Echo />
    </section>
  );
}

function Way({
  title,
  line,
  isOpen,
  onOpen,
  children,
}: {
  readonly title: string;
  readonly line: string;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <div className={style['way']}>
      <Button className={style['open']} aria-expanded={isOpen} onClick={onOpen}>
        {title}
      </Button>
      <p className={style['line']}>{line}</p>
      {isOpen && children}
    </div>
  );
}

function Echo() {
  const t = useText();
  const model = useModel();
  const echo = useStorePart(
    model.conversations,
    (all) => [...all.values()].find(isEcho)?.conversation,
  );
  if (echo === undefined) return null;
  return (
    <div className={style['way']}>
      <Button className={style['open']} onClick={() => go(`/c/${echo}`)}>
        {t('first.echo')}
      </Button>
      <p className={style['line']}>{t('first.echo.line')}</p>
    </div>
  );
}
