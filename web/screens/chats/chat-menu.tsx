/**
 * What can be done with a chat from its row.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { useModel } from '../../model/context.ts';
import { go } from '../../model/place.ts';
import { announce } from '../../parts/announcer.tsx';
import { MenuAt, MenuItem } from '../../parts/menu.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import type { PersonAct } from '../details/person-dialog.tsx';
import { errorOf } from '../../model/failure.ts';

export function ChatMenu({
  conversation: chat,
  onAct,
  onClose,
}: {
  readonly conversation: Conversation;
  /** Asks first, in a dialog. */
  readonly onAct: (act: PersonAct) => void;
  readonly onClose: () => void;
}) {
  const t = useText();
  const { client } = useModel();
  const { conversation, last, state, unread } = chat;
  const markRead = (cursor: string): void => {
    client
      .call('messages.markRead', { to: conversation, cursor })
      .catch((error: unknown) => announce(errorOf(error).message));
  };
  return (
    <MenuAt label={t('chats.actions', { name: nameIn(chat.name) })} onClose={onClose}>
      <MenuItem onSelect={() => go(`/c/${conversation}/info`)}>{t('details.title')}</MenuItem>
      <MenuItem onSelect={() => go(`/c/${conversation}/route`)}>{t('chats.route')}</MenuItem>
      <MenuItem onSelect={() => go(`/c/${conversation}/verify`)}>{t('verify.title')}</MenuItem>
      {unread > 0 && last && (
        <MenuItem onSelect={() => markRead(last.cursor)}>{t('chats.mark-read')}</MenuItem>
      )}
      <MenuItem onSelect={() => onAct('rename')}>{t('person.rename')}</MenuItem>
      {state === 'blocked' ? (
        <MenuItem onSelect={() => onAct('unblock')}>{t('person.unblock')}</MenuItem>
      ) : (
        <MenuItem danger onSelect={() => onAct('block')}>
          {t('person.block')}
        </MenuItem>
      )}
      <MenuItem danger onSelect={() => onAct('remove')}>
        {t('person.remove')}
      </MenuItem>
    </MenuAt>
  );
}
