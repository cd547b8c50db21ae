/**
 * The rows of the list, as many as are in sight and some around them. One of them is the stop of
 * the Tab key; arrows walk from there, and what is focused is never taken away.
 *
 *   Up, Down, Home, End   walk          Shift+F10, Menu, right click   what can be done
 *   PageUp, PageDown      ten at once   Enter                          opens (a link does)
 *
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { createContext, use, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { Virtualizer, type CustomItemComponentProps, type VirtualizerHandle } from 'virtua';
import { PersonDialog, type PersonAct } from '../details/person-dialog.tsx';
import { ChatMenu } from './chat-menu.tsx';
import style from './chat-list.module.css';
import { ChatRow } from './chat-row.tsx';
import { useToday } from './use-today.ts';

/** Rows beyond the edges stand ready, in px. */
const AHEAD_PX = 640;
const PAGE_ROWS = 10;
const FRAMES_MAX = 30;

export function ChatRows({
  chats,
  open,
}: {
  readonly chats: readonly Conversation[];
  /** The conversation that is open beside the list. */
  readonly open: string | undefined;
}) {
  const today = useToday();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<VirtualizerHandle>(null);
  const [walked, setWalked] = useState<string>();
  const [focused, setFocused] = useState<string>();
  const [menuOf, setMenuOf] = useState<string>();
  const [asked, setAsked] = useState<Asked>();
  const chosen = useRef<Asked>(undefined);
  const at = stopOf(chats, walked, open);
  const kept = [at, chats.findIndex((one) => one.conversation === focused)].filter((i) => i >= 0);
  const walk = (to: number): void => {
    const chat = chats[Math.max(0, Math.min(to, chats.length - 1))];
    if (!chat) return;
    setWalked(chat.conversation);
    rows.current?.scrollToIndex(chats.indexOf(chat), { align: 'nearest' });
    void focusRow(scroller, chat.conversation);
  };
  const pressed = (event: KeyboardEvent): void => {
    // Keys of the menu come here too: it belongs to a row, and stands elsewhere on the page.
    if (!(event.target as Element).closest('[data-row]')) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const isMenuKey = event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10');
    const to = isMenuKey ? undefined : event.shiftKey ? undefined : walkTo(event.key, at, chats);
    if (isMenuKey) setMenuOf(chats[at]?.conversation);
    else if (to !== undefined) walk(to);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={scroller}
        className={style['rows']}
        onKeyDown={pressed}
        onFocus={(event) => {
          const row = event.target.closest<HTMLElement>('[data-row]');
          if (!row) return;
          setWalked(row.dataset['row']);
          setFocused(row.dataset['row']);
        }}
        onContextMenu={(event) => {
          const row = (event.target as Element).closest<HTMLElement>('[data-row]');
          if (!row) return;
          event.preventDefault();
          setMenuOf(row.dataset['row']);
        }}
      >
        <Count value={chats.length}>
          <Virtualizer
            ref={rows}
            as="ul"
            item={Item}
            data={chats}
            bufferSize={AHEAD_PX}
            keepMounted={kept}
          >
            {(chat, index) => (
              <div key={chat.conversation} className={style['place']} data-row={chat.conversation}>
                <ChatRow
                  conversation={chat}
                  today={today}
                  isOpen={chat.conversation === open}
                  isStop={index === at}
                  hasMenu={chat.conversation === menuOf}
                  onMenu={setMenuOf}
                />
                {chat.conversation === menuOf && (
                  <ChatMenu
                    conversation={chat}
                    onAct={(act) => {
                      chosen.current = { act, conversation: chat };
                    }}
                    onClose={() => {
                      setMenuOf(undefined);
                      void focusRow(scroller, chat.conversation);
                      // After the row has the focus: the dialog gives it back there.
                      setAsked(chosen.current);
                      chosen.current = undefined;
                    }}
                  />
                )}
              </div>
            )}
          </Virtualizer>
        </Count>
      </div>
      {asked && <PersonDialog {...asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

interface Asked {
  readonly act: PersonAct;
  readonly conversation: Conversation;
}

/** Where Tab leads: where one walked to, else the open chat, else the first. */
function stopOf(
  chats: readonly Conversation[],
  walked: string | undefined,
  open: string | undefined,
): number {
  for (const wanted of [walked, open]) {
    const at = chats.findIndex((one) => one.conversation === wanted);
    if (at !== -1) return at;
  }
  return 0;
}

function walkTo(key: string, at: number, chats: readonly Conversation[]): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return at + PAGE_ROWS;
    case 'PageUp':
      return at - PAGE_ROWS;
    case 'Home':
      return 0;
    case 'End':
      return chats.length - 1;
    default:
      return undefined;
  }
}

/** A row that comes into sight is drawn, measured and shown first; until then it has no focus. */
async function focusRow(
  scroller: RefObject<HTMLElement | null>,
  conversation: string,
): Promise<void> {
  for (let frame = 0; frame < FRAMES_MAX; frame++) {
    const row = scroller.current?.querySelector<HTMLElement>(
      `[data-conversation="${conversation}"]`,
    );
    row?.focus({ preventScroll: true });
    if (row && row === document.activeElement) return;
    await new Promise(requestAnimationFrame);
  }
}

/** How many rows there are in all: only some of them stand. */
const Count = createContext(0);

function Item({ index, ...rest }: CustomItemComponentProps) {
  return <li aria-posinset={index + 1} aria-setsize={use(Count)} {...rest} />;
}
