/**
 * Add: a person, by whatever was pasted.
 * @module
 */
import { useText } from '../../text/text.ts';

export default function Add(_: { readonly invite: string | undefined }) {
  const t = useText();
  return <h1>{t('add.title')}</h1>;
}
