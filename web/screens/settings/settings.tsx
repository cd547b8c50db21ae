/**
 * Settings.
 * @module
 */
import { useText } from '../../text/text.ts';

export default function Settings(_: { readonly section: string | undefined }) {
  const t = useText();
  return <h1>{t('settings.title')}</h1>;
}
