/**
 * Locked: the passphrase opens this profile.
 * @module
 */
import { useText } from '../../text/text.ts';

export function Locked() {
  const t = useText();
  return <h1>{t('profiles.title')}</h1>;
}
