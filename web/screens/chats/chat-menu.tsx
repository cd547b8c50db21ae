/**
 * What can be done with a chat from its row.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useRef } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { announce } from '../../parts/announcer.tsx';
import { MenuAt, MenuItem } from '../../parts/menu.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import type { PersonAct } from '../details/person-dialog.tsx';

export function ChatMenu({
  conversation: chat,
  onClose,
}: {
  readonly conversation: Conversation;
  /** @param act was chosen, and is asked about in a dialog. */
  readonly onClose: (act: PersonAct | undefined) => void;
}) {
  const t = useText();
  const { client } = useModel();
  const { conversation, last, state, unread } = chat;
  // A choice comes before the closing: the dialog waits for it.
  const chosen = useRef<PersonAct>(undefined);
  const choose = (act: PersonAct): void => {
    chosen.current = act;
  };
  const markRead = (cursor: string): void => {
    client
      .call('messages.markRead', { to: conversation, cursor })
      .catch((error: unknown) => announce(errorOf(error).message));
  };
  return (
    <MenuAt
      label={t('chats.actions', { name: nameIn(chat.name) })}
      onClose={() => onClose(chosen.current)}
    >
      <MenuItem onSelect={() => go(`/c/${conversation}/info`)}>{t('details.title')}</MenuItem>
      <MenuItem onSelect={() => go(`/c/${conversation}/route`)}>{t('chats.route')}</MenuItem>
      <MenuItem onSelect={() => go(`/c/${conversation}/verify`)}>{t('verify.title')}</MenuItem>
      {unread > 0 && last && (
        <MenuItem onSelect={() => markRead(last.cursor)}>{t('chats.mark-read')}</MenuItem>
      )}
      <MenuItem onSelect={() => choose('rename')}>{t('person.rename')}</MenuItem>
      {state === 'blocked' ? (
        <MenuItem onSelect={() => choose('unblock')}>{t('person.unblock')}</MenuItem>
      ) : (
        <MenuItem danger onSelect={() => choose('block')}>
          {t('person.block')}
        </MenuItem>
      )}
      <MenuItem danger onSelect={() => choose('remove')}>
        {t('person.remove')}
      </MenuItem>
    </MenuAt>
  );
}
