/**
 * Profiles and lock.
 * @module
 */
import { useText } from '../../text/text.ts';

export default function Profiles() {
  const t = useText();
  return <h1>{t('profiles.title')}</h1>;
}
