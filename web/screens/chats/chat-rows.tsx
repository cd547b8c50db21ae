/**
 * The rows of the list, as many as are in sight and some around them.
 *
 *   Up, Down, Home, End, PageUp, PageDown   walk (use-walk.ts)
 *   Shift+F10, Menu, right click            what can be done      Enter   opens (a link does)
 *
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { createContext, use, useRef, useState } from 'react';
import type { FocusEvent, KeyboardEvent, MouseEvent } from 'react';
import { Virtualizer, type CustomItemComponentProps, type VirtualizerHandle } from 'virtua';
import { PersonDialog, type PersonAct } from '../details/person-dialog.tsx';
import style from './chat-list.module.css';
import { ChatMenu } from './chat-menu.tsx';
import { ChatRow } from './chat-row.tsx';
import { useToday } from './use-today.ts';
import { useWalk, type Walk } from './use-walk.ts';

/** Rows beyond the edges stand ready, in px. */
const AHEAD_PX = 640;

interface Asked {
  readonly act: PersonAct;
  readonly conversation: Conversation;
}

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
  const walk = useWalk(chats, open, scroller, rows);
  const [menuOf, setMenuOf] = useState<string>();
  const [asked, setAsked] = useState<Asked>();
  const closeMenu = (conversation: Conversation, act: PersonAct | undefined): void => {
    setMenuOf(undefined);
    // The row has the focus first: a dialog gives it back there.
    walk.focus(conversation.conversation);
    if (act) setAsked({ act, conversation });
  };
  return (
    <>
      <div ref={scroller} className={style['rows']} {...handlersOf(walk, setMenuOf)}>
        <Count value={chats.length}>
          <Virtualizer
            ref={rows}
            as="ul"
            item={Item}
            data={chats}
            bufferSize={AHEAD_PX}
            keepMounted={walk.kept}
          >
            {(chat, index) => (
              <div key={chat.conversation} className={style['place']} data-row={chat.conversation}>
                <ChatRow
                  conversation={chat}
                  today={today}
                  isOpen={chat.conversation === open}
                  isStop={index === walk.at}
                  hasMenu={chat.conversation === menuOf}
                  onMenu={setMenuOf}
                />
                {chat.conversation === menuOf && (
                  <ChatMenu conversation={chat} onClose={(act) => closeMenu(chat, act)} />
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

/** What is done in any row: keys of the menu come here too, though it stands elsewhere. */
function handlersOf(walk: Walk, openMenu: (conversation: string) => void) {
  return {
    onKeyDown: (event: KeyboardEvent): void => {
      const row = rowOf(event.target);
      if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      const isMenuKey = event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10');
      if (isMenuKey) openMenu(row);
      else if (event.shiftKey || !walk.step(event.key)) return;
      event.preventDefault();
    },
    onFocus: ({ target }: FocusEvent): void => {
      const row = rowOf(target);
      if (row !== undefined) walk.focused(row);
    },
    onContextMenu: (event: MouseEvent): void => {
      const row = rowOf(event.target);
      if (row === undefined) return;
      event.preventDefault();
      openMenu(row);
    },
  };
}

/** The conversation whose row it is in. */
function rowOf(target: EventTarget): string | undefined {
  return (target as Element).closest<HTMLElement>('[data-row]')?.dataset['row'];
}

/** How many rows there are in all: only some of them stand. */
const Count = createContext(0);

function Item({ index, ...rest }: CustomItemComponentProps) {
  return <li aria-posinset={index + 1} aria-setsize={use(Count)} {...rest} />;
}
