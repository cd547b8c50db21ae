/**
 * Feed of messages. Only those near the window are drawn, and those near the one that is focused;
 * both ends load more as they come near. Who is at the newest one stays there.
 * @module
 */
import type { Route } from '@sotto/api/contract.ts';
import { ArrowDown } from 'lucide-react';
import {
  startTransition,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type Ref,
} from 'react';
import { Virtualizer, type CustomItemComponentProps, type VirtualizerHandle } from 'virtua';
import { isNewer } from '../../model/model.ts';
import { useModel } from '../../model/context.ts';
import { useStore, useStorePart } from '../../model/store.ts';
import { cx } from '../../parts/cx.ts';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { useToday } from '../chats/use-today.ts';
import style from './feed.module.css';
import type { ListProps } from './message-list.tsx';
import { policyLines } from './policy-lines.ts';
import { Row } from './row.tsx';
import {
  isStored,
  joins,
  keyOf,
  newestOwn,
  newestWaiting,
  rowsOf,
  startsDay,
  type RowItem,
} from './rows.ts';
import { useActions } from './use-actions.ts';
import { useRoving } from './use-roving.ts';
import { useScrolling } from './use-scrolling.ts';

/** Drawn beyond the window, so that fast scrolling shows no blank rows. */
const BUFFER_PX = 900;
/** A chat opens with what is seen of it; what lies beyond is drawn a moment later. */
const BUFFER_AT_FIRST_PX = 0;
const BUFFER_AFTER_MS = 100;
const NONE: Route['changes'] = [];

export function Feed(props: ListProps & { readonly boundary: string | undefined }) {
  const { timeline, name, at, boundary, reach } = props;
  const t = useText();
  const view = useStore(timeline.view);
  const rows = useMemo(() => rowsOf(view), [view]);
  const list = useRef<VirtualizerHandle>(null);
  const feed = useRef<HTMLDivElement>(null);
  const newLine = useMemo(() => newLineOf(rows, boundary), [rows, boundary]);
  const scrolling = useScrolling({ list, rows, timeline, at, newLine });
  const buffer = useBuffer();
  const roving = useRoving({ list, feed, rows, reach });
  const kept = useMemo(() => merged(roving.kept, scrolling.ahead), [roving.kept, scrolling.ahead]);
  const actions = useActions({ timeline, focusRow: roving.focusKey });
  const draw = useDraw({ ...props, rows, newLine, view, roving, actions });
  return (
    <>
      {actions.error && (
        <div className={style['error']}>
          <ErrorNote error={actions.error} />
        </div>
      )}
      <div
        ref={feed}
        className={style['feed']}
        role="feed"
        aria-label={t('conversation.messages', { name: nameIn(name) })}
        onKeyDown={(event) => {
          actions.onKeyDown(event, rows);
          roving.onKeyDown(event);
        }}
        onFocus={roving.onFocus}
        onBlur={roving.onBlur}
      >
        <div className={style['spacer']} />
        <Virtualizer
          ref={list}
          data={rows}
          bufferSize={buffer}
          shift={scrolling.shift}
          keepMounted={kept}
          item={Item}
          onScroll={scrolling.onScroll}
          onScrollEnd={scrolling.onScrollEnd}
          onResize={scrolling.onResize}
        >
          {draw}
        </Virtualizer>
        <div className={style['end']} />
      </div>
      <JumpButton
        isShown={!scrolling.isAtEnd || view.hasNewer}
        conversation={timeline.conversation}
        onJump={scrolling.jump}
      />
    </>
  );
}

function useBuffer(): number {
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => {
    const grow = (): void => startTransition(() => setDrawn(true));
    const timer = window.setTimeout(grow, BUFFER_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return isDrawn ? BUFFER_PX : BUFFER_AT_FIRST_PX;
}

/**
 * A row is where it will be for one frame before it was measured: hidden it could neither be seen
 * nor take the focus.
 */
function Item({
  style: { visibility: _visibility, ...shown },
  children,
  ref,
}: CustomItemComponentProps) {
  return (
    <div ref={ref as Ref<HTMLDivElement>} style={shown}>
      {children}
    </div>
  );
}

function merged(one: readonly number[], other: readonly number[]): readonly number[] {
  if (other.length === 0) return one;
  return one.length === 0 ? other : [...new Set([...one, ...other])].sort((a, b) => a - b);
}

interface DrawProps extends ListProps {
  readonly rows: readonly RowItem[];
  readonly newLine: number;
  readonly view: { readonly hasOlder: boolean; readonly hasNewer: boolean };
  readonly roving: ReturnType<typeof useRoving>;
  readonly actions: ReturnType<typeof useActions>;
}

/** Draws one row. What it gives to a row changes only when that row looks different. */
function useDraw(props: DrawProps) {
  const { rows, newLine, view, name, at, route, roving, actions } = props;
  const today = useToday();
  const own = useMemo(() => newestOwn(rows), [rows]);
  const lines = useMemo(
    () => policyLines(rows, route?.changes ?? NONE, view),
    [rows, route?.changes, view],
  );
  const waiting = useMemo(() => newestWaiting(rows), [rows]);
  const held = route?.held === undefined ? undefined : route;
  const size = view.hasOlder || view.hasNewer ? -1 : rows.length;
  const { stop } = roving;
  const { menuKey, act } = actions;
  return useCallback(
    (item: RowItem, index: number) => {
      const before = rows[index - 1];
      const after = rows[index + 1];
      const key = keyOf(item);
      const isNewLine = index === newLine;
      const changes = lines.before.get(key);
      const isApart = isNewLine || changes !== undefined;
      const isEnd = !after || lines.before.has(keyOf(after));
      return (
        <Row
          key={key}
          item={item}
          name={name}
          position={index + 1}
          size={size}
          day={startsDay(before, item) ? today : undefined}
          isNewLine={isNewLine}
          changes={changes}
          changesAfter={after ? undefined : lines.after}
          held={item === waiting ? held : undefined}
          isJoined={!isApart && joins(before, item)}
          isLast={isEnd || !joins(item, after)}
          isNewestOwn={item === own}
          isStop={index === stop}
          isShownFor={at !== undefined && isStored(item) && item.cursor === at}
          hasMenu={key === menuKey}
          act={act}
        />
      );
    },
    [rows, newLine, size, today, own, lines, waiting, held, stop, name, at, menuKey, act],
  );
}

/** Index of the first message of others after `boundary`; -1 for none. */
function newLineOf(rows: readonly RowItem[], boundary: string | undefined): number {
  if (boundary === undefined) return -1;
  return rows.findIndex(
    (item) => isStored(item) && !item.outgoing && isNewer(item.cursor, boundary),
  );
}

function JumpButton({
  isShown,
  conversation,
  onJump,
}: {
  readonly isShown: boolean;
  readonly conversation: string;
  readonly onJump: () => void;
}) {
  const t = useText();
  const { conversations } = useModel();
  const count = useStorePart(conversations, (all) => all.get(conversation)?.unread ?? 0);
  if (!isShown) return null;
  const label = count > 0 ? t('conversation.newest.count', { count }) : t('conversation.newest');
  return (
    <button
      type="button"
      className={cx(style['jump'], count > 0 && style['counted'])}
      aria-label={label}
      title={label}
      onClick={onJump}
    >
      <ArrowDown aria-hidden="true" />
      {count > 0 && <span>{count}</span>}
    </button>
  );
}
