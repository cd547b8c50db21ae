/**
 * First chat: what to do when there is none yet.
 * @module
 */
import { useText } from '../text/text.ts';

export function FirstChat() {
  const t = useText();
  return <h1>{t('chats.empty')}</h1>;
}
