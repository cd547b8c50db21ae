/**
 * Chat list: every conversation, the one that moved last on top.
 * @module
 */
import { useText } from '../../text/text.ts';

export function ChatList() {
  const t = useText();
  return (
    <aside data-region="" aria-label={t('chats.title')}>
      <h1>{t('chats.title')}</h1>
    </aside>
  );
}
