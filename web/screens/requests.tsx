/**
 * Requests: who asks to be let in.
 * @module
 */
import { useText } from '../text/text.ts';

export default function Requests() {
  const t = useText();
  return <h1>{t('requests.title')}</h1>;
}
