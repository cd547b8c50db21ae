/**
 * One row of the list of chats.
 *
 *   (AR)  Ana Ruiz  verified         14:02
 *         o--o  See you at 6   v Delivered      [...]
 *
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { BadgeCheck, Ellipsis } from 'lucide-react';
import { memo, type MouseEvent } from 'react';
import { useModel } from '../../model/context.ts';
import { go } from '../../model/place.ts';
import { prefetchConversation } from '../../model/timelines.ts';
import { Avatar } from '../../parts/avatar.tsx';
import { LookAlikeMark } from '../../parts/look-alike.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { routeWords, wayOf } from '../../words/route.ts';
import { shortTime } from '../../words/when.ts';
import style from './chat-row.module.css';
import { LastLine, OwnState } from './last-line.tsx';

export interface RowProps {
  readonly conversation: Conversation;
  /** Any moment of today. */
  readonly today: Date;
  /** Its messages are on the screen. */
  readonly isOpen: boolean;
  /** The one row of the list that Tab leads to. */
  readonly isStop: boolean;
  readonly hasMenu: boolean;
  readonly onMenu: (conversation: string) => void;
}

export const ChatRow = memo(function ChatRow(props: RowProps) {
  const { conversation: chat, today, isOpen, isStop, hasMenu, onMenu } = props;
  const t = useText();
  const { conversation, name, unread, last } = chat;
  const way = wayOf(chat);
  const stop = isStop ? 0 : -1;
  const model = useModel();
  const ahead = (): void => prefetchConversation(model, conversation);
  return (
    <div className={style['row']} data-unread={unread > 0} data-open={isOpen}>
      <a
        href={`/c/${conversation}`}
        className={style['link']}
        tabIndex={stop}
        data-conversation={conversation}
        onPointerEnter={ahead}
        onFocus={ahead}
        aria-current={isOpen ? 'page' : undefined}
        onClick={(event) => openHere(event, conversation)}
      >
        <Avatar name={name} id={chat.id} />
        <span className={style['first']}>
          <span className={style['who']}>
            <bdi className={style['name']}>{shownName(name)}</bdi>
            <LookAlikeMark person={chat} />
            {chat.verifiedAt !== undefined && (
              <BadgeCheck className={style['verified']} role="img" aria-label={t('app.verified')} />
            )}
          </span>
          {last && (
            <time className={style['time']} dateTime={last.storedAt} dir="auto">
              {shortTime(new Date(last.storedAt), today)}
            </time>
          )}
        </span>
        <span className={style['second']}>
          <Thread route={way} label={routeWords(t, way, 'chip', name)} />
          <LastLine conversation={chat} isOpen={isOpen} />
          <OwnState conversation={chat} isOpen={isOpen} />
          {unread > 0 && (
            <span className={style['count']}>
              <span aria-hidden="true">{t('chats.count', { count: unread })}</span>
              <span className="visually-hidden">{t('chats.unread', { count: unread })}</span>
            </span>
          )}
        </span>
      </a>
      <button
        type="button"
        className={style['more']}
        tabIndex={stop}
        aria-label={t('chats.actions', { name: nameIn(name) })}
        aria-haspopup="menu"
        aria-expanded={hasMenu}
        onClick={() => onMenu(conversation)}
      >
        <Ellipsis aria-hidden="true" />
      </button>
    </div>
  );
});

function openHere(event: MouseEvent, conversation: string): void {
  // Another window is the browser's affair.
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(`/c/${conversation}`);
}
