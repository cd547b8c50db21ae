/**
 * Not running: what stands where the daemon does not answer.
 * @module
 */
import { useText } from '../text/text.ts';

/** Nothing was loaded yet. */
export function Lost() {
  const t = useText();
  return <h1>{t('app.lost')}</h1>;
}

/** One line above a page that was loaded. */
export function LostLine() {
  const t = useText();
  return <p role="status">{t('app.lost')}</p>;
}

/** This browser was not let in, or not any more. */
export function Refused() {
  const t = useText();
  return <h1>{t('app.lost')}</h1>;
}
