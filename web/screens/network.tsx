/**
 * Network: the doctor.
 * @module
 */
import { useText } from '../text/text.ts';

export default function Network() {
  const t = useText();
  return <h1>{t('network.title')}</h1>;
}
