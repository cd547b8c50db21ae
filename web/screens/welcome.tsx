/**
 * Welcome: one field, one button.
 * @module
 */
import { useText } from '../text/text.ts';

export function Welcome(_: { readonly invite: string | undefined }) {
  const t = useText();
  return <h1>{t('welcome.title')}</h1>;
}
