/**
 * Header of a conversation: who it is, whether they are verified, and how messages travel now.
 * @module
 */
import type { Conversation, Route } from '@sotto/api/contract.ts';
import { ArrowLeft, BadgeCheck, BookOpenText, Info, Search } from 'lucide-react';
import { memo } from 'react';
import { go, goBack } from '../../model/place.ts';
import { IconButton } from '../../parts/button.tsx';
import { LookAlikeMark } from '../../parts/look-alike.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { routeWords, wayOf } from '../../words/route.ts';
import style from './header.module.css';

interface Props {
  readonly conversation: Conversation;
  /** What only the daemon knows of the route. */
  readonly shown: Route | undefined;
  readonly onFind: () => void;
}

export const Header = memo(function Header({ conversation, shown, onFind }: Props) {
  const t = useText();
  const { name, verifiedAt } = conversation;
  const way = wayOf(conversation, shown);
  const path = `/c/${conversation.conversation}`;
  const chip = routeWords(t, way, 'chip', name);
  return (
    <header className={style['header']} data-region="">
      <IconButton
        className={style['back']}
        icon={<ArrowLeft aria-hidden="true" />}
        label={t('app.back')}
        onClick={() => goBack('/')}
      />
      <div className={style['who']}>
        <h1 className={style['name']}>
          <bdi>{shownName(name)}</bdi>
        </h1>
        <LookAlikeMark person={conversation} />
        {verifiedAt !== undefined && (
          <span className={style['verified']}>
            <BadgeCheck aria-hidden="true" />
            <span>{t('conversation.verified')}</span>
          </span>
        )}
      </div>
      <PageLink
        className={style['route']}
        path={`${path}/route`}
        aria-label={t('conversation.route', { route: chip })}
      >
        <Thread route={way} />
        <span className={style['chip']}>{chip}</span>
      </PageLink>
      <div className={style['buttons']}>
        <IconButton
          icon={<Search aria-hidden="true" />}
          label={t('conversation.find')}
          aria-keyshortcuts="Control+F"
          onClick={onFind}
        />
        <IconButton
          className={style['reading']}
          icon={<BookOpenText aria-hidden="true" />}
          label={t('conversation.reading')}
          onClick={() => go(`${path}/reading`)}
        />
        <IconButton
          icon={<Info aria-hidden="true" />}
          label={t('conversation.details')}
          aria-keyshortcuts="Control+'"
          onClick={() => go(`${path}/info`)}
        />
      </div>
    </header>
  );
});
