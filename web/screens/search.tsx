/**
 * Search.
 * @module
 */
import { useText } from '../text/text.ts';

export default function Search() {
  const t = useText();
  return <h1>{t('search.title')}</h1>;
}
