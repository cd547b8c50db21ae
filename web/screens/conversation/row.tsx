/**
 * One row: the day it begins, the line of new messages, what is missing before it, and the bubble.
 * Rows are drawn by the thousand while one scrolls: nothing in here reads the layout.
 * @module
 */
import type { Route } from '@sotto/api/contract.ts';
import { memo, type ReactNode } from 'react';
import { cx } from '../../parts/cx.ts';
import { useText, type Text } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { heldWords, routeWords, wayOfMessage } from '../../words/route.ts';
import { clockTime, dayName, daysBetween } from '../../words/when.ts';
import { Held } from '../route/held.tsx';
import { Body } from './body.tsx';
import { MessageMenu, type Act } from './message-menu.tsx';
import type { Change } from './policy-lines.ts';
import { PolicyNotes } from './policy-notes.tsx';
import { isOwn, isStored, keyOf, timeOf, type RowItem } from './rows.ts';
import style from './row.module.css';
import { StateMark, stateTip, stateWord, type Shown } from './state-mark.tsx';
import { Unsent } from './unsent.tsx';

/** What was said aloud of a long message; all of it is in the text itself. */
const SAID_CHARS = 600;
const FRESH_MS = 1_000;

export interface RowProps {
  readonly item: RowItem;
  /** Of the other person. */
  readonly name: string;
  /** From 1 on, and how many there are; -1 where more exist than are in memory. */
  readonly position: number;
  readonly size: number;
  /** Any moment of today where this row begins a day. */
  readonly day: Date | undefined;
  readonly isNewLine: boolean;
  /** Changes of the rule of this chat, before and after this row. */
  readonly changes: readonly Change[] | undefined;
  readonly changesAfter: readonly Change[] | undefined;
  /** Why it waits, where it is the row that tells so. */
  readonly held: Route | undefined;
  /** It follows, or is followed by, one of the same author at once. */
  readonly isJoined: boolean;
  readonly isLast: boolean;
  readonly isNewestOwn: boolean;
  /** The one row that Tab leads to. */
  readonly isStop: boolean;
  readonly isShownFor: boolean;
  readonly hasMenu: boolean;
  readonly act: (act: Act, item: RowItem) => void;
}

export const Row = memo(function Row(props: RowProps) {
  const { item, name, day, isNewLine, isJoined, changes, changesAfter } = props;
  const t = useText();
  const stored = isStored(item) ? item : undefined;
  return (
    <div className={style['row']} data-joined={isJoined}>
      {day && <div className={style['day']}>{dayWords(t, timeOf(item), day)}</div>}
      {isNewLine && (
        <div className={style['new']}>
          <span>{t('conversation.new')}</span>
        </div>
      )}
      <PolicyNotes changes={changes} name={name} />
      {stored?.gapBefore && <div className={style['note']}>{t('conversation.gap')}</div>}
      <Bubble {...props} />
      {stored?.fork && (
        <div className={style['note']}>{t('conversation.fork', { name: nameIn(name) })}</div>
      )}
      <PolicyNotes changes={changesAfter} name={name} />
    </div>
  );
});

function Bubble(props: RowProps) {
  const { item, name, position, size, isLast, isStop, isShownFor, isNewestOwn } = props;
  const { hasMenu, act, held } = props;
  const t = useText();
  const own = isOwn(item);
  const { state, tip } = stateOf(t, item, name, held);
  const author = own ? t('conversation.you') : nameIn(name);
  const at = timeOf(item);
  const failed = !isStored(item) && item.error !== undefined;
  return (
    <article
      className={cx(style['article'], own && style['own'])}
      data-row={keyOf(item)}
      data-last={isLast}
      data-highlight={isShownFor}
      tabIndex={isStop ? 0 : -1}
      aria-posinset={position}
      aria-setsize={size}
      aria-label={saidOf(t, item, { author, state, name })}
    >
      <div className={style['bubble']}>
        <span className="visually-hidden">{author} </span>
        <Content item={item} isStop={isStop} />
        <span className={style['meta']}>
          <time dateTime={at.toISOString()}>{clockTime(at)}</time>
          {own && (
            <StateMark
              state={state}
              tip={tip}
              withWord={isNewestOwn && !failed}
              isFresh={isFreshOf(item, state)}
            />
          )}
        </span>
      </div>
      <div className={style['actions']} data-open={hasMenu}>
        <button
          type="button"
          tabIndex={-1}
          aria-label={t('message.actions.of')}
          aria-haspopup="menu"
          aria-expanded={hasMenu}
          className={style['more']}
          onClick={() => act('menu', item)}
        />
        {hasMenu && <MessageMenu item={item} act={act} />}
      </div>
      {failed && <Unsent pending={item} act={act} isStop={isStop} />}
      {held && (
        <div className={style['held']}>
          <Held key={held.held} route={held} name={name} tabIndex={isStop ? 0 : -1} />
        </div>
      )}
    </article>
  );
}

function Content({ item, isStop }: Pick<RowProps, 'item' | 'isStop'>): ReactNode {
  const t = useText();
  if (isStored(item) && item.kind !== 'text') {
    return <p className={style['unknown']}>{t('conversation.unknown-kind')}</p>;
  }
  return <Body text={item.text} isStop={isStop} />;
}

function stateOf(
  t: Text,
  item: RowItem,
  name: string,
  route: Route | undefined,
): { state: Shown; tip: string } {
  if (route?.held !== undefined) {
    return { state: 'held', tip: heldWords(t, route.held, route, name) };
  }
  if (isStored(item)) return { state: item.state, tip: stateTip(t, item, name) };
  if (item.error) return { state: 'failed', tip: item.error.message };
  // Stored, though its message has not come over the stream yet.
  if (item.event !== undefined) return { state: 'waiting', tip: t('message.tip.waiting') };
  return { state: 'sending', tip: t('message.tip.sending') };
}

/** What has not been under way for long is not said to be: it flickers otherwise. */
function isFreshOf(item: RowItem, state: Shown): boolean {
  if (state !== 'sending' && state !== 'waiting') return false;
  return Date.now() - timeOf(item).getTime() < FRESH_MS;
}

function saidOf(
  t: Text,
  item: RowItem,
  { author, state, name }: { author: string; state: Shown; name: string },
): string {
  const isUnknown = isStored(item) && item.kind !== 'text';
  const text = isUnknown ? t('conversation.unknown-kind') : item.text.slice(0, SAID_CHARS);
  const way = isStored(item) ? wayOfMessage(item) : undefined;
  const words = [
    ...(isOwn(item) ? [`${stateWord(t, state)}.`] : []),
    ...(way ? [`${routeWords(t, way, 'chip', name)}.`] : []),
  ];
  const time = clockTime(timeOf(item));
  return t('message.said', { author, text, time, rest: words.join(' ') }).trim();
}

function dayWords(t: Text, at: Date, today: Date): string {
  const days = daysBetween(at, today);
  if (days === 0) return t('conversation.today');
  return days === 1 ? t('conversation.yesterday') : dayName(at, today);
}
